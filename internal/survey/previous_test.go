package survey

import (
	"context"
	"iter"
	"slices"
	"testing"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	gromav1 "groma/proto/groma/v1"
)

// cancelAs makes the report of a survey that was cancelled before anything was
// counted.
func cancelAs(t *testing.T, store artefact.Store, id string, n int) {
	t.Helper()
	planAs(t, store, id, list(n))
	if _, _, err := Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: id, Shards: 1, Cancelled: true}); err != nil {
		t.Fatal(err)
	}
}

func TestPrevious(t *testing.T) {
	store := artefacttest.NewFolder(t)
	surveyed(t, store, "list-20260101-000000-aaaa", 12)
	surveyed(t, store, "list-20260102-000000-aaaa", 12)
	cancelAs(t, store, "list-20260103-000000-aaaa", 12)
	surveyed(t, store, "other-20260103-000000-aaaa", 12)
	surveyAsked(t, store, "list-20260104-000000-aaaa", 12, &gromav1.Filter{AllItems: true})
	surveyed(t, store, "list-20260105-000000-aaaa", 12)
	for id, want := range map[string]string{
		"list-20260101-000000-aaaa":  "",
		"list-20260102-000000-aaaa":  "list-20260101-000000-aaaa",
		"list-20260105-000000-aaaa":  "list-20260102-000000-aaaa",
		"other-20260103-000000-aaaa": "",
	} {
		r, err := Previous(t.Context(), store, id)
		if err != nil || r.GetSurvey().GetId() != want {
			t.Errorf("before %s was %q, want %q: %v", id, r.GetSurvey().GetId(), want, err)
		}
	}
}

func surveyAsked(t *testing.T, store artefact.Store, id string, n int, filter *gromav1.Filter) {
	t.Helper()
	s := spec()
	s.Filter = filter
	surveyedAs(t, store, id, s, n, func(i int) *gromav1.Taken { return counted(t, store, i, "c0") })
}

// listing keeps what is listed.
type listing struct {
	artefact.Store
	prefixes []string
}

func (l *listing) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	l.prefixes = append(l.prefixes, prefix)
	return l.Store.List(ctx, prefix)
}

// TestPrevious_Lists: all keys of all surveys are listed once in a store's life,
// not in each process's, and not for each report.
func TestPrevious_Lists(t *testing.T) {
	store := artefacttest.NewFolder(t)
	surveyed(t, store, id, 12)
	if err := store.(artefact.Keeper).Delete(t.Context(), artefact.ReportedKey(id)); err != nil { // as of an earlier version
		t.Fatal(err)
	}
	for process, want := range [][]string{
		{artefact.SurveysPrefix, artefact.ReportedPrefix, artefact.ReportedPrefix},
		{artefact.ReportedPrefix, artefact.ReportedPrefix},
	} {
		l := &listing{Store: store}
		if _, err := Previous(t.Context(), l, id); err != nil {
			t.Fatal(err)
		}
		if found, err := Containing(t.Context(), l, key(3)); err != nil || len(found) != 1 {
			t.Errorf("it is in %v: %v", found, err)
		}
		if !slices.Equal(l.prefixes, want) {
			t.Errorf("process %d lists %v, want %v", process, l.prefixes, want)
		}
	}
}
