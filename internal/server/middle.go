package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect/v2"

	"groma/internal/fault"
)

// wrap puts around every request what holds for all of them.
func (s *Server) wrap(next http.Handler) http.Handler {
	return s.logged(headed(bounded(s.identified(next), s.config.MaxBody)))
}

// logged writes a line for each request, without what may be secret: no query,
// no header.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, begun := &visit{}, time.Now()
		out := &response{ResponseWriter: w, control: http.NewResponseController(w), second: r.ProtoMajor >= 2}
		defer func() {
			reason := recover()
			if reason == http.ErrAbortHandler {
				panic(reason)
			}
			if reason != nil {
				err := hidden(r.Context(), s.parts.Log, r.URL.Path, fmt.Errorf("panic: %v\n%s", reason, debug.Stack()))
				if out.status == 0 {
					fail(out, err)
				}
			}
			s.log(r, v, out, time.Since(begun))
		}()
		next.ServeHTTP(out, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)))
	})
}

func (s *Server) log(r *http.Request, v *visit, out *response, took time.Duration) {
	level := slog.LevelInfo
	if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || r.URL.Path == "/metrics" {
		level = slog.LevelDebug
	}
	attributes := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", fault.Clip(r.URL.Path, 300)), slog.Int("status", max(out.status, http.StatusOK)),
		slog.Float64("seconds", took.Seconds()), slog.String("who", v.caller.name),
	}
	if v.code != "" {
		attributes = append(attributes, slog.String("code", v.code))
	}
	s.parts.Log.LogAttrs(r.Context(), level, "request", attributes...)
}

// headed sets what tells browsers to trust an answer with nothing.
func headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

const (
	// bodyTime is how long a request's body may take to come, and writeTime how
	// long a client may take nothing of an answer.
	bodyTime  = time.Minute
	writeTime = time.Minute
)

// bounded bounds a request's body in size and time.
func bounded(next http.Handler, most int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody && !strings.Contains(r.URL.Path, ".ServerReflection/") {
			control := http.NewResponseController(w)
			_ = control.SetReadDeadline(time.Now().Add(bodyTime))
			r.Body = &body{ReadCloser: http.MaxBytesReader(w, r.Body, most+1<<10), control: control}
		}
		next.ServeHTTP(w, r)
	})
}

// A body has a deadline until it is read: later it would end a stream that only
// answers.
type body struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// identified finds out who asks, and whether that one may ask now.
func (s *Server) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.identify(r)
		visitOf(r.Context()).caller = who
		if wait := s.tooMany(r, who); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(wait))
			s.refuse(w, r, connect.Errorf(connect.CodeResourceExhausted, "too many requests: ask again in %d s", wait))
			return
		}
		if err != nil {
			s.refuse(w, r, connect.NewError(connect.CodeUnauthenticated, err.Error()))
			return
		}
		if err := s.foreign(r); err != nil {
			s.refuse(w, r, connect.NewError(connect.CodePermissionDenied, err.Error()))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tooMany is how many seconds somebody has to wait, or zero. Code hosts send as
// many webhooks as there are pushes, and none twice: they are counted only if
// nobody known has signed them.
func (s *Server) tooMany(r *http.Request, who caller) int {
	switch {
	case r.URL.Path == "/healthz" || r.URL.Path == "/readyz":
		return 0
	case isWebhook(r):
		return s.clients.spent(who.name, time.Now())
	}
	return s.clients.wait(who.name, time.Now())
}

// asks lets a request through if its caller has a role.
func (s *Server) asks(role Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := permit(visitOf(r.Context()).caller, role); err != nil {
			s.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A response knows what status it has, and gives up on a client that takes
// nothing of it.
type response struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int
	extends time.Time // when the deadline is moved next
	second  bool      // HTTP/2
}

func (r *response) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *response) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	defer r.extend()()
	return r.ResponseWriter.Write(p)
}

// Flush is what Connect asks of a writer of streams.
func (r *response) Flush() { _ = r.FlushError() }

// FlushError is for [http.ResponseController].
func (r *response) FlushError() error {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	defer r.extend()()
	return r.control.Flush()
}

// extend gives the client time to take what is written now. In HTTP/2 the time
// would go on afterwards, and end a stream that has nothing to say: what it
// returns is to be called when it is written.
func (r *response) extend() (written func()) {
	now := time.Now()
	if r.second {
		_ = r.control.SetWriteDeadline(now.Add(writeTime))
		return func() { _ = r.control.SetWriteDeadline(time.Time{}) }
	}
	if now.After(r.extends) {
		_ = r.control.SetWriteDeadline(now.Add(writeTime))
		r.extends = now.Add(writeTime / 10)
	}
	return func() {}
}

// Unwrap is for [http.ResponseController].
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }
