package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"groma/internal/engine"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workers"
	"groma/workflows"
)

var (
	update  = flag.Bool("update", false, "write the histories that are recorded")
	release = flag.String("release", "", "name of the release whose histories are recorded")
)

// recording are activities that a test can stop at, and that know of one survey
// which contains whatever is rescanned.
type recording struct {
	*activities
	queue    string
	onCensus func()
}

func (r *recording) TakeCensus(ctx context.Context, request *gromav1.TakeCensusRequest) (*gromav1.TakeCensusResponse, error) {
	if r.onCensus != nil {
		r.onCensus()
	}
	return r.activities.TakeCensus(ctx, request)
}

func (r *recording) FindSurveys(_ context.Context, request *gromav1.FindSurveysRequest) (*gromav1.FindSurveysResponse, error) {
	target := &gromav1.CensusTarget{Key: request.Repository, Address: "https://" + request.Repository}
	return &gromav1.FindSurveysResponse{Surveys: []*gromav1.Containing{{Survey: "kept", Target: target}}}, nil
}

func (r *recording) HandOver(ctx context.Context, found *gromav1.Rescanned) (*gromav1.Rescanned, error) {
	found.Revised = true
	_, err := r.Temporal.SignalWithStartWorkflow(ctx, workflows.EditionID(found.Survey), workflows.TakenSignal, found.Taken,
		client.StartWorkflowOptions{TaskQueue: r.queue}, "Edition", &gromav1.EditionRequest{Survey: found.Survey})
	return found, err
}

func (r *recording) MakeEdition(_ context.Context, request *gromav1.ReviseRequest) (*gromav1.ReviseResponse, error) {
	return &gromav1.ReviseResponse{Edition: &gromav1.Edition{Number: 2, Name: "0002-1f0c3a7b", MadeAt: request.MadeAt}}, nil
}

// recorder runs every workflow for real, and writes their histories if it is
// asked to.
type recorder struct {
	*testing.T
	engine *engine.Engine
	work   *recording
}

func newRecorder(t *testing.T) *recorder {
	e, err := engine.Open(t.Context(), engine.Config{Data: t.TempDir(), Schedules: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	if !e.Searchable(t.Context()) {
		t.Error("surveys cannot be searched for")
	}
	config := workers.Config{Store: e.Store, Notices: e.Notices, Log: slog.New(slog.DiscardHandler), Temporal: e.Temporal, Concurrency: 2, Searchable: true}
	work := &recording{activities: &activities{Activities: &workers.Activities{Config: config}}, queue: workflows.ClusterQueue}
	w := newWorker(e, work, config.Concurrency)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return &recorder{T: t, engine: e, work: work}
}

// TestHistories runs each workflow on a real server, and sees what a client
// sees of it. Package workflows replays for ever what a release recorded:
//
//	go test ./bench/flow -run Histories -update -release v0.1
func TestHistories(t *testing.T) {
	r := newRecorder(t)
	later := r.later()
	r.survey()
	r.paused()
	r.continued()
	r.rescan()
	r.scheduled()
	later()
}

const repositories = "https://github.com/o/a\nhttps://github.com/o/b\nhttps://gitlab.com/o/c\nhttps://github.com/o/d\n" +
	"https://git.example.org/o/e\nhttps://github.com/o/f\nhttps://gitlab.com/o/g\nhttps://github.com/o/h\nhttps://github.com/o/i\n"

func (r *recorder) asked(name string) *gromav1.StartSurveyRequest {
	return &gromav1.StartSurveyRequest{Spec: &gromav1.SurveySpec{Source: name, Name: name, Kind: "list"}, Document: []byte(repositories), Window: 4, ShardSize: 4}
}

func (r *recorder) start(name string, runShards int64) (id string, run client.WorkflowRun) {
	r.Helper()
	request, err := survey.Begin(r.Context(), r.engine.Store, r.asked(name), time.Now())
	if err != nil {
		r.Fatal(err)
	}
	request.Searchable, request.RunShards = true, runShards
	id = workflows.ID(survey.Fingerprint(request.Spec))
	run, err = r.engine.Temporal.ExecuteWorkflow(r.Context(), client.StartWorkflowOptions{
		ID: id, TaskQueue: workflows.ClusterQueue, StaticSummary: request.Survey, Memo: map[string]any{workflows.MemoSurvey: request.Survey},
	}, "Survey", request)
	if err != nil {
		r.Fatal(err)
	}
	return id, run
}

func (r *recorder) finish(run client.WorkflowRun) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	var response *gromav1.SurveyResponse
	if err := run.Get(ctx, &response); err != nil || response.Outcomes["empty"] != 9 {
		r.Fatalf("outcomes are %v, %v, want 9 empty", response.GetOutcomes(), err)
	}
}

func (r *recorder) survey() {
	id, run := r.start("whole", 0)
	r.finish(run)
	r.record("survey", id, run.GetRunID())
	r.record("shard", workflows.ShardID(id, 0), "")
	r.expectState("done", id)
	for _, event := range r.history(workflows.ShardID(id, 0), "").Events {
		about := string(event.GetUserMetadata().GetSummary().GetData())
		if event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == "TakeCensus" && !strings.Contains(about, "/o/") {
			r.Errorf("a census is about %q, want a repository", about)
		}
	}
}

// paused pauses a survey at its first census, and lets it go on.
func (r *recorder) paused() {
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.work.onCensus = func() {
		once.Do(func() { close(begun) })
		<-goOn
	}
	id, run := r.start("paused", 0)
	<-begun
	r.update(id, workflows.PauseUpdate)
	r.expectState("paused", id)
	close(goOn)
	r.update(id, workflows.ResumeUpdate)
	r.finish(run)
	r.work.onCensus = nil
	r.record("paused-survey", id, run.GetRunID())
	r.record("paused-shard", workflows.ShardID(id, 0), "")
	if _, err := r.tryUpdate(id, workflows.PauseUpdate); err == nil {
		r.Error("a survey that is over can be paused")
	}
}

func (r *recorder) update(id, name string) {
	r.Helper()
	if _, err := r.tryUpdate(id, name); err != nil {
		r.Fatal(err)
	}
}

func (r *recorder) tryUpdate(id, name string) (client.WorkflowUpdateHandle, error) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	handle, err := r.engine.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: name, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	return handle, err
}

// continued follows a survey of several runs by its id alone.
func (r *recorder) continued() {
	id, run := r.start("continued", 1)
	first := run.GetRunID()
	r.finish(r.engine.Temporal.GetWorkflow(r.Context(), id, ""))
	r.record("continued-survey", id, first)
	r.record("last-run-survey", id, "")
	if r.history(id, "").Events[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId() == "" {
		r.Error("the survey is one run")
	}
	described, err := r.engine.Temporal.DescribeWorkflow(r.Context(), id, "")
	if err != nil {
		r.Fatal(err)
	}
	if described.Memo.GetFields()[workflows.MemoSurvey] == nil {
		r.Error("the last run has no memo")
	}
}

func (r *recorder) rescan() {
	id := workflows.RescanID("github.com/o/a")
	var run client.WorkflowRun
	for range 100 {
		var err error
		run, err = r.engine.Temporal.SignalWithStartWorkflow(r.Context(), id, workflows.PushSignal, &gromav1.RescanRequested{Repository: "github.com/o/a"},
			client.StartWorkflowOptions{TaskQueue: workflows.ClusterQueue}, "Rescan", &gromav1.RescanRequest{Repository: "github.com/o/a"})
		if err != nil {
			r.Fatal(err)
		}
	}
	var response *gromav1.RescanResponse
	if err := run.Get(r.Context(), &response); err != nil || len(response.Surveys) != 1 || !response.Surveys[0].Revised {
		r.Fatalf("the rescan ends with %v, %v", response, err)
	}
	r.record("rescan", id, run.GetRunID())
	edition := workflows.EditionID("kept")
	if err := r.engine.Temporal.GetWorkflow(r.Context(), edition, "").Get(r.Context(), nil); err != nil {
		r.Fatal(err)
	}
	r.record("edition", edition, "")
}

// later begins to rescan what could not be rescanned before, and returns what
// waits for its end: it takes its time.
func (r *recorder) later() func() {
	id := workflows.LaterID("github.com/o/later")
	run, err := r.engine.Temporal.ExecuteWorkflow(r.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: workflows.ClusterQueue},
		"RescanLater", &gromav1.RescanRequest{Repository: "github.com/o/later"})
	if err != nil {
		r.Fatal(err)
	}
	return func() {
		if err := run.Get(r.Context(), nil); err != nil {
			r.Fatal(err)
		}
		r.record("rescan-later", id, run.GetRunID())
	}
}

// scheduled has a schedule start a survey.
func (r *recorder) scheduled() {
	schedule, err := r.engine.Temporal.ScheduleClient().Create(r.Context(), client.ScheduleOptions{
		ID: workflows.ScheduleID("weekly"), Spec: client.ScheduleSpec{CronExpressions: []string{"0 6 * * 1"}}, TriggerImmediately: true,
		Action: &client.ScheduleWorkflowAction{ID: "scheduled-weekly", Workflow: "Begin", TaskQueue: workflows.ClusterQueue, Args: []any{r.asked("scheduled")}},
	})
	if err != nil {
		r.Fatal(err)
	}
	for range 1200 {
		described, err := schedule.Describe(r.Context())
		if err != nil {
			r.Fatal(err)
		}
		if done := described.Info.RecentActions; len(done) > 0 && done[0].StartWorkflowResult != nil {
			id := done[0].StartWorkflowResult.WorkflowID
			r.finish(r.engine.Temporal.GetWorkflow(r.Context(), id, ""))
			r.record("scheduled", id, "")
			return
		}
		time.Sleep(50 * time.Millisecond) // it starts some time after
	}
	r.Error("the schedule has started nothing")
}

// expectState sees a survey where it is searched for.
func (r *recorder) expectState(state, id string) {
	r.Helper()
	query := workflows.SearchState + " = '" + state + "' AND " + workflows.SearchLandscape + " IS NOT NULL"
	for range 1200 {
		list, err := r.engine.Temporal.ListWorkflow(r.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		if err != nil {
			r.Fatal(err)
		}
		if len(list.Executions) > 0 && list.Executions[0].Execution.WorkflowId == id {
			return
		}
		time.Sleep(50 * time.Millisecond) // the list follows what happens
	}
	r.Errorf("no survey %s is listed where %s", id, query)
}

func (r *recorder) history(id, run string) *historypb.History {
	r.Helper()
	history := &historypb.History{}
	events := r.engine.Temporal.GetWorkflowHistory(r.Context(), id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			r.Fatal(err)
		}
		history.Events = append(history.Events, event)
	}
	return history
}

func (r *recorder) marshal(history *historypb.History) []byte {
	r.Helper()
	data, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
	if err != nil {
		r.Fatal(err)
	}
	return append(data, '\n')
}

// record writes the history of a run if it is asked to.
func (r *recorder) record(name, id, run string) {
	r.Helper()
	data := r.marshal(r.history(id, run))
	if !*update || *release == "" {
		return
	}
	if err := os.WriteFile(filepath.Join("../../workflows/testdata/histories", *release+"-"+name+".json"), data, 0o644); err != nil {
		r.Fatal(err)
	}
}
