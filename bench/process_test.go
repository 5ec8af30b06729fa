package bench

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// spin uses the processor in a process of a process.
const spin = `sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; true`

func TestRun(t *testing.T) {
	sample, err := Run(Command(t.Context(), "sh", "-c", spin))
	if err != nil {
		t.Fatal(err)
	}
	if sample.CPU < time.Millisecond || sample.Wall <= 0 {
		t.Errorf("%v: the work of the inner process is not seen", sample)
	}
	if sample.Memory < 100<<10 {
		t.Errorf("peak memory %d bytes, want that of a shell", sample.Memory)
	}
}

func TestRun_Error(t *testing.T) {
	_, err := Run(Command(t.Context(), "sh", "-c", "echo because >&2; exit 3"))
	if err == nil || !strings.Contains(err.Error(), "because") {
		t.Errorf("error %v, want what the program said", err)
	}
}

// TestCommand_Cancel checks that a program's programs end with it: the pipe
// that they hold does.
func TestCommand_Cancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd := Command(ctx, "sh", "-c", "sh -c 'echo started; sleep 60'; true")
	cmd.Stdout = writer
	ended := make(chan error)
	go func() {
		_, err := Run(cmd)
		writer.Close()
		ended <- err
	}()
	if _, err := io.ReadFull(reader, make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("a cancelled program ended well")
	}
	if _, err := io.ReadAll(reader); err != nil {
		t.Error(err)
	}
}

func TestMachine(t *testing.T) {
	if got := Machine(); !strings.Contains(got, " cores, ") || strings.Contains(got, "\n") {
		t.Errorf("machine %q", got)
	}
}
