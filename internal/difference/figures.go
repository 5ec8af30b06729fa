package difference

import (
	"cmp"
	"maps"
	"slices"

	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A ledger puts each change of a figure down to one cause, by language. The
// language "" is all programming languages.
type ledger map[string]*change

// enter enters one repository as it was and as it is; its change is put down
// to a cause.
func (l ledger) enter(before, after *gromav1.Repository, cause cause) {
	was, is := tallies(before), tallies(after)
	for language, there := range was {
		l.enterAt(language, there, is[language], cause)
	}
	for language, there := range is {
		if _, before := was[language]; !before {
			l.enterAt(language, counts{}, there, cause)
		}
	}
}

func (l ledger) enterAt(language string, was, is counts, cause cause) {
	l.of(language).enter(was, is, cause)
	if tally.Programming(language) {
		l.of("").enter(was, is, cause)
	}
}

func (l ledger) of(language string) *change {
	c := l[language]
	if c == nil {
		c = &change{}
		l[language] = c
	}
	return c
}

// all is the change of all programming languages.
func (l ledger) all() *gromav1.LanguageChange { return l.of("").message("") }

// languages are those in which anything changed, the most first.
func (l ledger) languages() []*gromav1.LanguageChange {
	var changed []*gromav1.LanguageChange
	for language, c := range l {
		if language != "" && c.differs() {
			changed = append(changed, c.message(language))
		}
	}
	slices.SortFunc(changed, func(x, y *gromav1.LanguageChange) int {
		return cmp.Or(mostFirst(x, y), cmp.Compare(x.Language, y.Language))
	})
	return changed
}

// parts are what a change is made of, in the order of the causes.
func parts(c *gromav1.LanguageChange) []*gromav1.Counts {
	return []*gromav1.Counts{c.Code, c.Method, c.Both, c.Coverage, c.Landscape, c.Unexplained}
}

// mostFirst orders changes by their size in lines of code, then in lines.
func mostFirst(x, y *gromav1.LanguageChange) int {
	return cmp.Or(cmp.Compare(size(y, (*gromav1.Counts).GetCode), size(x, (*gromav1.Counts).GetCode)),
		cmp.Compare(size(y, (*gromav1.Counts).GetLines), size(x, (*gromav1.Counts).GetLines)))
}

// size is how far a figure moved, whichever way.
func size(c *gromav1.LanguageChange, of func(*gromav1.Counts) int64) int64 {
	by := of(c.After) - of(c.Before)
	return max(by, -by)
}

// alone is the cause where a repository has a count on one side only: the
// other side names it and could not count it, or does not name it.
func alone(named bool) cause {
	if named {
		return coverage
	}
	return landscape
}

// addFigures compares what was counted: by repository, by project, and in all.
func (c *comparison) addFigures(d *gromav1.Difference) {
	total := ledger{}
	for _, p := range c.homes.both {
		total.enter(p.before, p.after, causeOf(p.before, p.after))
		c.addRepository(d, p.before, p.after)
	}
	for _, row := range c.homes.first {
		total.enter(row, nil, alone(c.after.names(row)))
	}
	for _, row := range c.homes.last {
		total.enter(nil, row, alone(c.before.names(row)))
	}
	for _, p := range c.projects.both {
		c.addProject(d, p.before, p.after, total)
	}
	for _, h := range c.projects.first {
		c.addProject(d, h, nil, total)
	}
	for _, h := range c.projects.last {
		c.addProject(d, nil, h, total)
	}
	for _, c := range total {
		c.repeated = c.repeated.plus(c.by(), -1)
	}
	d.All, d.Languages = total.all(), total.languages()
	d.Methods = methods(c.homes.both)
	sortRepositories(d.Repositories)
	sortProjects(d.Projects)
}

// addProject compares what two projects have that are one; either may be nil.
// Its changes are added to what the total says is repeated.
func (c *comparison) addProject(d *gromav1.Difference, before, after *holding, total ledger) {
	l := c.compare(before, after)
	for language, c := range l {
		repeated := &total.of(language).repeated
		*repeated = repeated.plus(c.by(), 1)
	}
	if change := projectChange(before, after, l); change != nil {
		d.Projects = append(d.Projects, change)
	}
}

// compare compares what is counted for a project: what both reports have for
// it, and what only one of them has.
func (c *comparison) compare(before, after *holding) ledger {
	l := ledger{}
	theirs, paired := map[*gromav1.Repository]bool{}, map[*gromav1.Repository]bool{}
	for _, row := range after.counted() {
		theirs[row] = true
	}
	for _, row := range before.counted() {
		partner := c.homes.partner[row]
		if partner != nil && theirs[partner] {
			paired[partner] = true
			l.enter(row, partner, causeOf(row, partner))
		} else {
			l.enter(row, nil, alone(partner == nil && after.names(row)))
		}
	}
	for _, row := range after.counted() {
		if !paired[row] {
			l.enter(nil, row, alone(c.homes.partner[row] == nil && before.names(row)))
		}
	}
	return l
}

// projectChange is what changed in a project, or nil.
func projectChange(before, after *holding, l ledger) *gromav1.ProjectChange {
	languages := l.languages()
	if len(languages) == 0 {
		return nil
	}
	project := cmp.Or(after, before).Project
	change := &gromav1.ProjectChange{
		Slug: project.Slug, Name: project.Name, Maturity: project.Maturity,
		Presence: presence(before, after), All: l.all(), Languages: languages,
	}
	if before != nil && before.Project.Slug != project.Slug {
		change.SlugBefore = before.Project.Slug
	}
	return change
}

// presence says in which report a project is told of.
func presence(before, after *holding) string {
	switch {
	case after == nil || after.Excluded != "":
		return "out"
	case before == nil || before.Excluded != "":
		return "in"
	}
	return "both"
}

// addRepository says what changed in a repository that is counted in both.
func (c *comparison) addRepository(d *gromav1.Difference, before, after *gromav1.Repository) {
	was, is := tallies(before), tallies(after)
	cause := causeOf(before, after).String()
	if before.Commit == after.Commit && before.Method == after.Method && maps.Equal(was, is) {
		if before.Branch == after.Branch {
			return
		}
		cause = onlyBranch
	}
	d.Repositories = append(d.Repositories, &gromav1.RepositoryChange{
		KeyBefore: before.Key, KeyAfter: after.Key, Cause: cause,
		CommitBefore: before.Commit, CommitAfter: after.Commit,
		CommittedBefore: before.CommittedAt, CommittedAfter: after.CommittedAt,
		BranchBefore: before.Branch, BranchAfter: after.Branch,
		MethodBefore: before.Method, MethodAfter: after.Method,
		Before: programs(was).message(), After: programs(is).message(), Projects: c.usersOf(before, after),
	})
}

// onlyBranch is said of a repository whose branch alone is another.
const onlyBranch = "branch"

// methods adds up what other methods did.
func methods(both []pair[*gromav1.Repository]) []*gromav1.MethodChange {
	type step struct{ before, after string }
	found, by := map[step]*gromav1.MethodChange{}, map[step]counts{}
	for _, p := range both {
		if p.before.Method == p.after.Method {
			continue
		}
		at := step{p.before.Method, p.after.Method}
		if found[at] == nil {
			found[at] = &gromav1.MethodChange{Before: at.before, After: at.after}
		}
		if p.before.Commit != p.after.Commit {
			found[at].OtherCommit++
			continue
		}
		found[at].SameCommit++
		by[at] = by[at].plus(programs(tallies(p.after)), 1).plus(programs(tallies(p.before)), -1)
	}
	for at, m := range found {
		m.By = by[at].message()
	}
	return slices.SortedFunc(maps.Values(found), func(x, y *gromav1.MethodChange) int {
		return cmp.Or(cmp.Compare(x.Before, y.Before), cmp.Compare(x.After, y.After))
	})
}

func sortRepositories(list []*gromav1.RepositoryChange) {
	slices.SortFunc(list, func(x, y *gromav1.RepositoryChange) int {
		return cmp.Or(cmp.Compare(moved(y), moved(x)), cmp.Compare(x.KeyAfter, y.KeyAfter))
	})
}

// moved is by how many lines of code a repository changed, whichever way.
func moved(r *gromav1.RepositoryChange) int64 {
	by := r.After.Code - r.Before.Code
	return max(by, -by)
}

func sortProjects(list []*gromav1.ProjectChange) {
	slices.SortFunc(list, func(x, y *gromav1.ProjectChange) int {
		return cmp.Or(mostFirst(x.All, y.All), cmp.Compare(x.Slug, y.Slug), cmp.Compare(x.Presence, y.Presence))
	})
}
