package cli

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"groma/bench/clock"
	"groma/internal/world"
)

// TestSurvey_ClockSet sets the clock of a survey that counts: an hour ahead, as for
// a laptop that has slept, and two hours back. It neither hangs nor loses
// anything, and makes the report of an undisturbed one.
func TestSurvey_ClockSet(t *testing.T) {
	dir := t.TempDir()
	server := serveTour(t, dir)
	undisturbed := surveyProcess(t, dir, server, "undisturbed")
	if err := undisturbed.Run(); exitOf(err) != exitGaps {
		t.Fatalf("undisturbed: %v", err)
	}
	host := &badHost{random: rand.New(rand.NewPCG(1, 1))}
	surveying := surveyProcess(t, dir, &world.Server{URL: host.serve(t, server.URL)}, "leaping", "--concurrency", "1")
	var stderr bytes.Buffer
	surveying.Stderr = &stderr
	var c *clock.Clock
	var leaps []error
	host.after(4, func() {
		var err error
		c, err = clock.Of(surveying.Process.Pid)
		leaps = append(leaps, err, c.Step(time.Hour))
		host.left, host.then = 6, func() { leaps = append(leaps, c.Step(-2*time.Hour)) }
	})
	err := surveying.Run()
	if errors.Is(errors.Join(leaps...), clock.ErrUnsupported) {
		t.Skip(leaps)
	}
	if exitOf(err) != exitGaps {
		t.Fatalf("with a clock that leaps: %v: %s", err, &stderr)
	}
	if err := errors.Join(leaps...); err != nil || len(leaps) != 3 {
		t.Fatalf("%d times something was done to the clock, want 3: %v", len(leaps), err)
	}
	got, want := reportIn(t, dir, "leaping"), reportIn(t, dir, "undisturbed")
	if g, w := withoutTimes(t, withoutTries(got)), withoutTimes(t, withoutTries(want)); !bytes.Equal(g, w) {
		t.Errorf("with a clock that leaps and undisturbed reports differ:\n%s\n%s", g, w)
	}
}
