package survey

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/landscape"
	gromav1 "groma/proto/groma/v1"
)

// keysFrom are those of so many repositories, from one on.
func keysFrom(first, n int) (keys []string) {
	for i := range n {
		keys = append(keys, key(first+i))
	}
	return keys
}

func TestHasMost(t *testing.T) {
	for name, test := range map[string]struct {
		after, before []string
		want          bool
	}{
		"the same":              {keysFrom(0, 30), keysFrom(0, 30), true},
		"all of it and more":    {keysFrom(0, 300), keysFrom(0, 30), true},
		"most":                  {keysFrom(0, 6), keysFrom(0, 10), true},
		"half":                  {keysFrom(0, 5), keysFrom(0, 10), false},
		"nothing":               {keysFrom(100, 30), keysFrom(0, 30), false},
		"large, the same":       {keysFrom(0, 20_000), keysFrom(0, 20_000), true},
		"large, most":           {keysFrom(8_000, 20_000), keysFrom(0, 20_000), true},
		"large, little":         {keysFrom(12_000, 20_000), keysFrom(0, 20_000), false},
		"large, of a large":     {keysFrom(0, 20_000), keysFrom(0, 2_000), true},
		"small, of large":       {keysFrom(0, 5), keysFrom(0, 20_000), false},
		"large, another small":  {keysFrom(100, 20_000), keysFrom(0, 50), false},
		"before there were any": {nil, keysFrom(0, 5), true},
	} {
		if got := hasMost(sample(test.after), sample(test.before)); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestContaining_SameName: two landscapes whose files have one name are both
// revised, neither is compared with the other, and each goes on by itself.
func TestContaining_SameName(t *testing.T) {
	store := artefacttest.NewFolder(t)
	surveyKeys(t, store, "list-20260101-000000-aaaa", keysFrom(0, 12))
	surveyKeys(t, store, "list-20260102-000000-bbbb", keysFrom(500, 5))
	surveyKeys(t, store, "list-20260103-000000-aaaa", keysFrom(4, 12))
	surveyKeys(t, store, "list-20260104-000000-aaaa", keysFrom(8, 12)) // has little of the first, most of the second
	for key, want := range map[string][]string{
		key(2):   nil,
		key(10):  {"list-20260104-000000-aaaa"},
		key(502): {"list-20260102-000000-bbbb"},
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
	for id, want := range map[string]string{"list-20260102-000000-bbbb": "", "list-20260103-000000-aaaa": "list-20260101-000000-aaaa"} {
		if r, err := Previous(t.Context(), store, id); err != nil || r.GetSurvey().GetId() != want {
			t.Errorf("before %s was %q, want %q: %v", id, r.GetSurvey().GetId(), want, err)
		}
	}
}

// surveyKeys makes the report of a survey of repositories that are all gone.
func surveyKeys(t *testing.T, store artefact.Store, id string, keys []string) {
	t.Helper()
	var text []byte
	for _, key := range keys {
		text = append(text, "https://"+key+"\n"...)
	}
	request := &gromav1.SummariseShardRequest{Survey: id}
	for _, key := range keys {
		request.Taken = append(request.Taken, &gromav1.Taken{Key: key, Outcome: "not-found", Reason: "gone"})
	}
	planAs(t, store, id, Sources{Landscape: landscape.Document{Name: "list.txt", Data: text}})
	if _, err := SummariseShard(t.Context(), store, request); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: id, Shards: 1}); err != nil {
		t.Fatal(err)
	}
}

func planAs(t *testing.T, store artefact.Store, id string, sources Sources) {
	t.Helper()
	if err := KeepSources(t.Context(), store, id, sources); err != nil {
		t.Fatal(err)
	}
	if _, err := Plan(t.Context(), store, &gromav1.PlanRequest{Survey: id, Spec: spec(), StartedAt: timestamppb.New(began)}); err != nil {
		t.Fatal(err)
	}
}
