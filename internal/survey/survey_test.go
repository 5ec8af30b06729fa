package survey

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/canonical"
	"groma/internal/fault"
	"groma/internal/landscape"
	gromav1 "groma/proto/groma/v1"
)

const id = "s"

// list is a source of n repositories.
func list(n int) Sources {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "https://github.com/o/r%03d\n", i)
	}
	return Sources{Landscape: landscape.Document{Name: "list.txt", Data: []byte(text.String())}}
}

func spec() *gromav1.SurveySpec {
	return &gromav1.SurveySpec{Source: "list.txt", Name: "list.txt", Kind: string(landscape.KindList)}
}

func planned(t *testing.T, store artefact.Store, n int, shard int64) *gromav1.Manifest {
	t.Helper()
	if err := KeepSources(t.Context(), store, id, list(n)); err != nil {
		t.Fatal(err)
	}
	manifest, err := Plan(t.Context(), store, &gromav1.PlanRequest{Survey: id, Spec: spec(), StartedAt: timestamppb.Now(), ShardSize: shard})
	if err != nil {
		t.Fatal(err)
	}
	return manifest
}

func TestTargets_CoverEveryRepositoryOnce(t *testing.T) {
	for _, n := range []int{1, 9, 10, 11, 25} {
		manifest := planned(t, artefacttest.NewFolder(t), n, 10)
		seen := map[string]bool{}
		for shard := range Shards(manifest) {
			targets, err := Targets(manifest, shard)
			if err != nil {
				t.Fatal(err)
			}
			if len(targets) == 0 || len(targets) > 10 {
				t.Errorf("shard %d of %d repositories has %d", shard, n, len(targets))
			}
			for _, target := range targets {
				if seen[target.Key] {
					t.Errorf("%s stands in two shards", target.Key)
				}
				seen[target.Key] = true
			}
		}
		if len(seen) != n {
			t.Errorf("shards have %d repositories, want %d", len(seen), n)
		}
		if _, err := Targets(manifest, Shards(manifest)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a shard too many: %v, want invalid", err)
		}
	}
}

func TestPlan_AgainIsTheSame(t *testing.T) {
	store := artefacttest.NewFolder(t)
	first := planned(t, store, 3, 10)
	again, err := Plan(t.Context(), store, &gromav1.PlanRequest{Survey: id, Spec: spec(), StartedAt: timestamppb.New(time.Unix(0, 0)), ShardSize: 99})
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(first, again) {
		t.Error("a second plan changes the manifest")
	}
}

func TestPlan_Error(t *testing.T) {
	for name, text := range map[string]string{"nothing": "# nothing\n", "no list": "a: [b\n"} {
		t.Run(name, func(t *testing.T) {
			store := artefacttest.NewFolder(t)
			if err := KeepSources(t.Context(), store, id, Sources{Landscape: landscape.Document{Data: []byte(text)}}); err != nil {
				t.Fatal(err)
			}
			s := spec()
			s.Kind = string(landscape.KindLandscape)
			_, err := Plan(t.Context(), store, &gromav1.PlanRequest{Survey: id, Spec: s})
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("Plan: %v, want invalid", err)
			}
		})
	}
	if _, err := Plan(t.Context(), artefacttest.NewFolder(t), &gromav1.PlanRequest{Survey: id, Spec: spec()}); err == nil || fault.KindOf(err).Permanent() {
		t.Errorf("Plan without its source: %v, want it tried again", err)
	}
}

// TestAggregate seals two shards of three, one of them twice: the report has
// every repository once.
func TestAggregate(t *testing.T) {
	store := artefacttest.NewFolder(t)
	manifest := planned(t, store, 25, 10)
	keepCensus(t, store, "github.com/o/r000", manifest.Method)
	for range 2 {
		for shard := range int64(2) {
			request := &gromav1.SummariseShardRequest{Survey: id, Shard: shard}
			targets, err := Targets(manifest, shard)
			if err != nil {
				t.Fatal(err)
			}
			for _, target := range targets {
				request.Taken = append(request.Taken, &gromav1.Taken{Key: target.Key, Outcome: "not-found", Reason: "x"})
			}
			if shard == 0 {
				request.Taken[0] = &gromav1.Taken{Key: "github.com/o/r000", Outcome: "counted", Commit: "c", Method: manifest.Method}
			}
			if _, err := SummariseShard(t.Context(), store, request); err != nil {
				t.Fatal(err)
			}
		}
	}
	outcomes, key, err := Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: id, Shards: 3})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int64{"counted": 1, "not-found": 19, "failed": 5}; !maps.Equal(outcomes, want) {
		t.Errorf("outcomes are %v, want %v", outcomes, want)
	}
	report, err := Report(t.Context(), store, id)
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Repositories[0]; got.Commit != "c" || len(got.Tally) != 1 {
		t.Errorf("the first repository is %v, want it with its census", got)
	}
	again, _, err := Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: id, Shards: 3})
	if err != nil || !maps.Equal(again, outcomes) {
		t.Errorf("a second aggregation differs: %v", err)
	}
	kept, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := canonical.MarshalIndent(report); err != nil || !bytes.Equal(kept, want) {
		t.Errorf("report.json differs from what is written in one piece: %v\n%s", err, kept)
	}
}

// TestRow_WithoutItsCensus: a census that was lost fails its repository.
func TestRow_WithoutItsCensus(t *testing.T) {
	store := artefacttest.NewFolder(t)
	if err := store.Create(t.Context(), artefact.CensusKey("damaged", "c", "m"), []byte("{")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"lost", "damaged"} {
		row, err := Row(t.Context(), store, &gromav1.Taken{Key: key, Outcome: "counted", Commit: "c", Method: "m"})
		if err != nil {
			t.Fatal(err)
		}
		if row.Census != nil || row.Taken.Outcome != "failed" || row.Taken.Commit != "" || row.Taken.Reason == "" {
			t.Errorf("%s is %v, want it failed with a reason", key, row)
		}
	}
}

func TestPlan_BoundsWhatTravels(t *testing.T) {
	store := artefacttest.NewFolder(t)
	sources := Sources{Landscape: landscape.Document{Data: []byte("https://github.com/o/good\nhttps://example.org/o/" + strings.Repeat("x", 2000) + "\n")}}
	if err := KeepSources(t.Context(), store, id, sources); err != nil {
		t.Fatal(err)
	}
	manifest, err := Plan(t.Context(), store, &gromav1.PlanRequest{Survey: id, Spec: spec(), StartedAt: timestamppb.Now(), ShardSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	targets, err := Targets(manifest, 0)
	if err != nil || len(targets) != 1 || Decided(manifest)["unsupported"] != 1 {
		t.Errorf("%d targets and %v decided, want the good one to be asked for and the other unsupported: %v", len(targets), Decided(manifest), err)
	}
}

func keepCensus(t *testing.T, store artefact.Store, key, method string) {
	t.Helper()
	census := &gromav1.Census{Key: key, Commit: "c", Method: method, Files: 1, Tally: []*gromav1.Tally{{Language: "Go", Class: "source", Files: 1, Lines: 1, Code: 1}}}
	data, err := canonical.Marshal(census)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Create(t.Context(), artefact.CensusKey(key, "c", method), data); err != nil {
		t.Fatal(err)
	}
}

func TestFingerprint(t *testing.T) {
	a, b := spec(), spec()
	if Fingerprint(a) != Fingerprint(b) {
		t.Error("equal specs differ")
	}
	b.Source = "./list.txt"
	if Fingerprint(a) != Fingerprint(b) {
		t.Error("the same list by another path is another survey")
	}
	b.Sha256 = "changed"
	if Fingerprint(a) == Fingerprint(b) {
		t.Error("a landscape that has changed is the same survey")
	}
	at := time.Date(2026, 11, 22, 7, 33, 45, 0, time.UTC)
	if got, want := ID(a, at), "list-20261122-073345-"+Fingerprint(a)[:4]; got != want {
		t.Errorf("ID = %s, want %s", got, want)
	}
}

// What repositories say beside their counts never makes a summary that nobody
// can read.
func TestTrim(t *testing.T) {
	row := func(words, vitals int) *gromav1.Row {
		return &gromav1.Row{
			Taken:  &gromav1.Taken{Key: "k", Vitals: "m"},
			Words:  &gromav1.Words{Key: strings.Repeat("w", words)},
			Vitals: &gromav1.Vitals{Key: strings.Repeat("v", vitals)},
		}
	}
	for _, test := range []struct {
		words, vitals int
		room          int64
		keep          string
	}{
		{100, 100, 1000, "words vitals"},
		{1000, 100, 1000, "vitals"},
		{100, 1000, 1000, ""},
		{100, 100, 0, ""},
		{mostBeside, 100, 1 << 40, "vitals"},
	} {
		r := row(test.words, test.vitals)
		took := trim(r, test.room)
		kept := ""
		if r.Words != nil {
			kept += "words "
		}
		if r.Vitals != nil {
			kept += "vitals"
		}
		if kept != test.keep || took > test.room || (r.Vitals == nil) != (r.Taken.WithoutVitals != "") {
			t.Errorf("%v: %q are kept, which take %d, and %v says why", test, kept, took, r.Taken)
		}
	}
}

func TestUnused(t *testing.T) {
	store := artefacttest.NewFolder(t)
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	first, at, err := Unused(t.Context(), store, spec(), start)
	if err != nil || !at.Equal(start) {
		t.Fatalf("%s at %v: %v", first, at, err)
	}
	if err := KeepSources(t.Context(), store, first, Sources{}); err != nil {
		t.Fatal(err)
	}
	second, at, err := Unused(t.Context(), store, spec(), start)
	if err != nil || second == first || !at.Equal(start.Add(time.Second)) {
		t.Errorf("after %s comes %s at %v: %v", first, second, at, err)
	}
	other := spec()
	other.Recount = true // another question of the same landscape: it is told by its second that it comes after
	if third, at, err := Unused(t.Context(), store, other, start); err != nil || !at.Equal(start.Add(time.Second)) {
		t.Errorf("after %s comes %s at %v: %v", first, third, at, err)
	}
}

func TestComparable(t *testing.T) {
	now := &gromav1.SurveySpec{Source: "l.yml", Kind: "landscape"}
	then := func(day int) *gromav1.SurveySpec {
		return &gromav1.SurveySpec{Source: "l.yml", Kind: "landscape", AsOf: timestamppb.New(time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC))}
	}
	for name, test := range map[string]struct {
		before, after *gromav1.SurveySpec
		want          bool
	}{
		"the same":          {now, now, true},
		"the past":          {then(1), now, true},
		"back in time":      {now, then(1), false},
		"forward":           {then(1), then(2), true},
		"backward":          {then(2), then(1), false},
		"another file":      {&gromav1.SurveySpec{Source: "m.yml", Kind: "landscape"}, now, false},
		"fewer projects":    {&gromav1.SurveySpec{Source: "l.yml", Kind: "landscape", Filter: &gromav1.Filter{Archived: true}}, now, false},
		"more repositories": {&gromav1.SurveySpec{Source: "l.yml", Kind: "landscape", ClomonitorSha256: "c"}, now, false},
	} {
		if got := comparable(test.before, test.after); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
