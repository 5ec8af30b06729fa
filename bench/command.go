package bench

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// Main is the main function of a command: it runs until it ends or is told to,
// and the process ends with 1 if it failed.
func Main(name string, run func(ctx context.Context, args []string) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		stop()
		os.Exit(1)
	}
}

// Say tells whoever waits for a command what it does, and when.
func Say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().UTC().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// Build builds a program of this module into folder and returns its path.
func Build(ctx context.Context, folder, program string) (string, error) {
	Say("building %s", program)
	path := filepath.Join(folder, filepath.Base(program))
	_, err := Output(Command(ctx, "go", "build", "-buildvcs=auto", "-o", path, program))
	return path, err
}

// Absolute makes paths absolute, for programs that run elsewhere. An empty one
// stays so; any other has to be there.
func Absolute(paths ...*string) (err error) {
	for _, path := range paths {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
		if _, err := os.Stat(*path); err != nil {
			return err
		}
	}
	return nil
}
