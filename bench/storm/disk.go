package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"groma/bench"
)

// A disk is a file system in memory that is mounted for a scenario.
type disk struct{ path string }

func (s *storm) mount(ctx context.Context, path, size string) (*disk, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: only root may mount a disk of its own", errSkipped)
	}
	if _, err := bench.Output(bench.Command(ctx, "mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", path)); err != nil {
		return nil, fmt.Errorf("%w: no disk can be mounted here: %v", errSkipped, err)
	}
	return &disk{path}, nil
}

func (d *disk) remount(ctx context.Context, options string) error {
	_, err := bench.Output(bench.Command(ctx, "mount", "-o", "remount,"+options, d.path))
	return err
}

func (d *disk) unmount() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := bench.Output(bench.Command(ctx, "umount", d.path))
	return err
}

// fill takes all that is free, and returns who frees it.
func (d *disk) fill() (free func() error, err error) {
	path := filepath.Join(d.path, "ballast")
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := file.Write(block); err != nil {
			block = block[:len(block)/2] // until the last byte
		}
	}
	return func() error { return os.Remove(path) }, nil
}

// fullDisk surveys while the disk of the data folder is full for a while, and
// while that of temporary files is.
func (s *storm) fullDisk(ctx context.Context, dir string) ([]outcome, error) {
	data, err := s.fullData(ctx, filepath.Join(dir, "data-full"))
	if err != nil {
		return nil, fmt.Errorf("the data folder: %w", err)
	}
	temporary, err := s.fullTemporary(ctx, filepath.Join(dir, "temporary-full"))
	if err != nil {
		return nil, fmt.Errorf("temporary files: %w", err)
	}
	return []outcome{*data, *temporary}, nil
}

func (s *storm) fullData(ctx context.Context, dir string) (o *outcome, err error) {
	d, err := s.mount(ctx, filepath.Join(dir, "data"), "400m")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.unmount()) }()
	l, err := s.begin(ctx, dir, s.alone(dir)...)
	if err != nil {
		return nil, err
	}
	defer l.kill()
	begun := l.begun
	if err := l.live(5); err != nil {
		return nil, err
	}
	free, err := d.fill()
	if err != nil {
		return nil, err
	}
	what, err := s.whileFull(ctx, l, free)
	if err != nil {
		return nil, err
	}
	if what, err = s.orOnceMore(ctx, dir, l, what, s.alone(dir)); err != nil {
		return nil, err
	}
	again, err := s.overAsked(filepath.Join(dir, "data", "store"))
	return &outcome{fault: "the data folder's disk is full", times: "for " + s.full.String(), again: again + "; " + what, wall: time.Since(begun), calm: s.wall}, errors.Join(err, s.same(dir))
}

// whileFull waits until a survey ends or the disk has been full long enough,
// and says which.
func (s *storm) whileFull(ctx context.Context, l *life, free func() error) (string, error) {
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-l.ended:
		if l.cmd.ProcessState.ExitCode() == exitDone {
			return "", errors.Join(errors.New("the survey ended well while the disk was full: it did not need it"), free())
		}
		return "it ends and says why, and the same command goes on", free()
	case <-time.After(s.full):
		return "it waits, and goes on by itself", free()
	}
}

// orOnceMore has a survey end in a whole report: by itself, or by giving the
// command again to one that ended.
func (s *storm) orOnceMore(ctx context.Context, dir string, l *life, what string, flags []string) (string, error) {
	err := l.wait(10 * time.Minute)
	if err == nil {
		return what, nil
	}
	bench.Say("it ended: %v", err)
	if !strings.Contains(l.saying(), "space") {
		return "", fmt.Errorf("it does not say that there is no space: %w", err)
	}
	if l, err = s.begin(ctx, dir, flags...); err != nil {
		return "", err
	}
	return "it ended and said why; the same command went on", l.wait(10 * time.Minute)
}

func (s *storm) fullTemporary(ctx context.Context, dir string) (o *outcome, err error) {
	d, err := s.mount(ctx, filepath.Join(dir, "temporary"), "400m")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.unmount()) }()
	free, err := d.fill()
	if err != nil {
		return nil, err
	}
	args := append([]string{"survey", s.list, "--json", "--format", "facts", "--out", filepath.Join(dir, "report"), "--memory", "1MiB"}, s.alone(dir)...)
	l, err := s.beginCommand(ctx, args, "TMPDIR="+d.path)
	if err != nil {
		return nil, err
	}
	defer l.kill()
	begun := l.begun
	what, err := s.whileFull(ctx, l, free)
	if err != nil {
		return nil, err
	}
	if what, err = s.orOnceMore(ctx, dir, l, what, s.alone(dir)); err != nil {
		return nil, err
	}
	if left, err := os.ReadDir(d.path); err != nil || len(left) > 0 {
		return nil, fmt.Errorf("%d temporary files are left (%v)", len(left), err)
	}
	again, err := s.overAsked(filepath.Join(dir, "data", "store"))
	return &outcome{fault: "the disk of temporary files is full, with 1 MiB of memory", times: "for " + s.full.String(), again: again + "; " + what, wall: time.Since(begun), calm: s.wall}, errors.Join(err, s.same(dir))
}

// readOnly kills a survey, makes its folder read-only, and gives the command
// again, which says so and changes nothing; writable again, it goes on.
func (s *storm) readOnly(ctx context.Context, dir string) (o []outcome, err error) {
	d, err := s.mount(ctx, filepath.Join(dir, "data"), "400m")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.unmount()) }()
	first, err := s.begin(ctx, dir, s.alone(dir)...)
	if err != nil {
		return nil, err
	}
	err = first.live(5)
	first.kill()
	if err := errors.Join(err, d.remount(ctx, "ro")); err != nil {
		return nil, err
	}
	second, err := s.begin(ctx, dir, s.alone(dir)...)
	if err != nil {
		return nil, err
	}
	err = second.waitFor(1, time.Minute)
	refused := time.Since(second.begun)
	if err := errors.Join(err, d.remount(ctx, "rw")); err != nil {
		return nil, err
	}
	if !strings.Contains(second.saying(), "read-only") {
		return nil, fmt.Errorf("it does not say that the folder is read-only: %s", second.saying())
	}
	third, err := s.begin(ctx, dir, s.alone(dir)...)
	if err != nil {
		return nil, err
	}
	if err := third.wait(10 * time.Minute); err != nil {
		return nil, err
	}
	again, err := s.overAsked(filepath.Join(dir, "data", "store"))
	row := outcome{
		fault: "the data folder is read-only", times: "1", wall: time.Since(first.begun), calm: s.wall,
		again: fmt.Sprintf("%s; it says so and ends after %d ms, and goes on when it can write", again, refused.Milliseconds()),
	}
	return []outcome{row}, errors.Join(err, s.same(dir))
}
