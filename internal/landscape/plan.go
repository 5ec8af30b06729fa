package landscape

import (
	"slices"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// outcomeUnsupported is the outcome of what reading alone shows to be no
// repository.
const outcomeUnsupported = "unsupported"

// planner gathers repositories. Each stands once and remembers every reason
// and every spelling.
type planner struct {
	byKey   map[string]*gromav1.PlannedRepository
	reasons map[[2]string]bool // repository and reason
}

// plan turns entries into projects and the repositories behind them.
func plan(entries []*entry) ([]*gromav1.Project, []*gromav1.PlannedRepository) {
	p := planner{byKey: map[string]*gromav1.PlannedRepository{}, reasons: map[[2]string]bool{}}
	projects := make([]*gromav1.Project, 0, len(entries))
	for _, e := range entries {
		projects = append(projects, p.project(e))
	}
	p.settleBranches(entries)
	repositories := make([]*gromav1.PlannedRepository, 0, len(p.byKey))
	for _, r := range p.byKey {
		settleAliases(r)
		repositories = append(repositories, r)
	}
	slices.SortFunc(projects, func(a, b *gromav1.Project) int { return strings.Compare(a.Slug, b.Slug) })
	slices.SortFunc(repositories, func(a, b *gromav1.PlannedRepository) int { return strings.Compare(a.Key, b.Key) })
	return projects, repositories
}

// project plans the repositories of one entry.
func (p planner) project(e *entry) *gromav1.Project {
	project := e.proto()
	mine := map[string]bool{}
	for _, ref := range e.references {
		key := ref.address.Key
		r := p.byKey[key]
		if r == nil {
			r = ref.proto()
			p.byKey[key] = r
		}
		r.Aliases = append(r.Aliases, ref.address.Spelling, ref.address.Fetch)
		if why := e.slug + ": " + ref.role; !p.reasons[[2]string{key, why}] {
			p.reasons[[2]string{key, why}] = true
			r.Why = append(r.Why, why)
		}
		if !mine[key] {
			mine[key] = true
			project.Repositories = append(project.Repositories, key)
		}
	}
	return project
}

func (e *entry) proto() *gromav1.Project {
	return &gromav1.Project{
		Name:        e.name,
		Slug:        e.slug,
		Maturity:    e.maturity,
		Accepted:    e.dates.accepted,
		Incubating:  e.dates.incubating,
		Graduated:   e.dates.graduated,
		Archived:    e.dates.archived,
		Category:    e.category,
		Subcategory: e.subcategory,
		Homepage:    e.homepage,
		Description: e.description,
	}
}

func (ref reference) proto() *gromav1.PlannedRepository {
	r := &gromav1.PlannedRepository{
		Key:     ref.address.Key,
		Host:    ref.address.Host,
		Owner:   ref.address.Owner,
		Name:    ref.address.Name,
		Address: ref.address.Fetch,
	}
	if ref.unsupported != nil {
		r.Outcome = outcomeUnsupported
		r.Reason = clean(ref.unsupported.Error())
	}
	return r
}

// settleBranches gives each repository the first branch that an item names for
// it; failing that, the first that stands in an address, as in /tree/main.
func (p planner) settleBranches(entries []*entry) {
	for _, branchOf := range []func(reference) string{
		func(ref reference) string { return ref.branch },
		func(ref reference) string { return ref.address.Branch },
	} {
		for _, e := range entries {
			for _, ref := range e.references {
				if r := p.byKey[ref.address.Key]; r.Branch == "" {
					r.Branch = branchOf(ref)
				}
			}
		}
	}
}

func settleAliases(r *gromav1.PlannedRepository) {
	slices.Sort(r.Aliases)
	r.Aliases = slices.Compact(r.Aliases)
	r.Aliases = slices.DeleteFunc(r.Aliases, func(alias string) bool { return alias == r.Address })
}
