package clock

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

const tellTheTime = "GROMA_TEST_TELL_THE_TIME"

// TestMain also is a process that tells the time whenever it is asked for it,
// while others of its threads ask for it without end.
func TestMain(m *testing.M) {
	if os.Getenv(tellTheTime) == "" {
		os.Exit(m.Run())
	}
	for range 4 {
		go func() {
			for !time.Now().IsZero() {
			}
		}()
	}
	begun := time.Now()
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		fmt.Println(time.Now().Unix(), time.Since(begun).Nanoseconds())
	}
}

// TestStep: the wall clock of another process goes where it is sent, and time
// passes there as it does here.
func TestStep(t *testing.T) {
	ask, pid := teller(t)
	begun := time.Now()
	clock, err := Of(pid)
	if errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var want time.Duration
	for _, step := range []time.Duration{0, time.Hour, -2 * time.Hour, 100 * 24 * time.Hour, -99 * 24 * time.Hour} {
		if err := clock.Step(step); err != nil {
			t.Fatal(err)
		}
		want += step
		if clock.Ahead() != want {
			t.Errorf("the clock is said to be %s ahead, want %s", clock.Ahead(), want)
		}
		before := time.Now()
		wall, passed := ask()
		if early, late := before.Add(want).Truncate(time.Second), time.Now().Add(want); wall.Before(early) || wall.After(late) {
			t.Errorf("the process has %s after a step of %s, want from %s to %s", wall, step, early, late)
		}
		if most := time.Since(begun) + time.Minute; passed < 0 || passed > most {
			t.Errorf("%s have passed for the process after a step of %s, want from nothing to %s", passed, step, most)
		}
	}
}

func TestOf_Error(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := Of(cmd.Process.Pid); err == nil {
		t.Error("the clock of a process that has ended is taken hold of")
	}
}

// teller starts a process that tells its time.
func teller(t *testing.T) (ask func() (wall time.Time, passed time.Duration), pid int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), tellTheTime+"=1")
	cmd.Stderr = os.Stderr
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	told := bufio.NewReader(out)
	ask = func() (time.Time, time.Duration) {
		var wall, passed int64
		if _, err := io.WriteString(in, "?\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fscanln(told, &wall, &passed); err != nil {
			t.Fatal(err)
		}
		return time.Unix(wall, 0), time.Duration(passed)
	}
	return ask, cmd.Process.Pid
}
