package service_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/census"
	"groma/internal/engine"
	"groma/internal/gitwire"
	"groma/internal/service"
	"groma/internal/survey"
	"groma/internal/world"
	gromav1 "groma/proto/groma/v1"
	"groma/workers"
	"groma/workflows"
)

const buggy = `
-- repos/o/bad/main.go --
package main
-- repos/o/good/main.go --
package main
-- repos/o/other/main.go --
package main
`

// brittle is a store that has a bug where a key has one of its words.
type brittle struct {
	artefact.Store
	words []string
}

func (b brittle) look(key string) {
	for _, word := range b.words {
		if strings.Contains(key, word) {
			_ = b.words[len(b.words):][len(key)]
		}
	}
}

func (b brittle) Get(ctx context.Context, key string) ([]byte, error) {
	b.look(key)
	return b.Store.Get(ctx, key)
}

func (b brittle) Create(ctx context.Context, key string, data []byte) error {
	b.look(key)
	return b.Store.Create(ctx, key, data)
}

// lines is a log that many may write to.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestSurvey_Panics: a bug that one repository meets is a row of the report, at
// its first try, and harms no other; nor do those on goroutines beside the
// activity's end the process. One that a whole survey meets ends that, after
// three tries. Where to look is in the log.
func TestSurvey_Panics(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Config{Data: t.TempDir(), NATS: engine.Off})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	git := serveText(t, buggy)
	survey := func(t *testing.T, name string, taker census.Taker, store artefact.Store, state string) (outcomes map[string]string, log *lines) {
		log = &lines{}
		taker.Git, taker.Log = git, slog.New(slog.NewTextHandler(log, nil))
		worker := workers.New(e.Temporal, workers.Config{Taker: &taker, Store: store, Log: taker.Log, Concurrency: 3, Queue: workflows.ClusterQueue})
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		defer worker.Stop()
		return surveyed(t, e, name, state), log
	}
	t.Run("one of three", func(t *testing.T) {
		got, log := survey(t, "one", census.Taker{Store: brittle{e.Store, []string{"/o/bad/"}}}, e.Store, "reported")
		expectBug(t, got, log, map[string]string{"good": "counted", "other": "counted"}, "service_test.brittle.look")
	})
	t.Run("where contents are read", func(t *testing.T) {
		got, log := survey(t, "two", census.Taker{Store: e.Store, Contents: &census.Contents{}}, e.Store, "reported")
		expectBug(t, got, log, map[string]string{"good": "reused", "other": "reused"}, "census.(*Contents).get")
	})
	t.Run("the plan", func(t *testing.T) {
		_, log := survey(t, "three", census.Taker{Store: e.Store}, brittle{e.Store, []string{"manifest"}}, "failed")
		if n := strings.Count(log.String(), "event=Plan"); n != 3 {
			t.Errorf("the plan panicked %d times, want 3", n)
		}
	})
}

// serveText serves a world, and returns who asks it.
func serveText(t *testing.T, text string) *gitwire.Client {
	t.Helper()
	w, err := world.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	served, err := w.Serve(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { served.Close() })
	mirror, err := gitwire.ParseMirror("https://github.com/=" + served.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	git := gitwire.New(gitwire.Config{Mirrors: []gitwire.Mirror{mirror}})
	t.Cleanup(git.Close)
	return git
}

// surveyed surveys the three repositories, and returns what came of each: its
// outcome, its reason and its tries.
func surveyed(t *testing.T, e *engine.Engine, name, state string) map[string]string {
	t.Helper()
	client := newClient(service.Config{Store: e.Store, Temporal: e.Temporal, Payloads: e.Payloads, Log: slog.New(slog.DiscardHandler)})
	started, err := client.StartSurvey(t.Context(), &gromav1.StartSurveyRequest{
		Spec: &gromav1.SurveySpec{Source: name, NoVitals: true}, Document: []byte("https://github.com/o/bad\nhttps://github.com/o/good\nhttps://github.com/o/other\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if expectEnd(t, client, started.Survey, state); state == "failed" {
		return nil
	}
	rep, err := survey.Report(t.Context(), e.Store, started.Survey)
	if err != nil {
		t.Fatal(err)
	}
	came := map[string]string{}
	for _, r := range rep.Repositories {
		came[r.Name] = strings.TrimSuffix(fmt.Sprintf("%s after %d: %s", r.Outcome, r.Attempts, r.Reason), " after 1: ")
	}
	return came
}

// expectBug expects a bug of the repository called bad, and of no other.
func expectBug(t *testing.T, got map[string]string, log *lines, others map[string]string, place string) {
	t.Helper()
	bad := got["bad"]
	if !strings.HasPrefix(bad, "failed after 1: a bug in groma ") || !strings.Contains(bad, place) || strings.Contains(bad, "goroutine") {
		t.Errorf("bad is %q", bad)
	}
	delete(got, "bad")
	if !maps.Equal(got, others) {
		t.Errorf("the others are %q, want %q", got, others)
	}
	text := log.String()
	if strings.Count(text, "stack=") != 1 || !strings.Contains(text, "repository=github.com/o/bad") || !strings.Contains(text, "goroutine ") {
		t.Errorf("the log says %.1000s", text)
	}
}

// TestListSurveys_Panics: a survey that cannot be read for a bug hides no other.
func TestListSurveys_Panics(t *testing.T) {
	store, log := artefacttest.NewFolder(t), &lines{}
	first, second := reported(t, store, 1, "a"), reported(t, store, 2, "b")
	client := newClient(service.Config{Store: brittle{store, []string{first}}, Log: slog.New(slog.NewTextHandler(log, nil))})
	got, err := client.ListSurveys(t.Context(), &gromav1.ListSurveysRequest{})
	if err != nil || len(got.Surveys) != 1 || got.Surveys[0].Survey != second || len(got.Unreadable) != 1 || got.Unreadable[0].Key != first {
		t.Errorf("listed %v, %v", got, err)
	}
	if !strings.Contains(log.String(), "stack=") {
		t.Errorf("the log says %q", log)
	}
}
