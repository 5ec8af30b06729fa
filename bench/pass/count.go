package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"groma/bench"
	"groma/internal/tally"
)

// counting is the argument by which this program is started as a counter.
const counting = "count"

// counted is what a counter prints: what counting cost, in nanoseconds, without
// the reading before it, and what was counted.
type counted struct {
	Wall, CPU             int64
	Files, Counted, Bytes int64
}

// count reads every blob of the commit that is checked out in a folder, then
// counts them.
func count(ctx context.Context, checkout string) error {
	tree, err := readTree(ctx, checkout)
	if err != nil {
		return err
	}
	cpu, start := ownCPU(), time.Now()
	sum := tree.count(cores())
	c := counted{Wall: int64(time.Since(start)), CPU: int64(ownCPU() - cpu), Files: sum.Files()}
	for _, t := range sum.Tally() {
		c.Counted += t.Files
		c.Bytes += t.Bytes
	}
	return json.NewEncoder(os.Stdout).Encode(c)
}

// A tree is the files of a commit, in memory.
type tree struct {
	entries  []tally.Entry
	contents [][]byte // of the entry at the same index; nil if it has none
}

// count counts every file as a census does: class, lines and packages.
func (t *tree) count(width int) *tally.Sum {
	counter, attributes := tally.New(tally.Options{}), tally.NewAttributes()
	for i, entry := range t.entries {
		if tally.IsAttributes(entry.Path) && t.contents[i] != nil {
			attributes.Add(entry.Path, t.contents[i])
		}
	}
	var next atomic.Int64
	var lock sync.Mutex // over total and packages
	total, packages := &tally.Sum{}, &tally.Packages{}
	var workers sync.WaitGroup
	for range width {
		workers.Go(func() {
			sum := &tally.Sum{}
			for i := next.Add(1) - 1; i < int64(len(t.entries)); i = next.Add(1) - 1 {
				entry, content := t.entries[i], t.contents[i]
				overrides := attributes.For(entry.Path)
				sum.Add(counter.Count(entry, overrides, content))
				ecosystem, ok := tally.Package(entry.Path, overrides, content)
				if _, skip := counter.Skip(entry); skip || !ok {
					continue
				}
				lock.Lock()
				packages.AddPackage(entry.Path, ecosystem)
				lock.Unlock()
			}
			lock.Lock()
			defer lock.Unlock()
			total.Merge(sum)
		})
	}
	workers.Wait()
	packages.Count()
	return total
}

func ownCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// readTree reads what the head of a checkout's repository holds.
func readTree(ctx context.Context, checkout string) (*tree, error) {
	repository := remote{checkout + "/.git"}
	listed, err := repository.git(ctx, nil, "ls-tree", "-r", "-l", "-z", "HEAD")
	if err != nil {
		return nil, err
	}
	files, err := parseTree(listed)
	if err != nil {
		return nil, err
	}
	t := &tree{contents: make([][]byte, len(files))}
	for _, file := range files {
		t.entries = append(t.entries, tally.Entry{Path: file.path, Mode: modes[file.mode], Blob: file.blob, Size: file.size})
	}
	return t, repository.readBlobs(ctx, t)
}

// modes is git's modes of files.
var modes = map[string]tally.Mode{
	"100644": tally.Regular, "100664": tally.Regular, "100755": tally.Executable,
	"120000": tally.SymbolicLink, "160000": tally.Gitlink,
}

// readBlobs reads the contents of a tree, in its order.
func (r remote) readBlobs(ctx context.Context, t *tree) error {
	var wanted strings.Builder
	for _, entry := range t.entries {
		if entry.Mode != tally.Gitlink {
			wanted.WriteString(entry.Blob + "\n")
		}
	}
	cmd := bench.Command(ctx, "git", "--git-dir", r.folder, "cat-file", "--batch")
	cmd.Stdin = strings.NewReader(wanted.String())
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := t.readBatch(bufio.NewReaderSize(pipe, 1<<20)); err != nil {
		return firstOf(err, cmd.Cancel(), cmd.Wait())
	}
	return cmd.Wait()
}

// readBatch reads what git cat-file --batch prints for the blobs of a tree.
func (t *tree) readBatch(batch *bufio.Reader) error {
	for i, entry := range t.entries {
		if entry.Mode == tally.Gitlink {
			continue
		}
		header, err := batch.ReadString('\n')
		if err != nil {
			return err
		}
		if want := fmt.Sprintf("%s blob %d\n", entry.Blob, entry.Size); header != want {
			return fmt.Errorf("git cat-file says %q, want %q", header, want)
		}
		content := make([]byte, entry.Size+1) // and a newline
		if _, err := io.ReadFull(batch, content); err != nil {
			return err
		}
		t.contents[i] = content[:entry.Size:entry.Size]
	}
	return nil
}
