package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"groma/internal/census"
	"groma/internal/engine"
	"groma/internal/landscape"
	"groma/internal/survey"
	"groma/internal/tally"
	"groma/internal/vitals"
	gromav1 "groma/proto/groma/v1"
)

type surveyCommand struct {
	terminal Terminal
	askSettings
	git    gitSettings
	limits limitSettings
	forms  formSettings

	languages, maturity, projects []string
	clomonitor, annotations, out  string
	asOf                          instant
	allItems, archived            bool
	json, verbose, recount        bool
	noVitals, detach              bool
	windows                       []string
	concurrency                   int
	shardSize                     int64
}

func newSurvey(terminal Terminal) *cobra.Command {
	c := &surveyCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "survey SOURCE",
		Short: "Survey a landscape: find every repository, count it, report",
		Long: `Survey reads a landscape, counts every repository behind it at one commit, and
writes a report. SOURCE is one of

  a landscape.yml        a path, an https address, or - for standard input
  a list                 a text file with one repository address a line
  a folder               every git repository in it is a project
  a repository           its https, ssh or git address
  a world.txtar          a landscape with its repositories as text, which are
                         made on the spot and served on this machine

With --server a server surveys, and its workers count: this command shows how it
gets on, and writes the report.

What is counted is kept: a survey that was stopped goes on when the same command
is given again, and a commit that was counted before is not counted again. Of a
commit that is new only those files travel and are read that are new.

The exit status is 0 if every repository was counted, 3 if some have no count
(the report says which and why), 1 if the survey failed and 2 for wrong usage.`,
		Example: `  groma survey landscape.yml --language Rust
  groma survey landscape.yml --clomonitor cncf.yaml --maturity graduated,incubating
  groma survey ~/src --language Go --language Rust --out go-and-rust
  groma survey landscape.yml --as-of 2026-01-01
  groma survey landscape.yml --mirror https://github.com/=http://127.0.0.1:8418/
  groma survey examples/tour/world.txtar --language Rust
  groma survey landscape.yml --server https://groma.example.org --detach`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.checkThere(cmd); err != nil {
				return err
			}
			return c.run(cmd.Context(), args[0])
		},
	}
	c.register(cmd)
	cmd.MarkFlagsMutuallyExclusive("no-vitals", "window")
	return cmd
}

func (c *surveyCommand) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&c.out, "out", "o", "groma-report", "folder to write the report to")
	flags.BoolVar(&c.json, "json", false, "print one JSON object for each event, for programs")
	flags.IntVar(&c.concurrency, "concurrency", 2*runtime.NumCPU(), "how many repositories to count at once")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "log to standard error")
	flags.BoolVar(&c.detach, "detach", false, "with --server: print the survey's id and leave; 'groma watch' shows how it gets on")
	c.forms.register(flags, "markdown", "html", "facts")
	c.registerSpec(flags)
	c.git.register(flags)
	c.askSettings.register(flags, c.terminal)
}

// registerSpec has the flags that say what to survey.
func (c *surveyCommand) registerSpec(flags *pflag.FlagSet) {
	flags.StringSliceVarP(&c.languages, "language", "l", nil, "language to report on; may be repeated, or have several with commas (default: all)")
	flags.StringSliceVar(&c.maturity, "maturity", nil, "only projects of these maturities, as in graduated,incubating")
	flags.StringArrayVar(&c.projects, "project", nil, "only projects whose name or slug matches this glob; may be repeated")
	flags.BoolVar(&c.allItems, "all-items", false, "items that are no CNCF project, too")
	flags.BoolVar(&c.archived, "archived", false, "archived projects, too")
	flags.StringVar(&c.clomonitor, "clomonitor", "", "CLOMonitor's file (a path or an https address) with further repositories of each project")
	flags.StringVar(&c.annotations, "annotations", "", "an analyst's file (a path or an https address) with roles, reasons and further repositories of projects")
	flags.Var(&c.asOf, "as-of", asOfUsage)
	flags.BoolVar(&c.noVitals, "no-vitals", false, "do not ask for histories: no commits, contributors and releases in the report")
	flags.StringArrayVar(&c.windows, "window", nil, "stretch of time to measure histories over, as in 2025 or 2025-07-01..2026-06-30; may be repeated (default: the last full year and the year to date)")
	flags.BoolVar(&c.recount, "recount", false, "count again, from everything, what was counted before, and fail repositories whose count differs from what is kept")
	flags.Int64Var(&c.shardSize, "shard-size", survey.DefaultShardSize, "how many repositories one workflow looks after")
	c.limits.register(flags)
}

func (c *surveyCommand) run(ctx context.Context, arg string) error {
	if c.concurrency < 1 {
		return usagef("--concurrency %d: want at least 1", c.concurrency)
	}
	if err := errors.Join(c.check(), c.forms.check()); err != nil {
		return err
	}
	if c.out == standardOutput {
		return usagef("--out - would be a folder called so: a report is a folder of files; --json prints events to standard output, and 'groma report' the report when it is made")
	}
	if _, err := os.Stat(c.out); err == nil && !isFolder(c.out) { // or it would be found out when all is counted
		return usagef("--out %s is no folder: name one, or one that is to be made", c.out)
	}
	given, err := c.read(ctx, arg)
	if err != nil {
		return err
	}
	defer given.close()
	request, err := c.request(arg, given)
	if err != nil {
		return err
	}
	s := &session{terminal: c.terminal, out: c.out, forms: &c.forms, json: c.json, logs: c.logsTo(), again: c.terminal.command()}
	if c.server.address != "" {
		return c.runThere(ctx, s, request, given)
	}
	return c.runHere(ctx, s, request, given)
}

// checkThere refuses what was given for who counts, where that is a server:
// it would count other repositories than are meant. Variables and files are for
// many calls, and are passed over.
func (c *surveyCommand) checkThere(cmd *cobra.Command) (err error) {
	if c.server.address == "" {
		return nil
	}
	ours := pflag.NewFlagSet("", pflag.ContinueOnError)
	(&gitSettings{}).register(ours)
	(&engineSettings{}).register(ours, c.terminal)
	cmd.Flags().Visit(func(flag *pflag.Flag) { // those of the command line
		if ours.Lookup(flag.Name) != nil || flag.Name == "concurrency" || flag.Name == "verbose" {
			err = usagef("--%s is of who counts, which with --server is the server: give it to that one, or leave it out", flag.Name)
		}
	})
	return err
}

// runThere has a server survey.
func (c *surveyCommand) runThere(ctx context.Context, s *session, request *gromav1.StartSurveyRequest, given *given) (err error) {
	if given.local != "" {
		return usagef("%s; without --server this command counts it", given.local)
	}
	if s.api, err = c.server.remote(c.terminal); err != nil {
		return err
	}
	defer s.api.close()
	id, err := s.begin(ctx, request)
	if err != nil {
		return err
	}
	if c.detach {
		fmt.Fprintln(c.terminal.Out, id)
		return nil
	}
	return s.see(ctx, id)
}

// runHere surveys in this process.
func (c *surveyCommand) runHere(ctx context.Context, s *session, request *gromav1.StartSurveyRequest, given *given) error {
	if c.detach {
		return usagef("--detach is for --server: without one this command is who surveys")
	}
	spec, _, err := survey.Complete(request)
	if err != nil {
		return err
	}
	request.Window = int64(2 * c.concurrency)
	c.git.limitMemory(c.terminal, besideSurvey)
	git, err := c.git.client(c.terminal, c.concurrency, given.mirrors...)
	if err != nil {
		return err
	}
	log, closeLog, err := c.logger()
	if err != nil {
		return err
	}
	defer closeLog()
	seen, err := observeTraces(ctx, c.terminal, "groma-survey", log)
	if err != nil {
		return err
	}
	defer seen.stop()
	l := &local{git: git, contents: census.NewContents(c.git.contentBytes()), log: log, concurrency: c.concurrency, seen: seen}
	config := c.engine.config(c.terminal, log)
	config.BeginsAnew = true // the same command begins a survey again
	if err := l.open(ctx, config, survey.Fingerprint(spec)); err != nil {
		return err
	}
	s.api, s.handBack = l.api(), l.stopWorker
	defer s.api.close()
	ctx, cancel := untilSetBack(ctx, l.engine)
	defer cancel()
	id, err := s.begin(ctx, request)
	if cause, ok := context.Cause(ctx).(setBack); ok {
		return cause
	}
	if err != nil {
		return err
	}
	return s.see(ctx, id)
}

// check finds what is wrong with what is asked for.
func (c *surveyCommand) check() (err error) {
	if c.shardSize < 1 || c.shardSize > survey.MaxShardSize {
		return usagef("--shard-size %d: want 1 to %d", c.shardSize, survey.MaxShardSize)
	}
	if c.languages, err = tally.LanguagesNamed(c.languages); err != nil {
		return usagef("--%w", err)
	}
	for _, maturity := range c.maturity {
		if !slices.Contains(landscape.Maturities, maturity) {
			return usagef("--maturity %s: want some of %s", maturity, strings.Join(landscape.Maturities, ", "))
		}
	}
	var windows []vitals.Window
	for _, text := range c.windows {
		window, err := vitals.ParseWindow(text)
		if err != nil {
			return usagef("--window: %w", err)
		}
		windows = append(windows, window)
	}
	if err := vitals.CheckWindows(windows); len(windows) > 0 && err != nil {
		return usagef("--window: %w", err)
	}
	for _, glob := range c.projects {
		if _, err := filepath.Match(glob, ""); err != nil {
			return usagef("--project %s: %w", glob, err)
		}
	}
	return nil
}

// request asks for the survey of what was given.
func (c *surveyCommand) request(arg string, g *given) (*gromav1.StartSurveyRequest, error) {
	limits, err := c.limits.limits()
	if err != nil {
		return nil, err
	}
	request := &gromav1.StartSurveyRequest{
		Spec: &gromav1.SurveySpec{
			Source:      survey.Shown(arg),
			Clomonitor:  survey.Shown(c.clomonitor),
			Annotations: survey.Shown(c.annotations),
			Languages:   c.languages,
			Filter:      &gromav1.Filter{Maturity: c.maturity, Projects: c.projects, AllItems: c.allItems, Archived: c.archived},
			Limits:      limits,
			Kind:        string(g.kind),
			Name:        g.sources.Landscape.Name,
			AsOf:        c.asOf.proto(),
			Recount:     c.recount,
			NoVitals:    c.noVitals,
			Windows:     c.windows,
		},
		Document:  g.sources.Landscape.Data,
		ShardSize: c.shardSize,
	}
	if g.sources.Clomonitor != nil {
		request.Clomonitor = g.sources.Clomonitor.Data
	}
	if g.sources.Annotations != nil {
		request.Annotations = g.sources.Annotations.Data
	}
	return request, nil
}

// logsTo says to people where the log is.
func (c *surveyCommand) logsTo() string {
	if c.verbose {
		return "the log above"
	}
	return filepath.Join(c.engine.data, "groma.log")
}

// logger logs to standard error if asked to, else to a file in the data
// folder, so that the terminal is the progress's.
func (c *surveyCommand) logger() (*slog.Logger, func(), error) {
	if c.verbose {
		return slog.New(slog.NewTextHandler(c.terminal.Err, &slog.HandlerOptions{Level: slog.LevelInfo})), func() {}, nil
	}
	if err := os.MkdirAll(c.engine.data, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the data folder: %w: take another with --data", err)
	}
	file, err := engine.OpenLog(filepath.Join(c.engine.data, "groma.log"))
	if err != nil {
		return nil, nil, fmt.Errorf("open the log: %w", err)
	}
	return slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelWarn})), func() { file.Close() }, nil
}

// quoteArgs quotes an argument as a shell reads it, if it needs that.
func quoteArgs(arg string) string {
	if strings.ContainsFunc(arg, func(r rune) bool { return !strings.ContainsRune("-_./:@%+,=", r) && !isWord(r) }) {
		return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return arg
}

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// writeFile puts a whole file in place at once: a reader never sees half.
func writeFile(path string, write func(io.Writer) error) error {
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	defer part.Close()
	out := bufio.NewWriter(part)
	if err := write(out); err != nil {
		return err
	}
	if err := errors.Join(out.Flush(), part.Chmod(0o644), part.Close()); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}
