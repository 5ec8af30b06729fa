// Package server offers the survey service over HTTP: to programs as Connect,
// gRPC and gRPC-Web, to browsers as pages, events and badges, to code hosts as
// webhooks.
//
// Whoever asks is asked for the role that the request takes; a call that no role
// is written for is refused. What goes wrong inside never reaches who asks: an
// error that was not written for callers becomes "internal" with an id that is
// in the log. Every request has its bounds: of size, of time, of how many there
// may be.
package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/grpcreflect/v2"

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
	// Wrap goes around everything that is served. It is given the pattern that a
	// request is served by, or nothing where there is none. Nil is not there.
	Wrap func(next http.Handler, pattern func(*http.Request) string) http.Handler
	// Log hears of every request; nil is nobody.
	Log *slog.Logger
}

// A Server serves. It is made by [New].
type Server struct {
	config  Config
	parts   Parts
	handler http.Handler
	// client asks the same service as everybody, for pages, without a role.
	client gromav1connect.SurveyServiceClient
	errors *connecthttp.ErrorWriter
	origin *http.CrossOriginProtection

	page *recent[*view] // what the page shows

	clients  *clients // how much each client may ask
	streams  *streams // how many may be open
	webhooks *places  // how many are read at once

	headerTime time.Duration // for a request's header to come

	stopping context.Context // ends when the server is told to stop
	stop     context.CancelFunc

	mu       sync.Mutex
	listener net.Listener
}

// New returns a server that does not listen yet, or says what is wrong with c.
func New(c Config, parts Parts) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	parts.Log, parts.Ready = logOr(parts.Log), lately(parts.Ready)
	s := &Server{config: c.withDefaults(), parts: parts, errors: connecthttp.NewErrorWriter(), origin: http.NewCrossOriginProtection()}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.headerTime = headerTime
	s.clients = newClients(s.config.Rate, s.config.Burst)
	s.streams = newStreams()
	s.webhooks = newPlaces()
	s.page = newRecent(viewEvery, viewTime, s.view)
	s.client = gromav1connect.NewSurveyServiceClient(connect.NewClient(inProcess(parts.API, parts.Log)))
	routes := s.routes()
	s.handler = s.wrap(routes)
	if parts.Wrap != nil {
		s.handler = parts.Wrap(s.handler, func(r *http.Request) string {
			_, pattern := routes.Handler(r)
			return pattern
		})
	}
	return s, nil
}

func logOr(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// inProcess carries calls to a service in this process.
func inProcess(api gromav1connect.SurveyServiceHandler, log *slog.Logger) connect.Transport {
	server := connect.NewServer(guard(log))
	gromav1connect.RegisterSurveyServiceHandler(server, api)
	return connectinprocess.New(server)
}

// routes has everything that is served, each with the role that it takes.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	s.mountCalls(mux)
	probes := Probes(s.parts.Ready, nil)
	mux.Handle("GET /healthz", probes)
	mux.Handle("GET /readyz", s.readiness(probes))
	mux.HandleFunc("GET /openapi.yaml", serveOpenAPI)
	mux.HandleFunc("POST /webhooks/{forge}", s.serveWebhook)
	if s.parts.Metrics != nil {
		mux.Handle("GET /metrics", s.asks(Read, s.parts.Metrics))
	}
	mux.Handle("GET /{$}", s.asks(Read, http.HandlerFunc(s.servePage)))
	mux.Handle("GET /surveys/{survey}/events", s.asks(Read, http.HandlerFunc(s.serveEvents)))
	mux.Handle("GET /surveys/{survey}/{file}", s.asks(Read, http.HandlerFunc(s.serveReport)))
	mux.Handle("GET /badge/{repository...}", s.asks(Read, http.HandlerFunc(s.serveBadge)))
	return mux
}

// mountCalls offers the RPCs, with what gRPC's tools ask of a server.
func (s *Server) mountCalls(mux *http.ServeMux) {
	server := connect.NewServer(noted, guard(s.parts.Log), s.admit, s.bound)
	gromav1connect.RegisterSurveyServiceHandler(server, s.parts.API)
	grpcreflect.Register(server)
	registerHealth(server, s.parts.Ready)
	connecthttp.Mount(mux, server, connecthttp.WithConditionalOptions(func(spec connect.Spec) []connecthttp.Option {
		return []connecthttp.Option{connecthttp.WithReadMaxBytes(int(s.messageBytes(spec.Procedure)))}
	}))
}
