package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"groma/internal/sealed"
	"groma/workflows"
)

// Legible fails, with a [Refusal], if a workflow that waits for work on this task
// queue is sealed so that this process cannot read it: a worker would begin what
// it cannot do, again and again. Where Temporal does not say, none is.
func (e *Engine) Legible(ctx context.Context, queue string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	shut := illegible(ctx, e.Temporal, e.namespace, queue, e.Payloads)
	if shut == nil {
		return nil
	}
	return &Refusal{What: "no work on task queue " + queue, Err: shut,
		Next: "give every server and worker of a cluster the same keys, in any order"}
}

// mostRuns is how many workflows that run are looked at, and mostInputs of how many
// what they were asked is read, each by a question of its own.
const (
	mostRuns   = 1000
	mostInputs = 200
)

// illegible says which workflow runs, on one task queue or on any, and cannot be
// read, and why. Nil is none, or that it cannot be told. Surveys have a memo, which
// is on the list; of rescans and all others, what they were asked is looked at.
func illegible(ctx context.Context, temporal client.Client, namespace, queue string, payloads converter.DataConverter) error {
	listed, err := temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: namespace, PageSize: mostRuns, Query: "WorkflowType IN ('" + strings.Join(workflows.Types(), "', '") + "') AND ExecutionStatus = 'Running'",
	})
	if err != nil {
		return nil
	}
	inputs := 0
	for _, run := range listed.GetExecutions() {
		if queue != "" && run.GetTaskQueue() != queue {
			continue
		}
		seen := memoOf(run.GetMemo())
		if len(seen) == 0 && inputs < mostInputs {
			inputs++
			seen = inputOf(ctx, temporal, namespace, run.GetExecution())
		}
		if err := shutOf(seen, payloads); err != nil {
			return fmt.Errorf("workflow %s, which runs: %w", run.GetExecution().GetWorkflowId(), err)
		}
	}
	return nil
}

// inputOf is what a workflow was asked, nil if it cannot be told.
func inputOf(ctx context.Context, temporal client.Client, namespace string, run *common.WorkflowExecution) []*common.Payload {
	history, err := temporal.WorkflowService().GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: namespace, Execution: run, MaximumPageSize: 1,
	})
	if err != nil || len(history.GetHistory().GetEvents()) == 0 {
		return nil
	}
	return history.History.Events[0].GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()
}

func memoOf(memo *common.Memo) []*common.Payload {
	return slices.Collect(maps.Values(memo.GetFields()))
}

// shutOf is why some payloads cannot be read, nil if they can.
func shutOf(seen []*common.Payload, payloads converter.DataConverter) error {
	for _, payload := range seen {
		var shut *sealed.Error
		if err := payloads.FromPayload(payload, new(any)); errors.As(err, &shut) {
			return shut
		}
	}
	return nil
}
