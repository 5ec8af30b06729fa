// Package difference finds what changed from one report to another, and why.
//
// It is a function: the same two reports, in whatever order their rows stand,
// give the same difference, and the other way round it is the same with before
// and after exchanged. Every change of a figure is put down to just one cause,
// and the causes add up to it. What another method would count otherwise at
// the same commit is never called a change of code.
package difference

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// Between is what changed from a to b. The reports are not changed; the
// difference shares parts of them.
func Between(a, b *gromav1.Report) *gromav1.Difference {
	c := newComparison(a, b)
	d := &gromav1.Difference{Before: side(a), After: side(b), Questions: questions(a, b)}
	c.addProjects(d)
	c.addRepositories(d)
	c.addFigures(d)
	return d
}

func side(r *gromav1.Report) *gromav1.Side {
	return &gromav1.Side{Survey: r.GetSurvey(), Totals: r.GetTotals(), Annotations: r.GetAnnotations().GetSha256()}
}

// Empty reports whether nothing is different but when it was surveyed.
func Empty(d *gromav1.Difference) bool {
	same := &gromav1.Difference{Before: d.Before, After: d.After, All: d.All}
	return proto.Equal(d, same) && proto.Equal(d.GetAll().GetBefore(), d.GetAll().GetAfter())
}

// A comparison is two reports and what belongs together in them.
type comparison struct {
	before, after *half
	rows          *pairs[*gromav1.Repository] // what the landscapes name
	homes         *pairs[*gromav1.Repository] // what has a count
	projects      *pairs[*holding]
}

// A half is one of the two reports, arranged for looking up.
type half struct {
	*gromav1.Report
	holdings []*holding
	homes    []*gromav1.Repository // what projects have counted, each once, by key
	users    map[string][]string   // slugs of the projects that name a repository, by its key
	places   map[string]bool       // keys of what projects name, and where that is now
}

// A holding is a project and what it has.
type holding struct {
	report.Holding
	primary  string          // where its first repository is now
	homepage string          // empty where another project of the report has it, too
	places   map[string]bool // keys of its repositories, and where they are now
}

func newComparison(a, b *gromav1.Report) *comparison {
	c := &comparison{before: arrange(a), after: arrange(b)}
	c.rows = pairUp(byKey(a.GetRepositories()), byKey(b.GetRepositories()), (*gromav1.Repository).GetKey, now)
	c.homes = pairUp(c.before.homes, c.after.homes, nowAtBranch, now, (*gromav1.Repository).GetKey)
	c.projects = pairUp(c.before.holdings, c.after.holdings, slug, primary, everything, homepage)
	return c
}

func arrange(r *gromav1.Report) *half {
	arranged := &half{Report: r, users: map[string][]string{}, places: map[string]bool{}}
	homes, pages := map[*gromav1.Repository]bool{}, map[string]int{}
	for _, known := range report.Holdings(r) {
		h := &holding{Holding: known, homepage: page(known.Project.Homepage), places: map[string]bool{}}
		if len(h.Named) > 0 {
			h.primary = now(h.Named[0])
		}
		pages[h.homepage]++
		for _, row := range h.Named {
			arranged.users[row.Key] = append(arranged.users[row.Key], h.Project.Slug)
			for _, place := range []string{row.Key, now(row)} {
				h.places[place], arranged.places[place] = true, true
			}
		}
		for _, row := range h.Counted {
			if !homes[row] {
				arranged.homes = append(arranged.homes, row)
			}
			homes[row] = true
		}
		arranged.holdings = append(arranged.holdings, h)
	}
	for _, h := range arranged.holdings {
		if pages[h.homepage] > 1 {
			h.homepage = "" // a page of several says nothing
		}
	}
	arranged.homes = byKey(arranged.homes)
	return arranged
}

func byKey(rows []*gromav1.Repository) []*gromav1.Repository {
	return slices.SortedStableFunc(slices.Values(rows), func(x, y *gromav1.Repository) int { return cmp.Compare(x.Key, y.Key) })
}

// now is where a repository was when it was asked for.
func now(r *gromav1.Repository) string { return cmp.Or(r.MovedTo, r.Key) }

func nowAtBranch(r *gromav1.Repository) string { return now(r) + "\x00" + r.Branch }

// names reports whether any project names a repository, wherever it was.
func (r *half) names(row *gromav1.Repository) bool { return r.places[row.Key] || r.places[now(row)] }

// names reports whether a project names a repository, wherever it was.
func (h *holding) names(row *gromav1.Repository) bool {
	return h != nil && (h.places[row.Key] || h.places[now(row)])
}

// counted is what a project's figures are of.
func (h *holding) counted() []*gromav1.Repository {
	if h == nil {
		return nil
	}
	return h.Counted
}
