package survey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/canonical"
	"groma/internal/fault"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// key is that of a repository of [list].
func key(i int) string { return fmt.Sprintf("github.com/o/r%03d", i) }

// surveyed keeps a survey of n repositories, in shards of 10, all of which are
// counted at the commit c0.
func surveyed(t *testing.T, store artefact.Store, id string, n int) *gromav1.Manifest {
	t.Helper()
	return surveyedAs(t, store, id, spec(), n, func(i int) *gromav1.Taken { return counted(t, store, i, "c0") })
}

func surveyedAs(t *testing.T, store artefact.Store, id string, spec *gromav1.SurveySpec, n int, take func(i int) *gromav1.Taken) *gromav1.Manifest {
	t.Helper()
	if err := KeepSources(t.Context(), store, id, list(n)); err != nil {
		t.Fatal(err)
	}
	manifest, err := Plan(t.Context(), store, &gromav1.PlanRequest{Survey: id, Spec: spec, StartedAt: timestamppb.New(began), ShardSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	for shard := range Shards(manifest) {
		request := &gromav1.SummariseShardRequest{Survey: id, Shard: shard}
		for i := int(shard) * 10; i < min(n, int(shard+1)*10); i++ {
			request.Taken = append(request.Taken, take(i))
		}
		if _, err := SummariseShard(t.Context(), store, request); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: id, Shards: Shards(manifest)}); err != nil {
		t.Fatal(err)
	}
	return manifest
}

// counted keeps the census of a repository at a commit, which has as many lines
// as the two say.
func counted(t *testing.T, store artefact.Store, i int, commit string) *gromav1.Taken {
	t.Helper()
	taken := &gromav1.Taken{Key: key(i), Outcome: "counted", Commit: commit, Method: "m", Branch: "main", Requests: 3, Attempts: 1}
	keepCensusOf(t, store, taken)
	return taken
}

func keepCensusOf(t *testing.T, store artefact.Store, taken *gromav1.Taken) {
	t.Helper()
	lines := int64(len(home(taken))*1000) + int64(taken.Commit[len(taken.Commit)-1])
	keep(t, store, artefact.CensusKey(home(taken), taken.Commit, taken.Method), &gromav1.Census{
		Key: home(taken), Commit: taken.Commit, Method: taken.Method, Files: 1, CommittedAt: timestamppb.New(began.Add(-time.Hour)),
		Tally: []*gromav1.Tally{{Language: "Go", Class: "source", Files: 1, Lines: lines, Code: lines, Bytes: 10 * lines}},
	})
}

func keep(t *testing.T, store artefact.Store, key string, m proto.Message) {
	t.Helper()
	data, err := canonical.Marshal(m)
	if err == nil {
		err = createOnce(t.Context(), store, key, data)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func revise(t *testing.T, store artefact.Store, at time.Time, taken ...*gromav1.Taken) *gromav1.Edition {
	t.Helper()
	e, err := Revise(t.Context(), store, &gromav1.ReviseRequest{Survey: id, Taken: taken, MadeAt: timestamppb.New(at)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestRevise(t *testing.T) {
	store := artefacttest.NewFolder(t)
	surveyed(t, store, id, 25)
	at := began.Add(time.Hour)
	e := revise(t, store, at, counted(t, store, 3, "c1"), counted(t, store, 4, "c0"), &gromav1.Taken{Key: key(21), Outcome: "not-found", Reason: "gone"}, counted(t, store, 999, "c1"))
	want := &gromav1.Edition{
		Number: 2, Name: e.GetName(), MadeAt: timestamppb.New(at), Shards: []int64{0, 2}, Repositories: 25, Uncounted: 1,
		Projects: e.GetProjects(), Outcomes: map[string]int64{"counted": 24, "not-found": 1},
		Revisions: []*gromav1.Revision{
			{Key: key(3), OutcomeBefore: "counted", CommitBefore: "c0", Outcome: "counted", Commit: "c1"},
			{Key: key(21), OutcomeBefore: "counted", CommitBefore: "c0", Outcome: "not-found"},
		},
	}
	if !proto.Equal(e, want) {
		t.Errorf("got  %v\nwant %v", e, want)
	}
	editions, err := Editions(t.Context(), store, id)
	if err != nil || len(editions.Editions) != 2 || !proto.Equal(editions.Editions[1], e) {
		t.Fatalf("editions are %v: %v", editions, err)
	}
	for number, commit := range map[int64]string{0: "c1", 1: "c0", 2: "c1"} {
		r, err := ReportOf(t.Context(), store, id, number)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Repositories[3]; got.Commit != commit || (got.RescannedAt != nil) != (commit == "c1") || r.Repositories[4].RescannedAt != nil {
			t.Errorf("edition %d has %v", number, got)
		}
		if (r.Survey.Edition.GetNumber() == 2) != (number != 1) || r.Survey.Edition.GetRescanned() != int64(len(r.Survey.Edition.GetLatest())) {
			t.Errorf("edition %d says %v", number, r.Survey.Edition)
		}
	}
	if _, err := ReportOf(t.Context(), store, id, 3); !errors.Is(err, artefact.ErrMissing) {
		t.Errorf("an edition that there is not: %v", err)
	}
}

// TestRevise_Rows says which rows are put in place of which.
func TestRevise_Rows(t *testing.T) {
	good := func() *gromav1.Taken {
		return &gromav1.Taken{Key: key(0), Outcome: "counted", Commit: "c0", Method: "m"}
	}
	with := func(change func(*gromav1.Taken)) *gromav1.Taken {
		taken := good()
		change(taken)
		return taken
	}
	failed := func(outcome, reason string) *gromav1.Taken {
		return &gromav1.Taken{Key: key(0), Outcome: outcome, Reason: reason}
	}
	for name, test := range map[string]struct {
		before, after *gromav1.Taken
		want          bool
	}{
		"the same":                   {good(), with(func(x *gromav1.Taken) { x.Seconds, x.Requests, x.Attempts = 9, 9, 2 }), false},
		"reused":                     {good(), with(func(x *gromav1.Taken) { x.Outcome = "reused" }), false},
		"another commit":             {good(), with(func(x *gromav1.Taken) { x.Commit = "c1" }), true},
		"another method":             {good(), with(func(x *gromav1.Taken) { x.Method = "m2" }), true},
		"moved":                      {good(), with(func(x *gromav1.Taken) { x.MovedTo = "github.com/o/elsewhere" }), true},
		"vitals, at last":            {good(), with(func(x *gromav1.Taken) { x.Vitals = "v" }), true},
		"vitals, not this time":      {with(func(x *gromav1.Taken) { x.Vitals = "v" }), with(func(x *gromav1.Taken) { x.WithoutVitals = "too slow" }), false},
		"words, not this time":       {with(func(x *gromav1.Taken) { x.Words = "w" }), good(), false},
		"gone":                       {good(), failed("not-found", "gone"), true},
		"empty":                      {good(), failed("empty", "gone"), true},
		"failed":                     {good(), failed("failed", "who knows"), false},
		"timed out":                  {good(), failed("timed-out", "slow"), false},
		"failed again, otherwise":    {failed("failed", "x"), failed("timed-out", "y"), false},
		"counted at last":            {failed("failed", "x"), good(), true},
		"gone for another reason":    {failed("not-found", "x"), failed("not-found", "y"), true},
		"gone as before":             {failed("not-found", "x"), failed("not-found", "x"), false},
		"its census cannot be found": {good(), with(func(x *gromav1.Taken) { x.Commit = "lost" }), false},
		"of no survey":               {good(), &gromav1.Taken{Key: "github.com/o/other", Outcome: "not-found"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			store := artefacttest.NewFolder(t)
			for _, taken := range []*gromav1.Taken{test.before, test.after} {
				if taken.Commit != "" && taken.Commit != "lost" {
					keepCensusOf(t, store, taken)
				}
				keep(t, store, artefact.VitalsKey(key(0), "c0", "v"), &gromav1.Vitals{Key: key(0), Commit: "c0"})
				keep(t, store, artefact.WordsKey(key(0), "c0", "w"), &gromav1.Words{Key: key(0), Commit: "c0"})
			}
			surveyedAs(t, store, id, spec(), 1, func(int) *gromav1.Taken { return test.before })
			differs, err := Differs(t.Context(), store, id, test.after)
			if err != nil || differs != test.want {
				t.Errorf("Differs: %v, %v", differs, err)
			}
			if e := revise(t, store, began, test.after); (e != nil) != test.want {
				t.Errorf("Revise: %v", e)
			}
			if differs, err := Differs(t.Context(), store, id, test.after); err != nil || differs {
				t.Errorf("Differs after Revise: %v, %v", differs, err)
			}
		})
	}
}

// TestRevise_Again: the same request finds what it made, whatever came after.
func TestRevise_Again(t *testing.T) {
	store := artefacttest.NewFolder(t)
	surveyed(t, store, id, 12)
	first := revise(t, store, began, counted(t, store, 1, "c1"), counted(t, store, 2, "c1"))
	second := revise(t, store, began, counted(t, store, 1, "c2"))
	if again := revise(t, store, began, counted(t, store, 2, "c1"), counted(t, store, 1, "c1")); !proto.Equal(again, first) {
		t.Errorf("again it makes %v, want %v", again, first)
	}
	if back := revise(t, store, began.Add(time.Hour), counted(t, store, 1, "c1"), counted(t, store, 2, "c1")); back.GetNumber() != second.Number+1 {
		t.Errorf("back to where it was: %v", back)
	}
	r, err := Report(t.Context(), store, id)
	if err != nil || r.Repositories[1].Commit != "c1" {
		t.Errorf("%v: %v", r.GetRepositories()[1], err)
	}
}

// stumbling fails the first swaps of editions after it has done them: the answer
// is lost.
type stumbling struct {
	artefact.Store
	left *int
}

func (s stumbling) Swap(ctx context.Context, key string, before, data []byte) error {
	err := s.Store.Swap(ctx, key, before, data)
	if err == nil && *s.left > 0 {
		*s.left--
		return artefact.ErrChanged
	}
	return err
}

func TestRevise_AnswerLost(t *testing.T) {
	store := artefacttest.NewFolder(t)
	surveyed(t, store, id, 12)
	left := 1
	e, err := Revise(t.Context(), stumbling{store, &left}, &gromav1.ReviseRequest{Survey: id, Taken: []*gromav1.Taken{counted(t, store, 1, "c1")}, MadeAt: timestamppb.New(began)})
	if err != nil || e.GetNumber() != 2 || left != 0 {
		t.Errorf("%v: %v", e, err)
	}
	if editions, err := Editions(t.Context(), store, id); err != nil || len(editions.Editions) != 2 {
		t.Errorf("editions are %v: %v", editions, err)
	}
}

func TestRevise_AtOnce(t *testing.T) {
	t.Run("folder", func(t *testing.T) { reviseAtOnce(t, artefacttest.NewFolder(t)) })
	t.Run("S3", func(t *testing.T) {
		address := os.Getenv("GROMA_TEST_S3")
		if address == "" {
			t.Skip("GROMA_TEST_S3 names no S3 to test against")
		}
		store, err := artefact.Open(t.Context(), address, artefact.Secrets{AccessKey: os.Getenv("AWS_ACCESS_KEY_ID"), SecretKey: os.Getenv("AWS_SECRET_ACCESS_KEY")})
		if err != nil {
			t.Fatal(err)
		}
		reviseAtOnce(t, store)
	})
}

// reviseAtOnce has several revise the same shards of a survey at once: each
// makes an edition, and none is lost.
func reviseAtOnce(t *testing.T, store artefact.Store) {
	const writers, n = 8, 25
	surveyed(t, store, id, n)
	var wait sync.WaitGroup
	for w := range writers {
		taken := counted(t, store, 3*w, "c1")
		wait.Go(func() {
			request := &gromav1.ReviseRequest{Survey: id, Taken: []*gromav1.Taken{taken}, MadeAt: timestamppb.New(began.Add(time.Duration(w) * time.Minute))}
			if e, err := Revise(t.Context(), store, request); err != nil || len(e.GetRevisions()) != 1 {
				t.Errorf("writer %d: %v: %v", w, e, err)
			}
		})
	}
	wait.Wait()
	editions, err := Editions(t.Context(), store, id)
	if err != nil || len(editions.Editions) != writers+1 {
		t.Fatalf("%d editions, want %d: %v", len(editions.GetEditions()), writers+1, err)
	}
	revised := map[string]bool{}
	for i, e := range editions.Editions {
		r, err := ReportOf(t.Context(), store, id, int64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		for _, revision := range e.Revisions {
			revised[revision.Key] = true
		}
		for _, row := range r.Repositories {
			if (row.Commit == "c1") != revised[row.Key] {
				t.Errorf("edition %d has %s at %s", i+1, row.Key, row.Commit)
			}
		}
	}
	if len(revised) != writers {
		t.Errorf("%d repositories are revised, want %d", len(revised), writers)
	}
}

// FuzzRevise: whatever is revised in whatever order, every edition's report is,
// byte by byte, what is made of the same rows in one piece.
func FuzzRevise(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { reviseAnything(t, rand.New(rand.NewPCG(seed, 1))) })
}

func reviseAnything(t *testing.T, random *rand.Rand) {
	const n = 37
	store := artefacttest.NewFolder(t)
	rows := make([]*gromav1.Row, n)
	take := func(i int) *gromav1.Taken {
		taken := anything(t, store, random, i)
		rows[i] = rowOf(t, store, taken)
		return taken
	}
	manifest := surveyedAs(t, store, id, spec(), n, take)
	kept := map[int64][]byte{}
	for step := range 8 {
		at := timestamppb.New(began.Add(time.Duration(step) * time.Hour))
		request := &gromav1.ReviseRequest{Survey: id, MadeAt: at}
		changed := false
		for _, i := range random.Perm(n)[:random.IntN(6)] {
			taken := anything(t, store, random, i)
			request.Taken = append(request.Taken, taken)
			if taken.Outcome != "timed-out" && !alike(rows[i].Taken, taken) {
				rows[i], changed = rowOf(t, store, taken), true
				rows[i].RescannedAt = at
			}
		}
		e, err := Revise(t.Context(), store, request)
		if err != nil || (e != nil) != changed {
			t.Fatalf("step %d: %v: %v, want it changed: %v", step, e, err, changed)
		}
		if e == nil {
			continue
		}
		kept[e.Number] = wholeReport(t, store, e)
		whole := report.Build(manifest, slices.Clone(rows), at.AsTime())
		report.Revised(whole, e.Number)
		if want, err := canonical.MarshalIndent(whole); err != nil || !bytes.Equal(kept[e.Number], want) {
			t.Fatalf("step %d: report.json is not what is made in one piece: %v", step, err)
		}
		text, err := store.Get(t.Context(), artefact.EditionKey(id, e.Name, "report.md"))
		if want := report.Markdown(report.Analyses(whole, report.Settings{})...); err != nil || !bytes.Equal(text, want) {
			t.Fatalf("step %d: report.md is not what is made in one piece: %v", step, err)
		}
	}
	editions, err := Editions(t.Context(), store, id)
	if err != nil || len(editions.Editions) != len(kept)+1 {
		t.Fatalf("%d editions, want %d: %v", len(editions.GetEditions()), len(kept)+1, err)
	}
	for _, e := range editions.Editions[1:] {
		if !bytes.Equal(wholeReport(t, store, e), kept[e.Number]) {
			t.Errorf("edition %d has changed", e.Number)
		}
	}
}

func wholeReport(t *testing.T, store artefact.Store, e *gromav1.Edition) []byte {
	t.Helper()
	data, err := store.Get(t.Context(), artefact.EditionKey(id, e.Name, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func rowOf(t *testing.T, store artefact.Store, taken *gromav1.Taken) *gromav1.Row {
	t.Helper()
	row, err := Row(t.Context(), store, taken)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// anything is some fate of a repository.
func anything(t *testing.T, store artefact.Store, random *rand.Rand, i int) *gromav1.Taken {
	switch random.IntN(8) {
	case 0:
		return &gromav1.Taken{Key: key(i), Outcome: "not-found", Reason: "gone", Attempts: random.Int64N(3)}
	case 1:
		return &gromav1.Taken{Key: key(i), Outcome: "timed-out", Reason: "slow", Seconds: random.Float64()}
	case 2: // to another of the survey, or elsewhere
		taken := &gromav1.Taken{Key: key(i), Outcome: "reused", Commit: "c1", Method: "m", MovedTo: key(random.IntN(50))}
		if taken.MovedTo == key(i) {
			taken.MovedTo = ""
		}
		keepCensusOf(t, store, taken)
		return taken
	}
	taken := counted(t, store, i, fmt.Sprintf("c%d", random.IntN(3)))
	taken.Vitals, taken.Words = "v", "w"
	keep(t, store, artefact.VitalsKey(taken.Key, taken.Commit, "v"), &gromav1.Vitals{Key: taken.Key, Commit: taken.Commit})
	keep(t, store, artefact.WordsKey(taken.Key, taken.Commit, "w"), &gromav1.Words{Key: taken.Key, Commit: taken.Commit})
	return taken
}

func alike(a, b *gromav1.Taken) bool {
	return (a.Commit == "") == (b.Commit == "") && a.Commit == b.Commit && a.MovedTo == b.MovedTo && a.Reason == b.Reason && a.Vitals == b.Vitals && a.Branch == b.Branch
}

// TestEditions_OfAnEarlierVersion: a survey without editions.json has one
// edition, and goes on from there.
func TestEditions_OfAnEarlierVersion(t *testing.T) {
	root := t.TempDir()
	store, err := artefact.NewFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	surveyed(t, store, id, 12)
	want, err := Editions(t.Context(), store, id)
	if err != nil {
		t.Fatal(err)
	}
	want.Cancelled = nil // which nobody knows of it
	for _, key := range []string{artefact.EditionsKey(id), artefact.ReportedKey(id)} {
		if err := os.Remove(filepath.Join(root, key)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := Editions(t.Context(), store, id); err != nil || !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v: %v", got, want, err)
	}
	if r, err := ReportOf(t.Context(), store, id, 1); err != nil || len(r.Repositories) != 12 {
		t.Error(err)
	}
	if found, err := Containing(t.Context(), reopened(t, root), key(1)); err != nil || len(found) != 1 {
		t.Errorf("containing are %v: %v", found, err)
	}
	if _, err := store.Get(t.Context(), artefact.EditionsKey(id)); err != nil {
		t.Errorf("what was read from a report is not kept: %v", err)
	}
	if err := os.Remove(filepath.Join(root, artefact.EditionsKey(id))); err != nil {
		t.Fatal(err)
	}
	if e := revise(t, store, began, counted(t, store, 1, "c1")); e.GetNumber() != 2 {
		t.Errorf("revised it is %v", e)
	}
	if editions, err := Editions(t.Context(), store, id); err != nil || len(editions.Editions) != 2 || !proto.Equal(editions.Editions[0], want.Editions[0]) {
		t.Errorf("editions are %v: %v", editions, err)
	}
}

// reopened is the same storage, of which nothing is remembered.
func reopened(t *testing.T, root string) artefact.Store {
	t.Helper()
	store, err := artefact.NewFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestEditions_Missing(t *testing.T) {
	store := artefacttest.NewFolder(t)
	planned(t, store, 3, 10)
	if _, err := Editions(t.Context(), store, id); !errors.Is(err, artefact.ErrMissing) {
		t.Errorf("Editions: %v, want ErrMissing", err)
	}
	if _, err := Revise(t.Context(), store, &gromav1.ReviseRequest{Survey: id}); !errors.Is(err, artefact.ErrMissing) {
		t.Errorf("Revise: %v, want ErrMissing", err)
	}
	if found, err := Containing(t.Context(), store, key(1)); err != nil || len(found) != 0 {
		t.Errorf("an unfinished survey is revised: %v, %v", found, err)
	}
}

// damagedAt has something else under one key than what was kept.
type damagedAt struct {
	artefact.Store
	key string
}

func (d damagedAt) Get(ctx context.Context, key string) ([]byte, error) {
	if key == d.key {
		return []byte("not a summary"), nil
	}
	return d.Store.Get(ctx, key)
}

// TestRevise_DamagedShard: a summary that cannot be read fails its own rows, and
// an edition of the others is made. Nothing is put in its place.
func TestRevise_DamagedShard(t *testing.T) {
	whole := artefacttest.NewFolder(t)
	surveyed(t, whole, id, 25)
	store := damagedAt{whole, artefact.ShardKey(id, 2)}
	e := revise(t, store, began, counted(t, whole, 3, "c1"), counted(t, whole, 22, "c1"))
	if want := map[string]int64{"counted": 20, "failed": 5}; e == nil || len(e.Revisions) != 1 || !slices.Equal(e.Shards, []int64{0}) || !maps.Equal(e.Outcomes, want) {
		t.Fatalf("the edition is %v", e)
	}
	r, err := Report(t.Context(), whole, id)
	if err != nil || r.Repositories[3].Commit != "c1" || r.Repositories[22].Outcome != "failed" || !strings.Contains(r.Repositories[22].Reason, store.key) {
		t.Errorf("its report has %v: %v", r.GetRepositories()[22], err)
	}
	if _, err := Differs(t.Context(), store, id, counted(t, whole, 22, "c1")); fault.KindOf(err) != fault.Invalid {
		t.Errorf("one of the damaged shard differs: %v", err)
	}
	revise(t, whole, began, counted(t, whole, 4, "c1")) // once it is put back
	r, err = Report(t.Context(), whole, id)
	if err != nil || r.Repositories[22].Commit != "c0" || r.Totals.Outcomes["counted"] != 25 {
		t.Errorf("put back, it has %v: %v", r.GetRepositories()[22], err)
	}
}

// TestAggregate_DamagedShard: a survey has its report, too.
func TestAggregate_DamagedShard(t *testing.T) {
	whole := artefacttest.NewFolder(t)
	if err := KeepSources(t.Context(), whole, id, list(12)); err != nil {
		t.Fatal(err)
	}
	if _, err := Plan(t.Context(), whole, &gromav1.PlanRequest{Survey: id, Spec: spec(), StartedAt: timestamppb.New(began), ShardSize: 10}); err != nil {
		t.Fatal(err)
	}
	store := damagedAt{whole, artefact.ShardKey(id, 1)}
	keep(t, whole, store.key, &gromav1.ShardSummary{})
	outcomes, _, err := Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: id, Shards: 2})
	if err != nil || outcomes["failed"] != 12 {
		t.Errorf("it came to %v: %v", outcomes, err)
	}
}
