package difference

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/canonical"
	"groma/internal/goldentest"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// nextYear is the fixture's landscape a year later: everything that can change
// has changed once.
func nextYear() *gromav1.Report {
	r := reporttest.Fixture()
	r.Survey.Id = "foundation-20270102-030405-2e0d"
	r.Survey.EndedAt = timestamppb.New(reporttest.Began.AddDate(1, 0, 0))
	r.Survey.AsOf = timestamppb.New(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	r.Survey.Source.Sha256 = strings.Repeat("ef56", 16)
	r.Survey.Method = "g2-scc3.8.0-enry2.9.6-f10m"
	r.Survey.Spec.Filter = &gromav1.Filter{Maturity: []string{"sandbox", "graduated", "incubating"}}

	recount(row(r, "github.com/aqueduct/aqueduct"), "a1", 12_345)
	row(r, "github.com/viaduct/proxy").Method = r.Survey.Method
	recount(row(r, "github.com/viaduct/proxy"), "", -300)
	row(r, "codeberg.org/forum/forum").Method = r.Survey.Method
	recount(row(r, "codeberg.org/forum/forum"), "b2", 50)
	lost := row(r, "github.com/domus/domus")
	lost.Outcome, lost.Reason, lost.Commit, lost.Tally, lost.Files = "denied", "credentials are asked for", "", nil, 0
	named := row(r, "github.com/castrum/castrum")
	named.MovedTo = "github.com/fortress/castrum"

	project(r, "viaduct").Maturity, project(r, "viaduct").Archived = "archived", "2026-11-30"
	project(r, "forum").Maturity, project(r, "forum").Graduated = "graduated", "2026-06-01"
	project(r, "lumen").Name, project(r, "lumen").Slug = "Lumen & <i>Lux</i>", "lumen-lux"
	r.Projects = slices.DeleteFunc(r.Projects, func(p *gromav1.Project) bool { return p.Slug == "thermae" })
	r.Repositories = slices.DeleteFunc(r.Repositories, func(row *gromav1.Repository) bool { return row.Name == "thermae" })
	r.Annotations.Projects = slices.DeleteFunc(r.Annotations.Projects, func(p *gromav1.ProjectAnnotation) bool { return p.Slug == "hortus" })
	r.Annotations.Sha256 = strings.Repeat("0a", 32)
	r.Totals = reporttest.Totals(r)
	return r
}

func row(r *gromav1.Report, key string) *gromav1.Repository {
	return r.Repositories[slices.IndexFunc(r.Repositories, func(row *gromav1.Repository) bool { return row.Key == key })]
}

func project(r *gromav1.Report, slug string) *gromav1.Project {
	return r.Projects[slices.IndexFunc(r.Projects, func(p *gromav1.Project) bool { return p.Slug == slug })]
}

// recount gives a repository another commit, if one is named, and more lines of
// code of Rust.
func recount(row *gromav1.Repository, commit string, more int64) {
	if commit != "" {
		row.Commit = strings.Repeat(commit, 20)
		row.CommittedAt = timestamppb.New(reporttest.Began.AddDate(1, 0, -3))
	}
	for _, t := range row.Tally {
		if t.Language == "Rust" && t.Class == "source" {
			t.Code, t.Lines, t.Bytes = t.Code+more, t.Lines+more, t.Bytes+30*more
		}
	}
}

func TestGolden(t *testing.T) {
	d := Between(reporttest.Fixture(), nextYear())
	data, err := canonical.MarshalIndent(d)
	if err != nil {
		t.Fatal(err)
	}
	section := append([]byte("## Changelog\n\n"), Markdown(d, 3)...)
	for name, got := range map[string][]byte{
		"difference.md": Document(d), "section.md": section, "difference.txt": []byte(Terminal(d)), "difference.json": data,
		"back.txt": []byte(Terminal(Between(nextYear(), reporttest.Fixture()))),
		"same.txt": []byte(Terminal(Between(nextYear(), nextYear()))), "same.md": Document(Between(nextYear(), nextYear())),
	} {
		goldentest.Check(t, filepath.Join("testdata", name), got)
	}
}

// TestHostile: strangers' words end no line, move no cursor and are no markup.
func TestHostile(t *testing.T) {
	const attack = "\x1b[2J<script>\n| a | b |\n# @x [l](javascript:1)\u202e"
	a, b := reporttest.Fixture(), nextYear()
	for _, r := range []*gromav1.Report{a, b} {
		r.Survey.Id, r.Survey.Source.Name, r.Survey.Method = attack+r.Survey.Id, attack, attack+r.Survey.Method
		r.Survey.Spec.Filter = &gromav1.Filter{Projects: []string{attack + r.Survey.Id}}
		for _, p := range r.Projects {
			p.Name, p.Maturity, p.Accepted, p.Graduated = attack+p.Name, attack+p.Maturity, attack, attack
		}
		for i, row := range r.Repositories {
			row.Reason, row.Key, row.Method = attack, attack+row.Key, attack+row.Method
			if i%3 == 0 && r == b {
				row.Outcome, row.Commit = attack, attack
			}
		}
		for _, p := range r.Projects {
			for i := range p.Repositories {
				p.Repositories[i] = attack + p.Repositories[i]
			}
		}
	}
	d := Between(a, b)
	for _, text := range []string{string(Document(d)), Terminal(d)} {
		if strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("control characters in\n%q", text)
		}
	}
	for line := range strings.Lines(string(Document(d))) {
		if strings.Contains(line, "<script>") || strings.Contains(line, "](javascript") || strings.HasPrefix(line, "| a | b |") {
			t.Errorf("markup of a stranger in %q", line)
		}
	}
}

// TestCause: one repository, and why its figures differ.
func TestCause(t *testing.T) {
	repository := func(commit, method string, code int64) *gromav1.Repository {
		return &gromav1.Repository{
			Key: "h/o/n", Outcome: "counted", Commit: commit, Method: method, Why: []string{"p: primary"},
			Tally: []*gromav1.Tally{{Language: "Go", Class: "source", Files: 1, Code: code, Lines: code}},
		}
	}
	missing := &gromav1.Repository{Key: "h/o/n", Outcome: "not-found"}
	for _, test := range []struct {
		name          string
		before, after *gromav1.Repository
		want          func(*gromav1.LanguageChange) *gromav1.Counts
	}{
		{"another commit", repository("c", "m", 1), repository("d", "m", 3), (*gromav1.LanguageChange).GetCode},
		{"another method", repository("c", "m", 1), repository("c", "n", 3), (*gromav1.LanguageChange).GetMethod},
		{"another commit and method", repository("c", "m", 1), repository("d", "n", 3), (*gromav1.LanguageChange).GetBoth},
		{"neither", repository("c", "m", 1), repository("c", "m", 3), (*gromav1.LanguageChange).GetUnexplained},
		{"found", missing, repository("c", "m", 2), (*gromav1.LanguageChange).GetCoverage},
		{"lost", repository("c", "m", 2), missing, (*gromav1.LanguageChange).GetCoverage},
		{"new", nil, repository("c", "m", 2), (*gromav1.LanguageChange).GetLandscape},
		{"gone", repository("c", "m", 2), nil, (*gromav1.LanguageChange).GetLandscape},
	} {
		d := Between(single(test.before), single(test.after))
		if by := d.All.After.Code - d.All.Before.Code; test.want(d.All).Code != by || by == 0 {
			t.Errorf("%s: %v, want all of it there", test.name, d.All)
		}
		if test.want(d.Projects[0].All).Code != test.want(d.All).Code {
			t.Errorf("%s: the project has %v, want what all have", test.name, d.Projects[0].All)
		}
	}
}

// single is a report with a project of one repository, or of none.
func single(row *gromav1.Repository) *gromav1.Report {
	p := &gromav1.Project{Name: "P", Slug: "p"}
	r := &gromav1.Report{Survey: &gromav1.SurveyFacts{}, Projects: []*gromav1.Project{p}}
	if row != nil {
		p.Repositories = []string{row.Key}
		r.Repositories = []*gromav1.Repository{row}
	}
	r.Totals = reporttest.Totals(r)
	return r
}
