package report

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"groma/internal/canonical"
	"groma/internal/goldentest"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// TestAnalyse_Random: whatever the report, the parts add up, each project is
// in one group, and every figure can be traced.
func TestAnalyse_Random(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	for range 40 {
		r := reporttest.Random(random)
		for _, s := range []Settings{
			{Language: "Rust"}, {}, {Language: "HTML"}, {Language: "YAML"}, {Language: "no such language"},
			{Language: "Rust", Measure: "bytes", Pure: 0.5}, {Language: "Go", Measure: "lines", ComponentLines: 1},
		} {
			a := Analyse(r, s)
			checkPlaces(t, r, a)
			checkFigures(t, a)
			checkTotals(t, r, a)
			checkGroups(t, a)
			checkCoverage(t, r, a)
			checkTable(t, a)
			if t.Failed() {
				data, _ := canonical.MarshalIndent(r)
				t.Fatalf("%+v of:\n%s", s, data)
			}
		}
	}
}

// checkPlaces: every project of the landscape is in just one place.
func checkPlaces(t *testing.T, r *gromav1.Report, a *gromav1.Analysis) {
	var slugs, want []string
	for _, p := range a.Projects {
		slugs = append(slugs, p.Project.Slug)
	}
	for _, p := range a.Others {
		slugs = append(slugs, p.Slug)
	}
	for _, p := range a.Excluded {
		slugs = append(slugs, p.Slug)
	}
	for _, p := range r.Projects {
		want = append(want, p.Slug)
	}
	slices.Sort(slugs)
	slices.Sort(want)
	if !slices.Equal(slugs, want) {
		t.Errorf("projects are in %v, want each of %v once", slugs, want)
	}
	var crowded int
	sum := &gromav1.Figures{}
	for _, crowd := range a.Crowds {
		crowded += len(crowd.Projects)
		addFigures(sum, crowd.Figures)
	}
	if crowded != len(a.Projects) || !proto.Equal(sum, a.Told) {
		t.Errorf("crowds have %d projects and %v, want %d and %v", crowded, sum, len(a.Projects), a.Told)
	}
}

// checkFigures: each project is the sum of its repositories, each of which
// has a commit and a method, and mixes are whole.
func checkFigures(t *testing.T, a *gromav1.Analysis) {
	for _, p := range a.Projects {
		figures, all, main := &gromav1.Figures{}, &gromav1.Figures{}, 0
		for _, r := range p.Repositories {
			addFigures(figures, r.Figures)
			addFigures(all, r.All)
			if r.Commit == "" || r.Method == "" || r.Link == "" {
				t.Errorf("%s has a figure without commit, method or link", r.Key)
			}
			if r.Main {
				main++
			}
			checkShare(t, r.Share)
		}
		if !proto.Equal(figures, p.Figures) || !proto.Equal(all, p.All) || main > 1 {
			t.Errorf("%s: repositories add up to %v of %v with %d main ones, want %v of %v", p.Project.Slug, figures, all, main, p.Figures, p.All)
		}
		mix := Measured(p.Rest.GetFigures(), a.Rule.Measure)
		for _, m := range p.Mix {
			mix += Measured(m.Figures, a.Rule.Measure)
			checkShare(t, m.Share)
		}
		if want := Measured(p.All, a.Rule.Measure); mix != want {
			t.Errorf("%s: the mix adds up to %d, want %d", p.Project.Slug, mix, want)
		}
		checkShare(t, p.Share)
		if p.Share.Part != p.Measured || p.Share.Part != Measured(p.Figures, a.Rule.Measure) || p.Share.Whole != Measured(p.All, a.Rule.Measure) {
			t.Errorf("%s: the share %v is of other figures", p.Project.Slug, p.Share)
		}
	}
}

func checkShare(t *testing.T, s *gromav1.Share) {
	if s.Part < 0 || s.Part > s.Whole || s.Whole > 0 && (s.PerMille*s.Whole > 1000*s.Part || (s.PerMille+1)*s.Whole <= 1000*s.Part) {
		t.Errorf("%v is no share", s)
	}
}

// checkTotals adds up the report again, in another way.
func checkTotals(t *testing.T, r *gromav1.Report, a *gromav1.Analysis) {
	sum := &gromav1.Figures{}
	addFigures(sum, a.Totals)
	addFigures(sum, a.Repeated)
	parts := &gromav1.Figures{}
	addFigures(parts, a.Told)
	addFigures(parts, a.Rest)
	if !proto.Equal(sum, a.Sum) || !proto.Equal(parts, a.Sum) {
		t.Errorf("totals and repeated are %v, told and rest %v, want %v", sum, parts, a.Sum)
	}
	if a.Totals.Code+a.Totals.Comments+a.Totals.Blanks != a.Totals.Lines {
		t.Errorf("the lines of %v do not add up", a.Totals)
	}
	named := map[string]bool{}
	for _, p := range a.Projects {
		for _, row := range p.Repositories {
			named[row.Key] = true
		}
	}
	var code int64
	for _, row := range r.Repositories {
		for _, tally := range row.Tally {
			if named[row.Key] && Headline(tally.Class) && tally.Language == a.Language {
				code += tally.Code
			}
		}
	}
	if a.Language != "" && (code > a.Totals.Code || code < a.Told.Code-a.Repeated.Code) {
		t.Errorf("the repositories of the projects have %d lines of code, the total is %d", code, a.Totals.Code)
	}
	checkShare(t, a.Share)
	checkLanguages(t, a)
}

// checkLanguages: the languages add up to all, and their shares are of that.
func checkLanguages(t *testing.T, a *gromav1.Analysis) {
	all := &gromav1.Figures{}
	for _, language := range a.Languages {
		if language.Share != nil {
			addFigures(all, language.Figures)
			checkShare(t, language.Share)
		}
	}
	if a.Language == "" && !proto.Equal(all, a.All) {
		t.Errorf("languages add up to %v, want %v", all, a.All)
	}
}

// checkGroups decides each group again.
func checkGroups(t *testing.T, a *gromav1.Analysis) {
	for _, p := range a.Projects {
		pure := p.Measured > 0 && float64(p.Share.Part)/float64(p.Share.Whole) >= float64(a.Rule.PurePartsPerMillion)/1e6
		component := p.Figures.Code >= a.Rule.ComponentLines
		want := GroupPackages
		switch {
		case a.Language == "":
			want = ""
		case pure:
			want = GroupPure
		case component:
			want = GroupComponent
		}
		if p.Group != want || want == GroupPackages && p.Packages == 0 || (p.Evidence == EvidencePackages) != (want == GroupPackages) {
			t.Errorf("%s is %q by %q with %d packages, want %q", p.Project.Slug, p.Group, p.Evidence, p.Packages, want)
		}
	}
	for _, p := range a.Others {
		if a.Language != "" && (p.Group == GroupNone) != (p.Figures.Files == 0 && p.Figures.HostBytes == 0 && p.Group != GroupUncounted) || p.Figures.Code >= a.Rule.ComponentLines {
			t.Errorf("%s is %q with %v", p.Slug, p.Group, p.Figures)
		}
	}
}

func checkCoverage(t *testing.T, r *gromav1.Report, a *gromav1.Analysis) {
	c := a.Coverage
	var outcomes int64
	for _, n := range c.Outcomes {
		outcomes += n
	}
	if outcomes != c.Repositories || c.Counted+int64(len(c.Gaps)) != c.Repositories || c.Repositories != int64(len(r.Repositories)) {
		t.Errorf("%d outcomes, %d counted and %d gaps of %d repositories", outcomes, c.Counted, len(c.Gaps), c.Repositories)
	}
	if c.ProjectsWithCount+int64(len(c.WithoutCount)) != c.Projects || c.Projects+int64(len(a.Excluded)) != int64(len(r.Projects)) || c.ProjectsWhole > c.ProjectsWithCount {
		t.Errorf("%d with a count and %d without of %d projects", c.ProjectsWithCount, len(c.WithoutCount), c.Projects)
	}
}

// checkTable adds up the columns of the table that people read.
func checkTable(t *testing.T, a *gromav1.Analysis) {
	if a.Language == "" || len(a.Projects) == 0 {
		return
	}
	_, text, _ := strings.Cut(string(Markdown(a)), "lines of code\n\n| project |")
	text, _, _ = strings.Cut(text, "\n\n")
	sums := make([]int64, 6)
	for line := range strings.Lines(text) {
		cells := strings.Split(line, " | ")
		if len(cells) < 12 || strings.HasPrefix(cells[0], "|---") || strings.Contains(cells[0], "project |") || cells[1] == "group" {
			continue
		}
		for i := range sums {
			n, err := strconv.ParseInt(strings.ReplaceAll(cells[3+i], ",", ""), 10, 64)
			if err != nil {
				t.Errorf("%q is no number: %s", cells[3+i], line)
			}
			if strings.Contains(line, "**all, each repository once**") {
				n = -n
			}
			sums[i] += n
		}
	}
	if slices.ContainsFunc(sums, func(n int64) bool { return n != 0 }) {
		t.Errorf("the columns miss their last row by %v:\n%s", sums, text)
	}
}

// TestAnalyse_Order: rows, projects and annotations may come in any order.
func TestAnalyse_Order(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	reports := []*gromav1.Report{reporttest.Fixture()}
	for range 30 {
		reports = append(reports, reporttest.Random(random))
	}
	for _, r := range reports {
		for _, language := range []string{"Rust", ""} {
			want := allForms(t, r, language)
			for range 3 {
				if got := allForms(t, shuffled(random, r), language); !bytes.Equal(got, want) {
					t.Fatalf("the order changes the analysis:\n%s\n\nwant:\n%s", got, want)
				}
			}
		}
	}
}

func shuffled(random *rand.Rand, r *gromav1.Report) *gromav1.Report {
	r = proto.CloneOf(r)
	shuffle(random, r.Repositories)
	shuffle(random, r.Projects)
	shuffle(random, r.GetAnnotations().GetProjects())
	for _, row := range r.Repositories {
		shuffle(random, row.Words.GetDocuments())
	}
	return r
}

func shuffle[T any](random *rand.Rand, s []T) {
	random.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

func allForms(t *testing.T, r *gromav1.Report, language string) []byte {
	t.Helper()
	a := Analyse(r, Settings{Language: language})
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(data, Markdown(a), []byte(Terminal(a)))
}

// TestAnalyse_LeavesTheReport: a report is read by many.
func TestAnalyse_LeavesTheReport(t *testing.T) {
	r := reporttest.Fixture()
	before := proto.CloneOf(r)
	Markdown(Analyse(r, Settings{Language: "Rust"}))
	Markdown(Analyse(r, Settings{}))
	if !proto.Equal(r, before) {
		t.Error("analysing a report has changed it")
	}
}

func TestAnalyse_Groups(t *testing.T) {
	a := Analyse(reporttest.Fixture(), Settings{Language: "Rust"})
	want := map[string]string{
		"aqueduct": "pure, main repository", "viaduct": "component, secondary repository", "basilica": "packages, packages only",
		"forum": "pure, main repository", "castrum": "component, secondary repository", "insula": "pure, main repository",
		"b-pipe-b-co": "component, main repository", "thermae": "pure, main repository",
		"lumen": "none", "colossus": "uncounted", "domus": "traces", "quarry": "none", "hortus": "excluded",
	}
	got := map[string]string{}
	for _, p := range a.Projects {
		got[p.Project.Slug] = p.Group + ", " + p.Evidence
	}
	for _, p := range a.Others {
		got[p.Slug] = p.Group
	}
	for _, p := range a.Excluded {
		got[p.Slug] = "excluded"
	}
	for slug := range want {
		if got[slug] != want[slug] {
			t.Errorf("%s is %q, want %q", slug, got[slug], want[slug])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d projects, want %d: %v", len(got), len(want), got)
	}
}

func TestGroupOf_Threshold(t *testing.T) {
	rule := ruleOf(Settings{Language: "Rust"})
	for _, c := range []struct {
		part, whole int64
		want        string
	}{
		{890, 1000, GroupPure}, {8900, 10000, GroupPure}, {8899, 10000, GroupComponent}, {889, 1000, GroupTraces},
		{1, 1, GroupPure}, {0, 0, GroupNone}, {1000, 1_000_000, GroupComponent}, {999, 1_000_000, GroupTraces},
	} {
		figures := &gromav1.Figures{Code: c.part, Files: min(c.part, 1)}
		if got := groupOf(rule, figures, shareOf(c.part, c.whole), 0); got != c.want {
			t.Errorf("%d of %d is %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{
		{0, 0, "–"}, {0, 5, "0.0 %"}, {1, 10_000, "<0.1 %"}, {8899, 10_000, "88.9 %"}, {89, 100, "89.0 %"},
		{999_999, 1_000_000, "99.9 %"}, {7, 7, "100.0 %"}, {1 << 62, 1<<62 + 1<<61, "66.6 %"},
	} {
		if got := Percent(shareOf(c.part, c.whole)); got != c.want {
			t.Errorf("%d of %d is %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}

func TestAnalyse_Golden(t *testing.T) {
	goldentest.Check(t, "testdata/fixture.md", Markdown(Analyses(reporttest.Fixture(), Settings{})...))
	goldentest.Check(t, "testdata/bytes.md", Markdown(Analyses(reporttest.Bare(), Settings{Measure: "bytes", Pure: 0.5, ComponentLines: 100})...))
	data, err := canonical.MarshalIndent(Analyse(reporttest.Fixture(), Settings{Language: "Rust"}))
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Check(t, "testdata/analysis.json", data)
	goldentest.Check(t, "testdata/fixture.txt", []byte(Terminal(Analyses(reporttest.Fixture(), Settings{})...)))
	several := reporttest.Fixture()
	several.Survey.Spec.Languages = []string{"Rust", "Go"}
	goldentest.Check(t, "testdata/several.txt", []byte(Terminal(Analyses(several, Settings{})...)))
	all := reporttest.Fixture()
	all.Survey.Spec.Languages = nil
	goldentest.Check(t, "testdata/languages.md", Markdown(Analyses(all, Settings{})...))
}
