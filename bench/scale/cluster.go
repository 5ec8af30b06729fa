package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"groma/bench"
)

// up starts a cluster of so many workers.
func (s *scale) up(ctx context.Context, workers int) (*bench.Cluster, error) {
	data := filepath.Join(s.folder, fmt.Sprintf("cluster-%d", workers))
	c := &bench.Cluster{Script: s.script, Groma: s.groma, Data: data, PortBase: s.portBase}
	return c, c.Up(ctx, workers, append([]string{"--concurrency", strconv.Itoa(s.concurrency)}, s.mirrorFlags()...)...)
}

// usage is what the processes of a cluster have used of processors until now.
type usage struct{ workers, servers time.Duration }

func (u usage) since(before usage) usage {
	return usage{u.workers - before.workers, u.servers - before.servers}
}

// usageOf asks the kernel about every process of a cluster.
func usageOf(c *bench.Cluster) (u usage, err error) {
	names, err := c.Names()
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("nothing runs in %s", c.Data)
	}
	if err != nil {
		return usage{}, err
	}
	for _, name := range names {
		id, err := c.Process(name)
		if err != nil {
			return usage{}, err
		}
		used, err := processorTime(id)
		if err != nil {
			return usage{}, fmt.Errorf("%s: %w", name, err)
		}
		if strings.HasPrefix(name, "worker-") {
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
func processorTime(id int) (time.Duration, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(id), "stat"))
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
