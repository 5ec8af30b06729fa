package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

func (w *writer) health() {
	w.section("Project health", "health")
	if len(w.Windows) == 0 {
		w.say(text("Not measured: this survey has no vitals."))
		return
	}
	w.say(text("Verdicts are on %s, from the figures beside them.", w.HealthWindow))
	t := w.table("Project health, "+w.HealthWindow, "project", "commits:", "active weeks:", "authors:", "organisations", "releases:", "days between:",
		"last commit:", "last release:", "commits", "contributors", "cadence", "health")
	var unmeasured []string
	for _, p := range w.Projects[:min(len(w.Projects), report.MostRows)] {
		if p.Health == nil {
			unmeasured = append(unmeasured, report.Unmeasured(p))
			continue
		}
		w.healthRow(t, p)
	}
	if len(unmeasured) > 0 {
		w.say(text("Not measured: %s.", strings.Join(unmeasured, ", ")))
	}
	w.activity()
}

func (w *writer) healthRow(t *table, p *gromav1.ProjectAnalysis) {
	h := p.Health
	s := report.SpanOf(h, w.HealthWindow)
	name := w.leading(p.Project.Slug)
	if h.Repositories < h.RepositoriesOfProject {
		name = joined(name, text(" (%s of %s)", report.Number(h.Repositories), report.Plural(h.RepositoriesOfProject, "repository", "repositories")))
	}
	least := ""
	if h.AtLeast {
		least = "≥ "
	}
	t.row(name, least+report.Number(s.GetCommits()), fmt.Sprintf("%d of %d", s.GetActiveWeeks(), s.GetWeeks()), least+report.Number(s.GetAuthors()),
		organisations(s), least+report.Number(s.GetReleases()), report.DaysBetween(s), date(report.Day(h.LastCommit), ""), lastRelease(h),
		h.Commits, h.Contributors, h.Cadence, h.Health)
}

func organisations(s *gromav1.HealthSpan) string {
	if s.GetTopOrganisation() == "" {
		return report.Number(s.GetOrganisations())
	}
	return fmt.Sprintf("%s; %s %s", report.Number(s.Organisations), s.TopOrganisation, report.Percent(s.TopShare))
}

// date is a cell that is sorted by a day, whatever stands before it.
func date(day, before string) cell {
	return cell{Words: line{{Text: before + day}}, Sort: "on " + day}
}

func lastRelease(h *gromav1.Health) cell {
	if h.LastRelease == nil {
		return cell{Words: text("none"), Sort: "none"}
	}
	return date(report.Day(h.LastRelease), h.LastReleaseTag+", ")
}

// activity is commits and releases of every window, drawn by week and, where
// there are several windows, in figures.
func (w *writer) activity() {
	title := "Commits and releases by time"
	if len(w.Windows) > 1 {
		w.heading(title, w.id("activity"))
	}
	heads := []string{"project"}
	for _, window := range w.Windows {
		heads = append(heads, "commits "+window+":", "releases "+window+":", "by week, "+window)
	}
	t := w.table(title+". Lines are commits a week, each drawing to a scale of its own; dots are days with a release.", heads...)
	t.Drawn = len(w.Windows) < 2
	for i := range w.Windows {
		t.holds(drawings, 3+3*i)
	}
	for _, p := range w.Projects[:min(len(w.Projects), report.MostRows)] {
		if p.Health == nil {
			continue
		}
		row := []any{w.leading(p.Project.Slug)}
		for _, window := range w.Windows {
			s := report.SpanOf(p.Health, window)
			row = append(row, s.GetCommits(), s.GetReleases(), cell{Spark: sparkOf(p.Project.Name, s)})
		}
		t.row(row...)
	}
}

func (w *writer) coverage() {
	c := w.Coverage
	w.section("Coverage", "coverage")
	w.say(text("Figures are over the repositories with a count. A project is whole if each of its repositories has one, is empty, or has moved to one that has."))
	t := w.table("Projects by coverage", "projects", "all:", "with a count:", "whole:")
	t.Long = false
	for _, m := range c.Maturities {
		t.row(report.MaturityTitle(m.Maturity), m.Projects, m.ProjectsWithCount, m.ProjectsWhole)
	}
	t.foot(strong("all"), c.Projects, c.ProjectsWithCount, c.ProjectsWhole)
	t = w.table("Repositories by outcome", "repositories", "number:")
	t.Long = false
	for _, outcome := range report.OutcomeOrder {
		if n := c.Outcomes[outcome]; n > 0 {
			t.row(outcome, n)
		}
	}
	t.foot(strong("all"), c.Repositories)
	w.gaps("Repositories without a count", c.Gaps)
	w.gaps("Repositories that were not asked for", c.NotSurveyed)
	w.leftOut()
}

func (w *writer) gaps(title string, gaps []*gromav1.Gap) {
	if len(gaps) == 0 {
		return
	}
	w.heading(title, w.id("gaps"))
	t := w.table(title, "repository", "outcome", "reason", "projects")
	for _, gap := range gaps[:min(len(gaps), report.MostRows)] {
		t.row(link(gap.Key, gap.Link), gap.Outcome, gap.Reason, w.nameAll(gap.Projects))
	}
	if more := len(gaps) - report.MostRows; more > 0 {
		t.foot(report.Number(int64(more))+" more, in report.json", "", "", "")
	}
}

// leftOut says what else is not in the figures.
func (w *writer) leftOut() {
	c := w.Coverage
	var lines []line
	say := func(format string, args ...any) { lines = append(lines, sentence(fmt.Sprintf(format, args...))) }
	if n := len(c.WithoutCount); n > 0 {
		say("%s no count at all: %s", report.Plural(int64(n), "project has", "projects have"), w.nameAll(c.WithoutCount[:min(n, report.MostRows)]))
	}
	for _, p := range w.Excluded {
		say("%s is left out by the analyst: %s", p.Name, p.Reason)
	}
	for _, r := range w.ExcludedRepositories {
		say("%s is left out of %s by the analyst: %s", r.Key, w.name(r.Slug), r.Reason)
	}
	filters := ""
	for i, why := range slices.Sorted(maps.Keys(c.LeftOut)) {
		if i > 0 {
			filters += ", "
		}
		filters += report.Number(c.LeftOut[why]) + " " + why
	}
	if filters != "" {
		say("Items of the landscape that were not asked for: %s", filters)
	}
	if c.Oddities > 0 {
		say("Reading the landscape gave %s; report.json has them with their lines", report.Plural(c.Oddities, "warning", "warnings"))
	}
	w.list(lines)
}

// sentence ends in one full stop.
func sentence(words string) line { return text("%s.", strings.TrimSuffix(words, ".")) }
