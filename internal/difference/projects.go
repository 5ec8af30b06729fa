package difference

import (
	"cmp"
	"slices"

	gromav1 "groma/proto/groma/v1"
)

// addProjects says which projects came, went, have another name or another
// maturity.
func (c *comparison) addProjects(d *gromav1.Difference) {
	for _, h := range c.projects.first {
		d.ProjectsOut = append(d.ProjectsOut, presenceOf(h, ""))
	}
	for _, h := range c.projects.last {
		d.ProjectsIn = append(d.ProjectsIn, presenceOf(h, ""))
	}
	for _, p := range c.projects.both {
		before, after := p.before.Project, p.after.Project
		switch {
		case p.before.Excluded == "" && p.after.Excluded != "":
			d.ProjectsOut = append(d.ProjectsOut, presenceOf(p.before, p.after.Excluded))
		case p.before.Excluded != "" && p.after.Excluded == "":
			d.ProjectsIn = append(d.ProjectsIn, presenceOf(p.after, p.before.Excluded))
		}
		if before.Slug != after.Slug || before.Name != after.Name {
			d.ProjectsRenamed = append(d.ProjectsRenamed, &gromav1.ProjectRenaming{
				SlugBefore: before.Slug, SlugAfter: after.Slug, NameBefore: before.Name, NameAfter: after.Name, KnownBy: knownBy[p.by],
			})
		}
		if before.Maturity != after.Maturity {
			d.Maturities = append(d.Maturities, &gromav1.MaturityChange{
				Slug: after.Slug, Name: after.Name, Before: before.Maturity, After: after.Maturity,
				BeforeSince: since(before), AfterSince: since(after),
			})
		}
	}
	sortPresences(d.ProjectsIn)
	sortPresences(d.ProjectsOut)
	slices.SortStableFunc(d.ProjectsRenamed, func(x, y *gromav1.ProjectRenaming) int { return cmp.Compare(x.SlugAfter, y.SlugAfter) })
	slices.SortStableFunc(d.Maturities, func(x, y *gromav1.MaturityChange) int { return cmp.Compare(x.Slug, y.Slug) })
}

func presenceOf(h *holding, excluded string) *gromav1.ProjectPresence {
	p := h.Project
	return &gromav1.ProjectPresence{Slug: p.Slug, Name: p.Name, Maturity: p.Maturity, Accepted: p.Accepted, Excluded: excluded}
}

func sortPresences(list []*gromav1.ProjectPresence) {
	slices.SortStableFunc(list, func(x, y *gromav1.ProjectPresence) int { return cmp.Compare(x.Slug, y.Slug) })
}

// since is when a project got its maturity.
func since(p *gromav1.Project) string {
	switch p.Maturity {
	case "sandbox":
		return p.Accepted
	case "incubating":
		return cmp.Or(p.Incubating, p.Accepted)
	case "graduated":
		return p.Graduated
	case "archived":
		return p.Archived
	}
	return ""
}
