package service_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/service"
	gromav1 "groma/proto/groma/v1"
)

func TestListSurveys(t *testing.T) {
	store := artefacttest.NewFolder(t)
	second := reported(t, store, 2, "a", "b")
	first := reported(t, store, 1, "a", "b", "c")
	third := begin(t, store, 3, true, "a").Survey
	begin(t, store, 4, false, "a") // never ran
	client := newClient(service.Config{Store: store})

	all, err := client.ListSurveys(t.Context(), &gromav1.ListSurveysRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want := []*gromav1.SurveyState{
		{Survey: first, State: "reported", Repositories: 3, Uncounted: 3, Edition: 1},
		{Survey: second, State: "reported", Repositories: 2, Uncounted: 2, Edition: 1},
		{Survey: third, State: "unfinished", Repositories: 1},
	}
	expectStates(t, all.Surveys, want)
	if all.NextPageToken != "" || len(all.Unreadable) > 0 {
		t.Errorf("and %v", all)
	}

	var paged []*gromav1.SurveyState
	token := ""
	for range want {
		page, err := client.ListSurveys(t.Context(), &gromav1.ListSurveysRequest{PageSize: 1, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		paged, token = append(paged, page.Surveys...), page.NextPageToken
	}
	expectStates(t, paged, want)
}

// TestCancelled: a survey that was cancelled is so for ever, whoever asks, though no
// Temporal knows of it.
func TestCancelled(t *testing.T) {
	store := artefacttest.NewFolder(t)
	first, second := aggregated(t, store, 1, true, "a"), reported(t, store, 2, "a") // of the same
	client := newClient(service.Config{Store: store})
	all, err := client.ListSurveys(t.Context(), &gromav1.ListSurveysRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want := []*gromav1.SurveyState{
		{Survey: first, State: "cancelled", Repositories: 1, Uncounted: 1, Edition: 1},
		{Survey: second, State: "reported", Repositories: 1, Uncounted: 1, Edition: 1},
	}
	expectStates(t, all.Surveys, want)
	for i, id := range []string{first, second} {
		got, err := client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: id})
		if err != nil || got.Survey.State != want[i].State {
			t.Errorf("got %v: %v", got, err)
		}
		editions, err := client.ListEditions(t.Context(), &gromav1.ListEditionsRequest{Survey: id})
		if err != nil || editions.Editions.Cancelled == nil || editions.Editions.GetCancelled() != (id == first) {
			t.Errorf("its editions are %v: %v", editions, err)
		}
		expectEnd(t, client, id, want[i].State)
	}
}

func expectStates(t *testing.T, got, want []*gromav1.SurveyState) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d surveys, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		g := got[i]
		if g.Survey != w.Survey || g.State != w.State || g.Repositories != w.Repositories || g.Uncounted != w.Uncounted || g.Edition != w.Edition || g.Spec == nil {
			t.Errorf("got %v, want %v", g, w)
		}
	}
}

// TestListSurveys_Unreadable: one damaged survey hides no other, and its text is
// told to nobody.
func TestListSurveys_Unreadable(t *testing.T) {
	store := artefacttest.NewFolder(t)
	id := reported(t, store, 1, "a")
	if err := store.Create(t.Context(), artefact.ManifestKey("odd-20261122-070000-abcd"), []byte("{ secret")); err != nil {
		t.Fatal(err)
	}
	got, err := newClient(service.Config{Store: store}).ListSurveys(t.Context(), &gromav1.ListSurveysRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Surveys) != 1 || got.Surveys[0].Survey != id || len(got.Unreadable) != 1 || strings.Contains(got.Unreadable[0].Reason, "secret") {
		t.Errorf("got %v", got)
	}
}

func TestFind(t *testing.T) {
	store := artefacttest.NewFolder(t)
	first, second := reported(t, store, 1, "a"), reported(t, store, 2, "b")
	client := newClient(service.Config{Store: store})
	tests := []struct {
		name, ask, want string
		code            connect.Code
	}{
		{"the latest", "", second, 0},
		{"whole", first, first, 0},
		{"its beginning", first[:len(first)-5], first, 0},
		{"that of both", "list-", "", connect.CodeInvalidArgument},
		{"nobody's", "nobody", "", connect.CodeNotFound},
		{"a path", "../x", "", connect.CodeInvalidArgument},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: test.ask})
			if test.want == "" {
				if connect.CodeOf(err) != test.code {
					t.Errorf("got %v, want %v", err, test.code)
				}
				return
			}
			if err != nil || got.Survey.Survey != test.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// TestUncounted: each repository without a count is named with its reason, and
// one that nobody keeps is not found.
func TestUncounted(t *testing.T) {
	store := artefacttest.NewFolder(t)
	id := reported(t, store, 1, "a", "b")
	client := newClient(service.Config{Store: store})
	got, err := client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: id, Edition: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Uncounted) != 2 || got.Uncounted[0].Key != "github.com/o/a" || got.Uncounted[0].Outcome != "not-found" || got.Uncounted[0].Reason != "it is gone" {
		t.Errorf("got %v", got.Uncounted)
	}
	_, err = client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: id, Edition: 2})
	if connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("an edition too many: %v", err)
	}
	_, err = client.GetCensus(t.Context(), &gromav1.GetCensusRequest{Repository: "github.com/o/a"})
	if connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("a census that is not kept: %v", err)
	}
}

func TestGetReport(t *testing.T) {
	store := artefacttest.NewFolder(t)
	id := reported(t, store, 1, "a", "b")
	client := newClient(service.Config{Store: store})
	kept, err := store.Get(t.Context(), artefact.EditionKey(id, artefact.FirstEdition, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, client, &gromav1.GetReportRequest{}); len(got) != 1 || got["report.json"] != string(kept) {
		t.Errorf("without a wish: %v", got)
	}
	got := files(t, client, &gromav1.GetReportRequest{Survey: id, Formats: []string{"markdown", "csv"}, Languages: []string{"rust"}})
	if len(got) != 4 || !strings.Contains(got["report.md"], "Rust") {
		t.Errorf("in other forms: %v", got)
	}
	got = files(t, client, &gromav1.GetReportRequest{Survey: id, Languages: []string{"rust"}})
	if !strings.Contains(got["report.json"], `"Rust"`) || strings.Contains(string(kept), `"Rust"`) {
		t.Error("facts of another language have not got it")
	}
}

func TestDiffSurveys(t *testing.T) {
	store := artefacttest.NewFolder(t)
	client := newClient(service.Config{Store: store})
	first := reported(t, store, 1, "a", "b", "d")
	if _, err := client.DiffSurveys(t.Context(), &gromav1.DiffSurveysRequest{}); connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Errorf("without one before: %v", err)
	}
	second := reported(t, store, 2, "a", "b", "d", "c")
	for _, before := range []string{"", first} {
		got, err := client.DiffSurveys(t.Context(), &gromav1.DiffSurveysRequest{Before: before, After: second})
		if err != nil {
			t.Fatal(err)
		}
		d := got.Difference
		if d.GetBefore().GetSurvey().GetId() != first || d.GetAfter().GetSurvey().GetId() != second {
			t.Errorf("got %v", d)
		}
	}
}

func TestUnfinished(t *testing.T) {
	store := artefacttest.NewFolder(t)
	id := begin(t, store, 1, true, "a").Survey
	client := newClient(service.Config{Store: store})
	_, editions := client.ListEditions(t.Context(), &gromav1.ListEditionsRequest{})
	_, diff := client.DiffSurveys(t.Context(), &gromav1.DiffSurveysRequest{})
	for _, err := range []error{editions, diff} {
		if connect.CodeOf(err) != connect.CodeFailedPrecondition || !strings.Contains(err.Error(), id) {
			t.Errorf("of an unfinished survey: %v", err)
		}
	}
	events := watch(t, client, &gromav1.WatchSurveyRequest{})
	if len(events) != 1 || events[0].GetEnded().GetState() != "unfinished" {
		t.Errorf("watched: %v", events)
	}
}

// TestNothingRuns: without Temporal whatever would run says what to do.
func TestNothingRuns(t *testing.T) {
	store := artefacttest.NewFolder(t)
	reported(t, store, 1, "a")
	client := newClient(service.Config{Store: store})
	_, start := client.StartSurvey(t.Context(), &gromav1.StartSurveyRequest{Document: []byte("https://github.com/o/r\n")})
	_, cancel := client.CancelSurvey(t.Context(), &gromav1.CancelSurveyRequest{Survey: "list"})
	_, rescan := client.RescanRepository(t.Context(), &gromav1.RescanRepositoryRequest{Repository: "github.com/o/r"})
	_, schedules := client.ListSchedules(t.Context(), &gromav1.ListSchedulesRequest{})
	for _, err := range []error{start, cancel, rescan, schedules} {
		if connect.CodeOf(err) != connect.CodeUnavailable || !strings.Contains(err.Error(), "--server") {
			t.Errorf("got %v", err)
		}
	}
}
