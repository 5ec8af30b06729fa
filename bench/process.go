package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Command is a program that ends, with all it has started, when ctx does. Its
// git reads no settings of this machine's and asks nobody for a password.
func Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// Run runs a command to its end and says what it and all it has started and
// waited for cost. Its peak memory is not seen below [Floor].
func Run(cmd *exec.Cmd) (Sample, error) {
	var said bytes.Buffer
	if cmd.Stderr == nil {
		cmd.Stderr = &said
	}
	written, start := bytesWritten(), time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, tail(said.Bytes()))
	}
	sample := Sample{Wall: wall, Memory: peak(cmd.ProcessState), Written: -1}
	sample.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if written >= 0 {
		sample.Written = bytesWritten() - written
	}
	return sample, nil
}

// Counted is what bench/count prints.
type Counted struct {
	Wall, CPU             time.Duration // of counting alone
	Files, Counted, Bytes int64
}

// Output runs a command that is not measured and returns what it prints, less
// the space around it.
func Output(cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	_, err := Run(cmd)
	return strings.TrimSpace(out.String()), err
}

// Floor is the peak memory that the kernel ascribes to any process that this
// one starts: its own, which a child shares until it executes its program.
func Floor(ctx context.Context) (int64, error) {
	sample, err := Run(Command(ctx, "true"))
	return sample.Memory, err
}

func peak(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return -1
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}

// bytesWritten is what this process, and the processes it has waited for, have
// caused to be written to disk, or -1. The kernel counts a page when it
// becomes dirty, whether or not its file is deleted before the disk has it;
// what goes to memory only, as with tmpfs, it does not count.
func bytesWritten() int64 {
	data, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
				return n
			}
		}
	}
	return -1
}

// tail is the end of what a program said on its way down.
func tail(said []byte) []byte {
	const most = 2000
	return bytes.TrimSpace(said[max(0, len(said)-most):])
}
