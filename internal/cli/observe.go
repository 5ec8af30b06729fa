package cli

import (
	"context"
	"log/slog"
	"time"

	"groma/internal/artefact"
	"groma/internal/engine"
	"groma/internal/tally"
	"groma/internal/telemetry"
)

// observed is what a process tells operators of itself.
type observed struct {
	metrics *telemetry.Metrics // nil for a command that ends
	traces  *telemetry.Traces  // nil unless the environment wants them
	log     *slog.Logger
}

// observe switches on the metrics of a process that runs for long, and traces if
// the environment wants them.
func observe(ctx context.Context, terminal Terminal, service string, log *slog.Logger) (*observed, error) {
	o, err := observeTraces(ctx, terminal, service, log)
	if err == nil {
		o.metrics = telemetry.NewMetrics(version(), tally.Method(defaultFile))
	}
	return o, err
}

// observeTraces switches on traces, if the environment wants them.
func observeTraces(ctx context.Context, terminal Terminal, service string, log *slog.Logger) (*observed, error) {
	traces, err := telemetry.Trace(ctx, telemetry.Tracing{Service: service, Version: version(), Env: terminal.Env, Log: log})
	if err != nil {
		return nil, usageError{err}
	}
	return &observed{traces: traces, log: log}, nil
}

// open opens a world, watched if there are traces.
func (o *observed) open(ctx context.Context, config engine.Config) (*engine.Engine, error) {
	if o == nil || o.traces == nil {
		return engine.Open(ctx, config)
	}
	var err error
	if config.Interceptors, err = o.traces.Interceptors(); err != nil {
		return nil, err
	}
	e, err := engine.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	e.Store = artefact.Watched(e.Store, telemetry.Storage)
	return e, nil
}

// lastSpans is how long the end of a process waits for its last spans to go.
const lastSpans = 5 * time.Second

// stop sends the last spans. What cannot be sent is lost.
func (o *observed) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
	defer cancel()
	if err := o.traces.Stop(ctx); err != nil {
		o.log.Warn("the last traces are lost", "error", err)
	}
}
