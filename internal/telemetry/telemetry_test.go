package telemetry_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/census"
	"groma/internal/gitwire"
	"groma/internal/telemetry"
	"groma/internal/vitals"
	"groma/internal/world"
	"groma/internal/world/worldtest"
)

const tiny = `
-- repos/o/good/main.go --
package main
-- repos/o/good/README.md --
Written in Go.
-- repos/o/good/again.go --
package main
-- repos/o/gone.repo --
missing
-- repos/o/busy/main.go --
package main
-- repos/o/busy.repo --
busy 9 1
`

// mark stands for a credential: it must be told to the host it is for, and to
// nobody else.
const mark = "marked-0f1e2d3c"

// collect has all spans of a test collected.
func collect(t *testing.T) *tracetest.InMemoryExporter {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	traces := telemetry.NewTraces(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	t.Cleanup(func() { traces.Stop(context.Background()) })
	return spans
}

// told hears of the credentials that were sent.
type told struct {
	next http.RoundTripper
	n    *atomic.Int64
}

func (s told) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, password, ok := r.BasicAuth(); ok && password == mark {
		s.n.Add(1)
	}
	return s.next.RoundTrip(r)
}

// newTaker serves the world above to a taker that knows a credential, and says
// how often that was sent.
func newTaker(t *testing.T, metrics *telemetry.Metrics) (*census.Taker, *world.Server, *atomic.Int64) {
	t.Helper()
	server := worldtest.Serve(t, tiny)
	mirror, err := gitwire.ParseMirror("https://github.com/=" + server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := gitwire.LoadCredentials(gitwire.CredentialSources{Env: func(name string) string {
		if name == "GROMA_TOKEN_127_0_0_1" {
			return mark
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	sent := &atomic.Int64{}
	git := gitwire.New(gitwire.Config{
		Mirrors: []gitwire.Mirror{mirror}, Credentials: credentials,
		Watch: func(next http.RoundTripper) http.RoundTripper { return telemetry.Git(told{next, sent}) },
	})
	t.Cleanup(git.Close)
	store := artefacttest.NewFolder(t)
	return &census.Taker{Git: git, Store: artefact.Watched(store, telemetry.Storage), Metrics: metrics}, server, sent
}

func request(survey, name string) census.Request {
	return census.Request{
		Survey: survey, Key: "github.com/o/" + name, Address: "https://github.com/o/" + name, Words: true,
		Windows: []vitals.Window{{Name: "2024", From: year(2024), Until: year(2025)}},
	}
}

func year(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }

// scrape is what Prometheus would read.
func scrape(t *testing.T, metrics *telemetry.Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("metrics answer %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

// expectLines says which lines are not in a scrape.
func expectLines(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, ours(text))
		}
	}
}

// ours are the lines of a scrape that are not of Go or of the process.
func ours(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "groma_") && !strings.Contains(line, "_bucket{") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestMetrics_Censuses(t *testing.T) {
	metrics := telemetry.NewMetrics("v1.2.3", "m1")
	taker, _, sent := newTaker(t, metrics)
	for _, r := range []census.Request{request("one", "good"), request("two", "good"), request("one", "gone")} {
		if _, err := taker.Take(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := taker.Take(t.Context(), request("one", "busy")); err == nil {
		t.Error("a busy host has its census taken")
	}
	metrics.MemoryBudget(512 << 20)
	metrics.Decided("failed")
	metrics.Rescanned("counted")
	metrics.Rescanned("github.com/o/good") // no outcome
	metrics.Revised()

	text := scrape(t, metrics)
	expectLines(t, text,
		`groma_build_info{method="m1",version="v1.2.3"} 1`,
		`groma_repositories_total{outcome="counted"} 1`,
		`groma_repositories_total{outcome="reused"} 1`,
		`groma_repositories_total{outcome="not-found"} 1`,
		`groma_repositories_total{outcome="failed"} 1`,
		`groma_repositories_total{outcome="denied"} 0`,
		`groma_census_seconds_count 3`,
		`groma_census_phase_seconds_count{phase="probe"} 4`,
		`groma_census_phase_seconds_count{phase="fetch"} 1`,
		`groma_census_phase_seconds_count{phase="count"} 1`,
		`groma_census_phase_seconds_count{phase="words"} 1`,
		`groma_census_phase_seconds_count{phase="keep"} 1`,
		`groma_census_phase_seconds_count{phase="vitals"} 1`,
		`groma_contents_total{how="read"} 2`,
		`groma_contents_total{how="reused"} 0`,
		`groma_censuses_in_flight 0`,
		`groma_memory_budget_bytes 5.36870912e+08`,
		`groma_rescans_total{outcome="counted"} 1`,
		`groma_rescans_total{outcome="other"} 1`,
		`groma_editions_total 1`,
	)
	if strings.Contains(text, "groma_received_bytes_total 0\n") || !strings.Contains(text, "groma_received_bytes_total ") {
		t.Error("no bytes were received")
	}
	if sent.Load() == 0 {
		t.Fatal("the credential was not sent: this test shows nothing")
	}
	for _, secret := range []string{mark, "github.com", "127.0.0.1"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the metrics", secret)
		}
	}
}

// TestMetrics_Reused: of a commit that changes one file of three, two different
// contents come from the earlier census or from another repository.
func TestMetrics_Reused(t *testing.T) {
	metrics := telemetry.NewMetrics("v", "m")
	taker, server, _ := newTaker(t, metrics)
	taker.Contents = census.NewContents(1 << 20)
	if _, err := taker.Take(t.Context(), request("one", "good")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Commit("o/good", "-- new.go --\npackage fresh\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := taker.Take(t.Context(), request("two", "good")); err != nil {
		t.Fatal(err)
	}
	expectLines(t, scrape(t, metrics), `groma_contents_total{how="read"} 3`, `groma_contents_total{how="reused"} 2`)
}

func TestTraces_Census(t *testing.T) {
	spans := collect(t)
	taker, _, sent := newTaker(t, nil)
	taken, err := taker.Take(t.Context(), request("one", "good"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := taker.Take(t.Context(), request("one", "busy")); err == nil {
		t.Error("a busy host has its census taken")
	}
	if sent.Load() == 0 {
		t.Fatal("the credential was not sent: this test shows nothing")
	}
	found := spans.GetSpans()
	tree := outline(found)
	for _, want := range []string{
		"census", "census > census probe > git refs", "census > census probe > git upload-pack", "census > census fetch > git upload-pack",
		"census > census count", "census > census words", "census > census keep > storage create", "census > census vitals > git upload-pack", "census > storage get",
	} {
		if !tree[want] {
			t.Errorf("no span %s among %v", want, tree)
		}
	}
	for _, span := range found {
		if text := fmt.Sprintf("%+v", span); strings.Contains(text, mark) {
			t.Errorf("a credential is in the span %s: %s", span.Name, text)
		}
	}
	expectAttributes(t, found, "census", map[string]string{
		"survey": "one", "repository": "github.com/o/good", "commit": taken.Commit, "outcome": "counted", "bytes": fmt.Sprint(taken.BytesReceived),
	})
	expectAttributes(t, found, "census", map[string]string{"repository": "github.com/o/busy", "error.type": "unavailable"})
	expectAttributes(t, found, "git refs", map[string]string{"service": "refs", "status": "200"})
	expectAttributes(t, found, "storage create", map[string]string{"operation": "create", "kind": "census"})
}

// outline has each span with what it is in, from the outermost.
func outline(spans tracetest.SpanStubs) map[string]bool {
	byID := map[string]tracetest.SpanStub{}
	for _, span := range spans {
		byID[span.SpanContext.SpanID().String()] = span
	}
	paths := map[string]bool{}
	for _, span := range spans {
		path := span.Name
		for in, ok := byID[span.Parent.SpanID().String()]; ok; in, ok = byID[in.Parent.SpanID().String()] {
			path = in.Name + " > " + path
		}
		paths[path] = true
	}
	return paths
}

// expectAttributes wants a span of a name to have attributes.
func expectAttributes(t *testing.T, spans tracetest.SpanStubs, name string, want map[string]string) {
	t.Helper()
	var seen bytes.Buffer
	for _, span := range spans {
		if span.Name != name {
			continue
		}
		missing := len(want)
		for _, attribute := range span.Attributes {
			if value, ok := want[string(attribute.Key)]; ok && value == attribute.Value.String() {
				missing--
			}
			fmt.Fprintf(&seen, "%s=%s ", attribute.Key, attribute.Value.String())
		}
		if missing == 0 {
			return
		}
		seen.WriteByte('\n')
	}
	t.Errorf("no span %s has %v:\n%s", name, want, &seen)
}

// TestNothing: what is nil does nothing.
func TestNothing(t *testing.T) {
	var metrics *telemetry.Metrics
	metrics.MemoryBudget(1)
	metrics.Decided("failed")
	metrics.Rescanned("failed")
	metrics.Revised()
	metrics.Contents(1, 1)
	metrics.Backlog(nil)
	metrics.Surveys(nil)
	_, done := metrics.Census(t.Context(), "s", "r")
	_, ended := metrics.Phase(t.Context(), telemetry.Count)
	ended(nil)
	done(telemetry.Census{})
	if handler := metrics.Handler(); handler != nil {
		t.Errorf("metrics that are not kept have a handler: %v", handler)
	}
	var traces *telemetry.Traces
	if interceptors, err := traces.Interceptors(); err != nil || interceptors != nil {
		t.Errorf("traces that are off have interceptors %v, %v", interceptors, err)
	}
	if err := traces.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
