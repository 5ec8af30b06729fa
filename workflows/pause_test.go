package workflows

import (
	"errors"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	gromav1 "groma/proto/groma/v1"
)

// update asks a survey to pause or to go on, and gives the answer to answered.
func update(env *testsuite.TestWorkflowEnvironment, name string, answered func(error)) {
	env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{
		OnReject:   answered,
		OnAccept:   func() {},
		OnComplete: func(_ any, err error) { answered(err) },
	})
}

func progressOf(t *testing.T, env *testsuite.TestWorkflowEnvironment, workflow string) *gromav1.Progress {
	t.Helper()
	value, err := env.QueryWorkflowByID(workflow, ProgressQuery)
	if err != nil {
		t.Fatal(err)
	}
	p := &gromav1.Progress{}
	if err := value.Get(p); err != nil {
		t.Fatal(err)
	}
	return p
}

const surveyWorkflow = "default-test-workflow-id"

// pauseAt pauses the survey when the census of a repository begins, and does
// what is next an hour later.
func pauseAt(t *testing.T, w *world, env *testsuite.TestWorkflowEnvironment, at string, next func()) {
	t.Helper()
	answers := 0
	w.onCensus = func(k string) {
		if k == at {
			update(env, PauseUpdate, func(err error) {
				answers++
				if err != nil {
					t.Errorf("pausing: %v", err)
				}
			})
		}
	}
	env.RegisterDelayedCallback(func() {
		if answers != 1 {
			t.Errorf("%d answers to pausing, want 1", answers)
		}
		next()
	}, time.Hour)
}

func (w *world) begun() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.tries)
}

func TestSurvey_Pause(t *testing.T) {
	w := &world{repositories: 40, shardSize: 20}
	env := newSurvey(t, w)
	pauseAt(t, w, env, key(5), func() {
		begun := w.begun()
		if begun > 15 || w.inFlight != 0 {
			t.Errorf("%d repositories are begun and %d in flight, want the pause heeded", begun, w.inFlight)
		}
		p, shard := progressOf(t, env, surveyWorkflow), progressOf(t, env, ShardID(surveyWorkflow, 0))
		if p.State != "paused" || shard.State != "paused" || shard.Waiting != 20-int64(begun) || shard.Running != 0 {
			t.Errorf("the survey is %v, its shard %v", p, shard)
		}
		update(env, ResumeUpdate, func(err error) {
			if err != nil {
				t.Errorf("resuming: %v", err)
			}
		})
	})
	env.ExecuteWorkflow(Survey, request())
	var response gromav1.SurveyResponse
	if err := env.GetWorkflowResult(&response); err != nil || response.Outcomes["counted"] != 40 {
		t.Errorf("outcomes are %v, %v, want 40 counted", response.Outcomes, err)
	}
}

// TestSurvey_PausedBefore: a shard that begins while the survey is paused
// begins paused.
func TestSurvey_PausedBefore(t *testing.T) {
	w := &world{repositories: 10, shardSize: 10}
	env := newSurvey(t, w)
	carrying := request()
	carrying.Carried = &gromav1.Carried{Repositories: 10, Shards: 1, Paused: true}
	env.RegisterDelayedCallback(func() {
		if w.begun() > 0 {
			t.Errorf("%d repositories are begun in a paused survey", w.begun())
		}
		update(env, ResumeUpdate, func(error) {})
	}, time.Hour)
	env.ExecuteWorkflow(Survey, carrying)
	if err := env.GetWorkflowError(); err != nil || w.begun() != 10 {
		t.Errorf("%d repositories are begun, %v, want 10", w.begun(), err)
	}
}

func TestSurvey_CancelWhilePaused(t *testing.T) {
	w := &world{repositories: 40, shardSize: 20}
	env := newSurvey(t, w)
	pauseAt(t, w, env, key(5), env.CancelWorkflow)
	env.ExecuteWorkflow(Survey, request())
	if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) {
		t.Errorf("error is %v, want a cancellation", err)
	}
	if w.aggregated != 1 || len(w.sealed[0]) != 20 {
		t.Errorf("aggregated %d times, %d repositories of the first shard are sealed, want once and 20", w.aggregated, len(w.sealed[0]))
	}
}

func TestSurvey_PauseRejected(t *testing.T) {
	w := &world{repositories: 4, shardSize: 2}
	env := newSurvey(t, w)
	var rejected error
	w.onAggregate = func() { update(env, PauseUpdate, func(err error) { rejected = err }) }
	env.ExecuteWorkflow(Survey, request())
	var over *temporal.ApplicationError
	if err := env.GetWorkflowError(); err != nil || !errors.As(rejected, &over) || over.Type() != Over {
		t.Errorf("a survey that reports answers %v, %v, want that it is over", rejected, err)
	}
}

// TestSurvey_CancelWhileItWaits: a survey that is cancelled while a repository
// waits for its next try, since its host asked for that or storage is away, waits
// no longer, and says of the repository why it has no count.
func TestSurvey_CancelWhileItWaits(t *testing.T) {
	for name, w := range map[string]*world{
		"for its host": {fails: func(string) error {
			return temporal.NewApplicationErrorWithOptions("the host asks to be left alone", "unavailable", temporal.ApplicationErrorOptions{NextRetryDelay: 5 * time.Minute})
		}},
		"for storage": {loses: map[string]int{}, troubled: map[string]int{key(0): 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			w.repositories, w.shardSize = 1, 1
			env := newSurvey(t, w)
			begun := env.Now()
			tries := 0
			env.RegisterDelayedCallback(func() {
				tries = w.tries[key(0)]
				env.CancelWorkflow()
			}, 40*time.Second)
			env.ExecuteWorkflow(Survey, request())
			if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) {
				t.Errorf("error is %v, want a cancellation", err)
			}
			if took := env.Now().Sub(begun); took > 45*time.Second || tries == 0 || w.tries[key(0)] != tries {
				t.Errorf("it ended after %s and %d tries, want 40s and %d", took, w.tries[key(0)], tries)
			}
			taken := w.all()[key(0)]
			if taken.GetOutcome() != "failed" || taken.GetReason() != "the survey was cancelled while it was being counted" || w.aggregated != 1 {
				t.Errorf("the repository is %v in %d reports", taken, w.aggregated)
			}
		})
	}
}
