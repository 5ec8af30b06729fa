package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"groma/bench/clock"
)

// leaps are how a clock is set in mid-survey: as by somebody who gets an hour,
// a day, a year wrong, and by who sets it right.
var leaps = []time.Duration{
	time.Hour, -2 * time.Hour, time.Hour,
	24 * time.Hour, -24 * time.Hour,
	-365 * 24 * time.Hour, 365 * 24 * time.Hour,
}

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
	l, err := s.begin(ctx, dir, s.alone(dir)...)
	if err != nil {
		return nil, err
	}
	defer l.kill()
	if err := l.live(1); err != nil {
		return nil, err
	}
	c, err := clockOf(l.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	for _, leap := range leaps {
		if err := errors.Join(unlessEnded(l), c.Step(leap)); err != nil {
			return nil, err
		}
		say("the clock leaps by %s", leap)
		if err := sleep(ctx, s.between(200*time.Millisecond, 2*time.Second)); err != nil {
			return nil, err
		}
	}
	if err := l.wait(15 * time.Minute); err != nil {
		return nil, err
	}
	again, err := s.overAsked(filepath.Join(dir, "data", "store"))
	return &outcome{
		fault: "the clock of the process leaps: an hour ahead and back, a day, a year", times: fmt.Sprintf("%d leaps", len(leaps)),
		again: again, wall: time.Since(l.begun), calm: s.wall,
	}, errors.Join(err, s.same(dir))
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
	again, wall, err := s.clustered(ctx, dir, func(c *cluster, l *life) error {
		for _, a := range apart {
			pid, err := c.pid(a.process)
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
