package server

import (
	"context"
	"net/http"
	"time"
)

// readyTime is how long one question whether everything is there may take.
const readyTime = 5 * time.Second

// Probes serves /healthz, which is well as long as the process runs, /readyz,
// which asks ready, and /metrics. Ready and metrics may be nil. Nobody is asked
// for a token, and nothing is told of what is missing: ready may log it. Ready is
// asked once a second at most.
func Probes(ready func(context.Context) error, metrics http.Handler) http.Handler {
	ready = lately(ready)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTime)
		defer cancel()
		if ready != nil && ready(ctx) != nil {
			say(w, http.StatusServiceUnavailable, "not ready: groma doctor says what is missing")
			return
		}
		say(w, http.StatusOK, "ok")
	})
	if metrics != nil {
		mux.Handle("GET /metrics", metrics)
	}
	return mux
}

// readiness is no more, once the server stops. Without NATS it stays, since all
// but notices and webhooks is there, which say so themselves: a header tells.
func (s *Server) readiness(probes http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.stopping.Err() != nil {
			say(w, http.StatusServiceUnavailable, "it stops")
			return
		}
		if s.parts.Queue.Away() {
			w.Header().Set("X-Groma-Away", "nats")
		}
		probes.ServeHTTP(w, r)
	})
}
