//go:build !groma_noembed

package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	sdk "go.temporal.io/sdk/workflow"

	"groma/internal/notice"
	gromav1 "groma/proto/groma/v1"
)

const queue = "test"

func open(t *testing.T, c Config) *Engine {
	t.Helper()
	e, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// waiting is a workflow that ends when it is told so.
func waiting(ctx sdk.Context) (string, error) {
	var word string
	sdk.GetSignalChannel(ctx, "end").Receive(ctx, &word)
	return word, nil
}

func work(t *testing.T, e *Engine, workflow any, activities ...any) {
	t.Helper()
	w := worker.New(e.Temporal, queue, worker.Options{})
	w.RegisterWorkflow(workflow)
	for _, a := range activities {
		w.RegisterActivity(a)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

func TestOpen(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a b?c%20#d", "data")
	e := open(t, Config{Data: folder})
	t.Run("runs workflows", func(t *testing.T) { testWorkflow(t, e) })
	t.Run("forgets what is done", func(t *testing.T) { testForgets(t, filepath.Join(folder, "temporal.db")) })
	t.Run("tells notices", func(t *testing.T) { testNotices(t, e.Notices) })
	t.Run("keeps artefacts", func(t *testing.T) { testStore(t, e) })
	t.Run("remembers", func(t *testing.T) { testRetention(t, e) })
	t.Run("listens on loopback only", testLoopback)
	t.Run("keeps others out", func(t *testing.T) { testFolder(t, folder) })
	t.Run("is held once", func(t *testing.T) { testHeld(t, e, folder) })
	t.Run("serves others", func(t *testing.T) { testConnect(t, e, folder) })
	e.Close()
	e.Close()
	if log, err := os.ReadFile(filepath.Join(folder, "engine.log")); err != nil || len(log) > 0 {
		t.Errorf("the log says %q, %v", log, err)
	}
}

// testWorkflow sees a workflow run, in the list of those that run, and end.
func testWorkflow(t *testing.T, e *Engine) {
	work(t, e, waiting)
	run, err := e.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "w", TaskQueue: queue}, waiting)
	if err != nil {
		t.Fatal(err)
	}
	expectListed(t, e, "ExecutionStatus = 'Running'", "w")
	if err := e.Temporal.SignalWorkflow(t.Context(), "w", "", "end", "done"); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := run.Get(t.Context(), &got); err != nil || got != "done" {
		t.Errorf("workflow returns %q, %v", got, err)
	}
	expectListed(t, e, "ExecutionStatus = 'Completed' AND WorkflowType = 'waiting'", "w")
}

// testForgets sees the server's tasks go, once they are done: all that are left
// are done again by the next process.
func testForgets(t *testing.T, database string) {
	db, err := openSQLite(database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	left := 0
	for range 1200 {
		row := db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM transfer_tasks) + (SELECT count(*) FROM visibility_tasks)`)
		if err := row.Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond) // they go some time after
	}
	t.Errorf("%d tasks are left of a workflow that has ended", left)
}

func expectListed(t *testing.T, e *Engine, query, id string) {
	t.Helper()
	for range 1200 {
		list, err := e.Temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Executions) == 1 && list.Executions[0].Execution.WorkflowId == id {
			return
		}
		time.Sleep(50 * time.Millisecond) // the list follows what happens
	}
	t.Errorf("no workflow %s is listed where %s", id, query)
}

func testNotices(t *testing.T, bus *notice.Bus) {
	n := &gromav1.Notice{Id: "1", Survey: "s", Event: &gromav1.Notice_Planned{Planned: &gromav1.Planned{}}}
	if err := bus.Publish(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	came := ""
	err := bus.Follow(ctx, "s", notice.Start, func(_ uint64, n *gromav1.Notice) {
		came = n.GetId()
		cancel()
	})
	if err != nil || came != "1" {
		t.Errorf("notice %q came, %v", came, err)
	}
}

func testStore(t *testing.T, e *Engine) {
	if err := e.Store.Create(t.Context(), "a/b", []byte("c")); err != nil {
		t.Fatal(err)
	}
	if got, err := e.Store.Get(t.Context(), "a/b"); err != nil || string(got) != "c" {
		t.Errorf("got %q, %v", got, err)
	}
}

func testRetention(t *testing.T, e *Engine) {
	got, err := e.Temporal.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
	if err != nil {
		t.Fatal(err)
	}
	if kept := got.Config.WorkflowExecutionRetentionTtl.AsDuration(); kept != retention {
		t.Errorf("workflows are remembered for %v, want %v", kept, retention)
	}
}

// testLoopback reads from the kernel where this process listens.
func testLoopback(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc to read")
	}
	mine := map[string]bool{}
	sockets, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range sockets {
		target, _ := os.Readlink(name)
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			mine[strings.TrimSuffix(inode, "]")] = true
		}
	}
	listeners := 0
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		lines, _ := os.ReadFile(table)
		for line := range strings.Lines(string(lines)) {
			const local, state, inode = 1, 3, 9
			if f := strings.Fields(line); len(f) > inode && f[state] == "0A" && mine[f[inode]] {
				listeners++
				if !strings.HasPrefix(f[local], "0100007F:") {
					t.Errorf("listens at %s", f[local])
				}
			}
		}
	}
	if listeners != len(services) {
		t.Errorf("listens on %d ports, want %d, one for each of Temporal's services", listeners, len(services))
	}
}

func testFolder(t *testing.T, folder string) {
	info, err := os.Stat(folder)
	if err != nil || info.Mode() != fs.ModeDir|0o700 {
		t.Errorf("the data folder is %v, %v", info.Mode(), err)
	}
}

func testHeld(t *testing.T, e *Engine, folder string) {
	second, err := Open(t.Context(), Config{Data: folder})
	if err == nil {
		second.Close()
	}
	var held *HeldError
	if !errors.As(err, &held) {
		t.Fatalf("opened a second time: %v", err)
	}
	if want := (HeldError{Folder: folder, PID: os.Getpid(), Temporal: e.TemporalAddress}); *held != want {
		t.Errorf("got %+v, want %+v", *held, want)
	}
}

// testConnect opens the same world from outside, with a NATS of its own.
func testConnect(t *testing.T, e *Engine, folder string) {
	s, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.Shutdown()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS does not start")
	}
	outside := open(t, Config{Data: folder, Temporal: e.TemporalAddress, NATS: s.ClientURL()})
	defer outside.Close()
	expectListed(t, outside, "ExecutionStatus = 'Completed'", "w")
	testNotices(t, outside.Notices)
	if got, err := outside.Store.Get(t.Context(), "a/b"); err != nil || string(got) != "c" {
		t.Errorf("got %q, %v", got, err)
	}
	asking := open(t, Config{Data: folder, Temporal: e.TemporalAddress, NATS: Off})
	defer asking.Close()
	if asking.Notices != nil {
		t.Error("there are notices where none are wanted")
	}
	if stranger, err := Open(t.Context(), Config{Data: folder, Temporal: e.TemporalAddress, Namespace: "elsewhere", NATS: Off}); err == nil {
		stranger.Close()
		t.Error("a namespace that is not there is opened")
	} else if want := `no namespace "elsewhere"`; !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not say: %s", err, want)
	}
}

func TestOpen_NobodyThere_Error(t *testing.T) {
	for name, c := range map[string]Config{
		"Temporal": {Temporal: nowhere, NATS: Off},
		"NATS":     {Temporal: nowhere, NATS: "nats://" + nowhere},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			c.Data = t.TempDir()
			if e, err := Open(ctx, c); err == nil {
				e.Close()
				t.Error("opened")
			} else if want := fmt.Sprintf("no %s answers at ", name); !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say: %s", err, want)
			}
		})
	}
}
