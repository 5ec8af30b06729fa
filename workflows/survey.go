package workflows

import (
	"go.temporal.io/sdk/workflow"
	"maps"

	gromav1 "groma/proto/groma/v1"
)

// shardsInFlight is how many shards may overlap: one that counts, one that
// begins while the first one's last repositories end, and room for stragglers.
const shardsInFlight = 4

// Survey counts every repository of a landscape, shard by shard, and reports.
// A repository that cannot be counted is a row of the report. A survey that is
// cancelled reports what it has.
func Survey(ctx workflow.Context, request *gromav1.SurveyRequest) (*gromav1.SurveyResponse, error) {
	s := &survey{request: request, progress: &gromav1.Progress{Survey: request.Survey, State: "planning"}, outcomes: map[string]int64{}}
	if err := workflow.SetQueryHandler(ctx, ProgressQuery, s.query); err != nil {
		return nil, err
	}
	planned, err := plan.run(ctx, &gromav1.PlanRequest{
		Survey: request.Survey, Spec: request.Spec, StartedAt: request.StartedAt, ShardSize: request.ShardSize,
	})
	if err != nil {
		return nil, err
	}
	s.progress.Total = planned.Repositories
	count(s.outcomes, planned.Outcomes)
	s.progress.State = "counting"
	s.countShards(ctx, planned.Shards)

	s.progress.State = "reporting"
	last, cancel := workflow.NewDisconnectedContext(ctx) // a cancelled survey reports, too
	defer cancel()
	report, err := aggregate.run(last, &gromav1.AggregateRequest{Survey: request.Survey, Shards: planned.Shards})
	if err != nil {
		return nil, err
	}
	s.progress.State = "done"
	s.outcomes = report.Outcomes
	return &gromav1.SurveyResponse{Survey: request.Survey, Report: report.Report, Outcomes: report.Outcomes}, ctx.Err()
}

// survey is what a running survey knows.
type survey struct {
	request  *gromav1.SurveyRequest
	progress *gromav1.Progress
	outcomes map[string]int64 // of the shards that are done

	shards []shardState
}

type shardState struct{ started, spent, done bool }

// countShards starts each shard when the one before has handed out its last
// repository, so that a slow repository holds up nobody. A shard that fails
// leaves its repositories without an outcome, which the report then says.
func (s *survey) countShards(ctx workflow.Context, shards int64) {
	s.shards = make([]shardState, shards)
	listening, stop := workflow.WithCancel(ctx)
	defer stop()
	workflow.Go(listening, s.hearSpent)

	wait := workflow.NewWaitGroup(ctx)
	for n := range shards {
		if workflow.Await(ctx, func() bool { return s.ready(n) }) != nil {
			break // cancelled
		}
		s.shards[n].started = true
		wait.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wait.Done()
			s.countShard(ctx, n)
		})
	}
	last, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	wait.Wait(last)
}

func (s *survey) countShard(ctx workflow.Context, n int64) {
	var response *gromav1.ShardResponse
	err := workflow.ExecuteChildWorkflow(childOptions(ctx, n), "Shard", &gromav1.ShardRequest{
		Survey: s.request.Survey, Shard: n, Window: s.request.Window, Limits: s.request.Spec.GetLimits(),
	}).Get(ctx, &response)
	s.shards[n].done = true
	if err != nil {
		workflow.GetLogger(ctx).Error("shard failed", "survey", s.request.Survey, "shard", n, "error", err)
		return
	}
	count(s.outcomes, response.Outcomes)
}

func (s *survey) hearSpent(ctx workflow.Context) {
	spent := workflow.GetSignalChannel(ctx, spentSignal)
	for ctx.Err() == nil {
		selector := workflow.NewSelector(ctx)
		selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
		selector.AddReceive(spent, func(c workflow.ReceiveChannel, _ bool) {
			var n int64
			c.Receive(ctx, &n)
			if 0 <= n && n < int64(len(s.shards)) {
				s.shards[n].spent = true
			}
		})
		selector.Select(ctx)
	}
}

// ready reports whether shard n may start.
func (s *survey) ready(n int64) bool {
	running := 0
	for _, shard := range s.shards[:n] {
		if shard.started && !shard.done {
			running++
		}
	}
	before := n == 0 || s.shards[n-1].spent || s.shards[n-1].done
	return before && running < shardsInFlight
}

// query answers how far the survey is. What the shards in flight know is
// theirs to tell, so the repositories they hold count as waiting here.
func (s *survey) query() (*gromav1.Progress, error) {
	p := &gromav1.Progress{Survey: s.progress.Survey, State: s.progress.State, Total: s.progress.Total, Outcomes: maps.Clone(s.outcomes)}
	for n, shard := range s.shards {
		if shard.started && !shard.done {
			p.Shards = append(p.Shards, int64(n))
		}
	}
	p.Waiting = p.Total - sum(s.outcomes)
	return p, nil
}
