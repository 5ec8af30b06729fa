package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"groma/internal/engine"
	"groma/internal/notice"
	"groma/internal/server"
	"groma/internal/service"
	gromav1 "groma/proto/groma/v1"
)

type serveCommand struct {
	terminal Terminal
	engine   engineSettings
	work     workSettings
	logs     logSettings
	web      webSettings
	noWorker bool
}

func newServe(terminal Terminal) *cobra.Command {
	c := &serveCommand{terminal: terminal}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve surveys: an API, pages, webhooks, and a worker",
		Long: `Serve offers all that groma does over HTTP: the API (Connect, gRPC, gRPC-Web and
JSON on one port), pages, badges, events, and webhooks that have a repository
counted when somebody pushes. It counts, too, unless --no-worker says that only
'groma worker' does.

Given no addresses it embeds Temporal, NATS and storage in --data, as 'groma
survey' does. Given those of real servers, any number of it may run.

Without tokens it listens on this machine only. A file of tokens has a line for
each, of a role (read, trigger or admin) and the token, or sha256: and its digest:

  read     sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  trigger  4jWmH5cVnQ8sYt2k

Every flag is a variable, too (GROMA_NATS_TLS_CA for --nats-tls-ca), and a line of
the YAML file that --config names (nats-tls-ca: ca.pem).`,
		Example: `  groma serve
  groma serve --listen 0.0.0.0:8420 --tls-cert cert.pem --tls-key key.pem --tokens-file tokens
  groma serve --config groma.yml --no-worker
  groma survey landscape.yml --server http://127.0.0.1:8420`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.expect(cmd.Flags().Changed("concurrency"))
			return c.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&c.noWorker, "no-worker", false, "count nothing here: workers elsewhere do")
	c.web.register(flags)
	c.work.register(flags)
	flags.Lookup("concurrency").Usage = fmt.Sprintf("how many repositories to count at once; with --no-worker, how many all workers together do (then %d, unless given): surveys hand out twice as many", fleet)
	c.logs.register(flags)
	c.engine.register(flags, terminal)
	for _, name := range accessFlags {
		flags.Lookup(name).Hidden = false
	}
	return cmd
}

// fleet is how many repositories workers elsewhere are taken to count at once.
// More than they do costs little; with fewer some of them would have no work.
const fleet = 64

// expect settles how many are counted at once, unless that was given.
func (c *serveCommand) expect(given bool) {
	if c.noWorker && !given {
		c.work.concurrency = fleet
	}
}

func (c *serveCommand) run(ctx context.Context) error {
	if err := c.work.check(); err != nil {
		return err
	}
	log, err := c.logs.logger(c.terminal.Err)
	if err != nil {
		return err
	}
	web, err := c.web.config()
	if err != nil {
		return err
	}
	config := c.engine.config(c.terminal, log)
	config.Schedules = true
	if err := errors.Join(config.Validate(), web.Validate()); err != nil {
		return usageError{err}
	}
	log.Info("server begins", "config", config, "web", web, "queue", c.work.queue, "worker", !c.noWorker)
	seen, err := observe(ctx, c.terminal, "groma-server", log)
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
	stopWorker, err := c.startWorker(ctx, e, log)
	if err != nil {
		return err
	}
	defer stopWorker()
	ctx, cancel := untilSetBack(ctx, e)
	defer cancel()
	return c.serve(ctx, e, web, log)
}

// startWorker returns how to stop it.
func (c *serveCommand) startWorker(ctx context.Context, e *engine.Engine, log *slog.Logger) (stop func(), err error) {
	if c.noWorker {
		return func() {}, nil
	}
	c.work.git.limitMemory(c.terminal, besideSurvey)
	git, err := c.work.git.client(c.terminal, c.work.concurrency)
	if err != nil {
		return nil, err
	}
	w, err := c.work.start(ctx, e, git, 0, log)
	if err != nil {
		return nil, err
	}
	return func() {
		w.Stop()
		git.Close()
	}, nil
}

// serve serves until ctx ends, or a part of it fails.
func (c *serveCommand) serve(ctx context.Context, e *engine.Engine, web server.Config, log *slog.Logger) error {
	if err := e.Legible(ctx, c.work.queue); err != nil {
		return err
	}
	api := service.New(service.Config{
		Store: e.Store, Temporal: e.Temporal, Payloads: e.Payloads, Notices: e.Notices, Queue: func(string) string { return c.work.queue },
		Sources: c.work.sources(), Window: int64(2 * c.work.concurrency), Searchable: e.Searchable(ctx), Log: log,
	})
	metrics := c.work.metrics
	metrics.Surveys(e.Surveys)
	parts := server.Parts{API: api, Store: e.Store, Ready: e.Ready, Metrics: metrics.Handler(), Wrap: metrics.HTTP, Log: log}
	ctx, cancel := context.WithCancelCause(ctx)
	var beside sync.WaitGroup
	defer func() {
		cancel(nil)
		beside.Wait()
	}()
	if e.NATS != nil {
		queue, err := notice.NewQueue(ctx, e.NATS)
		if err != nil {
			return fmt.Errorf("the queue of requests: %w", err)
		}
		queue.Log = log
		parts.Queue = queue
		metrics.Backlog(queue.Backlog)
		for _, run := range []func() error{
			func() error { return queue.Work(ctx, api.RescanAll) },
			func() error { return notice.Answer(ctx, e.NATS, surveyService, server.Caller(parts), log) },
		} {
			beside.Go(func() {
				if err := run(); err != nil && ctx.Err() == nil {
					cancel(fmt.Errorf("requests over NATS: %w", err))
				}
			})
		}
	}
	s, err := server.New(web, parts)
	if err != nil {
		return usageError{err}
	}
	address, err := s.Listen()
	if err != nil {
		return err
	}
	log.Info("serving", "url", c.web.url(address))
	if err := s.Serve(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	log.Info("server stops")
	return nil
}

// surveyService is what is offered over NATS, too.
var surveyService = gromav1.File_groma_v1_service_proto.Services().ByName("SurveyService")

// serveProbes answers probes until ctx ends.
func serveProbes(ctx context.Context, address string, handler http.Handler, log *slog.Logger) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	log.Info("probes are answered", "address", listener.Addr().String())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("answer probes: %w", err)
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = s.Shutdown(closing) // who still asks then has waited long enough
	<-ended
	return nil
}
