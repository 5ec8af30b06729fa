//go:build !groma_noembed

package engine

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/worker"
)

// TestClose_LeavesNothing opens and closes twice, as there are things that the
// first time leaves for the process.
func TestClose_LeavesNothing(t *testing.T) {
	folder := t.TempDir()
	openAndClose := func() {
		e := open(t, Config{Data: folder})
		w := worker.New(e.Temporal, queue, worker.Options{})
		w.RegisterWorkflow(waiting)
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		w.Stop()
		e.Close()
	}
	openAndClose()
	before := goroutines()
	openAndClose()
	for range 1200 {
		if len(more(before, goroutines())) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	for place, n := range more(before, goroutines()) {
		t.Errorf("%d goroutines are left behind:\n%s", n, place)
	}
}

// abandoned are goroutines that Temporal's server leaves: connections between
// its services that it does not close, idle for ever or waiting to be tried
// again. They are a few kilobytes in a process that is about to end.
var abandoned = []string{
	"google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run(",
	"google.golang.org/grpc.(*addrConn).resetTransportAndUnlock(",
}

// goroutines counts the goroutines by where they are.
func goroutines() map[string]int {
	stacks := make([]byte, 8<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	count := map[string]int{}
next:
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, name := range abandoned {
			if strings.Contains(stack, name) {
				continue next
			}
		}
		var place []string
		for _, line := range strings.Split(stack, "\n")[1:] {
			if name, _, ok := strings.Cut(line, "("); ok && !strings.HasPrefix(line, "\t") {
				place = append(place, name)
			}
		}
		count[strings.Join(place, "\n")]++
	}
	return count
}

func more(before, after map[string]int) map[string]int {
	left := map[string]int{}
	for place, n := range after {
		if n > before[place] {
			left[place] = n - before[place]
		}
	}
	return left
}
