package service

import (
	"context"
	"errors"
	"slices"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// queryPatience is how long a workflow has to say how far it is: a worker that
// is busy counting answers within it, and none answers where there is none.
const queryPatience = 5 * time.Second

// mostOldest is how many censuses in flight a progress names.
const mostOldest = 5

// progress adds what is known of the shards in flight to what a survey's workflow
// knows. It fails if any of them does not answer, since half an answer would
// look like a step back.
func (s *Service) progress(ctx context.Context, workflow string) (*gromav1.Progress, error) {
	total, err := s.query(ctx, workflow)
	if err != nil {
		return nil, err
	}
	for _, n := range total.Shards {
		shard, err := s.shardProgress(ctx, workflows.ShardID(workflow, n))
		var missing *serviceerror.NotFound
		if errors.As(err, &missing) {
			continue // it has not begun
		}
		if err != nil {
			return nil, err
		}
		total.Running += shard.Running
		total.Waiting -= shard.Running
		for outcome, n := range shard.Outcomes {
			total.Outcomes[outcome] += n
			total.Waiting -= n
		}
		total.Oldest = append(total.Oldest, shard.Oldest...)
	}
	slices.SortStableFunc(total.Oldest, func(a, b *gromav1.Running) int { return a.Since.AsTime().Compare(b.Since.AsTime()) })
	total.Oldest = total.Oldest[:min(len(total.Oldest), mostOldest)]
	total.Shards = nil // they are added up
	return total, nil
}

// shardProgress is what a shard says, but for what it cannot know: of those that
// it has handed out some may wait for a worker that has room.
func (s *Service) shardProgress(ctx context.Context, workflow string) (*gromav1.Progress, error) {
	p, err := s.query(ctx, workflow)
	if err != nil || p.Running == 0 {
		return p, err
	}
	begun, err := s.begunBy(ctx, workflow)
	if err != nil {
		return nil, err
	}
	begun = min(begun, p.Running) // one may have ended meanwhile, and another have begun
	p.Waiting += p.Running - begun
	p.Running = begun
	p.Oldest = p.Oldest[:min(int64(len(p.Oldest)), begun)] // workers take them in turn
	return p, nil
}

// begunBy is how many of a shard's censuses workers have begun, those among them
// that wait to be tried again.
func (s *Service) begunBy(ctx context.Context, workflow string) (begun int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryPatience)
	defer cancel()
	described, err := s.Temporal.DescribeWorkflowExecution(ctx, workflow, "")
	if err != nil {
		return 0, err
	}
	for _, a := range described.GetPendingActivities() {
		first := a.GetState() == enums.PENDING_ACTIVITY_STATE_SCHEDULED && a.GetAttempt() <= 1
		if a.GetActivityType().GetName() == workflows.Census && !first {
			begun++
		}
	}
	return begun, nil
}

func (s *Service) query(ctx context.Context, workflow string) (*gromav1.Progress, error) {
	ctx, cancel := context.WithTimeout(ctx, queryPatience)
	defer cancel()
	value, err := s.Temporal.QueryWorkflow(ctx, workflow, "", workflows.ProgressQuery)
	if err != nil {
		return nil, err
	}
	p := &gromav1.Progress{}
	if err := value.Get(p); err != nil {
		return nil, err
	}
	if p.Outcomes == nil {
		p.Outcomes = map[string]int64{}
	}
	return p, nil
}

// done is how many repositories have their outcome.
func done(p *gromav1.Progress) (n int64) {
	for _, count := range p.GetOutcomes() {
		n += count
	}
	return n
}
