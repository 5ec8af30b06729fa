package workflows

import (
	"os"
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// TestReplay replays every history that a release has recorded: a change of a
// workflow that a running survey could not follow fails here.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d histories are recorded: %v", len(files), err)
	}
	recorded := map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			history, err := client.HistoryFromJSON(in, client.HistoryJSONOptions{})
			if err != nil {
				t.Fatal(err)
			}
			replayer := worker.NewWorkflowReplayer()
			for name, w := range all {
				replayer.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: name})
			}
			recorded[history.Events[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()] = true
			started := history.Events[0].GetWorkflowExecutionStartedEventAttributes()
			err = replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
				// The ids of shards derive from the survey's.
				OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for name := range all {
		if !recorded[name] {
			t.Errorf("no history of %s is recorded", name)
		}
	}
}
