package workers

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// TestPanics: an activity that panics is told to Temporal as a bug, without a
// stack, which is in the log. Activities without a store all panic.
func TestPanics(t *testing.T) {
	for name, request := range map[string]any{
		"Plan":           &gromav1.PlanRequest{Survey: "s"},
		"ListShard":      &gromav1.ListShardRequest{Survey: "s"},
		"SummariseShard": &gromav1.SummariseShardRequest{Survey: "s"},
		"Aggregate":      &gromav1.AggregateRequest{Survey: "s"},
		"FindSurveys":    &gromav1.FindSurveysRequest{Repository: repository},
		"MakeEdition":    &gromav1.ReviseRequest{Survey: "s"},
	} {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			log := slog.New(slog.NewTextHandler(&text, nil))
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&panics{log: log}}})
			env.RegisterActivity(&Activities{Config: Config{Log: log}})
			_, err := env.ExecuteActivity(name, request)
			var told *temporal.ApplicationError
			if !errors.As(err, &told) || told.Type() != string(fault.Bug) || told.NonRetryable() || !strings.HasPrefix(told.Message(), "a bug in groma ") {
				t.Errorf("Temporal is told %v, want a bug that may be tried again", err)
			}
			if strings.Contains(err.Error(), "goroutine") {
				t.Errorf("Temporal is told a stack: %v", err)
			}
			if logged := text.String(); !strings.Contains(logged, "event="+name) || !strings.Contains(logged, "stack=") {
				t.Errorf("the log says %.200q", logged)
			}
		})
	}
}
