package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/gitwire"
	"groma/internal/landscape"
	"groma/internal/source"
	"groma/internal/survey"
	"groma/internal/world"
	gromav1 "groma/proto/groma/v1"
)

type surveyCommand struct {
	terminal Terminal
	engine   engineSettings
	git      gitSettings
	limits   limitSettings

	languages, maturity, projects []string
	clomonitor, out               string
	asOf                          instant
	allItems, archived            bool
	json, verbose                 bool
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

What is counted is kept: a survey that was stopped goes on when the same command
is given again, and a commit that was counted before is not counted again.

The exit status is 0 if every repository was counted, 3 if some have no count
(the report says which and why), 1 if the survey failed and 2 for wrong usage.`,
		Example: `  groma survey landscape.yml --language Rust
  groma survey landscape.yml --clomonitor cncf.yaml --maturity graduated,incubating
  groma survey ~/src --language Go --language Rust --out go-and-rust
  groma survey landscape.yml --as-of 2026-01-01
  groma survey landscape.yml --mirror https://github.com/=http://127.0.0.1:8418/
  groma survey examples/tour/world.txtar --language Rust`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	c.register(cmd)
	return cmd
}

func (c *surveyCommand) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&c.languages, "language", "l", nil, "language to report on, as scc names it; may be repeated (default: all)")
	flags.StringVarP(&c.out, "out", "o", "groma-report", "folder to write the report to")
	flags.BoolVar(&c.json, "json", false, "print one JSON object for each event, for programs")
	flags.IntVar(&c.concurrency, "concurrency", 2*runtime.NumCPU(), "how many repositories to count at once")
	flags.StringSliceVar(&c.maturity, "maturity", nil, "only projects of these maturities, as in graduated,incubating")
	flags.StringArrayVar(&c.projects, "project", nil, "only projects whose name or slug matches this glob; may be repeated")
	flags.BoolVar(&c.allItems, "all-items", false, "items that are no CNCF project, too")
	flags.BoolVar(&c.archived, "archived", false, "archived projects, too")
	flags.StringVar(&c.clomonitor, "clomonitor", "", "CLOMonitor's file (a path or an https address) with further repositories of each project")
	flags.Var(&c.asOf, "as-of", asOfUsage)
	flags.Int64Var(&c.shardSize, "shard-size", survey.DefaultShardSize, "how many repositories one workflow looks after")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "log to standard error")
	c.limits.register(flags)
	c.git.register(flags)
	c.engine.register(flags, c.terminal)
}

func (c *surveyCommand) run(ctx context.Context, arg string) error {
	if err := c.check(); err != nil {
		return err
	}
	given, err := c.read(ctx, arg)
	if err != nil {
		return err
	}
	defer given.close()
	spec, err := c.spec(arg, given)
	if err != nil {
		return err
	}
	git, err := c.git.client(c.terminal, c.concurrency, given.mirrors...)
	if err != nil {
		return err
	}
	log, closeLog, err := c.logger()
	if err != nil {
		return err
	}
	defer closeLog()
	r := &run{
		terminal: c.terminal, git: git, log: log, concurrency: c.concurrency,
		out: c.out, json: c.json, again: "groma survey " + quoteArgs(spec.Source),
	}
	if err := r.open(ctx, c.engine.config(c.terminal, log)); err != nil {
		return err
	}
	defer r.close()
	request := &gromav1.SurveyRequest{
		Spec: spec, StartedAt: timestamppb.New(time.Now().UTC().Truncate(time.Second)),
		Window: int64(2 * c.concurrency), ShardSize: c.shardSize,
	}
	return r.survey(ctx, request, given.sources)
}

func (c *surveyCommand) check() error {
	if c.concurrency < 1 {
		return usagef("--concurrency %d: want at least 1", c.concurrency)
	}
	if c.shardSize < 1 || c.shardSize > maxShard {
		return usagef("--shard-size %d: want 1 to %d", c.shardSize, maxShard)
	}
	for _, maturity := range c.maturity {
		if !slices.Contains(maturities, maturity) {
			return usagef("--maturity %s: want some of %s", maturity, strings.Join(maturities, ", "))
		}
	}
	for _, glob := range c.projects {
		if _, err := filepath.Match(glob, ""); err != nil {
			return usagef("--project %s: %w", glob, err)
		}
	}
	return nil
}

var maturities = []string{"graduated", "incubating", "sandbox", "archived"}

// maxShard keeps a shard's outcomes within one payload of Temporal's.
const maxShard = 2000

// given is the source that a command was given, and how to reach what it
// names.
type given struct {
	kind    landscape.Kind
	sources survey.Sources
	mirrors []gitwire.Mirror
	close   func()
}

func (c *surveyCommand) read(ctx context.Context, arg string) (*given, error) {
	if strings.HasSuffix(arg, ".txtar") {
		return readWorld(ctx, arg)
	}
	read, err := source.Read(ctx, arg, c.terminal.In)
	if err != nil {
		return nil, err
	}
	g := &given{kind: read.Kind, sources: survey.Sources{Landscape: redacted(read.Document)}, close: func() {}}
	if c.clomonitor != "" {
		joined, err := source.ReadFile(ctx, c.clomonitor)
		if err != nil {
			return nil, fmt.Errorf("--clomonitor: %w", err)
		}
		joined = redacted(joined)
		g.sources.Clomonitor = &joined
	}
	return g, nil
}

// redacted is a document as it may be kept: without credentials in addresses.
func redacted(d landscape.Document) landscape.Document {
	return landscape.Document{Name: d.Name, Data: landscape.Redact(d.Data)}
}

// readWorld makes the repositories of a world and serves them on loopback for
// as long as the command runs. From there on it is a landscape like any other.
func readWorld(ctx context.Context, path string) (*given, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	w, err := world.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	document, ok := w.File("landscape.yml")
	if !ok {
		return nil, fmt.Errorf("%s has no landscape.yml", path)
	}
	server, err := w.Serve(context.WithoutCancel(ctx)) // until the censuses have ended
	if err != nil {
		return nil, err
	}
	mirror, err := gitwire.ParseMirror("https://github.com/=" + strings.TrimSuffix(server.URL, "/") + "/")
	if err != nil {
		server.Close()
		return nil, err
	}
	return &given{
		kind:    landscape.KindLandscape,
		sources: survey.Sources{Landscape: landscape.Document{Name: filepath.Base(filepath.Dir(path)) + ".txtar", Data: document}},
		mirrors: []gitwire.Mirror{mirror},
		close:   func() { server.Close() },
	}, nil
}

func (c *surveyCommand) spec(arg string, g *given) (*gromav1.SurveySpec, error) {
	limits, err := c.limits.limits()
	if err != nil {
		return nil, err
	}
	spec := &gromav1.SurveySpec{
		Source:     string(landscape.Redact([]byte(arg))),
		Clomonitor: string(landscape.Redact([]byte(c.clomonitor))),
		Languages:  c.languages,
		Filter:     &gromav1.Filter{Maturity: c.maturity, Projects: c.projects, AllItems: c.allItems, Archived: c.archived},
		Limits:     limits,
		Kind:       string(g.kind),
		Name:       g.sources.Landscape.Name,
		Sha256:     digest(g.sources.Landscape.Data),
		AsOf:       c.asOf.proto(),
	}
	if g.sources.Clomonitor != nil {
		spec.ClomonitorSha256 = digest(g.sources.Clomonitor.Data)
	}
	return spec, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// logger logs to standard error if asked to, else to a file in the data
// folder, so that the terminal is the progress's.
func (c *surveyCommand) logger() (*slog.Logger, func(), error) {
	if c.verbose {
		return slog.New(slog.NewTextHandler(c.terminal.Err, &slog.HandlerOptions{Level: slog.LevelInfo})), func() {}, nil
	}
	if err := os.MkdirAll(c.engine.data, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the data folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(c.engine.data, "groma.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
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
func writeFile(path string, data []byte) error {
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if _, err := io.Copy(part, bytes.NewReader(data)); err != nil {
		part.Close()
		return err
	}
	if err := part.Chmod(0o644); err != nil {
		part.Close()
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}
