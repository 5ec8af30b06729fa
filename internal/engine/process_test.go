//go:build !groma_noembed

package engine

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	sdk "go.temporal.io/sdk/workflow"
)

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

// TestKill: a process is killed in the middle of a workflow; the next one that
// opens the folder finishes it, and does nothing again that was done.
func TestKill(t *testing.T) {
	folder := t.TempDir()
	kill(t, folder)
	e := open(t, Config{Data: folder})
	steps := &steps{folder}
	work(t, e, journey, steps)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := e.Temporal.GetWorkflow(ctx, "journey", "").Get(ctx, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(steps.file())
	again, ok := strings.CutPrefix(string(got), "first\nsecond\n")
	if err != nil || !ok || again == "" || strings.ReplaceAll(again, "second\n", "") != "" {
		t.Errorf("steps taken: %q, %v, want the first once, and the second again", got, err)
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
	for range 1200 {
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
// again. Only that one is missed when two seconds bring no word of it.
func journey(ctx sdk.Context) error {
	ctx = sdk.WithActivityOptions(ctx, sdk.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond},
	})
	var s *steps
	if err := sdk.ExecuteActivity(ctx, s.First).Get(ctx, nil); err != nil {
		return err
	}
	ctx = sdk.WithHeartbeatTimeout(ctx, 2*time.Second)
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
