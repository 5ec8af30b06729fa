package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.temporal.io/sdk/worker"

	"groma/internal/census"
	"groma/internal/engine"
	"groma/internal/gitwire"
	"groma/internal/server"
	"groma/internal/source"
	"groma/internal/telemetry"
	"groma/workers"
	"groma/workflows"
)

// workSettings say how a process works for any survey: what a worker does, and
// a server that has one.
type workSettings struct {
	git         gitSettings
	outward     outwardSettings
	concurrency int
	queue       string
	metrics     *telemetry.Metrics // hear of what is done; nil ones do not
}

func (s *workSettings) register(flags *pflag.FlagSet) {
	flags.IntVar(&s.concurrency, "concurrency", 2*runtime.NumCPU(), "how many repositories to count at once")
	flags.StringVar(&s.queue, "queue", workflows.ClusterQueue, "Temporal task queue that the servers and workers of a cluster share")
	s.git.register(flags)
	s.outward.register(flags)
}

// check also has git ask no more than the outward settings allow.
func (s *workSettings) check() (err error) {
	if s.concurrency < 1 {
		return usagef("--concurrency %d: want at least 1", s.concurrency)
	}
	if s.queue == "" || strings.ContainsFunc(s.queue, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return usagef("--queue %q: want a name without spaces", s.queue)
	}
	s.git.guard, err = s.outward.rules()
	return err
}

// start starts a worker, which runs until it is stopped.
func (s *workSettings) start(ctx context.Context, e *engine.Engine, git *gitwire.Client, roles workers.Roles, log *slog.Logger) (worker.Worker, error) {
	if err := e.Legible(ctx, s.queue); err != nil {
		return nil, err
	}
	s.metrics.MemoryBudget(int64(s.git.memory))
	w := workers.New(e.Temporal, s.config(ctx, e, git, roles, log))
	if err := w.Start(); err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	return w, nil
}

func (s *workSettings) config(ctx context.Context, e *engine.Engine, git *gitwire.Client, roles workers.Roles, log *slog.Logger) workers.Config {
	return workers.Config{
		Taker:   &census.Taker{Git: git, Store: e.Store, Contents: census.NewContents(s.git.contentBytes()), Metrics: s.metrics, Log: log},
		Metrics: s.metrics, Sources: s.sources(),
		Store: e.Store, Notices: e.Notices, Log: log, Concurrency: s.concurrency, Queue: s.queue, Roles: roles, Temporal: e.Temporal,
		Searchable: e.Searchable(ctx), // scheduled surveys are begun by a worker
	}
}

// sources reads what surveys are of, by the same rules as git asks.
func (s *workSettings) sources() *source.Remote { return source.NewRemote(s.git.guard) }

// logSettings say how a process that runs for long logs.
type logSettings struct{ format, level string }

func (s *logSettings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.format, "log-format", "text", "text or json")
	flags.StringVar(&s.level, "log-level", "info", "debug, info, warn or error")
}

// logger logs to standard error.
func (s *logSettings) logger(out io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.level)); err != nil {
		return nil, usagef("--log-level %s: want debug, info, warn or error", s.level)
	}
	options := &slog.HandlerOptions{Level: level}
	switch s.format {
	case "text":
		return slog.New(telemetry.Logs(slog.NewTextHandler(out, options))), nil
	case "json":
		return slog.New(telemetry.Logs(slog.NewJSONHandler(out, options))), nil
	}
	return nil, usagef("--log-format %s: want text or json", s.format)
}

// roleNames are what --roles may name.
var roleNames = map[string]workers.Roles{"census": workers.Census, "workflows": workers.Workflows}

func parseRoles(names []string) (roles workers.Roles, err error) {
	for _, name := range names {
		role, ok := roleNames[strings.TrimSpace(name)]
		if !ok {
			return 0, usagef("--roles %s: want census, workflows or both", name)
		}
		roles |= role
	}
	return roles, nil
}

type workerCommand struct {
	terminal Terminal
	engine   engineSettings
	work     workSettings
	logs     logSettings
	roles    []string
	listen   string
}

func newWorker(terminal Terminal) *cobra.Command {
	c := &workerCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Count repositories for the surveys of a server",
		Long: `Worker counts repositories for all surveys of a cluster: it takes them one by one
from Temporal, and keeps what it counts in storage. Any number of workers may run,
on any number of machines; each shares the work as it comes.

A worker that is told to stop hands back what it is counting, and another begins
it again at once. One that is killed is missed within fifteen seconds.

Its roles are census, which asks the remotes, counts and makes reports, and
workflows, which decides what is next.

Every flag is a variable, too (GROMA_NATS_TLS_CA for --nats-tls-ca), and a line of
the YAML file that --config names (nats-tls-ca: ca.pem).`,
		Example: `  groma worker --temporal temporal.example.org:7233 --nats nats://nats.example.org:4222 \
    --store 's3://groma/prod?endpoint=https://s3.example.org' --concurrency 8
  groma worker --config groma.yml --listen 0.0.0.0:8421`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&c.roles, "roles", []string{"census", "workflows"}, "what to do: census, workflows or both")
	flags.StringVar(&c.listen, "listen", "127.0.0.1:8421", "host:port of /healthz, /readyz and /metrics, or off")
	c.work.register(flags)
	c.logs.register(flags)
	c.engine.register(flags, terminal)
	for _, name := range accessFlags {
		flags.Lookup(name).Hidden = false
	}
	return cmd
}

func (c *workerCommand) run(ctx context.Context) error {
	roles, err := parseRoles(c.roles)
	if err := errors.Join(err, c.work.check()); err != nil {
		return err
	}
	log, err := c.logs.logger(c.terminal.Err)
	if err != nil {
		return err
	}
	if c.engine.temporal == "" || c.engine.store == "" {
		return usagef("a worker works for a cluster: name its Temporal with --temporal and its storage with --store; 'groma survey' and 'groma serve' have workers of their own")
	}
	if c.engine.nats == "" {
		c.engine.nats = engine.Off // it never embeds anything
	}
	config := c.engine.config(c.terminal, log)
	if err := config.Validate(); err != nil {
		return usageError{err}
	}
	git, err := c.work.git.client(c.terminal, c.work.concurrency)
	if err != nil {
		return err
	}
	defer git.Close()
	c.work.git.limitMemory(c.terminal, besideCensus)
	log.Info("worker begins", "config", config, "queue", c.work.queue, "roles", strings.Join(c.roles, ","), "concurrency", c.work.concurrency, "memory", c.work.git.memory.String())
	seen, err := observe(ctx, c.terminal, "groma-worker", log)
	if err != nil {
		return err
	}
	defer seen.stop()
	e, err := seen.open(ctx, config)
	if err != nil {
		return err
	}
	defer e.Close()
	c.work.metrics = seen.metrics
	w, err := c.work.start(ctx, e, git, roles, log)
	if err != nil {
		return err
	}
	err = c.probe(ctx, e, log)
	log.Info("worker stops: what it is counting is handed back")
	w.Stop()
	return err
}

// probe answers probes until ctx ends.
func (c *workerCommand) probe(ctx context.Context, e *engine.Engine, log *slog.Logger) error {
	if c.listen == engine.Off {
		<-ctx.Done()
		return nil
	}
	return serveProbes(ctx, c.listen, server.Probes(e.Ready, c.work.metrics.Handler()), log)
}
