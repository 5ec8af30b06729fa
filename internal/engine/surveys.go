package engine

import (
	"context"
	"fmt"

	"go.temporal.io/api/workflowservice/v1"

	"groma/workflows"
)

// runningStates are those of surveys that are not over.
var runningStates = []string{"planning", "counting", "paused", "reporting"}

// Surveys counts the surveys that run, by state, as Temporal's visibility has
// them: about a second late, and only where surveys can be searched for.
func (e *Engine) Surveys(ctx context.Context) (map[string]int64, error) {
	found := map[string]int64{}
	for _, state := range runningStates {
		counted, err := e.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: e.namespace,
			Query:     fmt.Sprintf("WorkflowType = 'Survey' AND ExecutionStatus = 'Running' AND %s = '%s'", workflows.SearchState, state),
		})
		if err != nil {
			return nil, fmt.Errorf("count surveys: %w", err)
		}
		found[state] = counted.Count
	}
	return found, nil
}
