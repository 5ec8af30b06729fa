package page

import (
	"fmt"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// A writer puts one analysis into sections, as Markdown has them.
type writer struct {
	*gromav1.Analysis
	unit     string
	prefix   string // of ids, where there are several parts
	ids      anchors
	names    map[string]string // of projects, by slug
	chapters map[string]string // ids of projects' chapters, by slug
	size     map[string]string // of projects in a few words, by slug
	above    string            // the last heading
	done     *part
}

func newWriter(a *gromav1.Analysis, ids anchors, place int) *writer {
	w := &writer{
		Analysis: a, unit: report.Unit(a.GetRule().GetMeasure()), ids: ids,
		names: map[string]string{}, chapters: map[string]string{},
	}
	if place > 0 {
		w.prefix = fmt.Sprintf("part-%d-", place+1)
	}
	w.done = &part{Title: a.GetTitle(), ID: w.id("report")}
	for i, p := range a.GetProjects() {
		w.names[p.Project.Slug] = seen(p.Project.Name, p.Project.Slug)
		if i < report.MostTold && a.Language != "" {
			w.chapters[p.Project.Slug] = w.id("project-" + p.Project.Slug)
		}
	}
	for _, p := range a.GetOthers() {
		w.names[p.Slug] = seen(p.Name, p.Slug)
	}
	return w
}

func (w *writer) part() *part {
	w.summary()
	w.overview()
	w.findings()
	if w.Language == "" {
		w.byLanguage()
		w.byProject()
	} else {
		w.lines()
		w.shared()
		w.allChapters()
	}
	w.analysis()
	w.growth()
	w.health()
	w.coverage()
	w.references()
	w.changelog()
	w.methodology()
	return w.done
}

// id is one that no other place of the page has.
func (w *writer) id(base string) string { return w.ids.take(w.prefix + base) }

// section begins a section that the contents name.
func (w *writer) section(title, id string) {
	w.done.Sections = append(w.done.Sections, &section{Title: title, ID: w.id(id)})
	w.above = title
}

func (w *writer) put(b block) {
	last := w.done.Sections[len(w.done.Sections)-1]
	last.Blocks = append(last.Blocks, b)
}

func (w *writer) heading(title, id string) {
	w.put(block{Heading: &heading{title, id}})
	w.above = title
}

func (w *writer) say(lines ...line) { w.put(block{Words: joined(lines...)}) }

func (w *writer) list(lines []line) {
	if len(lines) > 0 {
		w.put(block{List: lines})
	}
}

// table begins a table that can be sorted and filtered; a column whose title
// ends in ":" holds numbers.
func (w *writer) table(caption string, titles ...string) *table {
	t := &table{ID: w.id("table"), Caption: caption, Columns: columns(titles...), Long: true, Quiet: caption == w.above}
	w.put(block{Table: t})
	return t
}

// name is a project's, by slug.
func (w *writer) name(slug string) string {
	if name, ok := w.names[slug]; ok {
		return name
	}
	return slug
}

// leading is a project's name that leads to its chapter, if it has one.
func (w *writer) leading(slug string) line {
	return line{{Text: w.name(slug), Place: w.chapters[slug]}}
}

func (w *writer) nameAll(slugs []string) string {
	var names string
	for i, slug := range slugs {
		if i > 0 {
			names += ", "
		}
		names += w.name(slug)
	}
	return names
}
