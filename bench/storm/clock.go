package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"groma/bench"
	"groma/bench/clock"
)

// Leaps are how a clock is set in mid-survey: back, which ends a life, or ahead.
var (
	leapsBack  = []time.Duration{-2 * time.Hour, -24 * time.Hour}
	leapsAhead = []time.Duration{time.Hour, 24 * time.Hour, 365 * 24 * time.Hour}
)

// wrongClock surveys while the clock of the process leaps, and while the
// processes of a cluster disagree about the time.
func (s *storm) wrongClock(ctx context.Context, dir string) ([]outcome, error) {
	alone, err := s.leapingAlone(ctx, filepath.Join(dir, "alone"))
	if err != nil {
		return nil, fmt.Errorf("one process: %w", err)
	}
	s.host.packs()
	together, err := s.disagreeing(ctx, filepath.Join(dir, "cluster"))
	if err != nil {
		return nil, fmt.Errorf("a cluster: %w", err)
	}
	return []outcome{*alone, *together}, nil
}

func (s *storm) leapingAlone(ctx context.Context, dir string) (*outcome, error) {
	begun, again := time.Now(), newLedger(filepath.Join(dir, "data", "store"))
	for _, leap := range leapsBack {
		l, err := s.leap(ctx, dir, leap)
		if err != nil {
			return nil, err
		}
		if err := l.waitFor(1, time.Minute); err != nil {
			return nil, err
		}
		if !strings.Contains(l.saying(), "was set back by") {
			return nil, fmt.Errorf("it does not say that the clock was set back: %s", l.saying())
		}
		if err := again.settle(s.host.packs()); err != nil {
			return nil, err
		}
	}
	l, err := s.leap(ctx, dir, leapsAhead...)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(unlessEnded(l), l.wait(15*time.Minute), again.settle(s.host.packs())); err != nil {
		return nil, err
	}
	return &outcome{
		fault: "the clock of the process is set back, two hours and then a day: it says so and ends, and the same command goes on; then ahead, an hour, a day and a year",
		times: fmt.Sprintf("%d leaps", len(leapsBack)+len(leapsAhead)), again: again.String(), wall: time.Since(begun), calm: s.wall,
	}, s.same(dir)
}

// leap begins a survey and sets its clock once it has counted, at random moments.
func (s *storm) leap(ctx context.Context, dir string, leaps ...time.Duration) (*life, error) {
	l, err := s.begin(ctx, dir, s.alone(dir)...)
	if err != nil {
		return nil, err
	}
	if err := l.live(1); err != nil {
		return nil, err
	}
	c, err := clockOf(l.cmd.Process.Pid)
	for _, leap := range leaps {
		if err != nil {
			l.kill()
			return nil, err
		}
		bench.Say("the clock leaps by %s", leap)
		err = errors.Join(c.Step(leap), sleep(ctx, s.between(100*time.Millisecond, time.Second)))
	}
	return l, err
}

// apart is how far the clocks of a cluster's processes are from this machine's.
// Storage refuses whoever is a quarter of an hour away from it, so that one
// worker can keep nothing and the others do its work.
var apart = []struct {
	process string
	by      time.Duration
}{
	{"nats", 26 * time.Hour}, {"server", -10 * time.Minute},
	{"worker-1", 10 * time.Minute}, {"worker-2", -10 * time.Minute}, {"worker-3", time.Hour},
}

func (s *storm) disagreeing(ctx context.Context, dir string) (*outcome, error) {
	again, wall, err := s.clustered(ctx, dir, func(c *bench.Cluster, l *life) error {
		for _, a := range apart {
			pid, err := c.Process(a.process)
			if err != nil {
				return err
			}
			clock, err := clockOf(pid)
			if err != nil {
				return err
			}
			if err := clock.Step(a.by); err != nil {
				return err
			}
		}
		return unlessEnded(l)
	})
	return &outcome{
		fault: "clocks that disagree: two workers 10 minutes ahead and back, one an hour ahead (S3 refuses it), the server 10 minutes back, NATS a day ahead",
		times: "the whole survey", again: again, wall: wall, calm: s.wall,
	}, err
}

func clockOf(pid int) (*clock.Clock, error) {
	c, err := clock.Of(pid)
	if errors.Is(err, clock.ErrUnsupported) {
		return nil, fmt.Errorf("%w: %w", errSkipped, err)
	}
	return c, err
}
