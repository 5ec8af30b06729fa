package workflows

import (
	"errors"
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	gromav1 "groma/proto/groma/v1"
)

// How a rescan that came to nothing is tried again: after a quarter of a minute,
// then after twice as long each time up to a quarter of an hour, until four hours
// after the last push.
const (
	firstRest   = 15 * time.Second
	longestRest = 15 * time.Minute
	longestTry  = 4 * time.Hour
)

// GaveUp is the type of the error with which [RescanLater] ends if nothing could
// be found out.
const GaveUp = "gave-up"

// RescanLater rescans a repository whose host, or whose survey's storage, was
// away when somebody pushed, until something is found out. It is a workflow
// beside the rescan, so that who waits for that has its answer soon; each try is
// an ordinary rescan, so that two never look at a repository at once, and the
// older look is never handed over after the younger one. A push that comes to
// nothing meanwhile begins its time anew.
func RescanLater(ctx workflow.Context, request *gromav1.RescanRequest) error {
	pushes := workflow.GetSignalChannel(ctx, PushSignal)
	begun, rest := workflow.Now(ctx), firstRest
	for workflow.Now(ctx).Sub(begun) < longestTry {
		pushed, err := workflow.AwaitWithTimeout(ctx, rest, func() bool { return pushes.ReceiveAsync(nil) })
		if err != nil {
			return err
		}
		if long(ctx) {
			return workflow.NewContinueAsNewError(ctx, "RescanLater", request)
		}
		if pushed {
			begun, rest = workflow.Now(ctx), firstRest
			continue
		}
		again, err := tryAgain(ctx, request)
		if err != nil || !again {
			return err
		}
		rest = min(2*rest, longestRest)
	}
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf("%s could not be rescanned for %v", request.Repository, longestTry), GaveUp, nil)
}

// tryAgain rescans, and reports whether that has to be done again. One that runs
// is left alone: it may be of an older look.
func tryAgain(ctx workflow.Context, request *gromav1.RescanRequest) (again bool, err error) {
	rescan := workflow.ExecuteChildWorkflow(beside(ctx, RescanID(request.Repository), request), "Rescan",
		&gromav1.RescanRequest{Repository: request.Repository, Address: request.Address, Later: true})
	response := &gromav1.RescanResponse{}
	err = rescan.Get(ctx, response)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return mayPass(response, err), nil
}

// beside are the options of a workflow that goes on when this one has ended.
func beside(ctx workflow.Context, id string, request *gromav1.RescanRequest) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON, StaticSummary: request.Repository,
	})
}

// mayPass reports whether a rescan that ended so may end otherwise later.
func mayPass(response *gromav1.RescanResponse, err error) bool {
	return response.GetUndecided() || passes(err)
}

// passes reports whether a failure may pass: it is not permanent, and it is not
// that of a repository which costs the workers their lives.
func passes(err error) bool {
	var application *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case errors.As(err, &application):
		return !application.NonRetryable()
	case errors.As(err, &timeout):
		return timeout.TimeoutType() != enums.TIMEOUT_TYPE_HEARTBEAT
	}
	return err != nil
}

// tryLater has the repository rescanned again. What does so already is told that
// there was another push; it may end just then, so it is begun once more.
func (r *rescan) tryLater(ctx workflow.Context) {
	id := LaterID(r.request.Repository)
	for range 2 {
		err := workflow.ExecuteChildWorkflow(beside(ctx, id, r.request), "RescanLater",
			&gromav1.RescanRequest{Repository: r.request.Repository, Address: r.request.Address}).GetChildWorkflowExecution().Get(ctx, nil)
		if err != nil {
			err = workflow.SignalExternalWorkflow(ctx, id, "", PushSignal, &gromav1.RescanRequested{Repository: r.request.Repository}).Get(ctx, nil)
		}
		if err == nil {
			return
		}
		workflow.GetLogger(ctx).Warn("rescan not begun again", "repository", r.request.Repository, "error", err)
	}
}
