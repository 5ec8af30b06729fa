package workflows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdk "go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

// world is what a survey sees of the world, with a field for what is wrong
// with it.
type world struct {
	repositories int
	shardSize    int

	planFails    error
	catchUpFails error
	broken       map[string]error // repositories whose census always fails so
	loses        map[string]int   // how many workers each repository loses first
	troubled     map[string]int   // and how often storage is away after that
	sealsFail    bool
	onCensus     func(key string) // called when a census begins
	onAggregate  func()           // called when the report is made
	unsupported  map[string]bool  // outcome decided by the plan
	host         func(i int) string
	fails        func(key string) error

	mu              sync.Mutex
	inFlight, most  int
	tries           map[string]int
	sealed          map[int64][]*gromav1.Taken
	aggregated      int
	caughtUp        []int // reports made when pushes were looked for
	aggregatedAfter int   // shards sealed when the report was made
}

func key(i int) string { return fmt.Sprintf("github.com/o/r%04d", i) }

func (w *world) Plan(context.Context, *gromav1.PlanRequest) (*gromav1.PlanResponse, error) {
	if w.planFails != nil {
		return nil, w.planFails
	}
	shards := (w.repositories + w.shardSize - 1) / w.shardSize
	response := &gromav1.PlanResponse{Repositories: int64(w.repositories), Shards: int64(shards), Outcomes: map[string]int64{}}
	if len(w.unsupported) > 0 {
		response.Outcomes["unsupported"] = int64(len(w.unsupported))
	}
	return response, nil
}

func (w *world) ListShard(_ context.Context, request *gromav1.ListShardRequest) (*gromav1.ListShardResponse, error) {
	response := &gromav1.ListShardResponse{}
	keyOf := key
	if w.host != nil {
		keyOf = func(i int) string { return fmt.Sprintf("%s/o/r%04d", w.host(i), i) }
	}
	from := int(request.Shard) * w.shardSize
	for i := from; i < min(from+w.shardSize, w.repositories); i++ {
		if !w.unsupported[key(i)] {
			response.Targets = append(response.Targets, &gromav1.CensusTarget{Key: keyOf(i), Address: "https://" + keyOf(i)})
		}
	}
	return response, nil
}

func (w *world) TakeCensus(ctx context.Context, request *gromav1.TakeCensusRequest) (*gromav1.TakeCensusResponse, error) {
	k := request.Target.Key
	w.begin(k)
	defer w.end()
	if w.onCensus != nil {
		w.onCensus(k)
	}
	w.mu.Lock()
	lost, troubled := w.loses[k] > 0, w.troubled[k] > 0
	w.loses[k]--
	if !lost && troubled {
		w.troubled[k]--
	}
	w.mu.Unlock()
	if lost {
		return nil, temporal.NewApplicationError("the worker was stopped", WorkerStopped)
	}
	if troubled {
		return nil, temporal.NewApplicationError("storage is away", Trouble)
	}
	if w.fails != nil {
		if err := w.fails(k); err != nil {
			return nil, err
		}
	}
	if err := w.broken[k]; err != nil {
		return nil, atTry(err, sdk.GetInfo(ctx).Attempt)
	}
	return &gromav1.TakeCensusResponse{Taken: &gromav1.Taken{Key: k, Outcome: "counted", Commit: "c", Attempts: int64(sdk.GetInfo(ctx).Attempt)}}, ctx.Err()
}

// atTry is a failure as a worker sends it: with the number of the try.
func atTry(err error, try int32) error {
	var broken *temporal.ApplicationError
	if !errors.As(err, &broken) {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(broken.Message(), broken.Type(), temporal.ApplicationErrorOptions{
		NonRetryable: broken.NonRetryable(), Details: []any{int64(try)},
	})
}

func (w *world) begin(k string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries[k]++
	w.inFlight++
	w.most = max(w.most, w.inFlight)
}

func (w *world) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFlight--
}

func (w *world) SummariseShard(_ context.Context, request *gromav1.SummariseShardRequest) (*gromav1.SummariseShardResponse, error) {
	if w.sealsFail {
		return nil, temporal.NewNonRetryableApplicationError("storage is full", "", nil)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sealed[request.Shard] = request.Taken
	return &gromav1.SummariseShardResponse{}, nil
}

func (w *world) Aggregate(_ context.Context, request *gromav1.AggregateRequest) (*gromav1.AggregateResponse, error) {
	if w.onAggregate != nil {
		w.onAggregate()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.aggregated++
	w.aggregatedAfter = len(w.sealed)
	response := &gromav1.AggregateResponse{Report: "report", Outcomes: map[string]int64{}}
	if len(w.unsupported) > 0 {
		response.Outcomes["unsupported"] = int64(len(w.unsupported))
	}
	for _, taken := range w.all() {
		response.Outcomes[taken.Outcome]++
	}
	return response, nil
}

func (w *world) CatchUp(context.Context, *gromav1.CatchUpRequest) (*gromav1.CatchUpResponse, error) {
	w.caughtUp = append(w.caughtUp, w.aggregated)
	return &gromav1.CatchUpResponse{}, w.catchUpFails
}

// all are the sealed outcomes by repository.
func (w *world) all() map[string]*gromav1.Taken {
	all := map[string]*gromav1.Taken{}
	for _, shard := range w.sealed {
		for _, taken := range shard {
			all[taken.Key] = taken
		}
	}
	return all
}

// newSurvey readies a survey of a world, to be executed.
func newSurvey(t *testing.T, w *world) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	w.tries, w.sealed = map[string]int{}, map[int64][]*gromav1.Taken{}
	if w.loses == nil {
		w.loses, w.troubled = map[string]int{}, map[string]int{}
	}
	return newEnvironment(w)
}

// newEnvironment runs workflows with these activities. A workflow of which
// nothing is heard for a second is not taken for stuck, as it is by default: the
// machine may have been busy with others.
func newEnvironment(activities any) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
	Register(env)
	env.RegisterActivity(activities)
	return env
}

func request() *gromav1.SurveyRequest {
	return &gromav1.SurveyRequest{Survey: "s", Spec: &gromav1.SurveySpec{Limits: &gromav1.Limits{Seconds: 60}}, Window: 4}
}

// TestSurvey_CatchUp: pushes are looked for once there is a report, and only for
// one that rescans revise.
func TestSurvey_CatchUp(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*world, *gromav1.SurveyRequest, *testsuite.TestWorkflowEnvironment)
		fails  error
		want   int
	}{
		"of now":        {want: 1},
		"looking fails": {fails: temporal.NewNonRetryableApplicationError("damaged", "invalid", nil), want: 1},
		"of the past": {change: func(_ *world, r *gromav1.SurveyRequest, _ *testsuite.TestWorkflowEnvironment) {
			r.Spec.AsOf = timestamppb.Now()
		}},
		"cancelled": {change: func(w *world, _ *gromav1.SurveyRequest, env *testsuite.TestWorkflowEnvironment) {
			w.onCensus = func(string) { env.CancelWorkflow() }
		}},
		"of a process": {change: func(_ *world, _ *gromav1.SurveyRequest, env *testsuite.TestWorkflowEnvironment) {
			env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: ID("f"), TaskQueue: TaskQueue("f")})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{repositories: 2, shardSize: 5, catchUpFails: test.fails}
			env, asked := newSurvey(t, w), request()
			if test.change != nil {
				test.change(w, asked, env)
			}
			env.ExecuteWorkflow(Survey, asked)
			if err := env.GetWorkflowError(); err != nil && name != "cancelled" {
				t.Error(err)
			}
			if len(w.caughtUp) != test.want || test.want > 0 && w.caughtUp[0] != 1 || w.aggregated != 1 {
				t.Errorf("pushes were looked for after reports %v of %d, want %d times", w.caughtUp, w.aggregated, test.want)
			}
		})
	}
}

// TestShard_LongHistory: where trouble lasts, repositories fail before the history
// is so long that the shard would lose all of its outcomes.
func TestShard_LongHistory(t *testing.T) {
	for length, tries := range map[int]int{longestHistory: restarts + 1, longestHistory + 1: 1} {
		w := &world{repositories: 1, shardSize: 1, loses: map[string]int{}, troubled: map[string]int{key(0): 1000}}
		env := newSurvey(t, w)
		env.SetCurrentHistoryLength(length)
		env.ExecuteWorkflow(Shard, &gromav1.ShardRequest{Survey: "s", Window: 4})
		if err := env.GetWorkflowError(); err != nil || w.tries[key(0)] != tries || w.all()[key(0)].GetOutcome() != "failed" {
			t.Errorf("after %d events: %d tries, %v, %v, want %d", length, w.tries[key(0)], w.all(), err, tries)
		}
	}
}

func TestSurvey(t *testing.T) {
	w := &world{repositories: 23, shardSize: 5, unsupported: map[string]bool{key(3): true}}
	env := newSurvey(t, w)
	env.ExecuteWorkflow(Survey, request())

	var response gromav1.SurveyResponse
	if err := env.GetWorkflowResult(&response); err != nil {
		t.Fatal(err)
	}
	if response.Outcomes["counted"] != 22 || response.Outcomes["unsupported"] != 1 || len(response.Outcomes) != 2 {
		t.Errorf("outcomes are %v, want 22 counted and 1 unsupported", response.Outcomes)
	}
	if w.aggregated != 1 || w.aggregatedAfter != 5 {
		t.Errorf("aggregated %d times after %d shards, want once after 5", w.aggregated, w.aggregatedAfter)
	}
	if w.tries[key(3)] != 0 {
		t.Error("a repository whose outcome was decided by the plan was asked for")
	}
}

func TestSurvey_FailedRepositoryIsARow(t *testing.T) {
	w := &world{repositories: 6, shardSize: 3, broken: map[string]error{
		key(1): temporal.NewApplicationError("connection refused", "unavailable"),
		key(2): temporal.NewApplicationError("no bytes for a minute", "timed-out"),
		key(4): temporal.NewNonRetryableApplicationError("storage says no", "invalid", nil),
		key(5): temporal.NewNonRetryableApplicationError("a bug in groma", "bug", nil),
	}}
	env := newSurvey(t, w)
	env.ExecuteWorkflow(Survey, request())
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]*gromav1.Taken{
		0: {Outcome: "counted", Attempts: 1},
		1: {Outcome: "failed", Reason: "connection refused", Attempts: attempts},
		2: {Outcome: "timed-out", Reason: "no bytes for a minute", Attempts: attempts},
		4: {Outcome: "failed", Reason: "storage says no", Attempts: 1},
		5: {Outcome: "failed", Reason: "a bug in groma", Attempts: 1},
	} {
		got := w.all()[key(i)]
		if got.Outcome != want.Outcome || got.Reason != want.Reason || got.Attempts != want.Attempts {
			t.Errorf("%s is %v, want %v", key(i), got, want)
		}
	}
	if w.tries[key(1)] != attempts || w.tries[key(4)] != 1 {
		t.Errorf("tried %d and %d times, want %d and 1", w.tries[key(1)], w.tries[key(4)], attempts)
	}
}

func TestSurvey_LostWorkersAreNotTheRepositorysFault(t *testing.T) {
	w := &world{
		repositories: 3, shardSize: 3,
		loses:    map[string]int{key(0): attempts + 2, key(1): 1000, key(2): attempts},
		troubled: map[string]int{key(0): attempts + 2},
		broken:   map[string]error{key(2): temporal.NewApplicationError("refused", "unavailable")},
	}
	env := newSurvey(t, w)
	env.ExecuteWorkflow(Survey, request())
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if got := w.all()[key(0)].Outcome; got != "counted" {
		t.Errorf("a repository that lost %d workers is %s, want counted", attempts+2, got)
	}
	if got, want := w.all()[key(0)].Attempts, int64(2*(attempts+2)+1); got != want {
		t.Errorf("it was tried %d times, want %d: those that were lost count", got, want)
	}
	if got := w.all()[key(1)].Outcome; got != "failed" {
		t.Errorf("a repository that loses every worker is %s, want failed", got)
	}
	if got := w.tries[key(2)]; got != 2*attempts {
		t.Errorf("a broken remote was asked in %d tries, want %d beside the %d lost workers", got-attempts, attempts, attempts)
	}
}

func TestSurvey_Window(t *testing.T) {
	w := &world{repositories: 60, shardSize: 60}
	var first sync.WaitGroup // a narrower window would wait for ever
	first.Add(4)
	var begun atomic.Int64
	w.onCensus = func(string) {
		if begun.Add(1) <= 4 {
			first.Done()
			first.Wait()
		}
	}
	env := newSurvey(t, w)
	env.ExecuteWorkflow(Survey, request())
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if w.most != 4 {
		t.Errorf("%d censuses were in flight, want the window of 4", w.most)
	}
}

func TestSurvey_PlanFails(t *testing.T) {
	w := &world{planFails: temporal.NewNonRetryableApplicationError("no landscape", "invalid", nil)}
	env := newSurvey(t, w)
	env.ExecuteWorkflow(Survey, request())
	var application *temporal.ApplicationError
	if err := env.GetWorkflowError(); !errors.As(err, &application) || application.Message() != "no landscape" {
		t.Errorf("error is %v, want the plan's", err)
	}
}

func TestSurvey_LostShardStillReports(t *testing.T) {
	w := &world{repositories: 4, shardSize: 2, sealsFail: true}
	env := newSurvey(t, w)
	env.ExecuteWorkflow(Survey, request())
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if w.aggregated != 1 {
		t.Errorf("aggregated %d times, want once", w.aggregated)
	}
}

func TestSurvey_CancelReportsWhatItHas(t *testing.T) {
	w := &world{repositories: 40, shardSize: 20}
	env := newSurvey(t, w)
	var once sync.Once
	w.onCensus = func(k string) {
		if k == key(5) {
			once.Do(env.CancelWorkflow)
		}
	}
	env.ExecuteWorkflow(Survey, request())
	if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) {
		t.Errorf("error is %v, want a cancellation", err)
	}
	if w.aggregated != 1 {
		t.Fatalf("aggregated %d times, want once", w.aggregated)
	}
	if got := len(w.sealed[0]); got != 20 {
		t.Fatalf("the first shard sealed %d repositories, want all 20", got)
	}
	outcomes := map[string]int{}
	for _, taken := range w.sealed[0] {
		outcomes[taken.Outcome]++
	}
	if outcomes["counted"] == 0 || outcomes["failed"] == 0 {
		t.Errorf("the first shard has %v, want some counted and some not", outcomes)
	}
}

func TestProgress_AddsUp(t *testing.T) {
	w := &world{repositories: 30, shardSize: 10}
	env := newSurvey(t, w)
	asked := 0
	w.onCensus = func(string) {
		value, err := env.QueryWorkflow(ProgressQuery)
		if err != nil {
			return // not begun
		}
		var p gromav1.Progress
		if err := value.Get(&p); err != nil {
			t.Error(err)
			return
		}
		asked++
		if got := p.Waiting + p.Running + sumOf(p.Outcomes); got != p.Total || p.Total != 30 || p.Waiting < 0 || sumOf(p.Outcomes)%10 != 0 {
			t.Errorf("waiting, running and the outcomes of whole shards add up to %d of %d: %v", got, p.Total, &p)
		}
	}
	env.ExecuteWorkflow(Survey, request())
	if asked == 0 {
		t.Error("no progress was ever asked")
	}
}

func sumOf(outcomes map[string]int64) (n int64) {
	for _, count := range outcomes {
		n += count
	}
	return n
}
