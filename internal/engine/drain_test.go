//go:build !groma_noembed

package engine

import (
	"fmt"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	sdk "go.temporal.io/sdk/workflow"
)

// TestStop: a worker that stops while there is work to come takes none of it with
// it. What it did would be given to another only when it has been missed for ten
// seconds.
func TestStop(t *testing.T) {
	e := open(t, Config{Data: t.TempDir(), NATS: Off})
	start := func() worker.Worker {
		w := worker.New(e.Temporal, queue, worker.Options{WorkerStopTimeout: 5 * time.Second})
		w.RegisterWorkflowWithOptions(func(sdk.Context) error { return nil }, sdk.RegisterOptions{Name: "brief"})
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		return w
	}
	var runs []client.WorkflowRun
	for range 5 {
		w := start()
		stopped := make(chan struct{})
		for i := range 6 {
			if i == 3 {
				go func() {
					w.Stop()
					close(stopped)
				}()
			}
			run, err := e.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: fmt.Sprint(len(runs)), TaskQueue: queue}, "brief")
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, run)
		}
		<-stopped
	}
	defer start().Stop()
	for _, run := range runs {
		if err := run.Get(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for history := e.Temporal.GetWorkflowHistory(t.Context(), run.GetID(), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); history.HasNext(); {
			if event, err := history.Next(); err != nil || event.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT {
				t.Fatalf("of workflow %s: %v, %v", run.GetID(), event.GetEventType(), err)
			}
		}
	}
}
