package census

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"groma/internal/artefact"
	"groma/internal/fault"
	"groma/internal/vitals"
)

// brittle is a store that has a bug where it reads some keys.
type brittle struct {
	artefact.Store
	word string // that the keys have in them
}

func (b *brittle) Get(ctx context.Context, key string) ([]byte, error) {
	if b.word != "" && strings.Contains(key, b.word) {
		panic("a bug of the store's")
	}
	return b.Store.Get(ctx, key)
}

// newBrittle is a taker of the world, with a log.
func newBrittle(t *testing.T, word string) (*Taker, *bytes.Buffer) {
	t.Helper()
	taker, _ := newTaker(t)
	log := &bytes.Buffer{}
	taker.Store, taker.Log = &brittle{taker.Store, word}, slog.New(slog.NewTextHandler(log, nil))
	return taker, log
}

func expectLogged(t *testing.T, log *bytes.Buffer, want bool) {
	t.Helper()
	text := log.String()
	if logged := strings.Contains(text, "repository=github.com/o/good") && strings.Contains(text, "stack=") && strings.Contains(text, "goroutine "); logged != want {
		t.Errorf("a panic is logged: %v, want %v: %.300s", logged, want, text)
	}
}

// TestTake_Panics: what panics is the outcome of its repository, with a reason
// that blames nobody else; what is beside the count goes without, and the count
// stands.
func TestTake_Panics(t *testing.T) {
	for word, want := range map[string]struct{ outcome, vitals string }{
		"":        {"counted", ""},
		"census/": {"failed", ""},
		"words/":  {"counted", ""},
		"vitals/": {"counted", "a bug in groma "},
	} {
		t.Run(word, func(t *testing.T) {
			taker, log := newBrittle(t, word)
			request := ask("s", "good")
			request.Windows = []vitals.Window{{Name: "all", From: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}}
			request.Words = true
			taken := take(t, taker, request)
			if taken.Outcome != want.outcome || !strings.HasPrefix(taken.WithoutVitals, want.vitals) || want.vitals == "" && taken.WithoutVitals != "" {
				t.Errorf("taken is %v, want it %s", taken, want.outcome)
			}
			if bug := strings.HasPrefix(taken.Reason, "a bug in groma "); bug != (want.outcome == "failed") || strings.Contains(taken.Reason, "goroutine") {
				t.Errorf("the reason is %q", taken.Reason)
			}
			expectLogged(t, log, word != "")
			if other := take(t, taker, ask("s", "none")); other.Outcome != "empty" {
				t.Errorf("another repository is %v", other)
			}
		})
	}
}

// TestTake_PanicsWhileRead: contents are read on goroutines beside the one that
// asks, as they arrive. These cannot even look one up.
func TestTake_PanicsWhileRead(t *testing.T) {
	taker, log := newBrittle(t, "")
	taker.Contents = &Contents{}
	taken := take(t, taker, ask("s", "good"))
	if taken.Outcome != "failed" || !strings.Contains(taken.Reason, "nil pointer dereference, in groma/internal/census.") {
		t.Errorf("taken is %v, want it failed", taken)
	}
	expectLogged(t, log, true)
}

// TestTake_PanicsGoingOn: a panic on the short way, from an earlier census, leaves
// the long one, and is logged, since no row says so.
func TestTake_PanicsGoingOn(t *testing.T) {
	taker, server := newTaker(t)
	log := &bytes.Buffer{}
	taker.Log = slog.New(slog.NewTextHandler(log, nil))
	take(t, taker, ask("s", "good"))
	if _, err := server.Commit("o/good", "-- new.rs --\nfn new() {}\n-- newer.rs --\nfn newer() {}\n"); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	seen, err := lru.NewWithEvict(1, func(key, reading) { once.Do(func() { panic("forgotten") }) })
	if err != nil {
		t.Fatal(err)
	}
	taker.Contents = &Contents{seen}
	taken := take(t, taker, ask("t", "good"))
	if taken.Outcome != "counted" || taken.BlobsCounted == 0 {
		t.Errorf("taken is %v, want it counted", taken)
	}
	expectLogged(t, log, true)
}

// TestRun_Panics: where there is no other way to count, a panic is the failure;
// where there is, what was begun is forgotten.
func TestRun_Panics(t *testing.T) {
	taker, _ := newTaker(t)
	for _, earlier := range []*Earlier{nil, {}} {
		remote, err := taker.probe(t.Context(), ask("s", "good"))
		if err != nil {
			t.Fatal(err)
		}
		defer remote.Close()
		c := newCounting(remote, ask("s", "good").Limits, Options{Earlier: earlier})
		c.attributes = nil
		err = c.run(t.Context())
		c.snapshot.Close()
		if want := earlier == nil; (fault.KindOf(err) == fault.Bug) != want || !want && (err != nil || len(c.counted) == 0) {
			t.Errorf("with an earlier census %v: %d files, %v", earlier != nil, len(c.counted), err)
		}
	}
}

// TestInParallel_Panics: the others stop soon, or the test does for them.
func TestInParallel_Panics(t *testing.T) {
	const soon = 50_000_000 // a second or so
	var ran atomic.Int64
	err := inParallel(2*soon, func(i int) error {
		if ran.Add(1); i == 3 {
			panic("three")
		}
		return nil
	})
	if fault.KindOf(err) != fault.Bug {
		t.Errorf("it is %v, want a bug", err)
	}
	if ran.Load() > soon {
		t.Error("the others went on to the end")
	}
}
