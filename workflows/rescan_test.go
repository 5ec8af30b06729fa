package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

// outside is what rescans and editions see of the world.
type outside struct {
	surveys  []*gromav1.Containing
	onCensus func(n int) // called when the nth census begins
	fails    func(n int) error
	same     map[string]bool // surveys to which nothing is new

	mu       sync.Mutex
	asked    []*gromav1.TakeCensusRequest
	handed   []*gromav1.Rescanned
	editions []*gromav1.ReviseRequest
	onMake   func(n int)
	makes    func(*gromav1.ReviseRequest) error
	keepsNo  map[string]error // surveys to which nothing can be handed over
}

func (o *outside) FindSurveys(context.Context, *gromav1.FindSurveysRequest) (*gromav1.FindSurveysResponse, error) {
	return &gromav1.FindSurveysResponse{Surveys: o.surveys}, nil
}

func (o *outside) TakeCensus(_ context.Context, request *gromav1.TakeCensusRequest) (*gromav1.TakeCensusResponse, error) {
	o.mu.Lock()
	o.asked = append(o.asked, request)
	n := len(o.asked)
	o.mu.Unlock()
	if o.onCensus != nil {
		o.onCensus(n)
	}
	if o.fails != nil {
		if err := o.fails(n); err != nil {
			return nil, err
		}
	}
	return &gromav1.TakeCensusResponse{Taken: &gromav1.Taken{Key: request.Target.Key, Outcome: "counted", Commit: fmt.Sprint("commit ", n)}}, nil
}

func (o *outside) HandOver(_ context.Context, found *gromav1.Rescanned) (*gromav1.Rescanned, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.keepsNo[found.Survey]; err != nil {
		return nil, err
	}
	found.Revised = !o.same[found.Survey]
	o.handed = append(o.handed, found)
	return found, nil
}

func (o *outside) MakeEdition(_ context.Context, request *gromav1.ReviseRequest) (*gromav1.ReviseResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.editions = append(o.editions, request)
	if o.onMake != nil {
		o.onMake(len(o.editions))
	}
	if o.makes != nil {
		if err := o.makes(request); err != nil {
			o.editions = o.editions[:len(o.editions)-1]
			return nil, err
		}
	}
	return &gromav1.ReviseResponse{Edition: &gromav1.Edition{Number: int64(len(o.editions)) + 1}}, nil
}

const repository = "github.com/o/r"

func containing(survey string, seconds int64, windows ...*gromav1.Window) *gromav1.Containing {
	return &gromav1.Containing{Survey: survey, Limits: &gromav1.Limits{Seconds: seconds},
		Target: &gromav1.CensusTarget{Key: repository, Address: "https://" + repository, Windows: windows}}
}

func push(env *testsuite.TestWorkflowEnvironment, times int) {
	for range times {
		env.SignalWorkflow(PushSignal, &gromav1.RescanRequested{Repository: repository})
	}
}

func rescanned(t *testing.T, env *testsuite.TestWorkflowEnvironment) *gromav1.RescanResponse {
	t.Helper()
	env.ExecuteWorkflow(Rescan, &gromav1.RescanRequest{Repository: repository})
	response := &gromav1.RescanResponse{}
	if err := env.GetWorkflowResult(response); err != nil {
		t.Fatal(err)
	}
	return response
}

// TestRescan_Burst: a thousand pushes, however they are spread over the burst,
// make two censuses at most.
func TestRescan_Burst(t *testing.T) {
	for _, spread := range []time.Duration{100 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, 8 * time.Millisecond} {
		o := &outside{}
		env := newEnvironment(o)
		for i := range 20 {
			env.RegisterDelayedCallback(func() { push(env, 50) }, time.Duration(50*i)*spread)
		}
		rescanned(t, env)
		if n := len(o.asked); n < 1 || n > 2 {
			t.Errorf("1000 pushes, one every %v, make %d censuses", spread, n)
		}
	}
}

// TestRescan_PushedMeanwhile: pushes that come while the census is taken make
// one more, and its result is what the rescan ends with.
func TestRescan_PushedMeanwhile(t *testing.T) {
	o := &outside{surveys: []*gromav1.Containing{containing("a", 60)}}
	env := newEnvironment(o)
	o.onCensus = func(n int) {
		if n == 1 {
			push(env, 100)
		}
	}
	response := rescanned(t, env)
	if len(o.asked) != 2 || len(o.handed) != 2 || response.Taken.Commit != "commit 2" {
		t.Errorf("%d censuses, %d handed over, and it ends with %v; want 2, 2, the second", len(o.asked), len(o.handed), response)
	}
	if o.asked[0].Rescan == "" || o.asked[0].Rescan == o.asked[1].Rescan {
		t.Errorf("rescans are called %q and %q, want them told apart", o.asked[0].Rescan, o.asked[1].Rescan)
	}
}

// TestRescan_Surveys: each survey has what it asks for, and those that ask for
// the same have the same census.
func TestRescan_Surveys(t *testing.T) {
	o := &outside{same: map[string]bool{"c": true}, surveys: []*gromav1.Containing{
		containing("a", 60), containing("b", 60, &gromav1.Window{Name: "2025"}), containing("c", 60), containing("d", 90),
	}}
	response := rescanned(t, newEnvironment(o))
	if len(o.asked) != 3 || o.asked[1].Target.Windows[0].Name != "2025" {
		t.Errorf("asked %v, want three censuses, the second with its window", o.asked)
	}
	got := make([]string, len(response.Surveys))
	for i, s := range response.Surveys {
		got[i] = fmt.Sprintf("%s: %s, %v", s.Survey, s.Taken.Commit, s.Revised)
	}
	want := []string{"a: commit 1, true", "b: commit 2, true", "c: commit 1, false", "d: commit 3, true"}
	if !slices.Equal(got, want) {
		t.Errorf("surveys are %q, want %q", got, want)
	}
}

// TestSame_EveryField: two that differ in one field are not the same, whatever
// fields there will be.
func TestSame_EveryField(t *testing.T) {
	full := containing("a", 60, &gromav1.Window{Name: "2025", From: timestamppb.New(time.Unix(1, 0)), Until: timestamppb.New(time.Unix(2, 0))})
	full.Target.AsOf, full.Target.Branch, full.Target.Recount = timestamppb.New(time.Unix(3, 0)), "b", true
	full.Limits.FileBytes, full.Limits.RepositoryBytes = 1, 1
	differ := func(less func(*gromav1.Containing) proto.Message) {
		fields := less(full).ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			field := fields.Get(i)
			if !less(full).ProtoReflect().Has(field) {
				t.Errorf("%s is not in the example", field.FullName())
			}
			other := proto.CloneOf(full)
			less(other).ProtoReflect().Clear(field)
			if same([]*gromav1.Containing{full}, []*gromav1.Rescanned{{}}, other) != nil {
				t.Errorf("two that differ in %s are the same", field.FullName())
			}
		}
	}
	differ(func(c *gromav1.Containing) proto.Message { return c.Target })
	differ(func(c *gromav1.Containing) proto.Message { return c.Target.Windows[0] })
	differ(func(c *gromav1.Containing) proto.Message { return c.Limits })
	if same([]*gromav1.Containing{full}, []*gromav1.Rescanned{{}}, proto.CloneOf(full)) == nil {
		t.Error("two that are equal are not the same")
	}
}

func TestRescan_NoSurvey(t *testing.T) {
	o := &outside{}
	response := rescanned(t, newEnvironment(o))
	if len(o.asked) != 1 || o.asked[0].Target.Address != "https://"+repository || len(o.handed) != 0 || response.Taken.GetOutcome() != "counted" || len(response.Surveys) != 0 {
		t.Errorf("asked %v, handed over %v, and it ends with %v", o.asked, o.handed, response)
	}
}

func TestRescan_LostWorker(t *testing.T) {
	o := &outside{surveys: []*gromav1.Containing{containing("a", 60)}}
	o.fails = func(n int) error {
		if n <= 3 {
			return temporal.NewApplicationError("the worker was stopped", WorkerStopped)
		}
		return nil
	}
	if response := rescanned(t, newEnvironment(o)); len(o.handed) != 1 || response.Taken.Commit != "commit 4" {
		t.Errorf("handed over %v after three lost workers, want the fourth's", o.handed)
	}
}

// TestRescan_Fails: that a host is away says nothing of the repository.
func TestRescan_Fails(t *testing.T) {
	o := &outside{surveys: []*gromav1.Containing{containing("a", 60)}}
	o.fails = func(int) error { return temporal.NewApplicationError("refused", "unavailable") }
	if response := rescanned(t, newEnvironment(o)); len(o.handed) != 0 || response.Taken.Outcome != "failed" {
		t.Errorf("handed over %v and ends with %v, want nothing and a failure", o.handed, response)
	}
}

// TestRescan_DamagedSurvey: one survey that nothing can be handed over to keeps
// a repository from no other, nor pushes from being heard.
func TestRescan_DamagedSurvey(t *testing.T) {
	o := &outside{surveys: []*gromav1.Containing{containing("a", 60), containing("b", 60)}}
	o.keepsNo = map[string]error{"a": temporal.NewNonRetryableApplicationError("damaged", "invalid", nil)}
	env := newEnvironment(o)
	o.onCensus = func(n int) {
		if n == 1 {
			push(env, 1)
		}
	}
	env.ExecuteWorkflow(Rescan, &gromav1.RescanRequest{Repository: repository})
	if err := env.GetWorkflowError(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("it ends with %v", err)
	}
	if len(o.handed) != 2 || o.handed[1].Survey != "b" || o.handed[1].Taken.Commit != "commit 2" {
		t.Errorf("handed over %v, want both looks to b", o.handed)
	}
}

// away is a host that is away for so long.
func away(env *testsuite.TestWorkflowEnvironment, o *outside, long time.Duration) {
	back := env.Now().Add(long)
	o.fails = func(int) error {
		if env.Now().Before(back) {
			return temporal.NewApplicationError("refused", "unavailable")
		}
		return nil
	}
}

// TestRescan_HostAway: a push that comes while its host is away is tried later.
// Who waits is told at once, and nothing is tried later.
func TestRescan_HostAway(t *testing.T) {
	for name, test := range map[string]struct {
		away      time.Duration
		awaited   bool
		undecided bool
		later     int // workflows that try it later
	}{
		"minutes": {away: 10 * time.Minute, undecided: true, later: 1},
		"seconds": {away: 5 * time.Second},
		"awaited": {away: 10 * time.Minute, awaited: true, undecided: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := &outside{surveys: []*gromav1.Containing{containing("a", 60)}}
			env := newEnvironment(o)
			away(env, o, test.away)
			var later []string
			env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
				if info.WorkflowType.Name == "RescanLater" {
					later = append(later, info.WorkflowExecution.ID)
				}
			})
			env.RegisterDelayedCallback(func() {
				env.SignalWorkflow(PushSignal, &gromav1.RescanRequested{Repository: repository, Awaited: test.awaited})
			}, 0)
			env.ExecuteWorkflow(Rescan, &gromav1.RescanRequest{Repository: repository})
			response := &gromav1.RescanResponse{}
			if err := env.GetWorkflowResult(response); err != nil || response.Undecided != test.undecided {
				t.Errorf("it ends with %v, %v", response, err)
			}
			if len(later) != test.later || test.later > 0 && later[0] != LaterID(repository) {
				t.Errorf("%q try it later, want %d", later, test.later)
			}
		})
	}
}

// TestRescanLater: what could not be found out is found out when the host is
// back, at most a quarter of an hour later.
func TestRescanLater(t *testing.T) {
	for _, long := range []time.Duration{0, 10 * time.Minute, 3 * time.Hour, 5 * time.Hour} {
		o := &outside{surveys: []*gromav1.Containing{containing("a", 60)}}
		env := newEnvironment(o)
		begun := env.Now()
		away(env, o, long)
		env.ExecuteWorkflow(RescanLater, &gromav1.RescanRequest{Repository: repository})
		err, took := env.GetWorkflowError(), env.Now().Sub(begun)
		if gaveUp := long > longestTry; len(o.handed) == 0 != gaveUp || (err != nil) != gaveUp {
			t.Errorf("away for %v: handed over %v, %v", long, o.handed, err)
		}
		if most := min(long, longestTry) + longestRest + time.Minute; took > most || len(o.asked) > 150 {
			t.Errorf("away for %v: it takes %v and %d tries", long, took, len(o.asked))
		}
	}
}

// TestRescanLater_Permanent: what cannot pass is not tried again.
func TestRescanLater_Permanent(t *testing.T) {
	o := &outside{surveys: []*gromav1.Containing{containing("a", 60)}}
	o.fails = func(int) error { return temporal.NewNonRetryableApplicationError("gone", "not-found", nil) }
	env := newEnvironment(o)
	env.ExecuteWorkflow(RescanLater, &gromav1.RescanRequest{Repository: repository})
	if err := env.GetWorkflowError(); err != nil || len(o.asked) != 1 {
		t.Errorf("%d tries, %v, want one", len(o.asked), err)
	}
}

// TestRescanLater_Pushed: a push that comes to nothing, too, begins its time
// anew.
func TestRescanLater_Pushed(t *testing.T) {
	o := &outside{surveys: []*gromav1.Containing{containing("a", 60)}}
	env := newEnvironment(o)
	away(env, o, 6*time.Hour)
	env.RegisterDelayedCallback(func() { push(env, 1) }, 3*time.Hour)
	env.ExecuteWorkflow(RescanLater, &gromav1.RescanRequest{Repository: repository})
	if err := env.GetWorkflowError(); err != nil || len(o.handed) != 1 {
		t.Errorf("handed over %v, %v", o.handed, err)
	}
}

// TestRescan_Continued: pushes are heard before another run goes on, and that
// one begins with a census.
func TestRescan_Continued(t *testing.T) {
	o := &outside{}
	env := newEnvironment(o)
	env.SetContinueAsNewSuggested(true)
	o.onCensus = func(int) { push(env, 10) }
	env.ExecuteWorkflow(Rescan, &gromav1.RescanRequest{Repository: repository})
	var next *workflow.ContinueAsNewError
	if err := env.GetWorkflowError(); !errors.As(err, &next) || len(o.asked) != 1 {
		t.Fatalf("%d censuses, and it ends with %v, want one and another run", len(o.asked), err)
	}
	o.onCensus = nil
	if rescanned(t, newEnvironment(o)); len(o.asked) != 2 {
		t.Errorf("%d censuses after the next run, want 2", len(o.asked))
	}
}

func hand(env *testsuite.TestWorkflowEnvironment, key, commit string) {
	env.SignalWorkflow(TakenSignal, &gromav1.Taken{Key: key, Outcome: "counted", Commit: commit})
}

// TestEdition_Storm: rescans of two hundred repositories within ten seconds
// make an edition or two, in which each repository is as it was found last.
func TestEdition_Storm(t *testing.T) {
	o := &outside{}
	env := newEnvironment(o)
	for i := range 200 {
		env.RegisterDelayedCallback(func() { hand(env, key(i), "old") }, time.Duration(i)*20*time.Millisecond)
		env.RegisterDelayedCallback(func() { hand(env, key(i), "new") }, time.Duration(i)*50*time.Millisecond)
	}
	env.ExecuteWorkflow(Edition, &gromav1.EditionRequest{Survey: "s"})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	last := map[string]string{}
	for _, edition := range o.editions {
		for _, taken := range edition.Taken {
			last[taken.Key] = taken.Commit
		}
	}
	if len(o.editions) > 2 || len(last) != 200 || strings.Contains(fmt.Sprint(last), "old") {
		t.Errorf("%d editions of %d repositories: %v", len(o.editions), len(last), last)
	}
}

// TestEdition_Late: what comes while an edition is made is in the next.
func TestEdition_Late(t *testing.T) {
	o := &outside{}
	env := newEnvironment(o)
	o.onMake = func(n int) {
		if n == 1 {
			hand(env, key(2), "c")
		}
	}
	env.RegisterDelayedCallback(func() { hand(env, key(1), "c") }, 0)
	env.ExecuteWorkflow(Edition, &gromav1.EditionRequest{Survey: "s"})
	if err := env.GetWorkflowError(); err != nil || len(o.editions) != 2 || o.editions[1].Taken[0].Key != key(2) {
		t.Errorf("editions are %v, %v", o.editions, err)
	}
}

// TestEdition_Trouble: what was handed over is in an edition once storage is
// back, with what was handed over meanwhile.
func TestEdition_Trouble(t *testing.T) {
	for _, long := range []time.Duration{time.Minute, 2 * time.Hour, 24 * time.Hour} {
		o := &outside{}
		env := newEnvironment(o)
		back := env.Now().Add(long)
		o.makes = func(*gromav1.ReviseRequest) error {
			if env.Now().Before(back) {
				return temporal.NewApplicationError("storage is away", Trouble)
			}
			return nil
		}
		env.RegisterDelayedCallback(func() { hand(env, key(2), "c"); hand(env, key(1), "new") }, 30*time.Second)
		env.ExecuteWorkflow(Edition, &gromav1.EditionRequest{Survey: "s", Taken: []*gromav1.Taken{{Key: key(1), Commit: "old"}}})
		err := env.GetWorkflowError()
		if lasts := long > longestTroubled; lasts != (err != nil) || lasts != (len(o.editions) == 0) {
			t.Errorf("away for %v: %d editions, %v", long, len(o.editions), err)
		}
		commits := map[string]string{}
		for _, edition := range o.editions {
			for _, taken := range edition.Taken {
				commits[taken.Key] = taken.Commit
			}
		}
		if err == nil && (commits[key(1)] != "new" || commits[key(2)] != "c") {
			t.Errorf("away for %v: editions are %v", long, o.editions)
		}
	}
}

// TestEdition_Damaged: what no edition can be made of keeps nothing else from
// its edition.
func TestEdition_Damaged(t *testing.T) {
	o := &outside{makes: func(request *gromav1.ReviseRequest) error {
		if request.Taken[0].Key == key(0) {
			return temporal.NewNonRetryableApplicationError("damaged", "invalid", nil)
		}
		return nil
	}}
	request := &gromav1.EditionRequest{Survey: "s"}
	for i := range mostRevisions + 5 {
		request.Taken = append(request.Taken, &gromav1.Taken{Key: key(i)})
	}
	env := newEnvironment(o)
	env.ExecuteWorkflow(Edition, request)
	if err := env.GetWorkflowError(); err == nil || len(o.editions) != 1 || len(o.editions[0].Taken) != 5 {
		t.Errorf("%d editions, %v, want one of the rest", len(o.editions), err)
	}
}

// TestEdition_Continued: nothing is lost when another run goes on.
func TestEdition_Continued(t *testing.T) {
	o := &outside{}
	env := newEnvironment(o)
	env.SetContinueAsNewSuggested(true)
	o.onMake = func(n int) {
		if n == 1 {
			hand(env, key(2), "c")
			hand(env, key(3), "c")
		}
	}
	env.ExecuteWorkflow(Edition, &gromav1.EditionRequest{Survey: "s", Taken: []*gromav1.Taken{{Key: key(1)}}})
	var next *workflow.ContinueAsNewError
	if err := env.GetWorkflowError(); !errors.As(err, &next) {
		t.Fatalf("it ends with %v, want another run", err)
	}
	carried := &gromav1.EditionRequest{}
	decode(t, next.Input, carried)
	env = newEnvironment(o)
	env.ExecuteWorkflow(Edition, carried)
	if err := env.GetWorkflowError(); err != nil || len(o.editions) != 2 || len(o.editions[0].Taken) != 1 || len(o.editions[1].Taken) != 2 {
		t.Errorf("editions are %v, %v", o.editions, err)
	}
}

// TestEdition_Many: one payload holds so many repositories.
func TestEdition_Many(t *testing.T) {
	o := &outside{}
	request := &gromav1.EditionRequest{Survey: "s"}
	for i := range mostRevisions + 5 {
		request.Taken = append(request.Taken, &gromav1.Taken{Key: key(i)})
	}
	env := newEnvironment(o)
	env.ExecuteWorkflow(Edition, request)
	if err := env.GetWorkflowError(); err != nil || len(o.editions) != 2 || len(o.editions[1].Taken) != 5 {
		t.Errorf("%d editions, %v, want 2 with the rest in the second", len(o.editions), err)
	}
}

// scheduled is a world with a survey to begin.
type scheduled struct {
	*world
	prepared *gromav1.PrepareResponse
	fails    error
}

func (s *scheduled) Prepare(context.Context, *gromav1.StartSurveyRequest) (*gromav1.PrepareResponse, error) {
	return s.prepared, s.fails
}

func TestBegin(t *testing.T) {
	w := &world{repositories: 4, shardSize: 2}
	env := newSurvey(t, w)
	s := &scheduled{world: w, prepared: &gromav1.PrepareResponse{Request: request(), Fingerprint: "f"}}
	env.RegisterActivity(s.Prepare)
	var begun []string
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		begun = append(begun, info.WorkflowExecution.ID)
	})
	env.ExecuteWorkflow(Begin, &gromav1.StartSurveyRequest{Spec: &gromav1.SurveySpec{Source: "https://example.org/landscape.yml"}})
	response := &gromav1.SurveyResponse{}
	if err := env.GetWorkflowResult(response); err != nil || response.Outcomes["counted"] != 4 || begun[0] != ID("f") {
		t.Errorf("%v is begun, and ends with %v, %v", begun, response, err)
	}
	if !proto.Equal(response, &gromav1.SurveyResponse{Survey: "s", Report: "report", Outcomes: map[string]int64{"counted": 4}}) {
		t.Errorf("it ends with %v", response)
	}
}
