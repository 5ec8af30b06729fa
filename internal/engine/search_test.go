//go:build !groma_noembed

package engine

import (
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	sdk "go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"

	"groma/workflows"
)

// stating says its state to whom searches, and ends when it is told so.
func stating(ctx sdk.Context) (string, error) {
	err := sdk.UpsertTypedSearchAttributes(ctx,
		temporal.NewSearchAttributeKeyKeyword(workflows.SearchLandscape).ValueSet("tour"),
		temporal.NewSearchAttributeKeyKeyword(workflows.SearchState).ValueSet("counting"))
	if err != nil {
		return "", err
	}
	return waiting(ctx)
}

func TestOpen_Schedules(t *testing.T) {
	e := open(t, Config{Data: t.TempDir(), Schedules: true})
	t.Run("searches surveys", func(t *testing.T) { testSearch(t, e) })
	t.Run("registers search attributes", func(t *testing.T) { testSearchable(t, e) })
	t.Run("starts by schedule", func(t *testing.T) { testSchedule(t, e) })
}

func testSearch(t *testing.T, e *Engine) {
	begun := time.Now()
	if !e.Searchable(t.Context()) {
		t.Fatal("a new engine does not search")
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it took %v to find out that a new engine searches", took)
	}
	work(t, e, stating)
	_, err := e.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "stating", TaskQueue: queue}, stating)
	if err != nil {
		t.Fatal(err)
	}
	expectListed(t, e, "GromaLandscape = 'tour' AND GromaState = 'counting'", "stating")
}

// testSearchable registers the attributes in a namespace that has none, as
// those of earlier versions have.
func testSearchable(t *testing.T, e *Engine) {
	_, err := e.Temporal.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: "plain", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	plain := &Engine{Temporal: e.Temporal, namespace: "plain"}
	if plain.searchable(t.Context()) {
		t.Error("a namespace without the attributes can be searched")
	}
	if !plain.Searchable(t.Context()) {
		t.Error("the attributes are not there")
	}
}

func testSchedule(t *testing.T, e *Engine) {
	schedule, err := e.Temporal.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: workflows.ScheduleID("s"), TriggerImmediately: true, Spec: client.ScheduleSpec{CronExpressions: []string{"0 6 * * 1"}},
		Action: &client.ScheduleWorkflowAction{ID: "scheduled", Workflow: "stating", TaskQueue: queue},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		described, err := schedule.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(described.Info.RecentActions) == 1 {
			return
		}
		time.Sleep(50 * time.Millisecond) // it starts some time after
	}
	t.Error("the schedule has started nothing")
}

func BenchmarkOpen(b *testing.B) {
	for name, schedules := range map[string]bool{"surveys": false, "schedules": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				e, err := Open(b.Context(), Config{Data: b.TempDir(), Schedules: schedules})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				e.Close()
				b.StartTimer()
			}
		})
	}
}
