// Command count counts the files of a commit, all of them in memory, and says
// what the counting alone cost. It is what bench/pass shows P5 with; a program
// of its own, since the tables of languages that it links take time and memory
// to set up, which the others must not pay for.
//
//	go run ./bench/count CHECKOUT
//
// It reads every blob of the head of a checkout's repository before its clock
// starts, counts them on all cores, and prints one JSON object: wall and cpu in
// nanoseconds, files, how many of them were counted, and their bytes.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"groma/bench"
	"groma/internal/tally"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: count CHECKOUT")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "count:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, checkout string, out io.Writer) error {
	tree, err := readTree(ctx, filepath.Join(checkout, ".git"))
	if err != nil {
		return err
	}
	cpu, start := ownCPU(), time.Now()
	sum := tree.count(runtime.GOMAXPROCS(0))
	c := bench.Counted{Wall: time.Since(start), CPU: ownCPU() - cpu, Files: sum.Files()}
	for _, t := range sum.Tally() {
		c.Counted += t.Files
		c.Bytes += t.Bytes
	}
	return json.NewEncoder(out).Encode(c)
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

// readTree reads what the head of the repository in a folder holds.
func readTree(ctx context.Context, folder string) (*tree, error) {
	files, err := bench.Files(ctx, folder)
	if err != nil {
		return nil, err
	}
	t := &tree{contents: make([][]byte, len(files))}
	for _, file := range files {
		t.entries = append(t.entries, tally.Entry{Path: file.Path, Mode: modes[file.Mode], Blob: file.Blob, Size: file.Size})
	}
	return t, t.readBlobs(ctx, folder)
}

// modes is git's modes of files.
var modes = map[string]tally.Mode{
	"100644": tally.Regular, "100664": tally.Regular, "100755": tally.Executable,
	"120000": tally.SymbolicLink, "160000": tally.Gitlink,
}

// readBlobs reads the contents of a tree, in its order.
func (t *tree) readBlobs(ctx context.Context, folder string) error {
	var wanted strings.Builder
	for _, entry := range t.entries {
		if entry.Mode != tally.Gitlink {
			wanted.WriteString(entry.Blob + "\n")
		}
	}
	cmd := bench.Command(ctx, "git", "--git-dir", folder, "cat-file", "--batch")
	cmd.Stdin = strings.NewReader(wanted.String())
	batch, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := t.readBatch(bufio.NewReaderSize(batch, 1<<20)); err != nil {
		cmd.Cancel() // whatever it says, it is over
		cmd.Wait()
		return err
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
