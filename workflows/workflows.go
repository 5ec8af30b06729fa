// Package workflows decides what happens next to many repositories: in which
// order they are counted, how many at a time, and what becomes of one that
// cannot be.
//
// It is pure: it asks the world only through activities, so that any recorded
// history replays. Payloads are keys and small facts, never contents.
package workflows

import (
	"errors"
	"maps"
	"slices"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// all are the workflows by the names that histories have.
var all = map[string]any{"Survey": Survey, "Shard": Shard, "Rescan": Rescan, "RescanLater": RescanLater, "Edition": Edition, "Begin": Begin}

// Types are the names of all workflows, sorted.
func Types() []string { return slices.Sorted(maps.Keys(all)) }

// Register makes a worker run the workflows.
func Register(r worker.WorkflowRegistry) {
	for name, w := range all {
		r.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: name})
	}
}

// activity fixes the name, the types and the policy of an activity together,
// so that the compiler checks each call.
type activity[Request, Response any] struct {
	name    string
	options workflow.ActivityOptions
}

func (a activity[Request, Response]) run(ctx workflow.Context, request Request) (Response, error) {
	var response Response
	ctx = workflow.WithActivityOptions(ctx, a.options)
	err := workflow.ExecuteActivity(ctx, a.name, request).Get(ctx, &response)
	return response, err
}

// about returns the activity with a summary for people: what it is about.
func (a activity[Request, Response]) about(summary string) activity[Request, Response] {
	a.options.Summary = summary
	return a
}

// limit returns the activity with another limit on one attempt.
func (a activity[Request, Response]) limit(attempt time.Duration) activity[Request, Response] {
	a.options.StartToCloseTimeout = attempt
	return a
}

// Silence is how long a worker is not heard of until what it does is given to
// another: a few heartbeats.
const Silence = 15 * time.Second

// first is the priority of what comes before the repositories of surveys that
// wait for a worker: there are few of it, others wait for each, and a survey's
// backlog is as long as its window.
var first = temporal.Priority{PriorityKey: 1}

// bookkeeping is for activities that read and write storage: storage that is
// away for minutes is waited for, for hours it is not.
var bookkeeping = workflow.ActivityOptions{
	StartToCloseTimeout: 30 * time.Minute, // a hundred thousand censuses are read in one
	HeartbeatTimeout:    Silence,          // a dead worker's work is given to another soon
	RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 30},
	Priority:            first,
}

var (
	plan           = activity[*gromav1.PlanRequest, *gromav1.PlanResponse]{"Plan", bookkeeping}
	listShard      = activity[*gromav1.ListShardRequest, *gromav1.ListShardResponse]{"ListShard", bookkeeping}
	summariseShard = activity[*gromav1.SummariseShardRequest, *gromav1.SummariseShardResponse]{"SummariseShard", bookkeeping}
	aggregate      = activity[*gromav1.AggregateRequest, *gromav1.AggregateResponse]{"Aggregate", bookkeeping}
	catchUp        = activity[*gromav1.CatchUpRequest, *gromav1.CatchUpResponse]{"CatchUp", bookkeeping}

	findSurveys = activity[*gromav1.FindSurveysRequest, *gromav1.FindSurveysResponse]{"FindSurveys", bookkeeping}
	handOver    = activity[*gromav1.Rescanned, *gromav1.Rescanned]{"HandOver", bookkeeping}
	makeEdition = activity[*gromav1.ReviseRequest, *gromav1.ReviseResponse]{"MakeEdition", bookkeeping}
	prepare     = activity[*gromav1.StartSurveyRequest, *gromav1.PrepareResponse]{"Prepare", bookkeeping}

	// takeCensus gives a remote five tries within about a minute: long enough
	// for a host that restarts, short enough not to hold up a survey. What is
	// not the remote's fault ends the activity, and the shard begins it again.
	takeCensus = activity[*gromav1.TakeCensusRequest, *gromav1.TakeCensusResponse]{Census, workflow.ActivityOptions{
		HeartbeatTimeout:    Silence,
		WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: attempts,
			NonRetryableErrorTypes: []string{WorkerStopped, Trouble, "TemporalTimeout:Heartbeat"}},
	}}
)

const attempts = 5

// outcomeOf says what a census that could not be taken comes to, and why.
func outcomeOf(err error) (outcome, reason string) {
	var timeout *temporal.TimeoutError
	var application *temporal.ApplicationError
	switch {
	case temporal.IsCanceledError(err):
		return "failed", "the survey was cancelled while it was being counted"
	case errors.As(err, &timeout) && timeout.TimeoutType() == enums.TIMEOUT_TYPE_HEARTBEAT:
		return "failed", "every worker that counted it was lost; it may need more memory than they have"
	case errors.As(err, &timeout):
		return "timed-out", "it took longer than it may"
	case errors.As(err, &application) && application.Type() == "timed-out":
		return "timed-out", fault.Clip(application.Message(), longestReason)
	case errors.As(err, &application):
		return "failed", fault.Clip(application.Message(), longestReason)
	}
	return "failed", fault.Clip(err.Error(), longestReason)
}

// longestReason bounds what one outcome adds to a payload.
const longestReason = 300

// WorkerStopped is the type of the error with which a worker that is told to
// stop hands back a census.
const WorkerStopped = "worker-stopped"

// Trouble is the type of an error that is neither the remote's nor the
// repository's: storage that is away, a disk that is full.
const Trouble = "trouble"

// ours reports whether a census ended for a reason that says nothing about the
// repository: its worker stopped or was not heard of again, or has trouble.
func ours(err error) bool {
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return timeout.TimeoutType() == enums.TIMEOUT_TYPE_HEARTBEAT
	}
	var application *temporal.ApplicationError
	return errors.As(err, &application) && (application.Type() == WorkerStopped || application.Type() == Trouble)
}

// count adds one map of outcomes to another. Order does not matter to a sum,
// so this is the one place where a map may be ranged over.
func count(total, more map[string]int64) {
	keys := workflow.DeterministicKeys(more)
	for _, outcome := range keys {
		total[outcome] += more[outcome]
	}
}

func sum(outcomes map[string]int64) int64 {
	var n int64
	for _, outcome := range workflow.DeterministicKeys(outcomes) {
		n += outcomes[outcome]
	}
	return n
}

// triesOf is how often a census was tried that ended in this error. A worker
// sends the number along; what ended without its word was the last try.
func triesOf(err error) int64 {
	var application *temporal.ApplicationError
	var tries int64
	if errors.As(err, &application) && application.HasDetails() && application.Details(&tries) == nil {
		return tries
	}
	var failed *temporal.ActivityError
	if errors.As(err, &failed) && failed.RetryState() == enums.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED {
		return attempts
	}
	return 1
}
