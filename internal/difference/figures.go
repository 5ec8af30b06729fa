package difference

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A ledger puts each change of a figure down to one cause, by language. The
// language "" is all programming languages.
type ledger map[string]*gromav1.LanguageChange

// enter enters one repository as it was and as it is. The account says where
// its change belongs.
func (l ledger) enter(before, after *gromav1.Repository, account func(*gromav1.LanguageChange) *gromav1.Counts) {
	was, is := tallies(before), tallies(after)
	for language := range union(was, is) {
		l.enterAt(language, was[language], is[language], account)
		if tally.Programming(language) {
			l.enterAt("", was[language], is[language], account)
		}
	}
}

func (l ledger) enterAt(language string, was, is *gromav1.Counts, account func(*gromav1.LanguageChange) *gromav1.Counts) {
	change := l[language]
	if change == nil {
		change = newChange(language)
		l[language] = change
	}
	add(change.Before, was, 1)
	add(change.After, is, 1)
	add(account(change), minus(is, was), 1)
}

func union(a, b map[string]*gromav1.Counts) map[string]bool {
	keys := map[string]bool{}
	for key := range a {
		keys[key] = true
	}
	for key := range b {
		keys[key] = true
	}
	return keys
}

func newChange(language string) *gromav1.LanguageChange {
	return &gromav1.LanguageChange{
		Language: language, Before: &gromav1.Counts{}, After: &gromav1.Counts{},
		Code: &gromav1.Counts{}, Method: &gromav1.Counts{}, Both: &gromav1.Counts{},
		Coverage: &gromav1.Counts{}, Landscape: &gromav1.Counts{}, Unexplained: &gromav1.Counts{}, Repeated: &gromav1.Counts{},
	}
}

// all is the change of all programming languages.
func (l ledger) all() *gromav1.LanguageChange {
	if change := l[""]; change != nil {
		return change
	}
	return newChange("")
}

// languages are those in which anything changed, the most first.
func (l ledger) languages() []*gromav1.LanguageChange {
	var changed []*gromav1.LanguageChange
	for language, change := range l {
		change.Growth = growth(change.Before, change.After)
		if language != "" && differs(change) {
			changed = append(changed, change)
		}
	}
	slices.SortFunc(changed, func(x, y *gromav1.LanguageChange) int {
		return cmp.Or(mostFirst(x, y), cmp.Compare(x.Language, y.Language))
	})
	return changed
}

// differs reports whether anything changed, be it that changes of several
// causes make up for each other.
func differs(c *gromav1.LanguageChange) bool {
	if !proto.Equal(c.Before, c.After) {
		return true
	}
	for _, part := range parts(c) {
		if !isZero(part) {
			return true
		}
	}
	return !isZero(c.Repeated)
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

// Accounts, to which changes are put down.
var accounts = map[string]func(*gromav1.LanguageChange) *gromav1.Counts{
	causeCode:        (*gromav1.LanguageChange).GetCode,
	causeMethod:      (*gromav1.LanguageChange).GetMethod,
	causeBoth:        (*gromav1.LanguageChange).GetBoth,
	causeUnexplained: (*gromav1.LanguageChange).GetUnexplained,
}

// alone is the account of a repository that has a count on one side only: the
// other side names it and could not count it, or does not name it.
func alone(named bool) func(*gromav1.LanguageChange) *gromav1.Counts {
	if named {
		return (*gromav1.LanguageChange).GetCoverage
	}
	return (*gromav1.LanguageChange).GetLandscape
}

// addFigures compares what was counted: by repository, by project, and in all.
func (c *comparison) addFigures(d *gromav1.Difference) {
	total := ledger{}
	for _, p := range c.homes.both {
		total.enter(p.before, p.after, accounts[causeOf(p.before, p.after)])
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
	for _, change := range total {
		add(change.Repeated, minus(change.After, change.Before), -1)
	}
	d.All, d.Languages = total.all(), total.languages()
	d.All.Growth = growth(d.All.Before, d.All.After)
	d.Methods = methods(c.homes.both)
	sortRepositories(d.Repositories)
	sortProjects(d.Projects)
}

// addProject compares what two projects have that are one; either may be nil.
// Its changes are added to what the total says is repeated.
func (c *comparison) addProject(d *gromav1.Difference, before, after *holding, total ledger) {
	l := ledger{}
	theirs := map[*gromav1.Repository]bool{}
	if after != nil {
		for _, row := range after.Counted {
			theirs[row] = true
		}
	}
	paired := map[*gromav1.Repository]bool{}
	if before != nil {
		for _, row := range before.Counted {
			partner := c.homes.partner[row]
			if partner != nil && theirs[partner] {
				paired[partner] = true
				l.enter(row, partner, accounts[causeOf(row, partner)])
			} else {
				l.enter(row, nil, alone(partner == nil && after.names(row)))
			}
		}
	}
	if after != nil {
		for _, row := range after.Counted {
			if !paired[row] {
				l.enter(nil, row, alone(c.homes.partner[row] == nil && before.names(row)))
			}
		}
	}
	for language, change := range l {
		add(total[language].Repeated, minus(change.After, change.Before), 1)
	}
	if change := projectChange(before, after, l); change != nil {
		d.Projects = append(d.Projects, change)
	}
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
	change.All.Growth = growth(change.All.Before, change.All.After)
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
	l := ledger{}
	l.enter(before, after, accounts[causeOf(before, after)])
	if before.Commit == after.Commit && before.Method == after.Method && before.Branch == after.Branch && len(l.languages()) == 0 {
		return
	}
	d.Repositories = append(d.Repositories, &gromav1.RepositoryChange{
		KeyBefore: before.Key, KeyAfter: after.Key, Cause: causeOf(before, after),
		CommitBefore: before.Commit, CommitAfter: after.Commit,
		CommittedBefore: before.CommittedAt, CommittedAfter: after.CommittedAt,
		BranchBefore: before.Branch, BranchAfter: after.Branch,
		MethodBefore: before.Method, MethodAfter: after.Method,
		Before: l.all().Before, After: l.all().After, Projects: c.usersOf(before, after),
	})
}

// methods adds up what other methods did.
func methods(both []pair[*gromav1.Repository]) []*gromav1.MethodChange {
	type change struct{ before, after string }
	found := map[change]*gromav1.MethodChange{}
	for _, p := range both {
		if p.before.Method == p.after.Method {
			continue
		}
		at := change{p.before.Method, p.after.Method}
		if found[at] == nil {
			found[at] = &gromav1.MethodChange{Before: at.before, After: at.after, By: &gromav1.Counts{}}
		}
		if p.before.Commit != p.after.Commit {
			found[at].OtherCommit++
			continue
		}
		found[at].SameCommit++
		l := ledger{}
		l.enter(p.before, p.after, (*gromav1.LanguageChange).GetMethod)
		add(found[at].By, l.all().Method, 1)
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
