package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// badHost surveys on a day on which the host fails all the time.
func (s *storm) badHost(ctx context.Context, dir string) ([]outcome, error) {
	s.host.set(weather{fail: 0.3, cut: 0.3})
	l, err := s.begin(ctx, dir, s.alone(dir)...)
	if err != nil {
		return nil, err
	}
	if err := l.wait(time.Hour); err != nil {
		return nil, err
	}
	o := outcome{
		fault: "30 % of requests answered 503 with Retry-After, 30 % of packs cut off",
		times: fmt.Sprintf("%d times 503, %d packs cut", s.host.harmed("503"), s.host.harmed("cut")),
		again: "0", wall: time.Since(l.begun), calm: s.wall,
	}
	return []outcome{o}, s.same(dir)
}

// stuckHost surveys while packs stop in their middle, and while one drips.
func (s *storm) stuckHost(ctx context.Context, dir string) ([]outcome, error) {
	silent, err := s.silent(ctx, filepath.Join(dir, "silent"))
	if err != nil {
		return nil, fmt.Errorf("silence: %w", err)
	}
	dripping, err := s.dripping(ctx, filepath.Join(dir, "dripping"))
	if err != nil {
		return nil, fmt.Errorf("drip: %w", err)
	}
	return []outcome{*silent, *dripping}, nil
}

func (s *storm) silent(ctx context.Context, dir string) (*outcome, error) {
	const stuck = 3
	s.host.set(weather{halt: stuck})
	l, err := s.begin(ctx, dir, s.alone(dir)...)
	if err != nil {
		return nil, err
	}
	if err := l.wait(10 * time.Minute); err != nil {
		return nil, err
	}
	return &outcome{
		fault: "a pack stops in its middle: silence for ever", times: fmt.Sprintf("%d packs", s.host.harmed("halted")),
		again: "0; each is tried again after a minute of silence", wall: time.Since(l.begun), calm: s.wall,
	}, s.same(dir)
}

// dripping: a byte a second is no silence; what ends it is the time that a
// repository may take. Its row says so, and the same command counts it.
func (s *storm) dripping(ctx context.Context, dir string) (*outcome, error) {
	s.host.set(weather{halt: 1, drip: time.Second})
	flags := s.alone(dir, "--timeout", "40s")
	l, err := s.begin(ctx, dir, flags...)
	if err != nil {
		return nil, err
	}
	if err := l.waitFor(exitGaps, 10*time.Minute); err != nil {
		return nil, err
	}
	wall := time.Since(l.begun)
	report, err := os.ReadFile(filepath.Join(dir, "report", "report.json"))
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(report, []byte(`"outcome": "timed-out"`)); n != 1 {
		return nil, fmt.Errorf("%d repositories timed out, want 1", n)
	}
	s.host.set(weather{})
	if l, err = s.begin(ctx, dir, flags...); err != nil {
		return nil, err
	}
	if err := l.wait(10 * time.Minute); err != nil {
		return nil, fmt.Errorf("once more: %w", err)
	}
	return &outcome{
		fault: "a pack of a byte a second, and 40 s that a repository may take", times: "1 pack",
		again: "0; its row says timed-out, all others are counted; the command once more counts it alone", wall: wall, calm: s.wall,
	}, nil
}

// twoAtOnce gives a second command for a data folder in use.
func (s *storm) twoAtOnce(ctx context.Context, dir string) ([]outcome, error) {
	first, err := s.begin(ctx, dir, s.alone(dir)...)
	if err != nil {
		return nil, err
	}
	defer first.kill()
	if err := first.live(1); err != nil {
		return nil, err
	}
	second, err := s.beginCommand(ctx, append([]string{"survey", s.from + s.names[0], "--out", filepath.Join(dir, "second")}, s.alone(dir)...))
	if err != nil {
		return nil, err
	}
	if err := second.waitFor(1, time.Minute); err != nil {
		return nil, fmt.Errorf("the second: %w", err)
	}
	refused := time.Since(second.begun)
	if said := second.saying(); !strings.Contains(said, filepath.Join(dir, "data")) || !strings.Contains(said, fmt.Sprint(first.cmd.Process.Pid)) {
		return nil, fmt.Errorf("the second does not say who holds the folder: %s", said)
	}
	if _, err := os.Stat(filepath.Join(dir, "second")); err == nil {
		return nil, fmt.Errorf("the second has made a report")
	}
	if err := first.wait(time.Hour); err != nil {
		return nil, err
	}
	if surveys, err := os.ReadDir(filepath.Join(dir, "data", "store", "surveys")); err != nil || len(surveys) != 1 {
		return nil, fmt.Errorf("%d surveys are kept (%v), want that of the first", len(surveys), err)
	}
	o := outcome{
		fault: "two processes on one data folder", times: "1",
		again: fmt.Sprintf("0; the second says who holds it and ends after %d ms", refused.Milliseconds()), wall: time.Since(first.begun), calm: s.wall,
	}
	return []outcome{o}, s.same(dir)
}
