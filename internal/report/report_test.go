package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/canonical"
	"groma/internal/goldentest"
	gromav1 "groma/proto/groma/v1"
)

var (
	started = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ended   = started.Add(90 * time.Second)
)

// planned plans a repository of github.com.
func planned(name string, why ...string) *gromav1.PlannedRepository {
	return &gromav1.PlannedRepository{Key: "github.com/o/" + name, Host: "github.com", Owner: "o", Name: name, Address: "https://github.com/o/" + name, Why: why}
}

func counted(name, commit string, tally ...*gromav1.Tally) *gromav1.Row {
	return &gromav1.Row{
		Taken:  &gromav1.Taken{Key: "github.com/o/" + name, Outcome: "counted", Commit: commit, Branch: "main", Attempts: 1, Requests: 2, BytesReceived: 100, Seconds: 0.5},
		Census: &gromav1.Census{Commit: commit, Method: "m", Files: 3, Tally: tally, CommittedAt: timestamppb.New(started)},
	}
}

func moved(row *gromav1.Row, to string) *gromav1.Row {
	row.Taken.MovedTo = "github.com/o/" + to
	return row
}

func lines(language, class string, code int64) *gromav1.Tally {
	return &gromav1.Tally{Language: language, Class: class, Files: 1, Lines: code + 3, Code: code, Comments: 2, Blanks: 1, Bytes: 40 * code}
}

// small is a landscape with one repository of every fate.
func small() (*gromav1.Manifest, []*gromav1.Row) {
	manifest := &gromav1.Manifest{
		Survey: "small-20260102", StartedAt: timestamppb.New(started), Method: "m",
		Spec: &gromav1.SurveySpec{Source: "small.yml", Languages: []string{"Rust"}},
		Landscape: &gromav1.Landscape{
			Name: "small.yml", Sha256: "ab12",
			Projects: []*gromav1.Project{
				{Name: "Alpha", Slug: "alpha", Maturity: "graduated", Repositories: []string{"github.com/o/a", "github.com/o/shared"}},
				{Name: "Be|ta <b>", Slug: "beta", Maturity: "sandbox", Repositories: []string{"github.com/o/shared", "github.com/o/old", "github.com/o/gone"}},
				{Name: "Gamma", Slug: "gamma", Maturity: "sandbox", Repositories: []string{"github.com/o/go", "github.com/o/new"}},
			},
			Repositories: []*gromav1.PlannedRepository{
				planned("a", "alpha: primary"), planned("go", "gamma: primary"), planned("gone", "beta: additional"),
				planned("new", "gamma: additional"), planned("old", "beta: additional"), planned("shared", "alpha: additional", "beta: primary"),
				planned("unasked"),
			},
			LeftOut: map[string]int64{"archived": 2},
		},
		ShardSize: 500,
	}
	rows := []*gromav1.Row{
		counted("a", "c1", lines("Rust", "source", 1000), lines("Rust", "test", 200), lines("Rust", "vendored", 7), lines("Go", "source", 300)),
		counted("go", "c2", lines("Go", "source", 50)),
		{Taken: &gromav1.Taken{Key: "github.com/o/gone", Outcome: "not-found", Reason: "no such repository; it may be private", Attempts: 1}},
		counted("new", "c3", lines("Rust", "source", 10)),
		moved(counted("old", "c3", lines("Rust", "source", 10)), "new"),
		counted("shared", "c4", lines("Rust", "source", 30)),
	}
	return manifest, rows
}

func TestBuild_EveryRepositoryHasOneOutcome(t *testing.T) {
	manifest, rows := small()
	r := Build(manifest, rows, ended)
	want := map[string]string{"a": "counted", "go": "counted", "gone": "not-found", "new": "counted", "old": "moved", "shared": "counted", "unasked": "failed"}
	var sum int64
	for _, n := range r.Totals.Outcomes {
		sum += n
	}
	if len(r.Repositories) != len(want) || sum != int64(len(want)) || r.Totals.Repositories != sum {
		t.Errorf("%d rows, outcomes add up to %d of %d, want %d", len(r.Repositories), sum, r.Totals.Repositories, len(want))
	}
	for _, repository := range r.Repositories {
		if repository.Outcome != want[repository.Name] {
			t.Errorf("%s is %s, want %s", repository.Name, repository.Outcome, want[repository.Name])
		}
		if repository.Outcome != "counted" && (len(repository.Tally) > 0 || repository.Reason == "") {
			t.Errorf("%s is %s with a tally or without a reason", repository.Name, repository.Outcome)
		}
	}
}

func TestLanguages_CountsEachLineOnce(t *testing.T) {
	manifest, rows := small()
	got := Languages(Build(manifest, rows, ended), []string{"Rust"})[0]
	if got.Total.Code != 1000+200+10+30 {
		t.Errorf("Rust has %d lines of code, want 1240: vendored left out, moved and shared once", got.Total.Code)
	}
	want := map[string]int64{"alpha": 1230, "beta": 40, "gamma": 10}
	for _, p := range got.Projects {
		if p.Code != want[p.Project.Slug] {
			t.Errorf("%s has %d lines, want %d", p.Project.Slug, p.Code, want[p.Project.Slug])
		}
	}
	if len(got.Projects) != 3 || got.Projects[0].Project.Slug != "alpha" {
		t.Errorf("%d projects, want 3 with alpha first", len(got.Projects))
	}
	if share := got.Projects[0].Share(); share != 1230.0/1530 {
		t.Errorf("alpha's share is %f, want 1230 of 1530", share)
	}
}

func TestBuild_MovedWithoutItsHome(t *testing.T) {
	manifest, _ := small()
	manifest.Landscape.Repositories = []*gromav1.PlannedRepository{planned("old1"), planned("old2")}
	r := Build(manifest, []*gromav1.Row{
		moved(counted("old2", "c", lines("Rust", "source", 5)), "new"),
		moved(counted("old1", "c", lines("Rust", "source", 5)), "new"),
	}, ended)
	first, second := r.Repositories[0], r.Repositories[1]
	if first.Outcome != "counted" || first.MovedTo != "github.com/o/new" || !slices.Contains(first.Aliases, "github.com/o/new") {
		t.Errorf("the first is %v, want it counted and its new address among the aliases", first)
	}
	if second.Outcome != "moved" || second.CountedAs != first.Key || len(second.Tally) > 0 {
		t.Errorf("the second is %v, want it moved and counted as the first", second)
	}
}

// TestBuild_MovedByBranch: another branch is another count, however many
// addresses lead to each.
func TestBuild_MovedByBranch(t *testing.T) {
	manifest, _ := small()
	manifest.Landscape.Repositories = []*gromav1.PlannedRepository{planned("a"), planned("b"), planned("c")}
	var rows []*gromav1.Row
	for name, branch := range map[string]string{"a": "main", "b": "dev", "c": "dev"} {
		row := moved(counted(name, "c", lines("Rust", "source", 5)), "new")
		row.Taken.Branch = branch
		rows = append(rows, row)
	}
	r := Build(manifest, rows, ended)
	want := []string{"counted", "counted", "moved"}
	for i, repository := range r.Repositories {
		if repository.Outcome != want[i] {
			t.Errorf("%s is %s, want %s", repository.Name, repository.Outcome, want[i])
		}
	}
}

// TestBuild_Order builds random reports from shuffled rows: the bytes of every
// form stay the same and the invariants hold.
func TestBuild_Order(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		manifest, rows := anyLandscape(random)
		want := forms(t, Build(manifest, rows, ended))
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		r := Build(proto.Clone(manifest).(*gromav1.Manifest), rows, ended)
		if !bytes.Equal(forms(t, r), want) {
			t.Fatal("the order of the rows changes the report")
		}
		checkSums(t, r)
	}
}

func anyLandscape(random *rand.Rand) (*gromav1.Manifest, []*gromav1.Row) {
	manifest, _ := small()
	manifest.Landscape.Repositories, manifest.Landscape.Projects = nil, nil
	var rows []*gromav1.Row
	n := 1 + random.IntN(30)
	for i := range n {
		name := fmt.Sprintf("r%02d", i)
		manifest.Landscape.Repositories = append(manifest.Landscape.Repositories, planned(name))
		row := counted(name, "c", lines("Rust", "source", random.Int64N(100)), lines("Go", "test", random.Int64N(100)))
		switch random.IntN(5) {
		case 0:
			moved(row, fmt.Sprintf("r%02d", random.IntN(2*n)))
			if row.Taken.MovedTo == row.Taken.Key {
				row.Taken.MovedTo = ""
			}
		case 1:
			row = &gromav1.Row{Taken: &gromav1.Taken{Key: row.Taken.Key, Outcome: "denied", Reason: "x"}}
		case 2:
			continue
		}
		rows = append(rows, row)
	}
	for p := range 1 + random.IntN(5) {
		project := &gromav1.Project{Name: fmt.Sprint("P", p), Slug: fmt.Sprint("p", p)}
		for range random.IntN(6) {
			project.Repositories = append(project.Repositories, manifest.Landscape.Repositories[random.IntN(n)].Key)
		}
		manifest.Landscape.Projects = append(manifest.Landscape.Projects, project)
	}
	return manifest, rows
}

func checkSums(t *testing.T, r *gromav1.Report) {
	t.Helper()
	var outcomes, code, total int64
	for _, n := range r.Totals.Outcomes {
		outcomes += n
	}
	for _, repository := range r.Repositories {
		for _, tally := range repository.Tally {
			code += tally.Code
		}
		if as := repository.CountedAs; as != "" {
			i := slices.IndexFunc(r.Repositories, func(o *gromav1.Repository) bool { return o.Key == as })
			if i < 0 || r.Repositories[i].CountedAs != "" || r.Repositories[i].Commit == "" {
				t.Fatalf("%s is counted as %s, which has no count", repository.Key, as)
			}
		}
	}
	for _, s := range Languages(r, nil) {
		total += s.Total.Code
	}
	if outcomes != r.Totals.Repositories || code != total {
		t.Fatalf("outcomes add up to %d of %d, languages to %d of %d", outcomes, r.Totals.Repositories, total, code)
	}
}

func forms(t *testing.T, r *gromav1.Report) []byte {
	t.Helper()
	data, err := canonical.MarshalIndent(r)
	if err != nil {
		t.Fatal(err)
	}
	return append(data, Markdown(Analyses(r, Settings{})...)...)
}

func TestGolden(t *testing.T) {
	manifest, rows := small()
	r := Build(manifest, rows, ended)
	goldentest.Check(t, "testdata/rust.md", Markdown(Analyses(r, Settings{})...))
	data, err := canonical.MarshalIndent(r)
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Check(t, "testdata/report.json", data)
	r.Survey.Spec.Languages = nil
	goldentest.Check(t, "testdata/all.md", Markdown(Analyses(r, Settings{})...))
}

var listItem = regexp.MustCompile(`^[0-9]+[.)]`)

// FuzzEscape: no stranger's text can leave its cell or become markup.
func FuzzEscape(f *testing.F) {
	f.Add("go to WWW.example.org")
	f.Add("- a list")
	f.Add(" 12) another")
	f.Add("\x00- a list\x00")
	f.Add("a | b\n# c <script> [x](y) `z` @me https://x")
	f.Fuzz(func(t *testing.T, text string) {
		if first := paragraph(text); first != strings.TrimSpace(first) || strings.HasPrefix(first, "-") || listItem.MatchString(first) {
			t.Errorf("paragraph(%q) = %q", text, first)
		}
		got := escape(text)
		if strings.Contains(strings.ToLower(got), "www.") || strings.ContainsAny(got, "\n\r|<>[]`*_@\x1b") {
			t.Errorf("escape(%q) = %q", text, got)
		}
	})
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 24814809: "24,814,809", -1234: "-1,234"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %s, want %s", n, got, want)
		}
	}
}
