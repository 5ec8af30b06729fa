package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"groma/bench"
)

// A cluster is what the script has started in a folder.
type cluster struct {
	script, data string
	server       string // its address
	environment  []string
}

// up starts a cluster of so many workers and waits until all of it is ready.
func (s *scale) up(ctx context.Context, workers int) (*cluster, error) {
	c := &cluster{
		script: s.script, data: filepath.Join(s.folder, fmt.Sprintf("cluster-%d", workers)),
		environment: []string{"GROMA_BINARY=" + s.groma, "GROMA_WORKER_FLAGS="},
	}
	args := []string{"--workers", strconv.Itoa(workers), "--port-base", strconv.Itoa(s.portBase), "--", "--concurrency", strconv.Itoa(s.concurrency)}
	if _, err := c.call(ctx, "up", append(args, s.mirrorFlags()...)...); err != nil {
		_ = c.down() // of what had begun when it was interrupted; else there is none
		return nil, err
	}
	said, err := c.call(ctx, "env")
	if err != nil {
		return nil, errors.Join(err, c.down())
	}
	if c.server = variable(said, "GROMA_SERVER"); c.server == "" {
		return nil, errors.Join(fmt.Errorf("%s env says no server: %s", c.script, said), c.down())
	}
	return c, nil
}

// variable is the value of one of the lines "export NAME=VALUE".
func variable(lines, name string) string {
	for line := range strings.Lines(lines) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "export "+name+"="); ok {
			return value
		}
	}
	return ""
}

func (c *cluster) call(ctx context.Context, command string, args ...string) (string, error) {
	cmd := bench.Command(ctx, c.script, append([]string{command, "--data", c.data}, args...)...)
	cmd.Env = append(cmd.Env, c.environment...)
	return bench.Output(cmd)
}

// down stops the cluster and deletes what it kept, whoever wants to stop.
func (c *cluster) down() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	_, err := c.call(ctx, "down", "--delete")
	return err
}

// usage is what the processes of a cluster have used of processors until now.
type usage struct{ workers, servers time.Duration }

func (u usage) since(before usage) usage {
	return usage{u.workers - before.workers, u.servers - before.servers}
}

// usage asks the kernel about every process of which the script keeps the id.
func (c *cluster) usage() (u usage, err error) {
	files, err := filepath.Glob(filepath.Join(c.data, "run", "*"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("nothing runs in %s", c.data)
	}
	if err != nil {
		return usage{}, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return usage{}, err
		}
		id, _, _ := strings.Cut(string(text), "\n")
		used, err := processorTime(id)
		if err != nil {
			return usage{}, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		if strings.HasPrefix(filepath.Base(file), "worker-") {
			u.workers += used
		} else {
			u.servers += used
		}
	}
	return u, nil
}

// tick is what the kernel counts processor time in when it tells.
const tick = 10 * time.Millisecond

// processorTime is what a process and the children it has waited for have used.
func processorTime(id string) (time.Duration, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", id, "stat"))
	if err != nil {
		return 0, err
	}
	return parseStat(string(stat))
}

// parseStat reads fields 14 to 17 of proc_pid_stat(5). The second is a name in
// parentheses, which may have anything in it.
func parseStat(stat string) (used time.Duration, err error) {
	after := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(after) < 15 {
		return 0, fmt.Errorf("what the kernel says of a process has %d fields", len(after))
	}
	for _, field := range after[11:15] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("what the kernel says of a process: %w", err)
		}
		used += time.Duration(ticks) * tick
	}
	return used, nil
}
