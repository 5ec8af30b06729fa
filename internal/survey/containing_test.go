package survey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

func TestContaining(t *testing.T) {
	store := artefacttest.NewFolder(t)
	ask := func(id string, n int, change func(*gromav1.SurveySpec)) {
		s := spec()
		change(s)
		surveyedAs(t, store, id, s, n, func(i int) *gromav1.Taken {
			taken := counted(t, store, i, "c0")
			if i == 4 {
				taken.MovedTo = "github.com/o/moved"
				keepCensusOf(t, store, taken)
			}
			return taken
		})
	}
	ask("list-20260101-000000-aaaa", 30, func(*gromav1.SurveySpec) {})
	ask("list-20260102-000000-aaaa", 30, func(*gromav1.SurveySpec) {})
	ask("list-20260103-000000-bbbb", 25, func(s *gromav1.SurveySpec) { s.Limits = &gromav1.Limits{Seconds: 7} }) // the latest
	ask("list-20260102-000000-cccc", 25, func(s *gromav1.SurveySpec) { s.Filter = &gromav1.Filter{AllItems: true} })
	ask("list-20260104-000000-dddd", 25, func(s *gromav1.SurveySpec) { s.AsOf = timestamppb.New(began) })
	ask("other-20260101-000000-eeee", 10, func(*gromav1.SurveySpec) {})
	if err := KeepSources(t.Context(), store, "list-20260105-000000-ffff", list(25)); err != nil { // unfinished
		t.Fatal(err)
	}
	if _, err := Plan(t.Context(), store, &gromav1.PlanRequest{Survey: "list-20260105-000000-ffff", Spec: spec(), StartedAt: timestamppb.New(began)}); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][]string{
		key(3):               {"list-20260102-000000-cccc", "list-20260103-000000-bbbb", "other-20260101-000000-eeee"},
		key(15):              {"list-20260102-000000-cccc", "list-20260103-000000-bbbb"},
		key(27):              nil, // only history has it
		"github.com/o/none":  nil,
		"github.com/o/moved": {"list-20260102-000000-cccc", "list-20260103-000000-bbbb", "other-20260101-000000-eeee"},
	} {
		found, err := Containing(t.Context(), store, key)
		var got []string
		for _, c := range found {
			got = append(got, c.Survey)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is in %v, want %v: %v", key, got, want, err)
		}
	}
	found, err := Containing(t.Context(), store, "github.com/o/moved")
	if err != nil || found[1].Target.Key != key(4) || found[1].Target.Address != "https://"+key(4) || found[1].Limits.GetSeconds() != 7 || len(found[1].Target.Windows) == 0 {
		t.Errorf("it is asked for as %v: %v", found, err)
	}
	ask("other-20260102-000000-eeee", 6, func(*gromav1.SurveySpec) {})
	if found, err := Containing(t.Context(), store, key(7)); err != nil || len(found) != 2 {
		t.Errorf("a new survey of a landscape without it: it is in %v: %v", found, err)
	}
}

// TestContaining_MovedSince: a repository that is renamed after the survey is
// found by the names that rescans found it under, and by its own.
func TestContaining_MovedSince(t *testing.T) {
	store := artefacttest.NewFolder(t)
	surveyed(t, store, id, 12)
	for _, moved := range []string{"github.com/o/new", "github.com/o/newer"} {
		taken := counted(t, store, 3, "c1")
		taken.MovedTo = moved
		keepCensusOf(t, store, taken)
		if revise(t, store, began, taken) == nil {
			t.Fatal("no edition")
		}
	}
	for _, name := range []string{key(3), "github.com/o/new", "github.com/o/newer"} {
		found, err := Containing(t.Context(), store, name)
		if err != nil || len(found) != 1 || found[0].Target.Key != key(3) {
			t.Errorf("%s is in %v: %v", name, found, err)
		}
	}
}

// TestContaining_Cancelled: rescans go on revising the report that is whole,
// whatever try kept that a survey was cancelled.
func TestContaining_Cancelled(t *testing.T) {
	for name, tries := range map[string][]artefact.Store{"at once": {nil}, "again": {forgetful{}, nil}} {
		t.Run(name, func(t *testing.T) {
			store := artefacttest.NewFolder(t)
			surveyed(t, store, "list-20260101-000000-aaaa", 12)
			const cancelled = "list-20260102-000000-aaaa"
			plannedAs(t, store, cancelled)
			for _, try := range tries {
				on := store
				if try != nil {
					on = forgetful{store}
				}
				_, _, err := Aggregate(t.Context(), on, &gromav1.AggregateRequest{Survey: cancelled, Shards: 2, Cancelled: true})
				if (err == nil) != (try == nil) {
					t.Fatal(err)
				}
			}
			found, err := Containing(t.Context(), store, key(3))
			if err != nil || len(found) != 1 || found[0].Survey != "list-20260101-000000-aaaa" {
				t.Errorf("it is in %v: %v", found, err)
			}
		})
	}
}

// TestContaining_Deleted: a survey that is deleted while it is known is not
// found any more, and what is asked of it fails for good.
func TestContaining_Deleted(t *testing.T) {
	for name, gone := range map[string][]string{
		"all":     {artefact.EditionsKey(id), artefact.ManifestKey(id), artefact.EditionKey(id, artefact.FirstEdition, "report.json"), artefact.ReportedKey(id)},
		"by hand": {artefact.EditionsKey(id), artefact.ManifestKey(id), artefact.EditionKey(id, artefact.FirstEdition, "report.json")},
	} {
		t.Run(name, func(t *testing.T) {
			store := artefacttest.NewFolder(t)
			surveyed(t, store, id, 12)
			taken := counted(t, store, 3, "c1")
			if found, err := Containing(t.Context(), store, key(3)); err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			for _, key := range gone {
				if err := store.(artefact.Keeper).Delete(t.Context(), key); err != nil {
					t.Fatal(err)
				}
			}
			if found, err := Containing(t.Context(), store, key(3)); err != nil || len(found) != 0 {
				t.Errorf("it is in %v: %v", found, err)
			}
			if _, err := Differs(t.Context(), store, id, taken); fault.KindOf(err) != fault.NotFound || !errors.Is(err, artefact.ErrMissing) {
				t.Errorf("Differs: %v", err)
			}
			if _, err := Revise(t.Context(), store, &gromav1.ReviseRequest{Survey: id, Taken: []*gromav1.Taken{taken}}); fault.KindOf(err) != fault.NotFound {
				t.Errorf("Revise: %v", err)
			}
		})
	}
}

// forgetful keeps nothing below reported/.
type forgetful struct{ artefact.Store }

func (f forgetful) Create(ctx context.Context, key string, data []byte) error {
	if strings.HasPrefix(key, artefact.ReportedPrefix) {
		return errors.New("storage is away")
	}
	return f.Store.Create(ctx, key, data)
}

// TestContaining_Asks: a rescan asks as the survey did.
func TestContaining_Asks(t *testing.T) {
	store := artefacttest.NewFolder(t)
	manifest := surveyed(t, store, "list-20260101-000000-aaaa", 12)
	targets, err := Targets(manifest, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range targets {
		found, err := Containing(t.Context(), store, want.Key)
		if err != nil || len(found) != 1 || !proto.Equal(found[0].Target, want) {
			t.Errorf("got  %v\nwant %v: %v", found, want, err)
		}
	}
}

// BenchmarkContaining finds repositories of a survey of 100,000, and counts how
// long it takes to know them.
func BenchmarkContaining(b *testing.B) {
	const n = 100_000
	store := artefacttest.NewFolder(b)
	const id = "large-20260101-000000-aaaa"
	text := list(n)
	if err := KeepSources(b.Context(), store, id, text); err != nil {
		b.Fatal(err)
	}
	if _, err := Plan(b.Context(), store, &gromav1.PlanRequest{Survey: id, Spec: spec(), StartedAt: timestamppb.New(began)}); err != nil {
		b.Fatal(err)
	}
	if _, _, err := Aggregate(b.Context(), store, &gromav1.AggregateRequest{Survey: id}); err != nil {
		b.Fatal(err)
	}
	cold := time.Now()
	if found, err := Containing(b.Context(), store, "github.com/o/r99999"); err != nil || len(found) != 1 {
		b.Fatal(found, err)
	}
	took := time.Since(cold)
	for i := 0; b.Loop(); i++ {
		if found, err := Containing(b.Context(), store, fmt.Sprintf("github.com/o/r%d", 10_000+i%90_000)); err != nil || len(found) != 1 {
			b.Fatal(found, err)
		}
	}
	b.ReportMetric(took.Seconds(), "s-cold")
}
