package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"groma/internal/telemetry"
)

// TestInterceptors_Logs: what a workflow logs has the trace's id
// under the key that all have.
func TestInterceptors_Logs(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	traces := telemetry.NewTraces(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	t.Cleanup(func() { traces.Stop(context.Background()) })
	interceptors, err := traces.Interceptors()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(&out, nil))))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute) // and no second without a word is too long: the machine may be busy
	env.SetWorkerOptions(worker.Options{
		Interceptors: []interceptor.WorkerInterceptor{interceptors[0].(interceptor.WorkerInterceptor)}, DeadlockDetectionTimeout: time.Minute,
	})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		workflow.GetLogger(ctx).Info("of a workflow")
		return nil
	}, workflow.RegisterOptions{Name: "Saying"})
	env.ExecuteWorkflow("Saying")
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	found := spans.GetSpans()
	if len(found) == 0 {
		t.Fatal("a workflow has no span")
	}
	id := " trace_id=" + found[0].SpanContext.TraceID().String()
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "of a workflow") && strings.Contains(line, id) && !strings.Contains(line, "TraceID") {
			return
		}
	}
	t.Errorf("no line has%s:\n%s", id, &out)
}
