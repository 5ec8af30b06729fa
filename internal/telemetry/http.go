package telemetry

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// mostRoutes is how many routes are told apart. A server has some thirty.
const mostRoutes = 100

// HTTP counts what a server answers, and makes a span of each request, which
// goes on with the caller's trace (W3C's traceparent). The route is the pattern
// that a request is served by, never its path. Probes and scrapes have no spans.
func (m *Metrics) HTTP(next http.Handler, pattern func(*http.Request) string) http.Handler {
	routes := &few{most: mostRoutes}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route := routes.bound(routeOf(pattern(r)))
		answer, begun := &answered{ResponseWriter: w}, time.Now()
		r, span := serving(r, route)
		defer func() {
			code := answer.code()
			m.answered(route, code, time.Since(begun))
			span.SetAttributes(attribute.Int("http.response.status_code", code))
			if code >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "")
			}
			span.End()
		}()
		next.ServeHTTP(answer, r)
	})
}

// routeOf is a pattern without its method.
func routeOf(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	if pattern == "" {
		return other
	}
	return pattern
}

// serving begins the span of a request, unless it is a probe or a scrape.
func serving(r *http.Request, route string) (*http.Request, trace.Span) {
	switch route {
	case "/healthz", "/readyz", "/metrics":
		return r, noop.Span{}
	}
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := start(ctx, route, trace.SpanKindServer, text("http.request.method", r.Method), text("http.route", route))
	return r.WithContext(ctx), span
}

func (m *Metrics) answered(route string, code int, took time.Duration) {
	if m == nil {
		return
	}
	status := other
	if 100 <= code && code <= 599 {
		status = strconv.Itoa(code)
	}
	m.requests.WithLabelValues(route, status).Inc()
	m.requestSeconds.WithLabelValues(route).Observe(took.Seconds())
}

// answered is a response that remembers its status. Everything else it leaves to
// what it wraps, which [http.ResponseController] finds.
type answered struct {
	http.ResponseWriter
	status int
}

// code is what was answered. A handler that wrote nothing has said that all is
// well; one that panicked has not come here as such.
func (a *answered) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

// WriteHeader remembers the final status: those below 200 come before it.
func (a *answered) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write is with status 200, unless another was said.
func (a *answered) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Flush is what streams ask of a response.
func (a *answered) Flush() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	_ = http.NewResponseController(a.ResponseWriter).Flush() // who cannot flush sends it later
}

// Unwrap is for [http.ResponseController].
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
