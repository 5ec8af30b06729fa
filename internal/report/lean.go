package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
	"unique"

	gromav1 "groma/proto/groma/v1"
)

// Lean gathers the rows of a landscape too large to hold them all as they are.
// Of each it keeps what [Analyse] reads for the languages that the survey asks
// for: the tallies that a report sums, the packages, the vitals and the words.
type Lean struct {
	manifest *gromav1.Manifest
	planned  map[string]*gromav1.PlannedRepository
	rows     map[string]*gromav1.Repository
	packages map[string]map[string]int64 // those met, by what is in them: many are alike
}

// NewLean begins a report of a manifest's repositories.
func NewLean(manifest *gromav1.Manifest) *Lean {
	l := &Lean{
		manifest: manifest,
		planned:  make(map[string]*gromav1.PlannedRepository, len(manifest.GetLandscape().GetRepositories())),
		rows:     make(map[string]*gromav1.Repository, len(manifest.GetLandscape().GetRepositories())),
		packages: map[string]map[string]int64{},
	}
	for _, planned := range manifest.GetLandscape().GetRepositories() {
		l.planned[planned.Key] = planned
	}
	return l
}

// Add takes a row. Nothing of it is kept that could be large.
func (l *Lean) Add(row *gromav1.Row) {
	planned := l.planned[row.GetTaken().GetKey()]
	if planned == nil {
		return
	}
	r := repository(planned, row)
	r.Wire, r.Skipped, r.Tally, r.Packages = nil, nil, leanTally(r.Tally), l.leanPackages(r.Packages)
	r.Outcome, r.Branch, r.Method = shared(r.Outcome), shared(r.Branch), shared(r.Method)
	l.rows[planned.Key] = r
}

// Report is what [Build] makes of the same rows, less what Analyse does not
// read: its analyses are the same.
func (l *Lean) Report(ended time.Time) *gromav1.Report {
	r := head(l.manifest, ended)
	for _, planned := range l.manifest.GetLandscape().GetRepositories() {
		row := l.rows[planned.Key]
		if row == nil {
			row = repository(planned, nil)
			row.Wire = nil
		}
		r.Repositories = append(r.Repositories, row)
	}
	l.planned, l.rows, l.packages = nil, nil, nil
	settle(r)
	return r
}

// Whole is the row that [Build] makes of a repository, if lean is what a Lean
// report has of it.
func Whole(lean *gromav1.Repository, planned *gromav1.PlannedRepository, row *gromav1.Row) *gromav1.Repository {
	r := repository(planned, row)
	if lean.GetCountedAs() != "" {
		becomeMoved(r, lean.CountedAs)
	}
	return r
}

// leanPackages keeps the ecosystems of the languages that the survey asks for.
// Rows that have the same share them.
func (l *Lean) leanPackages(packages map[string]int64) map[string]int64 {
	asked := l.manifest.GetSpec().GetLanguages()
	lean, name := map[string]int64{}, ""
	for _, ecosystem := range slices.Sorted(maps.Keys(packages)) {
		ofLanguage := func(language string) bool { return slices.Contains(ecosystems[language], ecosystem) }
		if len(asked) == 0 || slices.ContainsFunc(asked, ofLanguage) {
			lean[ecosystem] = packages[ecosystem]
			name += fmt.Sprintf("%s %d ", ecosystem, packages[ecosystem])
		}
	}
	if known := l.packages[name]; known != nil {
		return known
	}
	l.packages[name] = lean
	return lean
}

// leanTally sums the classes that a report sums: source and test as one. Of
// generated files only the bytes are in any figure.
func leanTally(tallies []*gromav1.Tally) []*gromav1.Tally {
	lean := make([]*gromav1.Tally, 0, len(tallies))
	for _, t := range tallies {
		class := "source"
		if !Headline(t.Class) {
			class = t.Class
		}
		if !hosted(t.Class) {
			continue
		}
		at := slices.IndexFunc(lean, func(l *gromav1.Tally) bool { return l.Language == t.Language && l.Class == class })
		if at < 0 {
			at = len(lean)
			lean = append(lean, &gromav1.Tally{Language: shared(t.Language), Class: shared(class)})
		}
		sum := lean[at]
		sum.Files += t.Files
		sum.Lines += t.Lines
		sum.Code += t.Code
		sum.Comments += t.Comments
		sum.Blanks += t.Blanks
		sum.Bytes += t.Bytes
	}
	slices.SortFunc(lean, func(a, b *gromav1.Tally) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Class, b.Class))
	})
	return slices.Clip(lean)
}

// shared is one copy of a text that stands in many rows.
func shared(text string) string { return unique.Make(text).Value() }
