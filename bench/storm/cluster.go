package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"groma/bench"
)

// up starts a cluster of three workers that ask the host. Its caller has it
// down again.
func (s *storm) up(ctx context.Context, dir string) (*bench.Cluster, error) {
	c := &bench.Cluster{Script: s.script, Groma: s.groma, Data: filepath.Join(dir, "cluster"), PortBase: s.portBase}
	return c, c.Up(ctx, 3, "--concurrency", "2", s.mirror())
}

// clustered surveys through a cluster's server while disturb disturbs it, and
// fails unless the report is the undisturbed one.
func (s *storm) clustered(ctx context.Context, dir string, disturb func(*bench.Cluster, *life) error) (again string, wall time.Duration, err error) {
	c, err := s.up(ctx, dir)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, c.Down()) }()
	l, err := s.begin(ctx, dir, "--server", c.Server)
	if err != nil {
		return "", 0, err
	}
	defer l.kill()
	if err := disturb(c, l); err != nil {
		return "", 0, err
	}
	if err := l.wait(15 * time.Minute); err != nil {
		return "", 0, err
	}
	again, err = s.overAsked(filepath.Join(c.Data, "s3", "groma", "prod")) // the bucket, as files
	return again, time.Since(l.begun), errors.Join(err, s.same(dir))
}

// overAsked says how many repositories were asked for more packs than on a calm
// day; all of them are to be kept.
func (s *storm) overAsked(store string) (string, error) {
	all, err := kept(store)
	if err != nil {
		return "", err
	}
	if len(all) != len(s.names) {
		return "", fmt.Errorf("%d repositories are kept, want %d", len(all), len(s.names))
	}
	more := 0
	for name, n := range s.host.packs() {
		if n > s.calm[name] {
			more++
		}
	}
	if more == 0 {
		return "0", nil
	}
	return fmt.Sprintf("%d, which were being counted", more), nil
}

// killWorkers ends three workers, one after another, and starts others.
func (s *storm) killWorkers(ctx context.Context, dir string) ([]outcome, error) {
	again, wall, err := s.clustered(ctx, dir, func(c *bench.Cluster, l *life) error {
		if err := l.live(1); err != nil {
			return err
		}
		for i := range s.workers {
			if err := sleep(ctx, s.between(200*time.Millisecond, 2*time.Second)); err != nil {
				return err
			}
			if _, err := c.Call(ctx, "kill-worker", strconv.Itoa(1+i%3), "-9"); err != nil {
				return err
			}
			if _, err := c.Call(ctx, "add-worker"); err != nil {
				return err
			}
		}
		return unlessEnded(l)
	})
	return []outcome{{fault: "kill -9 of a worker of three, and another one", times: fmt.Sprintf("%d kills", s.workers), again: again, wall: wall, calm: s.wall}}, err
}

// unlessEnded fails if there is nothing left to disturb.
func unlessEnded(l *life) error {
	select {
	case <-l.ended:
		return fmt.Errorf("the survey ended before it was disturbed often enough (if it ended well, make the host slower with -latency): %v\n%s", l.err, l.saying())
	default:
		return nil
	}
}

func (s *storm) restartNATS(ctx context.Context, dir string) ([]outcome, error) {
	return s.restart(ctx, dir, "nats")
}

func (s *storm) restartStorage(ctx context.Context, dir string) ([]outcome, error) {
	return s.restart(ctx, dir, "s3")
}

func (s *storm) restartTemporal(ctx context.Context, dir string) ([]outcome, error) {
	return s.restart(ctx, dir, "temporal")
}

func (s *storm) restartAll(ctx context.Context, dir string) ([]outcome, error) {
	return s.restart(ctx, dir, "nats", "s3", "temporal")
}

// restart kills servers in mid-survey, again and again, each time for a while.
func (s *storm) restart(ctx context.Context, dir string, servers ...string) ([]outcome, error) {
	again, wall, err := s.clustered(ctx, dir, func(c *bench.Cluster, l *life) error {
		if err := l.live(3); err != nil {
			return err
		}
		for range s.restarts {
			if err := unlessEnded(l); err != nil {
				return err
			}
			for _, name := range servers {
				if _, err := c.Call(ctx, "stop", name, "-9"); err != nil {
					return err
				}
			}
			if err := sleep(ctx, s.away); err != nil {
				return err
			}
			for _, name := range servers {
				if _, err := c.Call(ctx, "start", name); err != nil {
					return err
				}
			}
			if err := sleep(ctx, s.between(0, 3*time.Second)); err != nil {
				return err
			}
		}
		return nil
	})
	o := outcome{fault: "kill -9 of " + strings.Join(servers, ", ") + " for " + s.away.String() + " and its start", times: fmt.Sprintf("%d times", s.restarts), again: again, wall: wall, calm: s.wall}
	return []outcome{o}, err
}

// quiet surveys without notices.
func (s *storm) quiet(ctx context.Context, dir string) ([]outcome, error) {
	off := filepath.Join(dir, "off")
	l, err := s.begin(ctx, off, s.alone(off, "--nats", "off")...)
	if err != nil {
		return nil, err
	}
	if err := l.wait(time.Hour); err != nil {
		return nil, err
	}
	if err := s.same(off); err != nil {
		return nil, err
	}
	first := outcome{fault: "no notices: --nats off", times: "the whole survey", again: "0", wall: time.Since(l.begun), calm: s.wall}
	s.host.packs()
	again, wall, err := s.clustered(ctx, filepath.Join(dir, "away"), func(c *bench.Cluster, l *life) error {
		if err := l.live(1); err != nil {
			return err
		}
		_, err := c.Call(ctx, "stop", "nats", "-9")
		return err
	})
	second := outcome{fault: "kill -9 of nats, which stays away", times: "the rest of the survey", again: again, wall: wall, calm: s.wall}
	return []outcome{first, second}, err
}
