package workflows

import (
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

// Shard counts some hundreds of a survey's repositories, a window at a time,
// and keeps a summary. Each repository of the shard has exactly one outcome in
// it, whatever happened.
func Shard(ctx workflow.Context, request *gromav1.ShardRequest) (*gromav1.ShardResponse, error) {
	s := &shard{request: request, window: max(request.Window, 1), width: max(request.Window, 1), paused: request.Paused, queue: &queue{}, outcomes: map[string]int64{}}
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
	workflow.Go(ctx, s.hear)
	workflow.Go(ctx, s.tellSpent)
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
	window   int64 // how many may be in flight now
	width    int64 // the most that it was, by which hosts are measured
	paused   bool
	targets  []*gromav1.CensusTarget
	queue    *queue
	running  int64
	taken    []*gromav1.Taken // nil until the outcome is known
	since    []time.Time      // zero unless in flight
	outcomes map[string]int64
}

func (s *shard) begin(targets []*gromav1.CensusTarget) {
	s.targets = targets
	s.queue = newQueue(targets)
	s.taken = make([]*gromav1.Taken, len(targets))
	s.since = make([]time.Time, len(targets))
}

// countAll hands out the repositories, at most a window at a time, and waits
// for all.
func (s *shard) countAll(ctx, last workflow.Context) {
	wait := workflow.NewWaitGroup(ctx)
	for s.queue.waiting > 0 && workflow.Await(ctx, func() bool { return s.mayBegin(ctx) }) == nil {
		i := s.queue.take(s.next(ctx))
		s.running++
		s.since[i] = workflow.Now(ctx)
		wait.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wait.Done()
			taken, _ := take(ctx, &gromav1.TakeCensusRequest{Survey: s.request.Survey, Target: s.targets[i], Limits: s.request.Limits})
			s.running--
			s.queue.end(i)
			s.settle(i, taken)
		})
	}
	for _, i := range s.queue.rest() {
		s.settle(i, &gromav1.Taken{Key: s.targets[i].Key, Outcome: "failed", Reason: "the survey was cancelled before its turn"})
	}
	wait.Wait(last)
}

// mayBegin reports whether a repository may be handed out. Room in the window
// comes first: a shard that goes on after a pause begins no more at once than
// there is room for.
func (s *shard) mayBegin(ctx workflow.Context) bool {
	return s.running < s.window && !s.paused && s.next(ctx) != nil
}

// A census is slow that is in flight for longer than this. As a survey's window
// is twice what its workers take at once, a quarter of it is half of them.
const slowAfter = time.Minute

// next is the host whose turn it is, nil if there is none.
func (s *shard) next(ctx workflow.Context) *host {
	now := workflow.Now(ctx)
	return s.queue.next(s.width, func(i int) bool { return now.Sub(s.since[i]) > slowAfter })
}

// settle gives a repository its outcome.
func (s *shard) settle(i int, taken *gromav1.Taken) {
	s.since[i] = time.Time{}
	s.taken[i] = taken
	s.outcomes[taken.Outcome]++
}

// hear does what the survey says, for as long as the shard is not cancelled.
func (s *shard) hear(ctx workflow.Context) {
	window, paused := workflow.GetSignalChannel(ctx, windowSignal), workflow.GetSignalChannel(ctx, pausedSignal)
	selector := workflow.NewSelector(ctx)
	selector.AddReceive(window, func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, &s.window)
		s.width = max(s.width, s.window)
	})
	selector.AddReceive(paused, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &s.paused) })
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	for ctx.Err() == nil {
		selector.Select(ctx)
	}
}

// tellSpent tells the survey when nothing can be handed out for now, so that the
// next shard begins. From then on the shard keeps to what it has in flight; it
// tells again each time that is a quarter.
func (s *shard) tellSpent(ctx workflow.Context) {
	parent := workflow.GetInfo(ctx).ParentWorkflowExecution
	if parent == nil || workflow.Await(ctx, func() bool { return s.next(ctx) == nil }) != nil {
		return
	}
	for s.queue.waiting > 0 || s.running > 0 {
		kept := max(s.running, 1)
		s.window = kept
		told := workflow.SignalExternalWorkflow(ctx, parent.ID, parent.RunID, spentSignal, &gromav1.ShardSpent{Shard: s.request.Shard, Window: kept})
		if err := told.Get(ctx, nil); err != nil && ctx.Err() == nil {
			workflow.GetLogger(ctx).Warn("survey not told that its shard is spent", "survey", s.request.Survey, "shard", s.request.Shard, "error", err)
		}
		if workflow.Await(ctx, func() bool { return s.running <= kept/4 }) != nil {
			return
		}
	}
}

// oldest is how many of the censuses in flight a progress names.
const oldest = 5

func (s *shard) query() (*gromav1.Progress, error) {
	p := &gromav1.Progress{Survey: s.request.Survey, State: stateOf("counting", s.paused), Total: int64(len(s.targets)), Outcomes: maps.Clone(s.outcomes)}
	for _, h := range s.queue.hosts { // handed out in order, so each host's oldest come first
		for _, i := range h.running {
			p.Oldest = append(p.Oldest, &gromav1.Running{Key: s.targets[i].Key, Since: timestamppb.New(s.since[i])})
		}
	}
	slices.SortStableFunc(p.Oldest, func(a, b *gromav1.Running) int { return a.Since.AsTime().Compare(b.Since.AsTime()) })
	p.Oldest = p.Oldest[:min(len(p.Oldest), oldest)]
	p.Running = s.running
	p.Waiting = p.Total - p.Running - sum(s.outcomes)
	return p, nil
}
