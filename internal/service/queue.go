package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect/v2"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"groma/workflows"
)

// pollTime is the age at which a worker's question for work is forgotten: each
// waits for a minute, then asks again.
const pollTime = 90 * time.Second

// QueueOf is the task queue on which the unfinished survey with a fingerprint
// waits for workers, or empty if there is none; attended says whether some ask
// there. A survey stays on the queue that it was begun on, whoever goes on with
// it. What this process cannot read with these payloads' keys is an error: its
// worker could not, either.
func QueueOf(ctx context.Context, temporal client.Client, payloads converter.DataConverter, fingerprint string) (queue string, attended bool, err error) {
	described, err := temporal.DescribeWorkflowExecution(ctx, workflows.ID(fingerprint), "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look for an unfinished survey: %w", err)
	}
	r := &run{status: described.GetWorkflowExecutionInfo().GetStatus()}
	if !r.running() {
		return "", false, nil
	}
	if _, err := surveyOf(described.GetWorkflowExecutionInfo().GetMemo(), payloads); err != nil {
		return "", false, fmt.Errorf("look for an unfinished survey: %w", err)
	}
	queue = described.GetExecutionConfig().GetTaskQueue().GetName()
	attended, err = isAttended(ctx, temporal, queue)
	return queue, attended, err
}

// isAttended reports whether some worker has lately asked for work on a queue.
func isAttended(ctx context.Context, temporal client.Client, queue string) (bool, error) {
	described, err := temporal.DescribeTaskQueue(ctx, queue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return false, fmt.Errorf("ask who works on %s: %w", queue, err)
	}
	for _, poller := range described.GetPollers() {
		if time.Since(poller.GetLastAccessTime().AsTime()) < pollTime {
			return true, nil
		}
	}
	return false, nil
}

// unattended is why a survey that runs does not get on: it was begun on a queue
// that is none of this server's, and whose worker has gone. Such a worker's
// mirrors and credentials are for that survey, so that no other takes its place.
func (s *Service) unattended(ctx context.Context, id, fingerprint string, r *run) error {
	if s.Private || r.queue == "" || r.queue == s.queue(fingerprint) {
		return nil
	}
	attended, err := isAttended(ctx, s.Temporal, r.queue)
	if err != nil || attended {
		return err
	}
	return connect.Errorf(connect.CodeFailedPrecondition, "survey %s was begun by 'groma survey' beside this server, and its command has ended: "+
		"give that command again where this server's data is and while the server is stopped, or end the survey there with 'groma cancel %s'", id, id)
}
