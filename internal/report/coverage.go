package report

import (
	"cmp"
	"maps"
	"slices"

	gromav1 "groma/proto/groma/v1"
)

// coverage says what the report does not know.
func (l *ledger) coverage() *gromav1.Coverage {
	c := &gromav1.Coverage{
		Repositories: int64(len(l.report.Repositories)), Outcomes: map[string]int64{},
		Oddities: int64(len(l.report.Warnings)), LeftOut: l.report.LeftOut,
	}
	users := map[string][]string{} // by key as it is named
	for _, p := range l.projects {
		for _, key := range p.gaps {
			users[key] = append(users[key], p.project.Slug)
		}
	}
	for _, r := range l.report.Repositories {
		c.Outcomes[r.Outcome]++
		if hasCount(r) {
			c.Counted++
			continue
		}
		gap := gapOf(r)
		gap.Projects = users[r.Key]
		c.Gaps = append(c.Gaps, gap)
	}
	slices.SortFunc(c.Gaps, func(a, b *gromav1.Gap) int { return cmp.Compare(a.Key, b.Key) })
	l.coverProjects(c)
	c.NotSurveyed = l.notSurveyed()
	return c
}

func gapOf(r *gromav1.Repository) *gromav1.Gap {
	return &gromav1.Gap{Key: r.Key, Link: pageOf(r), Outcome: r.Outcome, Reason: r.Reason}
}

func (l *ledger) coverProjects(c *gromav1.Coverage) {
	byMaturity := map[string]*gromav1.CoverageOfMaturity{}
	for _, p := range l.projects {
		m := byMaturity[p.project.Maturity]
		if m == nil {
			m = &gromav1.CoverageOfMaturity{Maturity: p.project.Maturity}
			byMaturity[m.Maturity] = m
		}
		m.Projects++
		switch {
		case p.uncounted():
			c.WithoutCount = append(c.WithoutCount, p.project.Slug)
		case p.whole:
			m.ProjectsWhole++
			m.ProjectsWithCount++
		default:
			m.ProjectsWithCount++
		}
	}
	for m := range maps.Values(byMaturity) {
		c.Projects += m.Projects
		c.ProjectsWithCount += m.ProjectsWithCount
		c.ProjectsWhole += m.ProjectsWhole
	}
	c.Maturities = slices.SortedFunc(maps.Values(byMaturity), func(a, b *gromav1.CoverageOfMaturity) int {
		return compareMaturities(a.Maturity, b.Maturity)
	})
}

// notSurveyed are the repositories that projects are said to have and the
// report has no row of.
func (l *ledger) notSurveyed() []*gromav1.Gap {
	byKey := map[string]*gromav1.Gap{}
	for _, p := range l.projects {
		for _, key := range p.missing {
			if byKey[key] == nil {
				byKey[key] = &gromav1.Gap{Key: key, Reason: "an annotation names it, and the survey did not ask for it"}
			}
			byKey[key].Projects = append(byKey[key].Projects, p.project.Slug)
		}
	}
	return slices.SortedFunc(maps.Values(byKey), func(a, b *gromav1.Gap) int { return cmp.Compare(a.Key, b.Key) })
}
