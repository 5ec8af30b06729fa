package workflows

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	gromav1 "groma/proto/groma/v1"
)

// continued is what a run hands on to the next, or nil if it is the last.
func continued(t *testing.T, err error) *gromav1.SurveyRequest {
	t.Helper()
	var next *workflow.ContinueAsNewError
	if !errors.As(err, &next) {
		return nil
	}
	request := &gromav1.SurveyRequest{}
	decode(t, next.Input, request)
	return request
}

func decode(t *testing.T, input *commonpb.Payloads, request any) {
	t.Helper()
	if err := converter.GetDefaultDataConverter().FromPayloads(input, request); err != nil {
		t.Fatal(err)
	}
}

func TestSurvey_GoesOnInAnotherRun(t *testing.T) {
	sealed, runs := 0, 0
	for next := request(); next != nil; runs++ {
		next.RunShards = 2
		w := &world{repositories: 23, shardSize: 5}
		env := newSurvey(t, w)
		env.ExecuteWorkflow(Survey, next)
		sealed += len(w.sealed)
		err := env.GetWorkflowError()
		p := progressOf(t, env, surveyWorkflow)
		if p.Total != 23 || p.Waiting+p.Running+sumOf(p.Outcomes) != 23 && p.State != "done" {
			t.Errorf("run %d ends with %v", runs, p)
		}
		if next = continued(t, err); next == nil {
			if err != nil || w.aggregated != 1 {
				t.Errorf("aggregated %d times, %v, want once", w.aggregated, err)
			}
			continue
		}
		if done := sumOf(next.Carried.Outcomes); done != min(23, 5*next.Carried.Next) || w.aggregated != 0 {
			t.Errorf("run %d hands on %v", runs, next.Carried)
		}
	}
	if sealed != 5 || runs != 3 {
		t.Errorf("%d shards are sealed in %d runs, want 5 in 3", sealed, runs)
	}
}

// TestSurvey_WhenTemporalSuggests: it goes on in another run after one shard,
// however long the history of the run before was.
func TestSurvey_WhenTemporalSuggests(t *testing.T) {
	w := &world{repositories: 20, shardSize: 5}
	env := newSurvey(t, w)
	env.SetContinueAsNewSuggested(true)
	env.ExecuteWorkflow(Survey, request())
	next := continued(t, env.GetWorkflowError())
	if next == nil || next.Carried.Next != 1 || next.Carried.Outcomes["counted"] != 5 {
		t.Errorf("it hands on %v", next)
	}
}

func TestSurvey_CancelledRunIsTheLast(t *testing.T) {
	w := &world{repositories: 20, shardSize: 5}
	env := newSurvey(t, w)
	env.SetContinueAsNewSuggested(true)
	var once sync.Once
	w.onCensus = func(string) { once.Do(env.CancelWorkflow) }
	env.ExecuteWorkflow(Survey, request())
	if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) || w.aggregated != 1 {
		t.Errorf("aggregated %d times, %v, want once and a cancellation", w.aggregated, err)
	}
}

// TestSurvey_OneWindow: shards overlap, and the window is that of all. The last
// repository of each shard waits for one of the next.
func TestSurvey_OneWindow(t *testing.T) {
	w := &world{repositories: 40, shardSize: 10}
	begun := make([]chan struct{}, 41)
	for i := range begun {
		begun[i] = make(chan struct{})
	}
	var once [41]sync.Once
	w.onCensus = func(k string) {
		i := indexOf(k)
		once[i].Do(func() { close(begun[i]) })
		if i%10 == 9 && i < 39 {
			<-begun[i+3]
		}
	}
	env := newSurvey(t, w)
	env.ExecuteWorkflow(Survey, request())
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if w.most > 7 {
		t.Errorf("%d censuses of all shards were in flight, want the window of 4, and a quarter of it for each of three more shards", w.most)
	}
}

func indexOf(key string) int {
	i := 0
	for _, digit := range key[strings.LastIndex(key, "r")+1:] {
		i = 10*i + int(digit-'0')
	}
	return i
}

// TestSurvey_HangingHost: every third repository is of a host whose censuses
// hang until those of all other hosts are done.
func TestSurvey_HangingHost(t *testing.T) {
	w := &world{repositories: 60, shardSize: 20}
	w.host = func(i int) string { return []string{"slow.example.org", "github.com", "gitlab.com"}[i%3] }
	var others sync.WaitGroup
	others.Add(40)
	w.onCensus = func(k string) {
		if strings.HasPrefix(k, "slow") {
			others.Wait()
			return
		}
		others.Done()
	}
	env := newSurvey(t, w)
	wide := request()
	wide.Window = 16
	env.ExecuteWorkflow(Survey, wide)
	var response gromav1.SurveyResponse
	if err := env.GetWorkflowResult(&response); err != nil || response.Outcomes["counted"] != 60 {
		t.Errorf("outcomes are %v, %v, want 60 counted", response.Outcomes, err)
	}
}

// TestSurvey_RetryAfter: a host that asks to be left alone is, for as long as
// it says, and no other has to wait for it.
func TestSurvey_RetryAfter(t *testing.T) {
	const wait = 4 * time.Minute
	w := &world{repositories: 20, shardSize: 20}
	w.host = func(i int) string { return []string{"busy.example.org", "github.com"}[i%2] }
	env := newSurvey(t, w)
	first, second, last := map[string]time.Time{}, map[string]time.Time{}, time.Time{}
	var mu sync.Mutex
	w.fails = func(k string) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case !strings.HasPrefix(k, "busy"):
			last = env.Now()
		case first[k].IsZero():
			first[k] = env.Now()
			return temporal.NewApplicationErrorWithOptions("too many requests", "unavailable", temporal.ApplicationErrorOptions{NextRetryDelay: wait})
		default:
			second[k] = env.Now()
		}
		return nil
	}
	env.ExecuteWorkflow(Survey, request())
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	var began time.Time
	for k, at := range first {
		if after := second[k].Sub(at); after < wait || after > wait+time.Minute {
			t.Errorf("%s is asked again after %v, want %v", k, after, wait)
		}
		if began.IsZero() || at.Before(began) {
			began = at
		}
	}
	if waited := last.Sub(began); len(first) != 10 || waited >= wait {
		t.Errorf("%d were told to wait, and the others waited for %v, want 10 and less than %v", len(first), waited, wait)
	}
}
