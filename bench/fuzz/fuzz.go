package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// A result is what came of running one target.
type result struct {
	minutes  float64
	runs     int64
	fresh    int64 // inputs that went where none had gone before
	failures []string
}

// fuzz runs a target. That an input fails is a result; that nothing could be
// run, or an interrupt, is an error.
func (s settings) fuzz(ctx context.Context, t target) (result, error) {
	fmt.Fprintf(os.Stderr, "%s %s\n", t.folder, t.name)
	cmd := exec.CommandContext(ctx, "nice", "-n", "19", "go", "test", "./"+t.folder,
		"-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", s.time().String(),
		"-fuzzminimizetime", s.minimize, "-parallel", strconv.Itoa(s.parallel))
	cmd.Dir = s.root
	// A group of its own, which the terminal does not interrupt: it is told once,
	// and given the time to put away what it has found.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	var said bytes.Buffer
	cmd.Stdout = &said
	cmd.Stderr = &said
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // whatever of it did not listen
	}
	if ctx.Err() != nil {
		return result{}, errors.New("interrupted: -continue runs the rest")
	}
	r := read(said.Bytes(), t.folder)
	if err != nil && len(r.failures) == 0 {
		return r, fmt.Errorf("%s %s could not be run: %w\n%s", t.folder, t.name, err, said.Bytes())
	}
	if err != nil {
		_, _ = io.Copy(os.Stderr, &said)
	}
	fmt.Fprintf(os.Stderr, "    %.1f minutes, %d runs, %d new inputs, %d failures\n", r.minutes, r.runs, r.fresh, len(r.failures))
	return r, nil
}

var (
	progress = regexp.MustCompile(`(?m)^fuzz: elapsed: (\S+), execs: (\d+) \(.*\), new interesting: (\d+) `)
	failing  = regexp.MustCompile(`(?m)^\s*Failing input written to (\S+)$`)
	failed   = regexp.MustCompile(`(?m)^\s*failure while testing seed corpus entry: (\S+)$`)
)

// read reads what go test says of a target in a folder. One that had time for no
// more than the inputs that were known ran for no minutes.
func read(said []byte, folder string) (r result) {
	for _, m := range failing.FindAllSubmatch(said, -1) {
		r.failures = append(r.failures, path.Join(folder, string(m[1])))
	}
	for _, m := range failed.FindAllSubmatch(said, -1) {
		r.failures = append(r.failures, path.Join(folder, "testdata/fuzz", string(m[1])))
	}
	lines := progress.FindAllSubmatch(said, -1)
	if len(lines) == 0 {
		return r
	}
	last := lines[len(lines)-1]
	elapsed, err := time.ParseDuration(string(last[1]))
	if err != nil {
		return r
	}
	r.minutes = elapsed.Minutes()
	r.runs, _ = strconv.ParseInt(string(last[2]), 10, 64)
	r.fresh, _ = strconv.ParseInt(string(last[3]), 10, 64)
	return r
}
