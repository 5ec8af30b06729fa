package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

func (m *markdown) health() {
	m.section("Project health")
	if len(m.Windows) == 0 {
		m.printf("Not measured: this survey has no vitals.\n\n")
		return
	}
	m.printf("Verdicts are on %s, from the figures beside them.\n\n", escape(m.HealthWindow))
	m.table("project", "commits:", "active weeks:", "authors:", "organisations", "releases:", "days between:",
		"last commit:", "last release:", "commits", "contributors", "cadence", "health")
	var unmeasured []string
	for _, p := range m.Projects[:min(len(m.Projects), mostRows)] {
		if p.Health == nil {
			unmeasured = append(unmeasured, escape(unmeasuredText(p)))
			continue
		}
		m.healthRow(p)
	}
	m.printf("\n")
	if len(unmeasured) > 0 {
		m.printf("Not measured: %s.\n\n", strings.Join(unmeasured, ", "))
	}
	m.activity()
}

// unmeasuredText names a project without vitals and, where it is known, why.
func unmeasuredText(p *gromav1.ProjectAnalysis) string {
	if len(p.WithoutVitals) == 0 {
		return p.Project.Name
	}
	return p.Project.Name + " (" + p.WithoutVitals[0].Reason + ")"
}

func (m *markdown) healthRow(p *gromav1.ProjectAnalysis) {
	h := p.Health
	s := SpanOf(h, m.HealthWindow)
	name := escape(p.Project.Name)
	if h.Repositories < h.RepositoriesOfProject {
		name += fmt.Sprintf(" (%s of %s)", Number(h.Repositories), Plural(h.RepositoriesOfProject, "repository", "repositories"))
	}
	least := ""
	if h.AtLeast {
		least = "≥ "
	}
	m.row(name, least+Number(s.GetCommits()), fmt.Sprintf("%d of %d", s.GetActiveWeeks(), s.GetWeeks()), least+Number(s.GetAuthors()),
		organisations(s), least+Number(s.GetReleases()), daysBetween(s), day(h.LastCommit), lastRelease(h),
		escape(h.Commits), escape(h.Contributors), escape(h.Cadence), escape(h.Health))
}

// SpanOf is a health's figures of the window of a name, or nil.
func SpanOf(h *gromav1.Health, window string) *gromav1.HealthSpan {
	for _, s := range h.GetSpans() {
		if s.Window == window {
			return s
		}
	}
	return nil
}

func organisations(s *gromav1.HealthSpan) string {
	if s.GetTopOrganisation() == "" {
		return Number(s.GetOrganisations())
	}
	return fmt.Sprintf("%s; %s %s", Number(s.Organisations), escape(s.TopOrganisation), Percent(s.TopShare))
}

func daysBetween(s *gromav1.HealthSpan) string {
	if s == nil || s.MedianDaysBetween == nil {
		return "–"
	}
	return fmt.Sprintf("%g", s.GetMedianDaysBetween())
}

func lastRelease(h *gromav1.Health) string {
	if h.LastRelease == nil {
		return "none"
	}
	return fmt.Sprintf("%s, %s", escape(h.LastReleaseTag), day(h.LastRelease))
}

// activity is commits and releases of every window, where there are several.
func (m *markdown) activity() {
	if len(m.Windows) < 2 {
		return
	}
	m.heading("Commits and releases by time")
	head := []string{"project"}
	for _, window := range m.Windows {
		head = append(head, "commits "+escape(window)+":", "releases "+escape(window)+":")
	}
	m.table(head...)
	for _, p := range m.Projects[:min(len(m.Projects), mostRows)] {
		if p.Health == nil {
			continue
		}
		row := []any{escape(p.Project.Name)}
		for _, window := range m.Windows {
			s := SpanOf(p.Health, window)
			row = append(row, s.GetCommits(), s.GetReleases())
		}
		m.row(row...)
	}
	m.printf("\n")
}

func (m *markdown) coverage() {
	c := m.Coverage
	m.section("Coverage")
	m.printf("Figures are over the repositories with a count. A project is whole if each of its repositories has one, is empty, or has moved to one that has.\n\n")
	m.table("projects", "all:", "with a count:", "whole:")
	for _, maturity := range c.Maturities {
		m.row(escape(MaturityTitle(maturity.Maturity)), maturity.Projects, maturity.ProjectsWithCount, maturity.ProjectsWhole)
	}
	m.row("**all**", c.Projects, c.ProjectsWithCount, c.ProjectsWhole)
	m.printf("\n")
	m.table("repositories", "number:")
	for _, outcome := range OutcomeOrder {
		if n := c.Outcomes[outcome]; n > 0 {
			m.row(outcome, n)
		}
	}
	m.row("**all**", c.Repositories)
	m.printf("\n")
	m.gaps("Repositories without a count", c.Gaps)
	m.gaps("Repositories that were not asked for", c.NotSurveyed)
	m.leftOut()
}

func (m *markdown) gaps(title string, gaps []*gromav1.Gap) {
	if len(gaps) == 0 {
		return
	}
	m.heading(title)
	m.table("repository", "outcome", "reason", "projects")
	for _, gap := range gaps[:min(len(gaps), mostRows)] {
		m.row(link(gap.Key, gap.Link), escape(gap.Outcome), escape(gap.Reason), m.nameAll(gap.Projects))
	}
	if more := len(gaps) - mostRows; more > 0 {
		m.row(Number(int64(more))+" more, in report.json", "", "", "")
	}
	m.printf("\n")
}

// leftOut says what else is not in the figures.
func (m *markdown) leftOut() {
	c := m.Coverage
	var lines []string
	if n := len(c.WithoutCount); n > 0 {
		lines = append(lines, fmt.Sprintf("%s no count at all: %s", Plural(int64(n), "project has", "projects have"), m.nameAll(c.WithoutCount[:min(n, mostRows)])))
	}
	for _, p := range m.Excluded {
		lines = append(lines, fmt.Sprintf("%s is left out by the analyst: %s", escape(p.Name), escape(p.Reason)))
	}
	for _, r := range m.ExcludedRepositories {
		lines = append(lines, fmt.Sprintf("%s is left out of %s by the analyst: %s", escape(r.Key), m.name(r.Slug), escape(r.Reason)))
	}
	var filters []string
	for _, why := range slices.Sorted(maps.Keys(c.LeftOut)) {
		filters = append(filters, fmt.Sprintf("%s %s", Number(c.LeftOut[why]), escape(why)))
	}
	if len(filters) > 0 {
		lines = append(lines, "Items of the landscape that were not asked for: "+strings.Join(filters, ", "))
	}
	if c.Oddities > 0 {
		lines = append(lines, fmt.Sprintf("Reading the landscape gave %s; report.json has them with their lines", Plural(c.Oddities, "warning", "warnings")))
	}
	for _, line := range lines {
		m.printf("- %s.\n", strings.TrimSuffix(line, "."))
	}
	if len(lines) > 0 {
		m.printf("\n")
	}
}
