package report

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	gromav1 "groma/proto/groma/v1"
)

// maturityOrder is the order of the maturities that are known; others follow
// by name, and none comes last.
var maturityOrder = []string{"graduated", "incubating", "sandbox", "archived"}

// compareMaturities orders maturities as reports do.
func compareMaturities(a, b string) int {
	place := func(maturity string) int {
		if i := slices.Index(maturityOrder, maturity); i >= 0 {
			return i
		}
		if maturity == "" {
			return len(maturityOrder) + 1
		}
		return len(maturityOrder)
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
}

// groupOrder is the order of the groups that are told of.
var groupOrder = []string{GroupPure, GroupComponent, GroupPackages, ""}

// crowds sorts the projects, which come the most first, by maturity and group.
func crowds(a *gromav1.Analysis) []*gromav1.Crowd {
	type place struct{ maturity, group string }
	byPlace := map[place]*gromav1.Crowd{}
	for _, p := range a.Projects {
		at := place{p.Project.Maturity, p.Group}
		crowd := byPlace[at]
		if crowd == nil {
			crowd = &gromav1.Crowd{Maturity: at.maturity, Group: at.group, Figures: &gromav1.Figures{}}
			byPlace[at] = crowd
		}
		crowd.Projects = append(crowd.Projects, p.Project.Slug)
		addFigures(crowd.Figures, p.Figures)
	}
	return slices.SortedFunc(maps.Values(byPlace), func(x, y *gromav1.Crowd) int {
		return cmp.Or(compareMaturities(x.Maturity, y.Maturity), cmp.Compare(slices.Index(groupOrder, x.Group), slices.Index(groupOrder, y.Group)))
	})
}

// Maturities are those of an analysis' projects, in order.
func Maturities(a *gromav1.Analysis) []string {
	var found []string
	for _, crowd := range a.Crowds {
		if !slices.Contains(found, crowd.Maturity) {
			found = append(found, crowd.Maturity)
		}
	}
	return found
}

// leaders are the first of each category, the most first. A project without a
// category leads none.
func (l *ledger) leaders(a *gromav1.Analysis) []*gromav1.Leader {
	byCategory := map[string]*gromav1.Leader{}
	sums := map[string]*gromav1.Figures{}
	for _, p := range a.Projects {
		category := p.Project.Category
		if category == "" || p.Measured == 0 {
			continue
		}
		leader := byCategory[category]
		if leader == nil {
			leader = &gromav1.Leader{Category: category, Slug: p.Project.Slug, Name: p.Project.Name, Figures: p.Figures}
			byCategory[category], sums[category] = leader, &gromav1.Figures{}
		}
		leader.Projects++
		addFigures(sums[category], p.Figures)
	}
	for category, leader := range byCategory {
		leader.Share = l.share(leader.Figures, sums[category])
	}
	return slices.SortedFunc(maps.Values(byCategory), func(x, y *gromav1.Leader) int {
		return cmp.Or(cmp.Compare(l.measured(y.Figures), l.measured(x.Figures)), cmp.Compare(x.Category, y.Category))
	})
}

// years sorts what happened to the projects into years.
func years(a *gromav1.Analysis) []*gromav1.Year {
	byYear := map[int64]*gromav1.Year{}
	dated := func(date func(*gromav1.Project) string, list func(*gromav1.Year) *[]string) {
		for _, p := range byDate(a.Projects, date) {
			number, ok := yearOf(date(p))
			if !ok {
				continue
			}
			year := byYear[number]
			if year == nil {
				year = &gromav1.Year{Year: number}
				byYear[number] = year
			}
			*list(year) = append(*list(year), p.Slug)
		}
	}
	dated((*gromav1.Project).GetAccepted, func(y *gromav1.Year) *[]string { return &y.Accepted })
	dated((*gromav1.Project).GetIncubating, func(y *gromav1.Year) *[]string { return &y.Incubating })
	dated((*gromav1.Project).GetGraduated, func(y *gromav1.Year) *[]string { return &y.Graduated })
	dated((*gromav1.Project).GetArchived, func(y *gromav1.Year) *[]string { return &y.Archived })
	return slices.SortedFunc(maps.Values(byYear), func(x, y *gromav1.Year) int { return cmp.Compare(x.Year, y.Year) })
}

// byDate is the projects in the order of a date, then of their slugs.
func byDate(projects []*gromav1.ProjectAnalysis, date func(*gromav1.Project) string) []*gromav1.Project {
	sorted := make([]*gromav1.Project, len(projects))
	for i, p := range projects {
		sorted[i] = p.Project
	}
	slices.SortFunc(sorted, func(x, y *gromav1.Project) int {
		return cmp.Or(cmp.Compare(date(x), date(y)), cmp.Compare(x.Slug, y.Slug))
	})
	return sorted
}

// yearOf reads the year of a date that begins YYYY-.
func yearOf(date string) (int64, bool) {
	if len(date) < 5 || date[4] != '-' {
		return 0, false
	}
	year, err := strconv.ParseUint(date[:4], 10, 16)
	return int64(year), err == nil
}
