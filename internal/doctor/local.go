package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"groma/internal/engine"
)

// What there should be room for on a disk: below the first a survey fails
// before long, below the second a large one may.
const (
	leastSpace = 100 << 20
	mostSpace  = 2 << 30
)

// dataFolder looks at the folder of all that is embedded.
func dataFolder(ctx context.Context, c Config) []Check {
	const name = "data folder"
	if c.Engine.Data == "" {
		return nil
	}
	if c.Engine.Temporal != "" && c.Engine.NATS != "" && c.Engine.Store != "" {
		return well(name, "not needed: nothing is embedded")
	}
	folder, err := filepath.Abs(c.Engine.Data)
	if err != nil {
		return failed(name, err.Error(), "name it with --data in full")
	}
	there, exists, err := nearest(folder)
	if err != nil {
		return failed(name, err.Error(), "take another with --data")
	}
	seen := folder
	if !exists {
		seen += ", which will be made"
	}
	if err := writable(there); err != nil {
		return failed(name, err.Error(), writeAdvice(err, "take another folder with --data"))
	}
	if kind, remote := filesystem(there); remote {
		return warning(name, fmt.Sprintf("%s, on a file system of another machine (%s)", seen, kind),
			"take a folder on a local disk with --data: file locks and the embedded database are not safe there")
	}
	var held *engine.HeldError
	if err := engine.Holder(folder); errors.As(err, &held) {
		seen += ", in use by " + holder(held)
	} else if err != nil {
		return failed(name, err.Error(), "have the file made readable for this user, or take another folder with --data")
	}
	return c.roomOn(name, there, seen, "free some, or take a folder on another disk with --data")
}

func holder(held *engine.HeldError) string {
	if held.PID == 0 {
		return "another groma"
	}
	return fmt.Sprintf("another groma (process %d)", held.PID)
}

// nearest is the folder, or what is there of the way to it.
func nearest(folder string) (there string, exists bool, err error) {
	for there = folder; ; there = filepath.Dir(there) {
		info, err := os.Stat(there)
		if err == nil && !info.IsDir() {
			return "", false, fmt.Errorf("%s is no folder", there)
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) || there == filepath.Dir(there) {
			return there, there == folder, err
		}
	}
}

// writable makes a file and takes it away again.
func writable(folder string) error {
	file, err := os.CreateTemp(folder, ".groma-trial-")
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, 64<<10)) // a full disk still has names to give
	return errors.Join(err, file.Close(), os.Remove(file.Name()))
}

// writeAdvice says what helps where nothing can be written.
func writeAdvice(err error, otherwise string) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some of that disk, or of this user's share of it, or " + otherwise
	case errors.Is(err, fs.ErrNotExist):
		return "make the folder, or " + otherwise
	}
	return "have the folder made writable for this user, or " + otherwise
}

// roomOn looks at the free space of the disk a folder is on.
func (c Config) roomOn(name, folder, seen, next string) []Check {
	free, err := c.space(folder)
	if err != nil {
		return well(name, seen)
	}
	seen = fmt.Sprintf("%s; %s free", seen, bytes(free))
	switch {
	case free < leastSpace:
		return failed(name, seen, next)
	case free < mostSpace:
		return warning(name, seen, next)
	}
	return well(name, seen)
}

// temporaryFiles looks at where packs go that are larger than their share of
// the memory.
func temporaryFiles(_ context.Context, c Config) []Check {
	const name = "temporary files"
	folder := c.TempDir
	if folder == "" {
		folder = os.TempDir()
	}
	if err := writable(folder); err != nil {
		return failed(name, err.Error(), writeAdvice(err, "name another folder with TMPDIR"))
	}
	return c.roomOn(name, folder, folder, "free some, or name a folder on another disk with TMPDIR: a large repository's pack goes there")
}

// clock looks at this machine's clock alone; storage compares it with another.
func clock(_ context.Context, c Config) []Check {
	const name = "clock"
	now := c.now().UTC()
	seen := now.Format("2006-01-02 15:04:05 UTC")
	// Before the first release of this program, or when nobody runs it any more.
	if now.Year() < 2026 || now.Year() > 2100 {
		return failed(name, seen, "set this machine's clock: certificates and dates are judged by it")
	}
	return well(name, seen)
}

// A machine is what censuses have to live on. Zero is what cannot be told.
type machine struct {
	processors int
	memory     int64 // bytes that may be had, the container's bound included
}

// leastShare is what a repository should have in memory: much below it nearly
// every pack goes to a file.
const leastShare = 4 << 20

// room compares --memory and --concurrency with the machine.
func room(_ context.Context, c Config) []Check {
	const name = "memory and processors"
	m := c.rooms()
	seen := fmt.Sprintf("%s for %d repositories at once, on %d processors", bytes(c.Memory), c.Concurrency, m.processors)
	if m.memory > 0 {
		seen += fmt.Sprintf("; %s of memory can be had", bytes(m.memory))
	}
	switch wanted := c.Memory + c.Beside; {
	case c.Concurrency < 1:
		return failed(name, seen, "give a --concurrency of at least 1")
	case m.memory > 0 && wanted > m.memory:
		return warning(name, fmt.Sprintf("%s, and %s are wanted", seen, bytes(wanted)),
			"give less --memory, or the machine or its container more: else the process may be killed")
	case c.Memory/int64(c.Concurrency) < leastShare:
		return warning(name, seen, "give more --memory or less --concurrency: so little a repository makes counting slow")
	case c.Concurrency > 16*max(1, m.processors):
		return warning(name, seen, "give less --concurrency: beyond some repositories a processor there is nothing to gain")
	}
	return well(name, seen)
}

// bytes is a size for people.
func bytes(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= 10*unit.size {
			return fmt.Sprintf("%d %s", n/unit.size, unit.name)
		}
		if n >= unit.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// took is how long something took, for people.
func took(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", max(1, d.Milliseconds()))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
