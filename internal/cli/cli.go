// Package cli turns arguments into one call and shows what comes of it.
//
// What programs read (reports, JSON, tables in a pipe) goes to standard
// output, what people read on the way goes to standard error, and the exit
// status is 0 for done, 1 for failed, 2 for wrong usage and 3 for done with
// repositories that have no count.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"groma/internal/fault"
	"groma/internal/report"
	"groma/internal/survey"
)

// What a command exits with.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitGaps   = 3
)

// errGaps says that all went well but some repositories have no count.
var errGaps = errors.New("some repositories have no count")

// errSaid says that the failure has been told already.
var errSaid = errors.New("failed, as said")

// Terminal is the world of a command: what it reads, writes and is told by.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) string
	// Signals carries the user's wish to stop; nil for none.
	Signals <-chan os.Signal

	args []string // of the command
}

// command is the command as it was given, as a shell reads it, without what
// should not be shown.
func (t Terminal) command() string {
	words := []string{"groma"}
	for _, arg := range t.args {
		words = append(words, quoteArgs(survey.Shown(arg)))
	}
	return strings.Join(words, " ")
}

// Process is the terminal of this process.
func Process() Terminal {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv, Signals: signals}
}

// Main runs the command that the arguments ask for and returns what to exit
// with.
func Main(args []string, terminal Terminal) int {
	terminal.args = args
	out := &remembering{to: terminal.Out}
	terminal.Out = out
	ctx, stop := terminal.context()
	defer stop()
	root := newRoot(terminal)
	root.SetArgs(args)
	root.SetIn(terminal.In)
	root.SetOut(terminal.Out)
	root.SetErr(terminal.Err)
	ran := false // what fails before a command runs is wrong usage
	eachCommand(root, func(command *cobra.Command) {
		run := command.RunE
		command.RunE = func(cmd *cobra.Command, args []string) error {
			ran = true
			return run(cmd, args)
		}
	})
	command, err := root.ExecuteContextC(ctx)
	if out.err != nil && (err == nil || errors.Is(err, errGaps)) {
		err = fmt.Errorf("write to standard output: %w", out.err)
	}
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errGaps):
		return exitGaps
	case errors.Is(err, errSaid):
		return exitFailed
	case errors.As(err, &usage), !ran:
		fmt.Fprintf(terminal.Err, "groma: %s\n", printableLines(err.Error()))
		fmt.Fprintln(terminal.Err, hint(command))
		return exitUsage
	case ctx.Err() != nil && endedBy(err, context.Canceled):
		fmt.Fprintln(terminal.Err, "groma: stopped before it was done: give the same command again")
		return exitFailed
	}
	terminal.tellFailure(err)
	return exitFailed
}

// endedBy says whether an error comes of another. Some libraries keep its words
// alone.
func endedBy(err, cause error) bool {
	return errors.Is(err, cause) || strings.Contains(err.Error(), cause.Error())
}

// tellFailure says what went wrong. Of a panic there is more to say to those who
// mend it, and no log that says it.
func (t Terminal) tellFailure(err error) {
	fmt.Fprintf(t.Err, "groma: %s\n", printableLines(err.Error()))
	if stack := fault.StackOf(err); stack != "" {
		fmt.Fprintf(t.Err, "\n%s\n", printableLines(stack))
	}
}

// remembering is a writer that remembers its first error: not everything that
// prints has somebody to tell.
type remembering struct {
	to  io.Writer
	err error
}

func (r *remembering) Write(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.to.Write(p)
	r.err = err
	return n, err
}

// context ends when the user first asks to stop. When they ask again the
// process ends there and then: all that is kept is whole at any moment.
func (t Terminal) context() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	if t.Signals == nil {
		return ctx, cancel
	}
	done := make(chan struct{})
	go func() {
		select {
		case <-t.Signals:
			cancel()
		case <-done:
			return
		}
		select {
		case <-t.Signals:
			os.Exit(exitFailed)
		case <-done:
		}
	}()
	return ctx, func() {
		close(done)
		cancel()
	}
}

func newRoot(terminal Terminal) *cobra.Command {
	root := &cobra.Command{
		Use:   "groma",
		Short: "Take a census of the code behind a landscape",
		Long: `Groma reads a landscape of projects, finds every repository behind it, counts
the code of each at one named commit, and reports.

Nothing needs to be installed: the workflow engine, the message bus and the
storage run in this process and keep what they know in one folder (--data).
Stop it at any moment; the same command goes on where it was.`,
		Example: `  groma survey landscape.yml --language Rust
  groma survey https://github.com/tikv/tikv
  groma census https://github.com/tikv/tikv
  groma surveys`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return configure(cmd, terminal) },
	}
	root.PersistentFlags().String(configFlag, "", "YAML file of settings, with the names of flags (or GROMA_CONFIG)")
	for _, group := range groups {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		for _, make := range group.commands {
			command := make(terminal)
			command.GroupID = group.id
			root.AddCommand(command)
		}
	}
	strict(root)
	return root
}

// groups are the commands as help lists them.
var groups = []struct {
	id, title string
	commands  []func(Terminal) *cobra.Command
}{
	{"survey", "Survey and read", []func(Terminal) *cobra.Command{newSurvey, newCensus, newSurveys, newShow, newReport, newDiff, newEditions}},
	{"steer", "Steer what runs", []func(Terminal) *cobra.Command{newWatch, newPause, newResume, newCancel, newRescan, newSchedule}},
	{"serve", "Serve", []func(Terminal) *cobra.Command{newServe, newWorker}},
	{"about", "Look after", []func(Terminal) *cobra.Command{newDoctor, newVerify, newPrune, newWorld, newVersion}},
}

// eachCommand does something to every command that runs.
func eachCommand(command *cobra.Command, do func(*cobra.Command)) {
	if command.RunE != nil {
		do(command)
	}
	for _, sub := range command.Commands() {
		eachCommand(sub, do)
	}
}

// printableLines is [report.Printable] for text of several lines: an error that joins
// others.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = report.Printable(strings.ReplaceAll(line, "\t", "  "))
	}
	return strings.Join(lines, "\n")
}
