package workers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"groma/internal/artefact/artefacttest"
	"groma/internal/census"
	"groma/internal/fault"
	"groma/internal/gitwire"
	"groma/internal/world/worldtest"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

const text = `
-- repos/o/good/main.go --
package main
-- repos/o/gone.repo --
missing
-- repos/o/busy/main.go --
package main
-- repos/o/busy.repo --
busy 1 7
`

// newActivities serves the world above and returns activities that ask it, in
// an environment to run them.
func newActivities(t *testing.T) *testsuite.TestActivityEnvironment {
	t.Helper()
	server := worldtest.Serve(t, text)
	mirror, err := gitwire.ParseMirror("https://github.com/=" + server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	git := gitwire.New(gitwire.Config{Mirrors: []gitwire.Mirror{mirror}})
	t.Cleanup(git.Close)
	store := artefacttest.NewFolder(t)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(&Activities{Config: Config{Taker: &census.Taker{Git: git, Store: store}, Store: store, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}})
	return env
}

func takeCensus(env *testsuite.TestActivityEnvironment, name string) (*gromav1.Taken, error) {
	value, err := env.ExecuteActivity("TakeCensus", &gromav1.TakeCensusRequest{
		Survey: "s", Target: &gromav1.CensusTarget{Key: "github.com/o/" + name, Address: "https://github.com/o/" + name},
	})
	if err != nil {
		return nil, err
	}
	response := &gromav1.TakeCensusResponse{}
	err = value.Get(response)
	return response.Taken, err
}

func TestTakeCensus(t *testing.T) {
	env := newActivities(t)
	for name, want := range map[string]string{"good": "counted", "gone": "not-found"} {
		taken, err := takeCensus(env, name)
		if err != nil {
			t.Fatal(err)
		}
		if taken.Outcome != want || taken.Attempts != 1 {
			t.Errorf("%s is %v, want it %s at the first try", name, taken, want)
		}
	}
}

func TestTakeCensus_Busy(t *testing.T) {
	_, err := takeCensus(newActivities(t), "busy")
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		t.Fatalf("a busy host is %v, want an application error", err)
	}
	var tries int64
	if err := application.Details(&tries); err != nil || tries != 1 {
		t.Errorf("the error says that it is try %d, %v; want 1", tries, err)
	}
	if application.NonRetryable() || application.Type() != string(fault.Unavailable) || application.NextRetryDelay() != 7*time.Second {
		t.Errorf("a busy host is %q, final %v, after %v; want it tried again after 7s", application.Type(), application.NonRetryable(), application.NextRetryDelay())
	}
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		err   error
		kind  fault.Kind
		final bool
	}{
		{errors.New("disk full"), workflows.Trouble, false},
		{fmt.Errorf("probe: %w", fault.Errorf(fault.Unavailable, "refused")), fault.Unavailable, false},
		{context.DeadlineExceeded, fault.TimedOut, false},
		{fault.Errorf(fault.Invalid, "no landscape"), fault.Invalid, true},
	} {
		var got *temporal.ApplicationError
		if !errors.As(verdict(t.Context(), test.err), &got) || got.Type() != string(test.kind) || got.NonRetryable() != test.final {
			t.Errorf("the verdict on %v is %v, want kind %q, final %v", test.err, got, test.kind, test.final)
		}
	}
	if err := verdict(t.Context(), nil); err != nil {
		t.Errorf("the verdict on nothing is %v", err)
	}
	far := &fault.Error{Kind: fault.Unavailable, Err: errors.New("x"), RetryAfter: time.Hour}
	var got *temporal.ApplicationError
	if errors.As(verdict(t.Context(), far), &got); got.NextRetryDelay() != longestDelay {
		t.Errorf("a host that wants an hour gets %v, want %v", got.NextRetryDelay(), longestDelay)
	}
}

// TestNames: workflows name activities by text; each must be there.
func TestNames(t *testing.T) {
	activities := reflect.TypeFor[*Activities]()
	names := []string{"Plan", "ListShard", "TakeCensus", "SummariseShard", "Aggregate", "FindSurveys", "HandOver", "MakeEdition", "Prepare", "CatchUp"}
	for _, name := range names {
		if _, ok := activities.MethodByName(name); !ok {
			t.Errorf("no activity is called %s", name)
		}
	}
	if n := activities.NumMethod(); n != len(names) {
		t.Errorf("%d activities, want the %d that workflows know", n, len(names))
	}
}

// TestVerdict_GivenUp: what ends because a worker stopped, or could not tell
// Temporal that it is alive, is begun again; only a survey that was cancelled
// wants no more of it.
func TestVerdict_GivenUp(t *testing.T) {
	for _, test := range []struct {
		cause error
		kind  string // of an application's error; empty for a cancellation
	}{
		{errStopped, workflows.WorkerStopped},
		{serviceerror.NewUnavailable("connection refused"), workflows.Trouble},
		{serviceerror.NewNotFound("activity"), workflows.Trouble},
		{context.DeadlineExceeded, workflows.Trouble},
		{temporal.NewCanceledError(), ""},
		{nil, ""},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(test.cause)
		got := verdict(ctx, fmt.Errorf("https://example.org/o/a: %w", context.Canceled))
		var application *temporal.ApplicationError
		if test.kind == "" {
			if got != context.Canceled {
				t.Errorf("%v: %v, want it cancelled", test.cause, got)
			}
		} else if !errors.As(got, &application) || application.Type() != test.kind {
			t.Errorf("%v: %v, want it %s", test.cause, got, test.kind)
		}
	}
}
