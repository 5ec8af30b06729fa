// Package workers implements the activities: each translates a request into
// one call of a plain package, with a heartbeat around it and a verdict after.
//
// What has happened is told only after it is kept, and under an id of its own,
// so that a notice never lies and a retry tells it once.
package workers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/census"
	"groma/internal/fault"
	"groma/internal/notice"
	"groma/internal/source"
	"groma/internal/survey"
	"groma/internal/telemetry"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// Config is what a worker works with.
type Config struct {
	Taker   *census.Taker // nil hands every census back: for a worker that only ends surveys
	Store   artefact.Store
	Notices *notice.Bus // nil tells nobody
	Log     *slog.Logger
	// Concurrency is how many censuses are taken at once; at least 1.
	Concurrency int
	// Queue is the task queue of the survey that the worker is for, or the one
	// that a cluster shares.
	Queue string
	// Roles is what the worker does; zero means all.
	Roles Roles
	// Temporal is where rescans are handed over to what makes editions; nil
	// means the worker's own.
	Temporal client.Client
	// Window is that of scheduled surveys that ask for none; zero means twice
	// the concurrency. Searchable says that Temporal has the search attributes
	// of surveys.
	Window     int64
	Searchable bool
	// Sources reads what schedules name; nil reads https from public addresses.
	Sources *source.Remote
	// Metrics hear of what comes of repositories beside censuses; nil ones do not.
	Metrics *telemetry.Metrics
}

// window is that of surveys that ask for none.
func (c *Config) window() int64 {
	if c.Window > 0 {
		return c.Window
	}
	return 2 * int64(max(c.Concurrency, 1))
}

// Roles are what a worker does.
type Roles uint8

// Census is the activities: all that asks the world and takes the machine's
// power. Workflows decides what is next, which takes little.
const (
	Census Roles = 1 << iota
	Workflows
)

// New makes a worker that runs workflows and activities, not yet started.
// When it is stopped it hands back the censuses it is taking.
func New(c client.Client, config Config) worker.Worker {
	if config.Roles == 0 {
		config.Roles = Census | Workflows
	}
	if config.Temporal == nil {
		config.Temporal = c
	}
	w := worker.New(c, config.Queue, worker.Options{
		DisableWorkflowWorker:              config.Roles&Workflows == 0,
		LocalActivityWorkerOnly:            config.Roles&Census == 0,
		WorkerStopTimeout:                  handBack,
		MaxConcurrentActivityExecutionSize: max(config.Concurrency, 1),
		MaxHeartbeatThrottleInterval:       beat,             // or a cancellation is heard of late
		DeadlockDetectionTimeout:           10 * time.Second, // censuses starve workflows of the processor, but not for ever
		DisableRegistrationAliasing:        true,
		Interceptors:                       []interceptor.WorkerInterceptor{&panics{log: config.Log}},
	})
	if config.Roles&Workflows != 0 {
		workflows.Register(w)
	}
	if config.Roles&Census != 0 {
		w.RegisterActivity(&Activities{Config: config})
	}
	return w
}

// Activities are the activities that package workflows names.
type Activities struct {
	Config
	manifests manifests
}

// Plan reads a survey's sources and keeps its manifest.
func (a *Activities) Plan(ctx context.Context, request *gromav1.PlanRequest) (*gromav1.PlanResponse, error) {
	ctx, done := alive(ctx)
	defer done()
	manifest, err := survey.Plan(ctx, a.Store, request)
	if err != nil {
		return nil, verdict(ctx, err)
	}
	landscape := manifest.GetLandscape()
	repositories := int64(len(landscape.GetRepositories()))
	a.tell(ctx, request.Survey, "planned", &gromav1.Notice{Event: &gromav1.Notice_Planned{Planned: &gromav1.Planned{
		Projects: int64(len(landscape.GetProjects())), Repositories: repositories, Warnings: int64(len(landscape.GetWarnings())),
	}}})
	return &gromav1.PlanResponse{Repositories: repositories, Shards: survey.Shards(manifest), Outcomes: survey.Decided(manifest)}, nil
}

// ListShard reads which repositories a shard has.
func (a *Activities) ListShard(ctx context.Context, request *gromav1.ListShardRequest) (*gromav1.ListShardResponse, error) {
	ctx, done := alive(ctx)
	defer done()
	manifest, err := a.manifests.get(ctx, a.Store, request.Survey)
	if err != nil {
		return nil, verdict(ctx, err)
	}
	targets, err := survey.Targets(manifest, request.Shard)
	return &gromav1.ListShardResponse{Targets: targets}, verdict(ctx, err)
}

// TakeCensus takes the census of one repository.
func (a *Activities) TakeCensus(ctx context.Context, request *gromav1.TakeCensusRequest) (*gromav1.TakeCensusResponse, error) {
	ctx, done := alive(ctx)
	defer done()
	if a.Taker == nil {
		return nil, temporal.NewApplicationError("this worker takes no censuses", workflows.WorkerStopped)
	}
	asked := census.RequestFor(request.Survey, request.GetTarget(), request.Limits)
	asked.Last = lastTry(ctx)
	taken, err := a.Taker.Take(ctx, asked)
	if kind := fault.KindOf(err); request.Rescan != "" && kind != fault.Unknown && lastTry(ctx) {
		a.Metrics.Rescanned(census.Outcome(kind))
	}
	if err != nil {
		return nil, verdict(ctx, err)
	}
	taken.Attempts = tries(ctx)
	if request.Survey != "" { // a rescan that no survey asks for
		a.tellTaken(ctx, request.Survey, request.Rescan, taken)
	}
	if request.Rescan != "" {
		a.Metrics.Rescanned(taken.Outcome)
	}
	return &gromav1.TakeCensusResponse{Taken: taken}, nil
}

// SummariseShard seals a shard. What its workflow alone decided, the failures
// of repositories whose tries ran out, is told here.
func (a *Activities) SummariseShard(ctx context.Context, request *gromav1.SummariseShardRequest) (*gromav1.SummariseShardResponse, error) {
	ctx, done := alive(ctx)
	defer done()
	key, err := survey.SummariseShard(ctx, a.Store, request)
	if err != nil {
		return nil, verdict(ctx, err)
	}
	for _, taken := range request.Taken {
		if taken.Seconds == 0 {
			a.Metrics.Decided(taken.Outcome)
		}
	}
	for _, taken := range request.Taken {
		decided := taken.Seconds == 0 // by the workflow: a census takes time
		if decided && !a.tellTaken(ctx, request.Survey, "", taken) {
			break // nobody listens; waiting for each would take longer than the activity may
		}
	}
	return &gromav1.SummariseShardResponse{Summary: key}, nil
}

// Aggregate makes the report of a survey.
func (a *Activities) Aggregate(ctx context.Context, request *gromav1.AggregateRequest) (*gromav1.AggregateResponse, error) {
	ctx, done := alive(ctx)
	defer done()
	outcomes, key, err := survey.Aggregate(ctx, a.Store, request)
	if err != nil {
		return nil, verdict(ctx, err)
	}
	a.tell(ctx, request.Survey, "reported", &gromav1.Notice{Event: &gromav1.Notice_Reported{Reported: &gromav1.Reported{Report: key, Outcomes: outcomes}}})
	return &gromav1.AggregateResponse{Report: key, Outcomes: outcomes}, nil
}

// tellTaken tells what came of a repository. What a rescan found is another
// event than what the survey did.
func (a *Activities) tellTaken(ctx context.Context, id, rescan string, taken *gromav1.Taken) bool {
	event := "taken/" + taken.Key
	if rescan != "" {
		event = "rescanned/" + rescan + "/" + taken.Key
	}
	return a.tell(ctx, id, event, &gromav1.Notice{Event: &gromav1.Notice_Taken{Taken: taken}})
}

// tell publishes a notice and reports whether it was taken. Losing one harms
// nobody, so a failure is only logged.
func (a *Activities) tell(ctx context.Context, id, event string, n *gromav1.Notice) bool {
	n.Id, n.Survey, n.At = id+"/"+event, id, timestamppb.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := a.Notices.Publish(ctx, n)
	if err != nil {
		a.Log.WarnContext(ctx, "notice lost", "survey", id, "event", event, "error", err)
	}
	return err == nil
}

// patience is how long a census waits for a notice to be taken.
const patience = 5 * time.Second

// beat is how often an activity says that it is alive: a few times within the
// timeout that workflows give it.
const beat = 4 * time.Second

// handBack is how long a worker that is told to stop waits for its censuses to
// end, which they do at once: see alive.
const handBack = 5 * time.Second

var errStopped = errors.New("the worker was stopped")

// alive says that the activity is, until the returned function is called. The
// returned context ends when the worker is told to stop, too, so that what it
// holds is handed back at once and not found missing later.
func alive(ctx context.Context) (context.Context, func()) {
	stopping := activity.GetWorkerStopChannel(ctx)
	inner, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			case <-stopping:
				cancel(errStopped)
				stopping = nil
			case <-inner.Done():
				return
			}
		}
	}()
	return inner, func() {
		cancel(nil)
		<-done
	}
}

// verdict tells Temporal what to do about a failure: the kind goes along as
// the error's type, a permanent one is not tried again, and a remote that
// asked to be left alone is. What has no kind is trouble of ours.
func verdict(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return givenUp(ctx)
	}
	kind := fault.KindOf(err)
	name := string(kind)
	if kind == fault.Unknown {
		name = workflows.Trouble
	}
	return temporal.NewApplicationErrorWithOptions(fault.Clip(err.Error(), longestMessage), name, temporal.ApplicationErrorOptions{
		NonRetryable:   kind.Permanent(),
		NextRetryDelay: min(fault.RetryAfter(err), longestDelay),
		Details:        []any{tries(ctx)},
	})
}

// givenUp says why an activity was given up in its middle. Temporal's library
// ends one, too, whose heartbeats do not arrive: Temporal is away, or slow. That
// says nothing about a repository, nor does it mean that nobody wants it.
func givenUp(ctx context.Context) error {
	cause := context.Cause(ctx)
	switch {
	case cause == errStopped:
		return temporal.NewApplicationError(errStopped.Error(), workflows.WorkerStopped)
	case cause == context.Canceled, temporal.IsCanceledError(cause), errors.Is(cause, activity.ErrActivityPaused), errors.Is(cause, activity.ErrActivityReset):
		return ctx.Err() // it is not wanted any more
	}
	return temporal.NewApplicationError(fault.Clip("this worker has lost touch with Temporal: "+cause.Error(), longestMessage), workflows.Trouble, tries(ctx))
}

// tries is which try of its activity this is.
func tries(ctx context.Context) int64 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return int64(activity.GetInfo(ctx).Attempt)
}

// lastTry reports whether this try of its activity is the last that it may have.
// Who calls one by itself has no other.
func lastTry(ctx context.Context) bool {
	if !activity.IsActivity(ctx) {
		return true
	}
	info := activity.GetInfo(ctx)
	return info.RetryPolicy != nil && info.RetryPolicy.MaximumAttempts > 0 && info.Attempt >= info.RetryPolicy.MaximumAttempts
}

// longestMessage bounds what an error adds to a workflow's history.
const longestMessage = 1000

// longestDelay bounds what a remote can make a survey wait.
const longestDelay = 5 * time.Minute
