package telemetry_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"groma/internal/telemetry"
)

// serve serves a few routes that are watched.
func serve(t *testing.T, metrics *telemetry.Metrics) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	mux.HandleFunc("GET /surveys/{survey}/{file}", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "none", http.StatusNotFound) })
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "first")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		if _, ok := w.(http.Flusher); !ok {
			t.Error("a watched response cannot be flushed")
		}
	})
	server := httptest.NewServer(metrics.HTTP(mux, func(r *http.Request) string {
		_, pattern := mux.Handler(r)
		return pattern
	}))
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, address string, header ...string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

func TestHTTP(t *testing.T) {
	spans := collect(t)
	metrics := telemetry.NewMetrics("v", "m")
	server := serve(t, metrics)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	get(t, server.URL+"/surveys/some-survey/report.json?token="+mark, "Traceparent", "00-"+trace+"-b7ad6b7169203331-01", "Authorization", "Bearer "+mark)
	get(t, server.URL+"/stream")
	get(t, server.URL+"/healthz")
	get(t, server.URL+"/no/such/thing")
	server.Close() // when all is counted

	text := scrape(t, metrics)
	expectLines(t, text,
		`groma_http_requests_total{code="404",route="/surveys/{survey}/{file}"} 1`,
		`groma_http_requests_total{code="200",route="/stream"} 1`,
		`groma_http_requests_total{code="200",route="/healthz"} 1`,
		`groma_http_requests_total{code="404",route="other"} 1`,
		`groma_http_request_seconds_count{route="/stream"} 1`,
	)
	found := spans.GetSpans()
	if len(found) != 3 {
		t.Errorf("%d spans, want 3: a probe has none", len(found))
	}
	for _, span := range found {
		if span.Name == "/surveys/{survey}/{file}" && span.SpanContext.TraceID().String() != trace {
			t.Errorf("the span is of the trace %s, want the caller's", span.SpanContext.TraceID())
		}
	}
	if all := text + fmt.Sprintf("%+v", found); strings.Contains(all, mark) || strings.Contains(all, "some-survey") {
		t.Errorf("a stranger's words are told:\n%s", all)
	}
}

// TestHTTP_Many: however many patterns there are, the routes are few.
func TestHTTP_Many(t *testing.T) {
	metrics := telemetry.NewMetrics("v", "m")
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	handler := metrics.HTTP(nothing, func(r *http.Request) string { return r.URL.Path })
	for i := range 1000 {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, fmt.Sprintf("/%d", i), nil))
	}
	if n := strings.Count(scrape(t, metrics), "\ngroma_http_requests_total{"); n > 101 {
		t.Errorf("%d routes", n)
	}
}
