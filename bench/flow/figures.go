package main

import (
	"fmt"
	"time"

	"groma/bench"
)

// What Temporal allows one history by default; a workflow beyond it is ended.
const (
	mostEvents  = 51_200
	mostBytes   = 50 << 20
	mostPending = 2_000 // activities of one workflow
)

// figures is what one survey took.
type figures struct {
	Repositories int
	Wall, CPU    time.Duration // from the start of the survey to its end
	Memory       int64         // peak, of the whole process
	Database     int64         // bytes
	Runs         int           // of the survey's workflow
	Root, Shard  history       // the largest of each
	Most         int64         // censuses in flight at once
}

// history is how long a workflow's history is.
type history struct{ Events, Bytes int64 }

func (h history) String() string {
	within := "within"
	if h.Events > mostEvents || h.Bytes > mostBytes {
		within = "BEYOND"
	}
	return fmt.Sprintf("%d, %s, %s", h.Events, bench.Bytes(float64(h.Bytes)), within)
}

const heading = `## P5: workflows at size

What it costs to hand out repositories, whatever a census costs: the real
workflows on the embedded engine, with remotes that answer at once that they
have no commits (` + "`go doc ./bench/flow`" + `).

- machine: %s
- %d censuses at once, a window of twice as many, shards of 500
- load average before: %s
`

const columns = `
| repositories | wall | repositories a second | CPU a repository | peak memory | database | runs | longest survey's history | longest shard's history |
| --: | --: | --: | --: | --: | --: | --: | --: | --: |
`

func (f figures) row() string {
	n := float64(f.Repositories)
	return fmt.Sprintf("| %d | %s | %.0f | %.2f ms | %s | %s | %d | %s | %s |", f.Repositories, bench.Seconds(f.Wall.Seconds()), n/f.Wall.Seconds(),
		1000*f.CPU.Seconds()/n, bench.Bytes(float64(f.Memory)), bench.Bytes(float64(f.Database)), f.Runs, f.Root, f.Shard)
}

const limits = `
CPU is user and system time of the whole process, Temporal, NATS and SQLite in
it, from the start of the survey to its end. A history is so many events and
bytes; Temporal ends a workflow beyond %d events or 50 MiB, and one with more
than %d activities pending makes no progress.
`
