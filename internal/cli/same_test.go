package cli

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"groma/internal/artefact/artefacttest"
	"groma/internal/canonical"
	"groma/internal/census"
	"groma/internal/gitwire"
	"groma/internal/report/reporttest"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

const tourWorld = "../../examples/tour/world.txtar"

// TestSurvey_SameAsALoop takes the same landscape through a plain loop over
// package census and through Temporal: the reports are the same, but for the
// survey's name and the times.
func TestSurvey_SameAsALoop(t *testing.T) {
	dir := t.TempDir()
	var stderr bytes.Buffer
	terminal := Terminal{Out: io.Discard, Err: &stderr, Env: func(string) string { return "" }}
	args := []string{"survey", tourWorld, "--language", "Rust", "--shard-size", "3", "--data", filepath.Join(dir, "data"), "--out", filepath.Join(dir, "out")}
	if status := Main(args, terminal); status != exitGaps {
		t.Fatalf("exit status %d, want %d: %s", status, exitGaps, &stderr)
	}
	got := reporttest.Read(t, filepath.Join(dir, "out", "report.json"))
	want := loop(t, got.Survey)
	if g, w := withoutTimes(t, got), withoutTimes(t, want); !bytes.Equal(g, w) {
		t.Errorf("through Temporal, and through a loop:\n%s", diff.Diff("temporal", g, "loop", w))
	}
}

// loop surveys the tour one repository after the other, without an engine.
func loop(t *testing.T, facts *gromav1.SurveyFacts) *gromav1.Report {
	t.Helper()
	spec := facts.Spec
	store := artefacttest.NewFolder(t)
	given, err := readWorld(t.Context(), tourWorld)
	if err != nil {
		t.Fatal(err)
	}
	defer given.close()
	const id = "loop"
	if err := survey.KeepSources(t.Context(), store, id, given.sources); err != nil {
		t.Fatal(err)
	}
	manifest, err := survey.Plan(t.Context(), store, &gromav1.PlanRequest{Survey: id, Spec: spec, StartedAt: facts.StartedAt, ShardSize: 500})
	if err != nil {
		t.Fatal(err)
	}
	targets, err := survey.Targets(manifest, 0)
	if err != nil {
		t.Fatal(err)
	}
	client := gitwire.New(gitwire.Config{Mirrors: given.mirrors})
	defer client.Close()
	taker := &census.Taker{Git: client, Store: store}
	summary := &gromav1.SummariseShardRequest{Survey: id}
	for _, target := range targets {
		taken, err := taker.Take(t.Context(), census.RequestFor(id, target, spec.Limits))
		if err != nil {
			t.Fatalf("%s: %v", target.Key, err)
		}
		taken.Attempts = 1
		summary.Taken = append(summary.Taken, taken)
	}
	if _, err := survey.SummariseShard(t.Context(), store, summary); err != nil {
		t.Fatal(err)
	}
	if _, _, err := survey.Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: id, Shards: 1}); err != nil {
		t.Fatal(err)
	}
	report, err := survey.Report(t.Context(), store, id)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// withoutTimes is a report without what differs from run to run.
func withoutTimes(t *testing.T, r *gromav1.Report) []byte {
	t.Helper()
	r.Survey.Id, r.Survey.StartedAt, r.Survey.EndedAt = "", nil, nil
	for _, repository := range r.Repositories {
		repository.Seconds = 0
		if repository.Wire != nil {
			// git cuts the same pack into more or fewer packets as its pipes
			// fill, five bytes each.
			repository.Wire.BytesReceived = 0
		}
	}
	data, err := canonical.MarshalIndent(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
