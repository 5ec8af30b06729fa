//go:build !groma_noembed

package engine

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	sdk "go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"groma/internal/sealed"
	"groma/workflows"
)

// keyLine is a line of a file of keys, of 32 bytes alike.
func keyLine(id string, of byte) string {
	return id + " " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{of}, 32)) + "\n"
}

func keyFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// whispered is what nobody else may read.
const whispered = "github.com/w/hispered"

// whispering has the word in all that a workflow passes on.
func whispering(ctx sdk.Context, word string) (string, error) {
	if err := sdk.SetQueryHandler(ctx, "word", func() (string, error) { return word, nil }); err != nil {
		return "", err
	}
	ctx = sdk.WithActivityOptions(ctx, sdk.ActivityOptions{
		StartToCloseTimeout: time.Minute, Summary: word, RetryPolicy: &temporal.RetryPolicy{InitialInterval: 50 * time.Millisecond, BackoffCoefficient: 1},
	})
	var heard string
	if err := sdk.ExecuteActivity(ctx, "Whisper", word).Get(ctx, &heard); err != nil {
		return "", err
	}
	sdk.GetSignalChannel(ctx, "end").Receive(ctx, &heard)
	return heard, nil
}

// whisper fails until it is tried for the third time.
func whisper(ctx context.Context, word string) (string, error) {
	activity.RecordHeartbeat(ctx, word)
	if activity.GetInfo(ctx).Attempt < 3 {
		return "", temporal.NewApplicationError("no "+word, "shy", word)
	}
	return word, nil
}

// whisperer is a worker that does both, or one of them.
func whisperer(t *testing.T, e *Engine, options worker.Options) worker.Worker {
	t.Helper()
	w := worker.New(e.Temporal, queue, options)
	if !options.DisableWorkflowWorker {
		w.RegisterWorkflowWithOptions(whispering, sdk.RegisterOptions{Name: "Survey"})
	}
	w.RegisterActivityWithOptions(whisper, activity.RegisterOptions{Name: "Whisper"})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// logged is what is logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) has(word string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), word)
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain: " + what)
		}
	}
}

// TestSealed: a worker that lacks the key harms no workflow and no activity; it
// says why it cannot, and they go on with one that has it. All that Temporal
// keeps and hands out of them is sealed.
func TestSealed(t *testing.T) {
	e := open(t, Config{Data: t.TempDir(), NATS: Off, PayloadKeys: keyFile(t, keyLine("k1", 1))})
	var log logged
	without := open(t, Config{Temporal: e.TemporalAddress, NATS: Off, Store: "file://" + t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))})

	blind := whisperer(t, without, worker.Options{})
	run, err := e.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "w", TaskQueue: queue, WorkflowTaskTimeout: time.Second, StaticSummary: whispered, Memo: map[string]any{workflows.MemoSurvey: whispered},
	}, "Survey", whispered)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "its first attempt to fail", func() bool { return pending(t, e).GetPendingWorkflowTask().GetAttempt() > 1 })
	blind.Stop()
	if !log.has("Workflow panic") || !log.has(`sealed under key \"k1\", which is not among`) {
		t.Errorf("the worker without the key logs %s", &log.text)
	}
	testIllegible(t, e, without)

	blind = whisperer(t, without, worker.Options{DisableWorkflowWorker: true})
	sees := whisperer(t, e, worker.Options{LocalActivityWorkerOnly: true})
	defer sees.Stop()
	await(t, "the activity to fail", func() bool {
		asked := pending(t, e).GetPendingActivities()
		return len(asked) == 1 && asked[0].GetLastFailure().GetApplicationFailureInfo().GetType() == workflows.Trouble
	})
	blind.Stop()
	does := whisperer(t, e, worker.Options{DisableWorkflowWorker: true})
	defer does.Stop()
	testEnd(t, e, without, run)
}

// testIllegible: who lacks the key hears so.
func testIllegible(t *testing.T, e, without *Engine) {
	var shut *sealed.Error
	var refusal *Refusal
	await(t, "the survey to be listed", func() bool { return without.Legible(t.Context(), queue) != nil })
	if err := without.Legible(t.Context(), queue); !errors.As(err, &shut) || shut.Key != "k1" || !errors.As(err, &refusal) {
		t.Errorf("Legible: %v", err)
	}
	if err := without.Legible(t.Context(), "another"); err != nil {
		t.Errorf("Legible of another queue: %v", err)
	}
	if err := e.Legible(t.Context(), queue); err != nil {
		t.Errorf("Legible with the key: %v", err)
	}
	c := Config{Temporal: e.TemporalAddress, PayloadKeys: keyFile(t, keyLine("k1", 2), keyLine("k0", 1))}
	facts, err := AskTemporal(t.Context(), c)
	if err != nil || !errors.As(facts.Shut, &shut) || shut.Lacking || fmt.Sprint(facts.Keys) != "[k1 k0]" {
		t.Errorf("AskTemporal: %+v, %v", facts, err)
	}
}

// TestLegible_Others: whatever runs on a task queue is looked at, not surveys alone.
// None of it has a memo.
func TestLegible_Others(t *testing.T) {
	e := open(t, Config{Data: t.TempDir(), NATS: Off, PayloadKeys: keyFile(t, keyLine("k1", 1))})
	without := open(t, Config{Temporal: e.TemporalAddress, NATS: Off, Store: "file://" + t.TempDir()})
	for _, kind := range workflows.Types() {
		queue := "queue of " + kind
		if _, err := e.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: kind, TaskQueue: queue}, kind, whispered); err != nil {
			t.Fatal(err)
		}
		await(t, kind+" to be listed", func() bool { return without.Legible(t.Context(), queue) != nil })
		var shut *sealed.Error
		if err := without.Legible(t.Context(), queue); !errors.As(err, &shut) || !strings.Contains(err.Error(), "workflow "+kind+", which runs") {
			t.Errorf("%s: %v", kind, err)
		}
		if err := e.Legible(t.Context(), queue); err != nil {
			t.Errorf("%s with the key: %v", kind, err)
		}
	}
}

// testEnd has the workflow end, and looks at what Temporal has of it.
func testEnd(t *testing.T, e, without *Engine, run client.WorkflowRun) {
	ctx := t.Context()
	answer, err := e.Temporal.QueryWorkflow(ctx, "w", "", "word")
	var word string
	if err == nil {
		err = answer.Get(&word)
	}
	if err != nil || word != whispered {
		t.Errorf("the query is answered with %q, %v", word, err)
	}
	if err := e.Temporal.SignalWorkflow(ctx, "w", "", "end", whispered); err != nil {
		t.Fatal(err)
	}
	if err := run.Get(ctx, &word); err != nil || word != whispered {
		t.Errorf("it returns %q, %v", word, err)
	}
	var shut *sealed.Error
	if err := without.Temporal.GetWorkflow(ctx, "w", "").Get(ctx, &word); !errors.As(err, &shut) {
		t.Errorf("without the key it returns %v", err)
	}
	kept, err := proto.Marshal(pending(t, e))
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for history := e.Temporal.GetWorkflowHistory(ctx, "w", "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); history.HasNext(); {
		event, err := history.Next()
		if err != nil {
			t.Fatal(err)
		}
		if event.GetActivityTaskStartedEventAttributes().GetLastFailure() != nil {
			failed++
		}
		if kept, err = (proto.MarshalOptions{}).MarshalAppend(kept, event); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Contains(kept, []byte("hispered")) || !bytes.Contains(kept, []byte("binary/encrypted")) || failed == 0 {
		t.Errorf("sealed, and yet Temporal says %q", kept)
	}
}

func pending(t *testing.T, e *Engine) *workflowservice.DescribeWorkflowExecutionResponse {
	t.Helper()
	described, err := e.Temporal.DescribeWorkflowExecution(t.Context(), "w", "")
	if err != nil {
		t.Fatal(err)
	}
	return described
}

// TestKeyring: keys turn while it runs, and a file that is broken changes nothing.
func TestKeyring(t *testing.T) {
	path := keyFile(t, keyLine("a", 1))
	var log logged
	k, err := newKeyring(path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct{ text, want, log string }{
		{keyLine("a", 1) + keyLine("b", 2), "a, b", ""},
		{keyLine("b", 2) + "\n" + keyLine("a", 1), "b, a", ""},
		{"b", "b, a", "the file of keys cannot be read"},
		{"b", "b, a", "the file of keys cannot be read"}, // said once
		{keyLine("b", 2), "b", ""},
	} {
		before := k.now().String()
		if err := os.WriteFile(path, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := k.now().String(); got != before {
			t.Errorf("%d: it is looked at at once", i)
		}
		k.looked = time.Now().Add(-lookEvery)
		if got := k.now().String(); got != step.want || !log.has(step.log) {
			t.Errorf("%d: keys %s, want %s; logged %s", i, got, step.want, &log.text)
		}
	}
	if said := strings.Count(log.text.String(), "cannot be read"); said != 1 {
		t.Errorf("it is said %d times: %s", said, &log.text)
	}
	if _, err := newKeyring(filepath.Join(t.TempDir(), "none"), nil); err == nil {
		t.Error("a file that is not there is read")
	}
	if none, err := newKeyring("", nil); err != nil || none.now() != nil {
		t.Errorf("without a file there are keys: %v", err)
	}
}

func TestConfig_PayloadKeys(t *testing.T) {
	broken := keyFile(t, "a c2VjcmV0\n")
	err := Config{Data: t.TempDir(), PayloadKeys: broken}.Validate()
	if err == nil || !strings.Contains(err.Error(), broken+": line 1") || strings.Contains(err.Error(), "c2VjcmV0") {
		t.Errorf("Validate: %v", err)
	}
}
