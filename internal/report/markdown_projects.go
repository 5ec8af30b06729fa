package report

import (
	"fmt"
	"strings"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// chapters has a section for each maturity, pure projects first, and in it a
// part for each project.
func (m *markdown) chapters() {
	byName := map[string]*gromav1.ProjectAnalysis{}
	for i, p := range m.Projects {
		if i < mostTold {
			byName[p.Project.Slug] = p
		}
	}
	maturity, begun := "", false
	for _, crowd := range m.Crowds {
		if !begun || crowd.Maturity != maturity {
			maturity, begun = crowd.Maturity, true
			m.section(projectsTitle(maturity))
		}
		left := 0
		for _, slug := range crowd.Projects {
			if p := byName[slug]; p != nil {
				m.chapter(p)
			} else {
				left++
			}
		}
		if left > 0 {
			m.printf("%s (%s) stand in the table above and in report.json.\n\n", Plural(int64(left), "further project", "further projects"), GroupTitle(crowd.Group))
		}
	}
}

func (m *markdown) chapter(p *gromav1.ProjectAnalysis) {
	m.heading(p.Project.Name + " (" + strings.ToLower(GroupTitle(p.Group)) + ")")
	m.facts(p)
	if p.Project.Description != "" {
		m.printf("\n%s\n", paragraph(fault.Clip(p.Project.Description, longestSentence)))
	}
	m.repositories(p)
	m.sayings(p)
	m.adopters(p)
	m.annotation(p)
	m.printf("\n")
}

func (m *markdown) facts(p *gromav1.ProjectAnalysis) {
	m.printf("- Status: %s\n", status(p.Project))
	m.printf("- %s: %s of %s %s (%s); evidence: %s\n", escape(m.Language),
		Number(p.Share.Part), Number(p.Share.Whole), m.unit, Percent(p.Share), p.Evidence)
	m.printf("- Languages: %s\n", mixText(p.Mix, p.Rest))
	if len(p.Repositories) > 1 && p.Role != "" { // of one alone the languages say it all
		m.printf("- Role: %s\n", escape(p.Role))
	}
	if p.Packages > 0 {
		m.printf("- Packages: %s (%s)\n", Number(p.Packages), strings.Join(m.Rule.Ecosystems, ", "))
	}
	if h := p.Health; h != nil {
		m.printf("- Health: %s\n", escape(h.Health))
	}
}

// status is a project's maturity and its dates.
func status(p *gromav1.Project) string {
	text := escape(MaturityTitle(p.Maturity))
	for _, date := range []struct{ what, when string }{
		{"accepted", p.Accepted}, {"incubating", p.Incubating}, {"graduated", p.Graduated}, {"archived", p.Archived},
	} {
		if date.when != "" {
			text += fmt.Sprintf("; %s %s", date.what, escape(date.when))
		}
	}
	return text
}

func (m *markdown) repositories(p *gromav1.ProjectAnalysis) {
	if len(p.Repositories) == 0 {
		return
	}
	m.printf("\n")
	m.table("repository", "commit", escape(m.Language)+", "+m.unit+":", "all, "+m.unit+":", "share:", "mostly", "remarks")
	for _, r := range p.Repositories {
		m.row(link(repositoryName(r.Key), r.Link), commitCell(r), r.Share.Part, r.Share.Whole, Percent(r.Share), leadOf(r), m.remarks(r))
	}
	for _, gap := range p.Uncounted {
		m.row(link(repositoryName(gap.Key), gap.Link), "–", "–", "–", "–", "", "no count: "+escape(gap.Outcome))
	}
}

func commitCell(r *gromav1.RepositoryAnalysis) string {
	short := plain(r.Commit[:min(len(r.Commit), 12)])
	text := "`" + short + "`"
	if r.CommitLink != "" {
		text = "[" + text + "](" + escapeLink(r.CommitLink) + ")"
	}
	if r.CommittedAt != nil {
		text += " of " + day(r.CommittedAt)
	}
	return text
}

func leadOf(r *gromav1.RepositoryAnalysis) string {
	if len(r.Mix) == 0 {
		return "–"
	}
	return escape(r.Mix[0].Language) + " " + Percent(r.Mix[0].Share)
}

func (m *markdown) remarks(r *gromav1.RepositoryAnalysis) string {
	var parts []string
	if r.Main {
		parts = append(parts, "main repository")
	}
	if r.Packages > 0 {
		parts = append(parts, Plural(r.Packages, "package", "packages"))
	}
	if len(r.SharedWith) > 0 {
		parts = append(parts, "shared with "+m.nameAll(r.SharedWith))
	}
	if len(r.NamedAs) > 0 {
		parts = append(parts, "named as "+escape(strings.Join(r.NamedAs, ", ")))
	}
	if r.Role != "" {
		parts = append(parts, "analyst: "+escape(r.Role))
	}
	return strings.Join(parts, "; ")
}

func (m *markdown) sayings(p *gromav1.ProjectAnalysis) {
	if len(p.Sayings) == 0 {
		return
	}
	m.printf("\nWhat the project says itself")
	if more := p.SayingsCount - int64(len(p.Sayings)); more > 0 {
		m.printf(" (%s of %s)", Number(int64(len(p.Sayings))), Plural(p.SayingsCount, "sentence", "sentences"))
	}
	m.printf(":\n\n")
	for _, q := range p.Sayings {
		place := fmt.Sprintf("%s, %s, line %d", repositoryName(q.Key), q.Path, q.Line)
		m.printf("> %s — %s\n>\n", paragraph(q.Text), link(place, q.Link))
	}
}

func (m *markdown) adopters(p *gromav1.ProjectAnalysis) {
	for _, list := range p.Adopters {
		m.printf("\nKnown adopters, by the project's own list (%s): %s", Number(list.Count), escape(strings.Join(list.Names, ", ")))
		if more := list.Count - int64(len(list.Names)); more > 0 {
			m.printf(" and %s more", Number(more))
		}
		m.printf(". See %s.\n", link(repositoryName(list.Key)+", "+list.Path, list.Link))
	}
}

// annotation prints an analyst's word apart from what was measured.
func (m *markdown) annotation(p *gromav1.ProjectAnalysis) {
	a := p.Annotation
	if a == nil {
		return
	}
	var said []string
	for _, part := range []struct{ what, text string }{{"Role", a.Role}, {"Why " + m.Language, a.Why}} {
		if part.text != "" {
			said = append(said, fmt.Sprintf("%s: %s", escape(part.what), escape(part.text)))
		}
	}
	for _, note := range a.Notes {
		said = append(said, paragraph(note))
	}
	if text := annotatedAdopters(a); text != "" {
		said = append(said, "Adopters: "+text)
	}
	if len(said) == 0 {
		return
	}
	m.printf("\nThe analyst's word, not measured:\n\n")
	for _, line := range said {
		m.printf("- %s\n", line)
	}
}

func annotatedAdopters(a *gromav1.ProjectAnnotation) string {
	var names []string
	for _, adopter := range a.Adopters {
		names = append(names, link(adopter.Name, webLink(adopter.Link)))
	}
	text := strings.Join(names, ", ")
	if address := webLink(a.AdoptersLink); address != "" {
		if text != "" {
			text += "; "
		}
		text += link("the whole list", address)
	}
	return text
}
