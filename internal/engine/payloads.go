package engine

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"groma/internal/sealed"
)

// Legible fails, with a [Refusal], if a survey that waits for work on this task
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

// mostSurveys is how many surveys that run are looked at.
const mostSurveys = 1000

// illegible says which survey runs, on one task queue or on any, and cannot be
// read, and why. Nil is none, or that it cannot be told.
func illegible(ctx context.Context, temporal client.Client, namespace, queue string, payloads converter.DataConverter) error {
	listed, err := temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: namespace, PageSize: mostSurveys, Query: "WorkflowType = 'Survey' AND ExecutionStatus = 'Running'",
	})
	if err != nil {
		return nil
	}
	for _, run := range listed.GetExecutions() {
		if queue != "" && run.GetTaskQueue() != queue {
			continue
		}
		if err := shutMemo(run.GetMemo(), payloads); err != nil {
			return fmt.Errorf("workflow %s, which runs: %w", run.GetExecution().GetWorkflowId(), err)
		}
	}
	return nil
}

// shutMemo is why a memo cannot be read, nil if it can.
func shutMemo(memo *common.Memo, payloads converter.DataConverter) error {
	for _, payload := range memo.GetFields() {
		var shut *sealed.Error
		if err := payloads.FromPayload(payload, new(any)); errors.As(err, &shut) {
			return shut
		}
	}
	return nil
}
