package page

import (
	"fmt"
	"strings"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// allChapters has a section for each maturity, pure projects first, and in it
// a chapter for each project.
func (w *writer) allChapters() {
	byName := map[string]*gromav1.ProjectAnalysis{}
	for _, p := range w.Projects {
		if w.chapters[p.Project.Slug] != "" {
			byName[p.Project.Slug] = p
		}
	}
	maturity, begun := "", false
	for _, crowd := range w.Crowds {
		if !begun || crowd.Maturity != maturity {
			maturity, begun = crowd.Maturity, true
			w.section(report.ProjectsTitle(maturity), "projects-"+maturity)
		}
		left := 0
		for _, slug := range crowd.Projects {
			if p := byName[slug]; p != nil {
				w.chapter(p)
			} else {
				left++
			}
		}
		if left > 0 {
			w.say(text("%s (%s) stand in the table above and in report.json.", report.Plural(int64(left), "further project", "further projects"), report.GroupTitle(crowd.Group)))
		}
	}
}

func (w *writer) chapter(p *gromav1.ProjectAnalysis) {
	w.heading(p.Project.Name+" ("+strings.ToLower(report.GroupTitle(p.Group))+")", w.chapters[p.Project.Slug])
	w.facts(p)
	if p.Project.Description != "" {
		w.say(text("%s", strings.TrimSpace(report.Description(p.Project))))
	}
	w.repositories(p)
	w.sayings(p)
	w.adopters(p)
	w.annotation(p)
}

func (w *writer) facts(p *gromav1.ProjectAnalysis) {
	facts := []line{
		text("Status: %s", status(p.Project)),
		text("%s: %s of %s %s (%s); evidence: %s", w.Language,
			report.Number(p.Share.Part), report.Number(p.Share.Whole), w.unit, report.Percent(p.Share), p.Evidence),
		text("Languages: %s", mixText(p.Mix, p.Rest)),
	}
	if len(p.Repositories) > 1 && p.Role != "" { // of one alone the languages say it all
		facts = append(facts, text("Role: %s", p.Role))
	}
	if p.Packages > 0 {
		facts = append(facts, text("Packages: %s (%s)", report.Number(p.Packages), strings.Join(w.Rule.Ecosystems, ", ")))
	}
	if h := p.Health; h != nil {
		facts = append(facts, text("Health: %s", h.Health))
	}
	w.list(facts)
}

// status is a project's maturity and its dates.
func status(p *gromav1.Project) string {
	words := report.MaturityTitle(p.Maturity)
	for _, date := range []struct{ what, when string }{
		{"accepted", p.Accepted}, {"incubating", p.Incubating}, {"graduated", p.Graduated}, {"archived", p.Archived},
	} {
		if date.when != "" {
			words += fmt.Sprintf("; %s %s", date.what, date.when)
		}
	}
	return words
}

func (w *writer) repositories(p *gromav1.ProjectAnalysis) {
	if len(p.Repositories) == 0 {
		return
	}
	t := w.table("Repositories of "+p.Project.Name, "repository", "commit", w.Language+", "+w.unit+":", "all, "+w.unit+":", "share:", "mostly", "remarks")
	t.Long = false
	t.holds(fewWords, 1, 5)
	for _, r := range p.Repositories {
		t.row(link(seen(report.RepositoryName(r.Key), r.Key), r.Link), commitCell(r), r.Share.Part, r.Share.Whole, report.Percent(r.Share), leadOf(r), w.remarks(r))
	}
	for _, gap := range p.Uncounted {
		t.row(link(seen(report.RepositoryName(gap.Key), gap.Key), gap.Link), "–", "–", "–", "–", "", "no count: "+gap.Outcome)
	}
}

func commitCell(r *gromav1.RepositoryAnalysis) line {
	cell := line{{Text: seen(r.Commit[:min(len(r.Commit), 12)], "–"), Link: r.CommitLink, Code: true}}
	if r.CommittedAt != nil {
		cell = append(cell, span{Text: " of " + report.Day(r.CommittedAt)})
	}
	return cell
}

func leadOf(r *gromav1.RepositoryAnalysis) string {
	if len(r.Mix) == 0 {
		return "–"
	}
	return r.Mix[0].Language + " " + report.Percent(r.Mix[0].Share)
}

func (w *writer) remarks(r *gromav1.RepositoryAnalysis) string {
	var parts []string
	if r.Main {
		parts = append(parts, "main repository")
	}
	if r.Packages > 0 {
		parts = append(parts, report.Plural(r.Packages, "package", "packages"))
	}
	if len(r.SharedWith) > 0 {
		parts = append(parts, "shared with "+w.nameAll(r.SharedWith))
	}
	if len(r.NamedAs) > 0 {
		parts = append(parts, "named as "+strings.Join(r.NamedAs, ", "))
	}
	if r.Role != "" {
		parts = append(parts, "analyst: "+r.Role)
	}
	return strings.Join(parts, "; ")
}

func (w *writer) sayings(p *gromav1.ProjectAnalysis) {
	if len(p.Sayings) == 0 {
		return
	}
	words := "What the project says itself"
	if more := p.SayingsCount - int64(len(p.Sayings)); more > 0 {
		words += fmt.Sprintf(" (%s of %s)", report.Number(int64(len(p.Sayings))), report.Plural(p.SayingsCount, "sentence", "sentences"))
	}
	w.say(text("%s", words+":"))
	var quotes []line
	for _, q := range p.Sayings {
		place := fmt.Sprintf("%s, %s, line %d", report.RepositoryName(q.Key), q.Path, q.Line)
		quotes = append(quotes, joined(text("%s", strings.TrimSpace(q.Text)), text(" — "), link(place, q.Link)))
	}
	w.put(block{Quotes: quotes})
}

func (w *writer) adopters(p *gromav1.ProjectAnalysis) {
	for _, list := range p.Adopters {
		words := fmt.Sprintf("Known adopters, by the project's own list (%s): %s", report.Number(list.Count), strings.Join(list.Names, ", "))
		if more := list.Count - int64(len(list.Names)); more > 0 {
			words += fmt.Sprintf(" and %s more", report.Number(more))
		}
		w.say(text("%s", words+". See "), link(report.RepositoryName(list.Key)+", "+list.Path, list.Link), text("."))
	}
}

// annotation prints an analyst's word apart from what was measured.
func (w *writer) annotation(p *gromav1.ProjectAnalysis) {
	a := p.Annotation
	if a == nil {
		return
	}
	var said []line
	for _, part := range []struct{ what, text string }{{"Role", a.Role}, {"Why " + w.Language, a.Why}} {
		if part.text != "" {
			said = append(said, text("%s: %s", part.what, part.text))
		}
	}
	for _, note := range a.Notes {
		said = append(said, text("%s", strings.TrimSpace(note)))
	}
	if names := annotatedAdopters(a); len(names) > 0 {
		said = append(said, joined(text("Adopters: "), names))
	}
	if len(said) > 0 {
		w.say(text("The analyst's word, not measured:"))
		w.list(said)
	}
}

func annotatedAdopters(a *gromav1.ProjectAnnotation) line {
	var names []line
	for _, adopter := range a.Adopters {
		names = append(names, link(adopter.Name, adopter.Link))
	}
	all := listed(names, ", ")
	if address := report.WebLink(a.AdoptersLink); address != "" {
		if len(all) > 0 {
			all = append(all, span{Text: "; "})
		}
		all = append(all, span{Text: "the whole list", Link: address})
	}
	return all
}
