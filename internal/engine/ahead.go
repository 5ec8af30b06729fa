//go:build !groma_noembed

package engine

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// clocksDiffer is how much later than now a file may have been written and nobody
// has set the clock.
const clocksDiffer = time.Minute

// aheadOf is by how much the clock was set back since a database was written, zero
// if it was not.
func aheadOf(now time.Time, path string) (ahead time.Duration) {
	for _, suffix := range []string{"", "-wal", marker} {
		if info, err := os.Stat(path + suffix); err == nil {
			ahead = max(ahead, info.ModTime().Sub(now))
		}
	}
	if ahead < clocksDiffer {
		return 0
	}
	return ahead
}

// prepareAhead sets aside a database in which everything waits for a time of day
// that is still to come, if nothing is lost by it: if it has nothing unfinished, or
// who opens it begins anew and there is nothing but what commands begin anew. A
// command that would stand still for as long is refused; others wait, and say so.
func prepareAhead(ctx context.Context, path string, ahead time.Duration, anew bool, logger *slog.Logger) error {
	left, err := inspectAll(ctx, path)
	if err != nil {
		return err
	}
	if left.asked > 0 || len(left.schedules) > 0 || left.workflows > 0 && !anew {
		if anew {
			return standsStill(path, ahead, left)
		}
		logger.Warn("the clock was set back: what is unfinished, and schedules, wait for as long, unless the file is moved away and they are asked for again",
			"seconds", int64(ahead.Seconds()), "workflows", left.workflows, "schedules", len(left.schedules), "file", path)
		return markAhead(path, time.Now().Add(ahead))
	}
	aside, err := setAside(ctx, path, "ahead")
	if err != nil {
		return err
	}
	logger.Warn("the clock was set back, and the database of Temporal is set aside: surveys begin anew, and reuse what is counted",
		"seconds", int64(ahead.Seconds()), "file", aside, "workflows", left.workflows)
	return makeDatabase(ctx, path)
}

func inspectAll(ctx context.Context, path string) (left leftovers, err error) {
	db, done, err := lookAt(path)
	if err != nil {
		return left, err
	}
	defer done()
	return inspectLeft(ctx, db)
}

// standsStill is why nothing can be surveyed over a database that has what others
// have asked for.
func standsStill(path string, ahead time.Duration, left leftovers) error {
	return &Refusal{
		What: fmt.Sprintf("the clock of this machine was set back, and for another %s Temporal does hardly anything; %s has %d schedules and %d workflows that a server was asked for, which would be lost with it",
			ahead.Round(time.Second), path, len(left.schedules), left.asked),
		Next: "wait, or survey in another folder with --data; or move the file away and ask for them again, which counts nothing again that is counted",
	}
}
