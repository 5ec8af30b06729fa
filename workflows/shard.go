package workflows

import (
	"maps"
	"time"

	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

// Shard counts some hundreds of a survey's repositories, a window at a time,
// and keeps a summary. Each repository of the shard has exactly one outcome in
// it, whatever happened.
func Shard(ctx workflow.Context, request *gromav1.ShardRequest) (*gromav1.ShardResponse, error) {
	s := &shard{request: request, outcomes: map[string]int64{}}
	if err := workflow.SetQueryHandler(ctx, ProgressQuery, s.query); err != nil {
		return nil, err
	}
	last, cancel := workflow.NewDisconnectedContext(ctx) // a cancelled shard seals what it has
	defer cancel()
	listed, err := listShard.run(last, &gromav1.ListShardRequest{Survey: request.Survey, Shard: request.Shard})
	if err != nil {
		return nil, err
	}
	s.begin(listed.Targets)
	s.countAll(ctx, last)
	_, err = summariseShard.run(last, &gromav1.SummariseShardRequest{Survey: request.Survey, Shard: request.Shard, Taken: s.taken})
	if err != nil {
		return nil, err
	}
	return &gromav1.ShardResponse{Outcomes: s.outcomes}, nil
}

// shard is what a running shard knows; the slices run alongside targets.
type shard struct {
	request  *gromav1.ShardRequest
	targets  []*gromav1.CensusTarget
	taken    []*gromav1.Taken // nil until the outcome is known
	since    []time.Time      // zero unless in flight
	outcomes map[string]int64
}

func (s *shard) begin(targets []*gromav1.CensusTarget) {
	s.targets = targets
	s.taken = make([]*gromav1.Taken, len(targets))
	s.since = make([]time.Time, len(targets))
}

// countAll hands out the repositories in order, at most a window at a time,
// tells the survey when the last is handed out, and waits for all.
func (s *shard) countAll(ctx, last workflow.Context) {
	window := workflow.NewSemaphore(ctx, max(s.request.Window, 1))
	wait := workflow.NewWaitGroup(ctx)
	for i, target := range s.targets {
		if window.Acquire(ctx, 1) != nil {
			s.settle(i, &gromav1.Taken{Key: target.Key, Outcome: "failed", Reason: "the survey was cancelled before its turn"})
			continue
		}
		s.since[i] = workflow.Now(ctx)
		wait.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wait.Done()
			defer window.Release(1)
			s.settle(i, s.take(ctx, target))
		})
	}
	s.tellSpent(ctx)
	wait.Wait(last)
}

// settle gives a repository its outcome.
func (s *shard) settle(i int, taken *gromav1.Taken) {
	s.since[i] = time.Time{}
	s.taken[i] = taken
	s.outcomes[taken.Outcome]++
}

// A census that ends through no fault of the repository is begun again: at
// once when a worker was lost, then after longer and longer pauses, since
// storage may be away. After this many times, about a quarter of an hour, the
// repository is held to be the cause.
const (
	restarts     = 20
	longestPause = time.Minute
)

// take takes the census of one repository; a failure is an outcome.
func (s *shard) take(ctx workflow.Context, target *gromav1.CensusTarget) *gromav1.Taken {
	request := &gromav1.TakeCensusRequest{Survey: s.request.Survey, Target: target, Limits: s.request.Limits}
	census := takeCensus.limit(s.attempt())
	response, err := census.run(ctx, request)
	for n := range restarts {
		if !ours(err) || n > 0 && workflow.Sleep(ctx, min(time.Second<<n, longestPause)) != nil {
			break
		}
		response, err = census.run(ctx, request)
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // whatever else was wrong with it
	}
	if err != nil {
		outcome, reason := outcomeOf(err)
		return &gromav1.Taken{Key: target.Key, Outcome: outcome, Reason: reason, Attempts: triesOf(err)}
	}
	return response.Taken
}

// attempt is how long one try may take. The census watches its own time; a
// minute later the worker is stuck.
func (s *shard) attempt() time.Duration {
	seconds := s.request.Limits.GetSeconds()
	if seconds <= 0 {
		seconds = 30 * 60 // as a census has it by default
	}
	return time.Duration(seconds)*time.Second + time.Minute
}

func (s *shard) tellSpent(ctx workflow.Context) {
	parent := workflow.GetInfo(ctx).ParentWorkflowExecution
	if parent == nil || ctx.Err() != nil {
		return
	}
	told := workflow.SignalExternalWorkflow(ctx, parent.ID, parent.RunID, spentSignal, s.request.Shard)
	if err := told.Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("survey not told that its shard is spent", "survey", s.request.Survey, "shard", s.request.Shard, "error", err)
	}
}

// oldest is how many of the censuses in flight a progress names.
const oldest = 5

func (s *shard) query() (*gromav1.Progress, error) {
	p := &gromav1.Progress{Survey: s.request.Survey, State: "counting", Total: int64(len(s.targets)), Outcomes: maps.Clone(s.outcomes)}
	for i, since := range s.since { // handed out in order, so the oldest come first
		if since.IsZero() {
			continue
		}
		p.Running++
		if len(p.Oldest) < oldest {
			p.Oldest = append(p.Oldest, &gromav1.Running{Key: s.targets[i].Key, Since: timestamppb.New(since)})
		}
	}
	p.Waiting = p.Total - p.Running - sum(s.outcomes)
	return p, nil
}
