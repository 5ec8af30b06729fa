package service_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	"groma/internal/artefact"
	"groma/internal/census"
	"groma/internal/engine"
	"groma/internal/gitwire"
	"groma/internal/service"
	"groma/internal/world"
	"groma/internal/world/worldtest"
	gromav1 "groma/proto/groma/v1"
	"groma/proto/groma/v1/gromav1connect"
	"groma/workers"
	"groma/workflows"
)

// TestTour takes the tour through the service, in an engine of its own, where all
// that Temporal keeps is sealed.
func TestTour(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte("tour "+base64.StdEncoding.EncodeToString(make([]byte, 32))), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Config{Data: t.TempDir(), Schedules: true, PayloadKeys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	config := service.Config{Store: e.Store, Temporal: e.Temporal, Payloads: e.Payloads, Notices: e.Notices, Log: slog.New(slog.DiscardHandler)}
	client := newClient(config)
	config.Private = true
	private := newClient(config)
	served, document := worldtest.Tour(t)
	request := &gromav1.StartSurveyRequest{Spec: &gromav1.SurveySpec{Source: "landscape.yml", Languages: []string{"rust"}}, Document: document, ShardSize: 4}

	planning := testPlanning(t, client)
	shut := withoutKeys(t, e)
	testShut(t, shut, planning)
	work(t, e, served)
	expectEnd(t, client, planning, "cancelled")
	testLocal(t, client)
	testFailed(t, client, private)

	id := testStart(t, client, request)
	testWatch(t, client, id)
	testEnded(t, client, id)
	testNotRunning(t, client, id)
	testTourReport(t, client, e.Store, id)
	testCensus(t, client)
	testRescan(t, client, served, id)
	testSteer(t, client, served, request)
	testSchedule(t, client, shut)
}

// withoutKeys asks a service whose process lacks the keys.
func withoutKeys(t *testing.T, e *engine.Engine) gromav1connect.SurveyServiceClient {
	t.Helper()
	without, err := engine.Open(t.Context(), engine.Config{Temporal: e.TemporalAddress, NATS: engine.Off, Store: "file://" + t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(without.Close)
	return newClient(service.Config{Store: e.Store, Temporal: without.Temporal, Payloads: without.Payloads})
}

func expectShut(t *testing.T, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "sealed under a key that this server does not have") {
		t.Errorf("without the key: %v", err)
	}
}

// testShut asks for a survey that runs and cannot be read: nobody is told that it
// does not run, and nothing happens to it.
func testShut(t *testing.T, shut gromav1connect.SurveyServiceClient, id string) {
	_, got := shut.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: id})
	expectShut(t, got)
	listed, err := shut.ListSurveys(t.Context(), &gromav1.ListSurveysRequest{})
	if err != nil || len(listed.Surveys) != 1 || listed.Surveys[0].State != "unfinished" {
		t.Errorf("listed without the key: %v, %v", listed, err)
	}
	_, cancelled := shut.CancelSurvey(t.Context(), &gromav1.CancelSurveyRequest{Survey: id})
	expectShut(t, cancelled)
	_, started := shut.StartSurvey(t.Context(), &gromav1.StartSurveyRequest{Document: []byte("https://github.com/groma-tour/lumen\n")})
	expectShut(t, started)
}

// work has a worker take what the service starts.
func work(t *testing.T, e *engine.Engine, served *world.Server) {
	t.Helper()
	mirror, err := gitwire.ParseMirror("https://github.com/=" + served.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	git := gitwire.New(gitwire.Config{Mirrors: []gitwire.Mirror{mirror}})
	t.Cleanup(git.Close)
	w := workers.New(e.Temporal, workers.Config{
		Taker: &census.Taker{Git: git, Store: e.Store}, Store: e.Store, Notices: e.Notices,
		Log: slog.New(slog.DiscardHandler), Concurrency: 2, Queue: workflows.ClusterQueue,
	})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// testStart starts the same survey several times at once: one starts, and the
// others go on with it.
func testStart(t *testing.T, client gromav1connect.SurveyServiceClient, request *gromav1.StartSurveyRequest) string {
	answers := make([]*gromav1.StartSurveyResponse, 4)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() {
			var err error
			if answers[i], err = client.StartSurvey(t.Context(), request); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	began := 0
	for _, answer := range answers {
		if answer.GetSurvey() == "" || answer.GetSurvey() != answers[0].GetSurvey() {
			t.Fatalf("started %v", answers)
		}
		if !answer.Already {
			began++
		}
	}
	if began != 1 {
		t.Errorf("%d began", began)
	}
	return answers[0].Survey
}

// testWatch watches to the end: progress never steps back, every repository is
// told, and a watch that goes on after the third notice hears the others.
func testWatch(t *testing.T, client gromav1connect.SurveyServiceClient, id string) {
	events := watch(t, client, &gromav1.WatchSurveyRequest{Survey: id})
	var sequences []int64
	taken := map[string]bool{}
	done, reported := int64(-1), false
	for _, e := range events[:len(events)-1] {
		if e.GetNotice() != nil {
			sequences = append(sequences, e.Sequence)
		}
		if key := e.GetNotice().GetTaken().GetKey(); key != "" {
			taken[key] = true
		}
		reported = reported || e.GetNotice().GetReported() != nil
		if p := e.GetProgress(); p != nil {
			n := int64(0)
			for _, count := range p.Outcomes {
				n += count
			}
			if n < done || n+p.Running+p.Waiting != p.Total {
				t.Errorf("progress %v after %d were done", p, done)
			}
			done = n
		}
	}
	ended := events[len(events)-1].GetEnded()
	if ended.GetState() != "reported" || int64(len(taken)) != ended.GetRepositories() || !reported || !slices.IsSorted(sequences) {
		t.Errorf("ended %v with %d told, reported %v, sequences %v", ended, len(taken), reported, sequences)
	}
	if done < 0 {
		t.Error("no progress was told")
	}
	rest := watch(t, client, &gromav1.WatchSurveyRequest{Survey: id, Notices: true, After: sequences[2]})
	if len(rest) != len(sequences)-3+1 || rest[0].Sequence != sequences[3] || rest[len(rest)-1].GetEnded() == nil {
		t.Errorf("after %d come %d events", sequences[2], len(rest))
	}
}

// watch hears all until the stream ends.
func watch(t *testing.T, client gromav1connect.SurveyServiceClient, request *gromav1.WatchSurveyRequest) (events []*gromav1.WatchSurveyResponse) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream, err := client.WatchSurvey(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for {
		event, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
}

func testEnded(t *testing.T, client gromav1connect.SurveyServiceClient, id string) {
	got, err := client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: id})
	if err != nil {
		t.Fatal(err)
	}
	s := got.Survey
	if s.Survey != id || s.State != "reported" || s.Edition != 1 || s.EndedAt == nil || s.Spec.Languages[0] != "Rust" || got.Progress != nil {
		t.Errorf("got %v", s)
	}
	if int64(len(got.Uncounted)) != s.Uncounted || s.Uncounted == 0 || got.Uncounted[0].Reason == "" {
		t.Errorf("%d uncounted, and these are named: %v", s.Uncounted, got.Uncounted)
	}
}

func testNotRunning(t *testing.T, client gromav1connect.SurveyServiceClient, id string) {
	_, paused := client.PauseSurvey(t.Context(), &gromav1.PauseSurveyRequest{Survey: id})
	_, resumed := client.ResumeSurvey(t.Context(), &gromav1.ResumeSurveyRequest{Survey: id})
	_, cancelled := client.CancelSurvey(t.Context(), &gromav1.CancelSurveyRequest{Survey: id})
	for _, err := range []error{paused, resumed, cancelled} {
		if connect.CodeOf(err) != connect.CodeFailedPrecondition {
			t.Errorf("of a survey that has ended: %v", err)
		}
	}
}

func testTourReport(t *testing.T, client gromav1connect.SurveyServiceClient, store artefact.Store, id string) {
	got := files(t, client, &gromav1.GetReportRequest{Survey: id, Formats: []string{"facts", "markdown", "html", "csv", "files", "json", "terminal", "parquet"}})
	want, err := store.Get(t.Context(), artefact.EditionKey(id, artefact.FirstEdition, "report.json"))
	if err != nil || got["report.json"] != string(want) {
		t.Errorf("report.json is not what is kept: %v", err)
	}
	if len(got) != 10 {
		t.Errorf("got %d files", len(got))
	}
	for name, text := range got {
		if text == "" {
			t.Errorf("%s is empty", name)
		}
	}
}

func testCensus(t *testing.T, client gromav1connect.SurveyServiceClient) {
	got, err := client.GetCensus(t.Context(), &gromav1.GetCensusRequest{Repository: "https://github.com/groma-tour/aqueduct"})
	if err != nil {
		t.Fatal(err)
	}
	exact, err := client.GetCensus(t.Context(), &gromav1.GetCensusRequest{Repository: "github.com/groma-tour/aqueduct", Commit: got.Census.Commit})
	if err != nil || exact.Census.Commit != got.Census.Commit {
		t.Errorf("by its commit %s: %v", got.Census.Commit, err)
	}
}

// testRescan: a commit that is new comes into a new edition, which a watch that
// follows hears of; a rescan that finds nothing new makes none.
func testRescan(t *testing.T, client gromav1connect.SurveyServiceClient, served *world.Server, id string) {
	const repository = "github.com/groma-tour/aqueduct"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	following, err := client.WatchSurvey(ctx, &gromav1.WatchSurveyRequest{Survey: id, Notices: true, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer following.Close()
	commit, err := served.Commit("groma-tour/aqueduct", "-- src/more.rs --\nfn more() {}\n")
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.RescanRepository(ctx, &gromav1.RescanRepositoryRequest{Repository: "https://" + repository, Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Editions) != 1 || got.Editions[0].Survey != id || got.Editions[0].Edition.Number != 2 || got.Taken.GetCommit() != commit {
		t.Fatalf("got %v, want edition 2 of %s with %s", got, id, commit)
	}
	heard, err := following.Receive()
	for err == nil && heard.GetNotice().GetReported().GetEdition() != 2 {
		heard, err = following.Receive()
	}
	if err != nil || !slices.Equal(heard.GetNotice().GetReported().GetRevised(), []string{repository}) {
		t.Errorf("heard %v, %v", heard, err)
	}
	again, err := client.RescanRepository(ctx, &gromav1.RescanRepositoryRequest{Repository: repository, Wait: true})
	if err != nil || len(again.Editions) != 0 || !slices.Equal(again.Unchanged, []string{id}) {
		t.Errorf("rescanned again: %v, %v", again, err)
	}
	testEditions(t, client, id)
}

func testEditions(t *testing.T, client gromav1connect.SurveyServiceClient, id string) {
	listed, err := client.ListEditions(t.Context(), &gromav1.ListEditionsRequest{Survey: id})
	if err != nil || len(listed.Editions.Editions) != 2 {
		t.Fatalf("listed %v, %v", listed, err)
	}
	first := files(t, client, &gromav1.GetReportRequest{Survey: id, Edition: 1})
	second := files(t, client, &gromav1.GetReportRequest{Survey: id, Edition: 2})
	latest := files(t, client, &gromav1.GetReportRequest{Survey: id})
	if first["report.json"] == second["report.json"] || second["report.json"] != latest["report.json"] {
		t.Error("the second edition is the first, or not the latest")
	}
	changed, err := client.DiffSurveys(t.Context(), &gromav1.DiffSurveysRequest{After: id, BeforeEdition: 1})
	if err != nil || len(changed.Difference.GetRepositories()) != 1 {
		t.Errorf("from edition to edition: %v, %v", changed, err)
	}
}

// testPlanning starts a survey that nobody works on, and gives it up.
func testPlanning(t *testing.T, client gromav1connect.SurveyServiceClient) string {
	started, err := client.StartSurvey(t.Context(), &gromav1.StartSurveyRequest{Document: []byte("https://github.com/groma-tour/lumen\n")})
	if err != nil {
		t.Fatal(err)
	}
	listed, err := client.ListSurveys(t.Context(), &gromav1.ListSurveysRequest{})
	if err != nil || len(listed.Surveys) != 1 || listed.Surveys[0].State != "planning" || listed.Surveys[0].Survey != started.Survey {
		t.Errorf("listed %v, %v", listed, err)
	}
	given, err := client.CancelSurvey(t.Context(), &gromav1.CancelSurveyRequest{Survey: started.Survey})
	if err != nil || given.Survey.State != "planning" {
		t.Errorf("cancelled: %v, %v", given, err)
	}
	return started.Survey
}

// expectEnd watches a survey to its end.
func expectEnd(t *testing.T, client gromav1connect.SurveyServiceClient, id, state string) *gromav1.SurveyState {
	t.Helper()
	events := watch(t, client, &gromav1.WatchSurveyRequest{Survey: id})
	ended := events[len(events)-1].GetEnded()
	if ended.GetState() != state {
		t.Errorf("survey %s ended %v, want %s", id, ended, state)
	}
	return ended
}

// testLocal: who is not this process has nothing of this machine counted.
func testLocal(t *testing.T, client gromav1connect.SurveyServiceClient) {
	for _, document := range []string{"# folder /srv\n/srv/a\n", "/srv/a\n", "https://github.com/o/r\nfile:///srv/a\n"} {
		_, err := client.StartSurvey(t.Context(), &gromav1.StartSurveyRequest{Document: []byte(document)})
		if connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%q: %v", document, err)
		}
	}
	_, err := client.RescanRepository(t.Context(), &gromav1.RescanRepositoryRequest{Repository: "/srv/a"})
	if connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("rescanned: %v", err)
	}
}

// testFailed: a landscape that cannot be read is refused, or where that is not
// looked at fails its survey, which says why.
func testFailed(t *testing.T, client, private gromav1connect.SurveyServiceClient) {
	request := &gromav1.StartSurveyRequest{Spec: &gromav1.SurveySpec{Kind: "landscape"}, Document: []byte("colour: blue\n")}
	if _, err := client.StartSurvey(t.Context(), request); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("refused: %v", err)
	}
	started, err := private.StartSurvey(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if ended := expectEnd(t, client, started.Survey, "failed"); !strings.Contains(ended.GetReason(), "landscape") {
		t.Errorf("failed of %q", ended.GetReason())
	}
}

// testSteer pauses a survey that is held up, lets it go on and gives it up.
func testSteer(t *testing.T, client gromav1connect.SurveyServiceClient, served *world.Server, request *gromav1.StartSurveyRequest) {
	if err := served.Set("groma-tour/forum", "delay 1h"); err != nil {
		t.Fatal(err)
	}
	request.Spec.Languages, request.Window = []string{"Go"}, 1
	started, err := client.StartSurvey(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	awaitRunning(t, client, started.Survey)
	paused, err := client.PauseSurvey(t.Context(), &gromav1.PauseSurveyRequest{Survey: started.Survey})
	if err != nil || paused.Survey.State != "paused" {
		t.Errorf("paused: %v, %v", paused, err)
	}
	resumed, err := client.ResumeSurvey(t.Context(), &gromav1.ResumeSurveyRequest{Survey: started.Survey})
	if err != nil || resumed.Survey.State == "paused" {
		t.Errorf("resumed: %v, %v", resumed, err)
	}
	running, err := client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: started.Survey})
	if err != nil || running.Progress == nil {
		t.Errorf("while it runs: %v, %v", running, err)
	}
	if _, err := client.CancelSurvey(t.Context(), &gromav1.CancelSurveyRequest{Survey: started.Survey}); err != nil {
		t.Fatal(err)
	}
	if ended := expectEnd(t, client, started.Survey, "cancelled"); ended.GetEdition() != 1 || ended.GetUncounted() == 0 {
		t.Errorf("cancelled with %v", ended)
	}
}

// awaitRunning watches until a repository is being counted.
func awaitRunning(t *testing.T, client gromav1connect.SurveyServiceClient, id string) {
	t.Helper()
	stream, err := client.WatchSurvey(t.Context(), &gromav1.WatchSurveyRequest{Survey: id, Progress: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for {
		event, err := stream.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if event.GetProgress().GetRunning() > 0 {
			return
		}
	}
}

func testSchedule(t *testing.T, client, shut gromav1connect.SurveyServiceClient) {
	asked := &gromav1.Schedule{Name: "weekly", Cron: "0 6 * * 1", TimeZone: "Europe/Rome", Paused: true,
		Survey: &gromav1.StartSurveyRequest{Spec: &gromav1.SurveySpec{Source: "https://landscape.example/landscape.yml?token=sekrit", Languages: []string{"Rust"}}}}
	made, err := client.CreateSchedule(t.Context(), &gromav1.CreateScheduleRequest{Schedule: asked})
	if err != nil {
		t.Fatal(err)
	}
	if s := made.Schedule; s.Cron != asked.Cron || s.TimeZone != asked.TimeZone || !s.Paused || s.Survey.Spec.Source != "https://landscape.example/landscape.yml" {
		t.Errorf("got %v", s)
	}
	if _, err := client.CreateSchedule(t.Context(), &gromav1.CreateScheduleRequest{Schedule: asked}); connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Errorf("made twice: %v", err)
	}
	on, err := client.PauseSchedule(t.Context(), &gromav1.PauseScheduleRequest{Name: "weekly"})
	if err != nil || on.Schedule.Paused || len(on.Schedule.Next) == 0 {
		t.Errorf("goes on: %v, %v", on, err)
	}
	var listed *gromav1.ListSchedulesResponse
	for range 1200 { // Temporal lists a moment later
		if listed, err = client.ListSchedules(t.Context(), &gromav1.ListSchedulesRequest{}); err != nil || len(listed.Schedules) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil || len(listed.Schedules) != 1 || listed.Schedules[0].Survey.Spec.Languages[0] != "Rust" || strings.Contains(listed.String(), "sekrit") {
		t.Errorf("listed %v, %v", listed, err)
	}
	_, unread := shut.ListSchedules(t.Context(), &gromav1.ListSchedulesRequest{})
	expectShut(t, unread)
	if _, err := client.DeleteSchedule(t.Context(), &gromav1.DeleteScheduleRequest{Name: "weekly"}); err != nil {
		t.Error(err)
	}
	_, gone := client.RunSchedule(t.Context(), &gromav1.RunScheduleRequest{Name: "weekly"})
	if connect.CodeOf(gone) != connect.CodeNotFound {
		t.Errorf("run after it was deleted: %v", gone)
	}
}
