package report

import (
	"cmp"
	"maps"
	"slices"

	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A ledger is a report arranged for looking up, for one language or for all.
type ledger struct {
	report   *gromav1.Report
	language string
	rule     *gromav1.Rule
	rows     map[string]*gromav1.Repository        // by key; what has moved leads to the row with its count
	named    map[string]*gromav1.Repository        // by key, as it stands in the report
	entries  map[string]*entry                     // what a row has, by the row's key
	projects []*projectEntry                       // by slug
	words    map[string]*gromav1.ProjectAnnotation // by slug
	programs map[string]bool                       // languages known to be for programs
}

// An entry is one repository that has a count.
type entry struct {
	row      *gromav1.Repository
	language *gromav1.Figures // of the language; without one, the same as all
	all      *gromav1.Figures // of all programming languages, with the language
	packages int64
	users    []string // slugs of the projects that name it, sorted
}

// A projectEntry is a project and the repositories it names.
type projectEntry struct {
	project *gromav1.Project
	main    string              // key of its main repository, as it names it
	counted []*entry            // each once
	names   map[*entry][]string // the keys under which it names them
	gaps    []string            // keys that have no count of their own
	whole   bool                // every repository has a count or needs none
	missing []string            // keys that the survey did not ask for
}

func newLedger(r *gromav1.Report, rule *gromav1.Rule, language string) *ledger {
	l := &ledger{
		report: r, language: language, rule: rule, rows: countedRows(r),
		named:    make(map[string]*gromav1.Repository, len(r.Repositories)),
		entries:  make(map[string]*entry, len(r.Repositories)),
		words:    map[string]*gromav1.ProjectAnnotation{},
		programs: map[string]bool{},
	}
	if language != "" {
		l.programs[language] = true // whatever it is, its share is of something
	}
	for _, row := range r.Repositories {
		l.named[row.Key] = row
	}
	for _, annotation := range r.GetAnnotations().GetProjects() {
		l.words[annotation.Slug] = annotation
	}
	for _, project := range bySlug(r.Projects) {
		if l.words[project.Slug].GetExcluded() == nil {
			l.projects = append(l.projects, l.enter(project))
		}
	}
	return l
}

// addExcluded says what an annotation leaves out, whether the survey heeded it
// or only this report does.
func (l *ledger) addExcluded(a *gromav1.Analysis) {
	names := map[string]string{}
	for _, p := range l.report.Projects {
		names[p.Slug] = p.Name
	}
	for _, slug := range slices.Sorted(maps.Keys(l.words)) {
		word := l.words[slug]
		if why := word.Excluded; why != nil {
			a.Excluded = append(a.Excluded, &gromav1.ExcludedProject{Slug: slug, Name: cmp.Or(names[slug], word.Project), Reason: why.Reason})
			continue
		}
		for _, x := range word.ExcludeRepositories {
			a.ExcludedRepositories = append(a.ExcludedRepositories, &gromav1.ExcludedFromProject{Slug: slug, Key: x.Key, Reason: x.Reason})
		}
	}
}

func bySlug(projects []*gromav1.Project) []*gromav1.Project {
	return slices.SortedStableFunc(slices.Values(projects), func(a, b *gromav1.Project) int { return cmp.Compare(a.Slug, b.Slug) })
}

// enter finds the repositories of a project: those the landscape names and
// those an annotation adds, less those an annotation takes out.
func (l *ledger) enter(project *gromav1.Project) *projectEntry {
	p := &projectEntry{project: project, names: map[*entry][]string{}, whole: true}
	seen := map[string]bool{}
	for _, key := range l.keysOf(project) {
		if seen[key] {
			continue
		}
		seen[key] = true
		row := l.named[key]
		if row == nil {
			p.missing, p.whole = append(p.missing, key), false
			continue
		}
		if p.main == "" {
			p.main = key
		}
		p.whole = p.whole && Settled(row.Outcome)
		if !hasCount(row) {
			p.gaps = append(p.gaps, key)
		}
		if home := l.rows[key]; home != nil && hasCount(home) {
			p.count(l.entry(home), key)
		}
	}
	return p
}

func (p *projectEntry) count(e *entry, key string) {
	if _, again := p.names[e]; !again {
		p.counted = append(p.counted, e)
		e.users = append(e.users, p.project.Slug) // projects come by slug
	}
	p.names[e] = append(p.names[e], key)
}

func (l *ledger) keysOf(project *gromav1.Project) []string {
	annotation := l.words[project.Slug]
	if annotation == nil {
		return project.Repositories
	}
	keys := slices.Clone(project.Repositories)
	for _, extra := range annotation.ExtraRepositories {
		keys = append(keys, extra.Key)
	}
	return slices.DeleteFunc(keys, func(key string) bool {
		return slices.ContainsFunc(annotation.ExcludeRepositories, func(x *gromav1.ExcludedRepository) bool { return x.Key == key })
	})
}

// hasCount reports whether a row has a count of its own.
func hasCount(r *gromav1.Repository) bool { return r.Outcome == "counted" || r.Outcome == "reused" }

// entry is what a row has, summed once. Its mix is not kept: a large landscape
// has many rows that no project is told of.
func (l *ledger) entry(row *gromav1.Repository) *entry {
	if e := l.entries[row.Key]; e != nil {
		return e
	}
	e := &entry{row: row, all: &gromav1.Figures{}, packages: packagesOf(row.Packages, l.rule.Ecosystems, l.language)}
	e.language = e.all
	if l.language != "" {
		e.language = &gromav1.Figures{}
	}
	for _, t := range row.Tally {
		if !hosted(t.Class) || !l.program(t.Language) {
			continue
		}
		addTally(e.all, t)
		if t.Language == l.language {
			addTally(e.language, t)
		}
	}
	l.entries[row.Key] = e
	return e
}

// mixOf is a row's programming languages, and the report's language whatever
// it is.
func (l *ledger) mixOf(row *gromav1.Repository) []*gromav1.LanguageFigures {
	var mix []*gromav1.LanguageFigures
	at := make(map[string]*gromav1.Figures, len(row.Tally))
	for _, t := range row.Tally {
		if !hosted(t.Class) || !l.program(t.Language) {
			continue
		}
		f := at[t.Language]
		if f == nil {
			f = &gromav1.Figures{}
			at[t.Language] = f
			mix = append(mix, &gromav1.LanguageFigures{Language: t.Language, Figures: f})
		}
		addTally(f, t)
	}
	return mix
}

// program reports whether a language is counted among those that programs are
// written in.
func (l *ledger) program(language string) bool {
	known, asked := l.programs[language]
	if !asked {
		known = tally.Programming(language)
		l.programs[language] = known
	}
	return known
}

func (l *ledger) measured(f *gromav1.Figures) int64 { return Measured(f, l.rule.Measure) }

func (l *ledger) share(part, whole *gromav1.Figures) *gromav1.Share {
	return shareOf(l.measured(part), l.measured(whole))
}

// mostFirst is mix with the most first, in a slice of its own, with shares.
func (l *ledger) mostFirst(mix []*gromav1.LanguageFigures, all *gromav1.Figures) []*gromav1.LanguageFigures {
	sorted := make([]*gromav1.LanguageFigures, len(mix))
	for i, m := range mix {
		sorted[i] = &gromav1.LanguageFigures{Language: m.Language, Figures: m.Figures, Share: l.share(m.Figures, all)}
	}
	slices.SortFunc(sorted, func(a, b *gromav1.LanguageFigures) int {
		return cmp.Or(cmp.Compare(l.measured(b.Figures), l.measured(a.Figures)), cmp.Compare(a.Language, b.Language))
	})
	return sorted
}
