package report

import gromav1 "groma/proto/groma/v1"

// What the forms that other packages make have in common with those made here.

// Escape makes text safe within a line of Markdown or a cell of its tables:
// characters with a meaning lose it, controls become spaces.
func Escape(text string) string { return escape(text) }

// AddTally adds to the figures of a language, or of several, what one tally
// says: files and lines where its class is source or test, bytes where the
// host would count them.
func AddTally(f *gromav1.Figures, t *gromav1.Tally) { addTally(f, t) }

// HasCount reports whether a repository has a count of its own.
func HasCount(r *gromav1.Repository) bool { return hasCount(r) }

// A Holding is a project and the repositories that its figures are of, as
// landscape and annotations have it.
type Holding struct {
	Project *gromav1.Project
	// Named are the rows of the repositories that it names, and counted the
	// rows that have their counts, each once.
	Named, Counted []*gromav1.Repository
	// Excluded is why an annotation leaves the project out, or empty; such a
	// project names nothing.
	Excluded string
}

// Holdings are all projects of a report, sorted by slug.
func Holdings(r *gromav1.Report) []Holding {
	l := newLedger(r, ruleOf(Settings{}), "")
	byProject := make(map[*gromav1.Project]Holding, len(r.Projects))
	for _, p := range l.projects {
		h := Holding{Project: p.project}
		seen := map[string]bool{}
		for _, key := range l.keysOf(p.project) {
			if row := l.named[key]; row != nil && !seen[key] {
				h.Named = append(h.Named, row)
			}
			seen[key] = true
		}
		for _, e := range p.counted {
			h.Counted = append(h.Counted, e.row)
		}
		byProject[p.project] = h
	}
	var holdings []Holding
	for _, project := range bySlug(r.Projects) {
		h, named := byProject[project]
		if !named {
			h = Holding{Project: project, Excluded: l.words[project.Slug].GetExcluded().GetReason()}
		}
		holdings = append(holdings, h)
	}
	return holdings
}
