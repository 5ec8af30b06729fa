package workflows

import (
	"fmt"
	"maps"
	"strings"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// shardsInFlight is how many shards may overlap: one that counts, one that
// begins while the first one's last repositories end, and room for stragglers.
const shardsInFlight = 4

// Survey counts every repository of a landscape, shard by shard, and reports.
// A repository that cannot be counted is a row of the report. A survey that is
// cancelled reports what it has. A long one goes on in another run of the same
// workflow.
func Survey(ctx workflow.Context, request *gromav1.SurveyRequest) (*gromav1.SurveyResponse, error) {
	s := &survey{request: request, far: &gromav1.Carried{}, state: "planning", forward: workflow.NewMutex(ctx)}
	if err := s.listen(ctx); err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	last, cancel := workflow.NewDisconnectedContext(ctx) // a cancelled survey reports, too
	defer cancel()
	if long := s.countShards(ctx, last); long {
		if err := s.handOn(ctx, last); err != nil {
			return nil, err
		}
	}
	s.enter(last, "reporting")
	report, err := aggregate.run(last, &gromav1.AggregateRequest{Survey: request.Survey, Shards: s.far.Shards, Cancelled: ctx.Err() != nil})
	if err != nil {
		return nil, err
	}
	s.far.Outcomes = report.Outcomes
	s.catchUp(ctx)
	s.enter(last, "done")
	return &gromav1.SurveyResponse{Survey: request.Survey, Report: report.Report, Outcomes: report.Outcomes}, ctx.Err()
}

// catchUp has those repositories rescanned that were pushed to while the survey
// ran: it had no report to revise. Rescans revise no report of a past instant,
// nor that of a survey which was cancelled; and where a process surveys for
// itself nobody else hears of pushes, nor would anybody be left to rescan.
func (s *survey) catchUp(ctx workflow.Context) {
	info := workflow.GetInfo(ctx)
	own := info.TaskQueueName == TaskQueue(strings.TrimPrefix(info.WorkflowExecution.ID, ID("")))
	if own || ctx.Err() != nil || s.request.Spec.GetAsOf() != nil {
		return
	}
	_, err := catchUp.run(ctx, &gromav1.CatchUpRequest{Survey: s.request.Survey, StartedAt: s.request.StartedAt})
	if err != nil {
		workflow.GetLogger(ctx).Error("pushes while the survey ran are not heard", "survey", s.request.Survey, "error", err)
	}
}

// survey is what a running survey knows.
type survey struct {
	request *gromav1.SurveyRequest
	state   string
	far     *gromav1.Carried // how far it is; its outcomes are of the shards that are done
	shards  []shardState     // of this run and, as zeros, of those before
	forward workflow.Mutex   // held while the shards are told that the survey is paused, or is not
}

// shardState is a shard; window is how many censuses it may have in flight.
type shardState struct {
	started, spent, done bool
	window               int64
	child                workflow.ChildWorkflowFuture
}

func (s *shardState) inFlight() bool { return s.started && !s.done }

// begin plans, or takes over from the run before.
func (s *survey) begin(ctx workflow.Context) error {
	if s.request.Carried != nil {
		s.far = proto.Clone(s.request.Carried).(*gromav1.Carried)
	} else {
		s.enter(ctx, "planning")
		planned, err := plan.run(ctx, &gromav1.PlanRequest{
			Survey: s.request.Survey, Spec: s.request.Spec, StartedAt: s.request.StartedAt, ShardSize: s.request.ShardSize,
		})
		if err != nil {
			return err
		}
		s.far.Repositories, s.far.Shards, s.far.Outcomes = planned.Repositories, planned.Shards, planned.Outcomes
	}
	if s.far.Outcomes == nil {
		s.far.Outcomes = map[string]int64{}
	}
	s.shards = make([]shardState, s.far.Shards)
	s.enter(ctx, "counting")
	return nil
}

// countShards starts each shard when the one before has no more to hand out,
// so that a slow repository holds up nobody. A shard that fails leaves its
// repositories without an outcome, which the report then says. It reports
// whether another run has to go on.
func (s *survey) countShards(ctx, last workflow.Context) (long bool) {
	listening, stop := workflow.WithCancel(ctx)
	defer stop()
	workflow.Go(listening, s.hearSpent)

	wait := workflow.NewWaitGroup(ctx)
	for first := s.far.Next; s.far.Next < s.far.Shards && !long; {
		n := s.far.Next
		if workflow.Await(ctx, func() bool { return s.ready(n) }) != nil {
			break // cancelled
		}
		if long = s.long(ctx, n-first); long {
			break
		}
		s.start(ctx, n)
		s.far.Next++
		wait.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wait.Done()
			s.await(ctx, n)
		})
	}
	wait.Wait(last)
	return long && ctx.Err() == nil
}

// long reports whether this run is long enough after so many shards.
func (s *survey) long(ctx workflow.Context, shards int64) bool {
	if s.request.RunShards > 0 {
		return shards >= s.request.RunShards
	}
	return shards > 0 && workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// handOn has another run go on, once no shard is in flight and nobody is being
// answered. A survey that is cancelled meanwhile has no other run, and nil is
// returned.
func (s *survey) handOn(ctx, last workflow.Context) error {
	if err := workflow.Await(last, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil
	}
	next := proto.Clone(s.request).(*gromav1.SurveyRequest)
	next.Carried = s.far
	return workflow.NewContinueAsNewError(ctx, "Survey", next)
}

// ready reports whether shard n may start.
func (s *survey) ready(n int64) bool {
	var running int64
	for i := range s.shards[:n] {
		if s.shards[i].inFlight() {
			running++
		}
	}
	before := n == 0 || !s.shards[n-1].inFlight() || s.shards[n-1].spent
	return before && running < shardsInFlight
}

// start starts shard n with what room there is.
func (s *survey) start(ctx workflow.Context, n int64) {
	window := s.room(n)
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:          ShardID(workflow.GetInfo(ctx).WorkflowExecution.ID, n),
		WaitForCancellation: true, // a cancelled shard seals what it has
		ParentClosePolicy:   enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		StaticSummary:       fmt.Sprintf("%s, shard %d", s.request.Survey, n),
	})
	child := workflow.ExecuteChildWorkflow(ctx, "Shard", &gromav1.ShardRequest{
		Survey: s.request.Survey, Shard: n, Window: window, Limits: s.request.Spec.GetLimits(), Paused: s.far.Paused,
	})
	s.shards[n] = shardState{started: true, window: window, child: child}
}

func (s *survey) await(ctx workflow.Context, n int64) {
	var response *gromav1.ShardResponse
	err := s.shards[n].child.Get(ctx, &response)
	s.shards[n].done = true
	s.grant(ctx)
	if err != nil {
		workflow.GetLogger(ctx).Error("shard failed", "survey", s.request.Survey, "shard", n, "error", err)
		return
	}
	count(s.far.Outcomes, response.Outcomes)
}

// room is how many censuses the youngest shard may have in flight: what the
// others leave of the window, and a quarter of it in any case. Shards that hang
// hold up nobody.
func (s *survey) room(youngest int64) int64 {
	room := s.request.Window
	for i := range s.shards {
		if s.shards[i].inFlight() && int64(i) != youngest {
			room -= s.shards[i].window
		}
	}
	return max(room, s.request.Window/4, 1)
}

// grant gives the youngest shard what others need no more. When it is spent,
// that is the next one's, if there is one.
func (s *survey) grant(ctx workflow.Context) {
	if s.far.Next == 0 {
		return
	}
	youngest, last := &s.shards[s.far.Next-1], s.far.Next == s.far.Shards
	room := s.room(s.far.Next - 1)
	if youngest.inFlight() && (!youngest.spent || last) && youngest.window < room {
		youngest.window = room
		youngest.child.SignalChildWorkflow(ctx, windowSignal, room) // one that has ended needs none
	}
}

func (s *survey) hearSpent(ctx workflow.Context) {
	selector := workflow.NewSelector(ctx)
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	selector.AddReceive(workflow.GetSignalChannel(ctx, spentSignal), func(c workflow.ReceiveChannel, _ bool) {
		var told *gromav1.ShardSpent
		c.Receive(ctx, &told)
		if n := told.GetShard(); 0 <= n && n < int64(len(s.shards)) {
			s.shards[n].spent, s.shards[n].window = true, told.Window
			s.grant(ctx)
		}
	})
	for ctx.Err() == nil {
		selector.Select(ctx)
	}
}

// enter says that the survey is in another state, to whom asks and to whom
// searches.
func (s *survey) enter(ctx workflow.Context, state string) {
	s.state = state
	if !s.request.Searchable {
		return
	}
	err := workflow.UpsertTypedSearchAttributes(ctx,
		temporal.NewSearchAttributeKeyKeyword(SearchLandscape).ValueSet(s.request.Spec.GetName()),
		temporal.NewSearchAttributeKeyKeyword(SearchState).ValueSet(stateOf(s.state, s.far.Paused)))
	if err != nil {
		workflow.GetLogger(ctx).Warn("state not to be searched for", "survey", s.request.Survey, "error", err)
	}
}

// stateOf is the state as it is told.
func stateOf(state string, paused bool) string {
	if paused && state == "counting" {
		return "paused"
	}
	return state
}

// query answers how far the survey is. What the shards in flight know is
// theirs to tell, so the repositories they hold count as waiting here.
func (s *survey) query() (*gromav1.Progress, error) {
	p := &gromav1.Progress{Survey: s.request.Survey, State: stateOf(s.state, s.far.Paused), Total: s.far.Repositories, Outcomes: maps.Clone(s.far.Outcomes)}
	for n := range s.shards {
		if s.shards[n].inFlight() {
			p.Shards = append(p.Shards, int64(n))
		}
	}
	p.Waiting = p.Total - sum(s.far.Outcomes)
	return p, nil
}
