package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// Bounds of what is said of one project; what is beyond them is counted.
const (
	mixLanguages    = 5 // of a project
	leadLanguages   = 3 // of one of its repositories
	mostQuotes      = 5
	mostNames       = 12
	longestSentence = 400 // bytes of a description
)

// sums are what a project's repositories have together.
type sums struct {
	language, all *gromav1.Figures
	packages      int64
	group         string // empty without a language
	told          bool   // whether the report tells of the project
}

func (l *ledger) sum(p *projectEntry) sums {
	s := sums{language: &gromav1.Figures{}, all: &gromav1.Figures{}}
	for _, e := range p.counted {
		if l.language != "" {
			addFigures(s.language, e.language)
		}
		addFigures(s.all, e.all)
		s.packages += e.packages
	}
	if l.language == "" {
		s.language, s.told = s.all, len(p.counted) > 0
	} else {
		s.group = groupOf(l.rule, s.language, l.share(s.language, s.all), s.packages)
		s.told = s.group == GroupPure || s.group == GroupComponent || s.group == GroupPackages
	}
	switch {
	case s.told:
	case p.uncounted():
		s.group = GroupUncounted
	case s.group == "":
		s.group = GroupNone
	}
	return s
}

// uncounted reports whether nothing is known of a project's code. One whose
// repositories are all empty is known to have none.
func (p *projectEntry) uncounted() bool {
	return len(p.counted) == 0 && (!p.whole || len(p.gaps) == 0)
}

// analyse is everything that is said of a project.
func (l *ledger) analyse(p *projectEntry, s sums) *gromav1.ProjectAnalysis {
	a := &gromav1.ProjectAnalysis{
		Project: p.project, Group: s.group, Figures: s.language, All: s.all,
		Measured: l.measured(s.language), Share: l.share(s.language, s.all), Packages: s.packages,
		Annotation: l.words[p.project.Slug],
	}
	for _, e := range p.counted {
		a.Repositories = append(a.Repositories, l.repository(p, e))
	}
	slices.SortStableFunc(a.Repositories, func(x, y *gromav1.RepositoryAnalysis) int {
		return cmp.Or(-compareBool(x.Main, y.Main), cmp.Compare(l.measured(y.Figures), l.measured(x.Figures)),
			cmp.Compare(l.measured(y.All), l.measured(x.All)), cmp.Compare(x.Key, y.Key))
	})
	if l.language != "" {
		a.Evidence = evidenceOf(l.rule, s.group, a.Repositories)
	}
	a.Mix, a.Rest = l.mixOfProject(p, s.all)
	a.Role = roleOf(a)
	for _, key := range p.gaps {
		a.Uncounted = append(a.Uncounted, gapOf(l.named[key]))
	}
	slices.SortFunc(a.Uncounted, func(x, y *gromav1.Gap) int { return cmp.Compare(x.Key, y.Key) })
	l.quote(a)
	a.Health, a.WithoutVitals = l.health(p), l.withoutVitals(p)
	return a
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (l *ledger) repository(p *projectEntry, e *entry) *gromav1.RepositoryAnalysis {
	r := &gromav1.RepositoryAnalysis{
		Key: e.row.Key, Link: pageOf(e.row), Commit: e.row.Commit, CommitLink: treeLink(e.row, e.row.Commit),
		CommittedAt: e.row.CommittedAt, Method: e.row.Method,
		Figures: e.language, All: e.all, Share: l.share(e.language, e.all), Packages: e.packages,
	}
	n := leadLanguages
	if l.language == "" {
		n = 1 // the project's mix says the rest
	}
	r.Mix, _ = l.top(l.mixOf(e.row), e.all, n)
	for _, key := range p.names[e] {
		r.Main = r.Main || key == p.main
		if key != r.Key {
			r.NamedAs = append(r.NamedAs, key)
		}
	}
	slices.Sort(r.NamedAs)
	for _, slug := range e.users {
		if slug != p.project.Slug {
			r.SharedWith = append(r.SharedWith, slug)
		}
	}
	for _, role := range l.words[p.project.Slug].GetRoles() {
		if role.Key == r.Key || slices.Contains(r.NamedAs, role.Key) {
			r.Role = role.Role
		}
	}
	return r
}

// mixOfProject sums the mixes of a project's repositories.
func (l *ledger) mixOfProject(p *projectEntry, all *gromav1.Figures) (mix []*gromav1.LanguageFigures, rest *gromav1.LanguageFigures) {
	byName := map[string]*gromav1.Figures{}
	for _, e := range p.counted {
		for _, m := range l.mixOf(e.row) {
			f := byName[m.Language]
			if f == nil {
				f = &gromav1.Figures{}
				byName[m.Language] = f
				mix = append(mix, &gromav1.LanguageFigures{Language: m.Language, Figures: f})
			}
			addFigures(f, m.Figures)
		}
	}
	return l.top(mix, all, mixLanguages)
}

// top is the n languages that have the most, and what the others have together.
// The report's own language is among them whenever there is any.
func (l *ledger) top(mix []*gromav1.LanguageFigures, all *gromav1.Figures, n int) (most []*gromav1.LanguageFigures, rest *gromav1.LanguageFigures) {
	others := &gromav1.Figures{}
	for i, m := range l.mostFirst(mix, all) {
		if l.measured(m.Figures) > 0 && (i < n || m.Language == l.language) {
			most = append(most, m)
		} else {
			addFigures(others, m.Figures)
		}
	}
	if l.measured(others) > 0 {
		rest = &gromav1.LanguageFigures{Figures: others, Share: l.share(others, all)}
	}
	return most, rest
}

// roleOf says in words which languages lead where.
func roleOf(a *gromav1.ProjectAnalysis) string {
	if len(a.Mix) == 0 {
		return ""
	}
	leads := map[string][]string{}
	for _, r := range a.Repositories {
		if len(r.Mix) > 0 {
			leads[r.Mix[0].Language] = append(leads[r.Mix[0].Language], repositoryName(r.Key))
		}
	}
	role := mostly(a.Mix)
	if len(leads) < 2 {
		return role
	}
	var parts []string
	for _, m := range a.Mix {
		if names := leads[m.Language]; len(names) > 0 {
			parts = append(parts, m.Language+" leads in "+listed(names, 3))
		}
	}
	return role + ": " + strings.Join(parts, ", ")
}

// mostly puts a mix in a few words.
func mostly(mix []*gromav1.LanguageFigures) string {
	first := mix[0]
	switch {
	case first.Share.PerMille == 1000:
		return "only " + first.Language
	case len(mix) == 1:
		return fmt.Sprintf("%s %s", first.Language, Percent(first.Share))
	case first.Share.PerMille >= 500:
		return fmt.Sprintf("mostly %s (%s), with %s (%s)", first.Language, Percent(first.Share), mix[1].Language, Percent(mix[1].Share))
	}
	return fmt.Sprintf("%s (%s) and %s (%s)", first.Language, Percent(first.Share), mix[1].Language, Percent(mix[1].Share))
}

// repositoryName is a key without its host.
func repositoryName(key string) string {
	_, name, _ := strings.Cut(key, "/")
	return name
}

// listed names some and counts the rest.
func listed(names []string, most int) string {
	if len(names) <= most+1 { // "and 1 more" is no shorter than its name
		return enumerate(names)
	}
	return strings.Join(names[:most], ", ") + " and " + Number(int64(len(names)-most)) + " more"
}

// enumerate is names as a sentence has them.
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
