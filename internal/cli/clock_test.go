package cli

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"groma/bench/clock"
	"groma/internal/world"
)

// TestSurvey_ClockSet sets the clock of a survey that counts two hours back: it says
// so and ends, and the same command goes on. Of that one the clock is set an hour
// ahead, as on a laptop that has slept. It makes the report of an undisturbed one.
func TestSurvey_ClockSet(t *testing.T) {
	dir := t.TempDir()
	server := serveTour(t, dir)
	undisturbed := surveyProcess(t, dir, server, "undisturbed")
	if err := undisturbed.Run(); exitOf(err) != exitGaps {
		t.Fatalf("undisturbed: %v", err)
	}
	host := &badHost{random: rand.New(rand.NewPCG(1, 1))}
	bad := &world.Server{URL: host.serve(t, server.URL)}
	back := surveyLeaping(t, dir, bad, host, -2*time.Hour, exitFailed)
	if !strings.Contains(back, "the clock of this machine was set back by 2h0m0s") || !strings.Contains(back, "give the same command again") {
		t.Errorf("set back, it says %s", back)
	}
	if _, err := os.Stat(filepath.Join(dir, "leaping", "temporal.db-ahead")); err != nil {
		t.Errorf("the next command would not know: %v", err)
	}
	if ahead := surveyLeaping(t, dir, bad, host, time.Hour, exitGaps); !strings.Contains(ahead, "Going on with survey") {
		t.Errorf("once more, it says %s", ahead)
	}
	got, want := reportIn(t, dir, "leaping"), reportIn(t, dir, "undisturbed")
	if g, w := withoutTimes(t, withoutTries(got)), withoutTimes(t, withoutTries(want)); !bytes.Equal(g, w) {
		t.Errorf("with a clock that leaps and undisturbed reports differ:\n%s\n%s", g, w)
	}
}

// surveyLeaping surveys, has the clock leap when a few requests have been made,
// and returns what is said.
func surveyLeaping(t *testing.T, dir string, server *world.Server, host *badHost, by time.Duration, exit int) (said string) {
	t.Helper()
	cmd := surveyProcess(t, dir, server, "leaping", "--concurrency", "1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	leapt := errors.New("there were too few requests")
	host.after(4, func() {
		var c *clock.Clock
		if c, leapt = clock.Of(cmd.Process.Pid); leapt == nil {
			leapt = c.Step(by)
		}
	})
	err := cmd.Run()
	if errors.Is(leapt, clock.ErrUnsupported) {
		t.Skip(leapt)
	}
	if leapt != nil || exitOf(err) != exit {
		t.Fatalf("with a leap of %s (%v) it ends with %v, want %d: %s", by, leapt, err, exit, &stderr)
	}
	return stderr.String()
}
