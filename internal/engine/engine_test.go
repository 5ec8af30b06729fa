//go:build !groma_noembed

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	sdk "go.temporal.io/sdk/workflow"

	"groma/internal/notice"
	gromav1 "groma/proto/groma/v1"
)

const queue = "test"

// TestMain plays the part that a test has for a process of its own.
func TestMain(m *testing.M) {
	folder := os.Getenv("GROMA_TEST_FOLDER")
	switch os.Getenv("GROMA_TEST_PART") {
	case "traveller":
		travel(folder)
	case "late comer":
		comeLate(folder)
	default:
		os.Exit(m.Run())
	}
}

// play makes a process that plays a part; what it says goes to the buffer.
func play(part, folder string) (child *exec.Cmd, said *bytes.Buffer) {
	child, said = exec.Command(os.Args[0]), &bytes.Buffer{}
	child.Env = append(os.Environ(), "GROMA_TEST_PART="+part, "GROMA_TEST_FOLDER="+folder)
	child.Stdout, child.Stderr = said, said
	return child, said
}

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
	for range 200 {
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
	for range 200 {
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
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	for name, c := range map[string]Config{
		"Temporal": {Temporal: nobody, NATS: Off},
		"NATS":     {Temporal: nobody, NATS: "nats://" + nobody},
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

// TestStartServices_PortTaken_Error: where the server would end the process,
// an error comes of it.
func TestStartServices_PortTaken_Error(t *testing.T) {
	child, said := play("late comer", t.TempDir())
	if err := child.Run(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
	if want := "address already in use"; !strings.Contains(said.String(), want) {
		t.Errorf("%q does not say: %s", said, want)
	}
}

// comeLate starts Temporal on a port that is taken, and says what comes of it.
func comeLate(folder string) {
	ports, letGo, err := freePorts(len(services))
	if err != nil {
		panic(err)
	}
	defer letGo()
	taken, err := net.Listen("tcp", fmt.Sprint(loopback, ":", ports[0]))
	if err != nil {
		panic(err)
	}
	defer taken.Close()
	path := filepath.Join(folder, "temporal.db")
	if err := prepareDatabase(context.Background(), path, false, slog.Default()); err != nil {
		panic(err)
	}
	_, _, err = startServices(path, services, ports, newServerLog(slog.New(slog.DiscardHandler)))
	fmt.Println(err)
}

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
	for range 100 {
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

// TestKill: a process is killed in the middle of a workflow; the next one that
// opens the folder finishes it, and does nothing again that was done.
func TestKill(t *testing.T) {
	folder := t.TempDir()
	kill(t, folder)
	e := open(t, Config{Data: folder})
	steps := &steps{folder}
	work(t, e, journey, steps)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := e.Temporal.GetWorkflow(ctx, "journey", "").Get(ctx, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(steps.file())
	if want := "first\nsecond\nsecond\n"; err != nil || string(got) != want {
		t.Errorf("steps taken: %q, %v, want %q", got, err, want)
	}
}

// kill lets a process travel until its second step, then kills it. It must not
// have said a word.
func kill(t *testing.T, folder string) {
	t.Helper()
	child, said := play("traveller", folder)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for range 400 {
		got, _ := os.ReadFile((&steps{folder}).file())
		if strings.HasSuffix(string(got), "second\n") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	child.Process.Kill()
	child.Wait()
	if child.ProcessState.Exited() {
		t.Errorf("the child ended by itself: %v", child.ProcessState)
	}
	if said.Len() > 0 {
		t.Errorf("the child says:\n%s", said)
	}
}

// travel is the life of the process to be killed.
func travel(folder string) {
	ctx := context.Background()
	e, err := Open(ctx, Config{Data: folder})
	if err != nil {
		panic(err)
	}
	w := worker.New(e.Temporal, queue, worker.Options{})
	w.RegisterWorkflow(journey)
	w.RegisterActivity(&steps{folder})
	if err := w.Start(); err != nil {
		panic(err)
	}
	run, err := e.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "journey", TaskQueue: queue}, journey)
	if err != nil {
		panic(err)
	}
	panic(run.Get(ctx, nil))
}

// journey is a workflow of two steps, the second of which has to be taken
// twice.
func journey(ctx sdk.Context) error {
	ctx = sdk.WithActivityOptions(ctx, sdk.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		HeartbeatTimeout:    2 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond},
	})
	var s *steps
	if err := sdk.ExecuteActivity(ctx, s.First).Get(ctx, nil); err != nil {
		return err
	}
	return sdk.ExecuteActivity(ctx, s.Second).Get(ctx, nil)
}

type steps struct{ folder string }

func (s *steps) file() string { return filepath.Join(s.folder, "steps") }

func (s *steps) take(step string) error {
	file, err := os.OpenFile(s.file(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(step + "\n")
	return err
}

func (s *steps) First(context.Context) error { return s.take("first") }

// Second goes on for ever in the process that will be killed.
func (s *steps) Second(ctx context.Context) error {
	err := s.take("second")
	for os.Getenv("GROMA_TEST_FOLDER") != "" && ctx.Err() == nil {
		activity.RecordHeartbeat(ctx)
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
