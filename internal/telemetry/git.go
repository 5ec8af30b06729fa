package telemetry

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Git makes a span of each request to a git remote, which ends when its answer
// was read. It tells the host, the service, the status and the bytes; no remote
// is told of the trace.
func Git(next http.RoundTripper) http.RoundTripper { return gitTransport{next} }

type gitTransport struct{ next http.RoundTripper }

func (g gitTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	service := gitService(r.URL.Path)
	ctx, span := within(r.Context(), "git "+service, trace.SpanKindClient, text("host", r.URL.Host), text("service", service))
	if !span.SpanContext().IsValid() {
		return g.next.RoundTrip(r)
	}
	response, err := g.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		finish(span, err)
		return nil, err
	}
	span.SetAttributes(attribute.Int("status", response.StatusCode))
	if response.StatusCode >= http.StatusBadRequest {
		span.SetStatus(codes.Error, "")
	}
	response.Body = &gitAnswer{ReadCloser: response.Body, span: span}
	return response, nil
}

// gitService is what a remote is asked for: its refs, or a pack.
func gitService(path string) string {
	switch {
	case strings.HasSuffix(path, "/info/refs"):
		return "refs"
	case strings.HasSuffix(path, "/git-upload-pack"):
		return "upload-pack"
	}
	return other
}

// gitAnswer is an answer on its way.
type gitAnswer struct {
	io.ReadCloser
	span  trace.Span
	bytes int64 // read by one goroutine at a time
	ended sync.Once
}

func (a *gitAnswer) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	a.bytes += int64(n)
	switch err {
	case nil:
	case io.EOF:
		a.end(nil)
	default:
		a.end(err)
	}
	return n, err
}

func (a *gitAnswer) Close() error {
	err := a.ReadCloser.Close()
	a.end(nil)
	return err
}

func (a *gitAnswer) end(err error) {
	a.ended.Do(func() {
		a.span.SetAttributes(attribute.Int64("bytes", a.bytes))
		finish(a.span, err)
	})
}
