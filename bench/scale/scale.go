package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"groma/bench"
)

// A scale is one run of this command.
type scale struct {
	*settings
	folder string // in temp, removed at the end
}

func prepare(ctx context.Context, settings *settings) (*scale, error) {
	folder, err := os.MkdirTemp(settings.temp, "groma-scale-")
	if err != nil {
		return nil, err
	}
	s := &scale{settings: settings, folder: folder}
	if s.groma == "" {
		if s.groma, err = bench.Build(ctx, folder, "groma/cmd/groma"); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

func (s *scale) close() error { return os.RemoveAll(s.folder) }

// measure measures each number of workers, prints the table and writes it.
// Where one of them fails nothing is written.
func (s *scale) measure(ctx context.Context) error {
	facts, err := s.facts(ctx)
	if err != nil {
		return err
	}
	bench.Say("one process surveys, without the clock")
	alone, err := s.alone(ctx)
	if err != nil {
		return err
	}
	rows := []figures{}
	for _, workers := range s.workers {
		row, err := s.measureOne(ctx, workers, alone.report)
		if err != nil {
			return fmt.Errorf("%d workers: %w", workers, err)
		}
		rows = append(rows, *row)
	}
	text := fmt.Sprintf(chapter, facts, bench.Load(), alone.events.repositories, table(rows))
	fmt.Print(text)
	if s.write == "" {
		return nil
	}
	return bench.WriteSection(s.write, "scale", "# Performance\n", text)
}

// measureOne measures a cluster of so many workers, which is no more when it
// returns.
func (s *scale) measureOne(ctx context.Context, workers int, want []byte) (row *figures, err error) {
	bench.Say("a cluster with workers: %d", workers)
	c, err := s.up(ctx, workers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.keepLogs(c), c.Down()) }()
	before, err := usageOf(c)
	if err != nil {
		return nil, err
	}
	got, err := s.through(ctx, c)
	if err != nil {
		return nil, err
	}
	after, err := usageOf(c)
	if err != nil {
		return nil, err
	}
	if err := bench.SameReport(want, got.report); err != nil {
		return nil, fmt.Errorf("the report differs from that of one process: %w", err)
	}
	row = &figures{workers: workers, slots: workers * s.concurrency, wall: got.wall, used: after.since(before), events: got.events}
	bench.Say("%s", row)
	return row, nil
}

// keepLogs copies a cluster's logs to where they were asked for, if anywhere.
func (s *scale) keepLogs(c *bench.Cluster) error {
	if s.logs == "" {
		return nil
	}
	return os.CopyFS(filepath.Join(s.logs, filepath.Base(s.folder), filepath.Base(c.Data)), os.DirFS(filepath.Join(c.Data, "log")))
}

// facts is what was measured, on what, and when.
func (s *scale) facts(ctx context.Context) (string, error) {
	version, err := bench.Output(bench.Command(ctx, s.groma, "version"))
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("- measured: %s\n- machine: %s\n- program: %s\n", time.Now().UTC().Format("2 January 2006, 15:04 MST"), bench.Machine(), version)
	if s.note != "" {
		text += "- " + s.note + "\n"
	}
	return text + "- load average: before " + bench.Load(), nil
}
