//go:build !groma_noembed

package engine

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
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
	// It has the attributes without anybody who registers them.
	await(t, "a new engine to search", func() bool { return e.searchable(t.Context()) })
	if !e.Searchable(t.Context()) {
		t.Fatal("a new engine does not search")
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

// TestRegister: whoever comes second to register is refused, and has them all the
// same; so has who comes before all of Temporal is up.
func TestRegister(t *testing.T) {
	for name, test := range map[string]struct {
		answers []error // to adding, one after the other
		adds    int
		want    bool
	}{
		"first":           {[]error{nil}, 1, true},
		"raced":           {[]error{serviceerror.NewUnavailable("race condition"), nil}, 2, true},
		"not up":          {[]error{serviceerror.NewUnavailable("starting"), serviceerror.NewInternal("shard"), nil}, 3, true},
		"may not":         {[]error{serviceerror.NewPermissionDenied("no", "")}, 1, false},
		"without such an": {[]error{serviceerror.NewUnimplemented("no")}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			adds, looks := 0, 0
			there := func(context.Context) bool {
				looks++
				return test.want && adds == len(test.answers) && looks > adds+2 // it takes a while
			}
			add := func(context.Context) error {
				adds++
				return test.answers[adds-1]
			}
			if got := register(t.Context(), there, add); got != test.want || adds != test.adds {
				t.Errorf("%v after %d tries, want %v after %d", got, adds, test.want, test.adds)
			}
		})
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
	for range 1200 {
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
