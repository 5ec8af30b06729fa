// Package sheet prints a report as tables: CSV for spreadsheets, Parquet for
// databases.
//
// It prints what report and analyses say, and sums tallies at most. Every
// repository of the report is in each table of repositories, whatever came of
// it, and sums over a table are the report's: no line stands twice. The same
// report gives the same bytes. Whatever strangers wrote is data: it can
// neither begin a formula in a spreadsheet nor end a row.
package sheet

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strings"

	"groma/internal/report"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A repository is a row of the report and its figures of the classes source
// and test.
type repository struct {
	*gromav1.Repository
	*gromav1.Figures
	bytes, skipped int64
}

func (r *repository) counted() bool   { return report.HasCount(r.Repository) }
func (r *repository) tree() int64     { return r.Repository.GetFiles() }
func (r *repository) figures() int64  { return r.Figures.GetFiles() }
func (r *repository) unread() int64   { return r.skipped }
func (r *repository) received() int64 { return r.GetWire().GetBytesReceived() }

func figure(of func(*repository) int64) func(*repository) string {
	return where((*repository).counted, number(of))
}

var repositoryColumns = []column[*repository]{
	{"key", text((*repository).GetKey)},
	{"host", text((*repository).GetHost)},
	{"owner", text((*repository).GetOwner)},
	{"name", text((*repository).GetName)},
	{"address", text((*repository).GetAddress)},
	{"outcome", text((*repository).GetOutcome)},
	{"reason", text((*repository).GetReason)},
	{"moved_to", text((*repository).GetMovedTo)},
	{"counted_as", text((*repository).GetCountedAs)},
	{"branch", text((*repository).GetBranch)},
	{"commit", text((*repository).GetCommit)},
	{"committed_at", moment((*repository).GetCommittedAt)},
	{"method", text((*repository).GetMethod)},
	{"tree_files", figure((*repository).tree)},
	{"skipped_files", figure((*repository).unread)},
	{"files", figure((*repository).figures)},
	{"lines", figure((*repository).GetLines)},
	{"code", figure((*repository).GetCode)},
	{"comments", figure((*repository).GetComments)},
	{"blanks", figure((*repository).GetBlanks)},
	{"bytes", figure(func(r *repository) int64 { return r.bytes })},
	{"host_bytes", figure((*repository).GetHostBytes)},
	{"packages", figure(func(r *repository) int64 { return sum(r.GetPackages()) })},
	{"projects", texts(func(r *repository) []string { return projectsOf(r.Repository) })},
	{"why", texts((*repository).GetWhy)},
	{"aliases", texts((*repository).GetAliases)},
	{"blobs_counted", number((*repository).GetBlobsCounted)},
	{"bytes_received", number((*repository).received)},
	{"attempts", number((*repository).GetAttempts)},
}

// Repositories prints repositories.csv: one row for each repository of a
// report, sorted by key. Figures are of the classes source and test of all
// languages, and empty where there is no count.
func Repositories(w io.Writer, r *gromav1.Report) error {
	return write(w, repositoryColumns, func(yield func(*repository) bool) {
		for _, row := range byKey(r) {
			if !yield(repositoryOf(row)) {
				return
			}
		}
	})
}

func byKey(r *gromav1.Report) []*gromav1.Repository {
	return slices.SortedFunc(slices.Values(r.GetRepositories()), func(a, b *gromav1.Repository) int { return cmp.Compare(a.Key, b.Key) })
}

func repositoryOf(row *gromav1.Repository) *repository {
	r := &repository{Repository: row, Figures: &gromav1.Figures{}}
	for _, t := range row.Tally {
		report.AddTally(r.Figures, t)
		if report.Headline(t.Class) {
			r.bytes += t.Bytes
		}
	}
	for _, s := range row.Skipped {
		r.skipped += s.Files
	}
	return r
}

// projectsOf are the slugs of the projects that a repository is there for.
func projectsOf(r *gromav1.Repository) []string {
	slugs := []string{}
	for _, why := range r.Why {
		slug, _, _ := strings.Cut(why, ": ")
		slugs = append(slugs, slug)
	}
	slices.Sort(slugs)
	return slices.Compact(slugs)
}

func sum(numbers map[string]int64) (n int64) {
	for _, more := range numbers {
		n += more
	}
	return n
}

// A language is what all repositories have of one language and class.
type language struct {
	*gromav1.Tally
	repositories int64
}

var languageColumns = []column[*language]{
	{"language", text((*language).GetLanguage)},
	{"class", text((*language).GetClass)},
	{"programming", decided(func(l *language) bool { return tally.Programming(l.Language) })},
	{"repositories", number(func(l *language) int64 { return l.repositories })},
	{"files", number((*language).GetFiles)},
	{"lines", number((*language).GetLines)},
	{"code", number((*language).GetCode)},
	{"comments", number((*language).GetComments)},
	{"blanks", number((*language).GetBlanks)},
	{"complexity", number((*language).GetComplexity)},
	{"bytes", number((*language).GetBytes)},
}

// Languages prints languages.csv: one row for each language and class, summed
// over the repositories of a report and sorted by name. There are some hundred
// however large the landscape is; what each repository has is in Parquet,
// since it would outgrow a spreadsheet.
func Languages(w io.Writer, r *gromav1.Report) error {
	return write(w, languageColumns, slices.Values(languagesOf(r)))
}

func languagesOf(r *gromav1.Report) []*language {
	type place struct{ language, class string }
	found := map[place]*language{}
	for _, row := range r.GetRepositories() {
		for _, t := range row.Tally {
			at := place{t.Language, t.Class}
			l := found[at]
			if l == nil {
				l = &language{Tally: &gromav1.Tally{Language: t.Language, Class: t.Class}}
				found[at] = l
			}
			l.repositories++
			tally.Add(l.Tally, t)
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *language) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Class, b.Class))
	})
}
