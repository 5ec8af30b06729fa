package service_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"

	"groma/internal/census"
	"groma/internal/engine"
	"groma/internal/service"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workers"
	"groma/workflows"
)

// TestCancel_HostAsksToWait: a host may ask to be left alone for minutes, and the
// survey is cancelled meanwhile: it ends at once, with its report.
func TestCancel_HostAsksToWait(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Config{Data: t.TempDir(), NATS: engine.Off})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	git := serveText(t, "-- repos/o/busy/main.go --\npackage main\n-- repos/o/busy.repo --\nbusy 1000 240\n-- repos/o/good/main.go --\npackage main\n")
	log := slog.New(slog.DiscardHandler)
	worker := workers.New(e.Temporal, workers.Config{
		Taker: &census.Taker{Git: git, Store: e.Store}, Store: e.Store, Log: log, Concurrency: 2, Queue: workflows.ClusterQueue,
	})
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer worker.Stop()
	client := newClient(service.Config{Store: e.Store, Temporal: e.Temporal, Payloads: e.Payloads, Log: log})
	started, err := client.StartSurvey(t.Context(), &gromav1.StartSurveyRequest{
		Spec: &gromav1.SurveySpec{Source: "list", NoVitals: true}, Document: []byte("https://github.com/o/busy\nhttps://github.com/o/good\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: started.Survey})
	if err != nil {
		t.Fatal(err)
	}
	awaitRest(t, e, workflows.ShardID(workflows.ID(survey.Fingerprint(found.Survey.Spec)), 0))
	begun := time.Now()
	if _, err := client.CancelSurvey(t.Context(), &gromav1.CancelSurveyRequest{Survey: started.Survey}); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, client, started.Survey, "cancelled")
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it ended %s after it was cancelled", took)
	}
	rep, err := survey.Report(t.Context(), e.Store, started.Survey)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rep.Repositories {
		if want := map[string]string{"busy": "failed", "good": "counted"}[r.Name]; r.Outcome != want {
			t.Errorf("%s is %s (%s), want it %s", r.Name, r.Outcome, r.Reason, want)
		}
	}
}

// awaitRest waits until one repository of a shard of two is counted, and the other
// waits for its second try.
func awaitRest(t *testing.T, e *engine.Engine, shard string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		described, err := e.Temporal.DescribeWorkflowExecution(ctx, shard, "")
		if asked := described.GetPendingActivities(); err == nil && len(asked) == 1 && asked[0].Attempt == 2 && asked[0].State == enums.PENDING_ACTIVITY_STATE_SCHEDULED {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("nothing waits")
}
