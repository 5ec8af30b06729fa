package telemetry_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"groma/internal/telemetry"
	"groma/workflows"
)

// TestInterceptors_Replay replays every history that a release has recorded,
// with traces on: they change no workflow.
func TestInterceptors_Replay(t *testing.T) {
	traces := telemetry.NewTraces(sdktrace.NewTracerProvider())
	t.Cleanup(func() { traces.Stop(context.Background()) })
	interceptors, err := traces.Interceptors()
	if err != nil || len(interceptors) == 0 {
		t.Fatalf("interceptors %v, %v", interceptors, err)
	}
	var around []interceptor.WorkerInterceptor
	for _, i := range interceptors {
		around = append(around, i.(interceptor.WorkerInterceptor))
	}
	files, err := filepath.Glob("../../workflows/testdata/histories/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d histories are recorded: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { replay(t, file, around) })
	}
}

func replay(t *testing.T, file string, around []interceptor.WorkerInterceptor) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	history, err := client.HistoryFromJSON(in, client.HistoryJSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{Interceptors: around})
	if err != nil {
		t.Fatal(err)
	}
	workflows.Register(replayer)
	started := history.Events[0].GetWorkflowExecutionStartedEventAttributes()
	err = replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
	})
	if err != nil {
		t.Error(err)
	}
}
