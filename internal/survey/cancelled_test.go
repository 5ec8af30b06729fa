package survey

import (
	"bytes"
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	gromav1 "groma/proto/groma/v1"
)

// plannedAs is a survey that nobody has counted anything for.
func plannedAs(t *testing.T, store artefact.Store, id string) {
	t.Helper()
	if err := KeepSources(t.Context(), store, id, list(12)); err != nil {
		t.Fatal(err)
	}
	if _, err := Plan(t.Context(), store, &gromav1.PlanRequest{Survey: id, Spec: spec(), StartedAt: timestamppb.New(began), ShardSize: 10}); err != nil {
		t.Fatal(err)
	}
}

// aggregated is a survey that was cancelled, or was not, before anything was counted.
func aggregated(t *testing.T, store artefact.Store, cancelled bool) {
	t.Helper()
	plannedAs(t, store, id)
	if _, _, err := Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: id, Shards: 2, Cancelled: cancelled}); err != nil {
		t.Fatal(err)
	}
}

// expectCancelled wants what a survey's editions say, and how often more than
// those is read for it, if it is asked for twice.
func expectCancelled(t *testing.T, store artefact.Store, want bool, reads int) {
	t.Helper()
	counting := &readings{Store: store}
	for range 2 {
		editions, err := Editions(t.Context(), store, id)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Cancelled(t.Context(), counting, id, editions); got != want || err != nil {
			t.Errorf("cancelled: %v, %v, want %v", got, err, want)
		}
	}
	if counting.n != reads {
		t.Errorf("%d artefacts are read for it, want %d", counting.n, reads)
	}
}

// readings counts what is read.
type readings struct {
	artefact.Store
	n int
}

func (r *readings) Get(ctx context.Context, key string) ([]byte, error) {
	r.n++
	return r.Store.Get(ctx, key)
}

// TestCancelled: that a survey was cancelled, and that it was not, stands in its
// editions, whatever editions come later.
func TestCancelled(t *testing.T) {
	for _, cancelled := range []bool{true, false} {
		store := artefacttest.NewFolder(t)
		aggregated(t, store, cancelled)
		expectCancelled(t, store, cancelled, 0)
		if e := revise(t, store, began.Add(time.Hour), counted(t, store, 1, "c1")); e.GetNumber() != 2 {
			t.Errorf("revised it is %v", e)
		}
		expectCancelled(t, store, cancelled, 0)
	}
}

// TestCancelled_OfAnEarlierVersion: editions that say nothing of it were kept by
// an earlier version, which kept it elsewhere; that is read once.
func TestCancelled_OfAnEarlierVersion(t *testing.T) {
	for _, cancelled := range []bool{true, false} {
		store := newKept(t)
		keep(t, store, artefact.RequestKey(id), &gromav1.SurveyRequest{Survey: id, Spec: spec()})
		aggregated(t, store, cancelled)
		data, err := store.Get(t.Context(), artefact.EditionsKey(id))
		if err != nil {
			t.Fatal(err)
		}
		before, _, said := bytes.Cut(data, []byte(",\n  \"cancelled\""))
		if !said {
			t.Fatalf("%s says nothing of it", data)
		}
		store.change(t, artefact.EditionsKey(id), append(before, "\n}\n"...))
		expectCancelled(t, store, cancelled, 1)
		if v := verify(t, store, id); !v.Well() {
			t.Errorf("found %v", v.Findings)
		}
	}
}

// TestCancelled_Lost: what is lost or damaged of a survey of an earlier version
// is no failure of the list that has it.
func TestCancelled_Lost(t *testing.T) {
	for name, data := range map[string]string{"lost": "", "damaged": "{"} {
		t.Run(name, func(t *testing.T) {
			store := newKept(t)
			if data != "" {
				if err := store.Create(t.Context(), artefact.ReportedKey(id), []byte(data)); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := Cancelled(t.Context(), store, id, &gromav1.Editions{Survey: id}); got || err != nil {
				t.Errorf("cancelled: %v, %v", got, err)
			}
		})
	}
}

// TestAggregate_Cancelled: an earlier try that kept the report alone takes nothing
// from what a later one keeps.
func TestAggregate_Cancelled(t *testing.T) {
	store := artefacttest.NewFolder(t)
	plannedAs(t, store, id)
	request := &gromav1.AggregateRequest{Survey: id, Shards: 2, Cancelled: true}
	if _, _, err := Aggregate(t.Context(), forgetful{store}, request); err == nil {
		t.Fatal("nothing was forgotten")
	}
	if _, _, err := Aggregate(t.Context(), store, request); err != nil {
		t.Fatal(err)
	}
	expectCancelled(t, store, true, 0)
}

// TestVerify_Cancelled: the two artefacts that say whether a survey was cancelled
// say the same.
func TestVerify_Cancelled(t *testing.T) {
	store := verifiable(t)
	data, err := store.Get(t.Context(), artefact.EditionsKey(id))
	if err != nil {
		t.Fatal(err)
	}
	store.change(t, artefact.EditionsKey(id), bytes.Replace(data, []byte(`"cancelled": false`), []byte(`"cancelled": true`), 1))
	if v := verify(t, store, id); len(v.Findings) != 1 || v.Findings[0].Key != artefact.EditionsKey(id) {
		t.Errorf("found %v", v.Findings)
	}
}
