package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// collecting is an OpenTelemetry collector that keeps what it is sent.
type collecting struct {
	collector.UnimplementedTraceServiceServer
	mu       sync.Mutex
	spans    []*tracepb.Span
	services map[string]bool
}

func (c *collecting) Export(_ context.Context, sent *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range sent.ResourceSpans {
		for _, attribute := range resource.GetResource().GetAttributes() {
			if attribute.Key == "service.name" {
				c.services[attribute.Value.GetStringValue()] = true
			}
		}
		for _, scope := range resource.ScopeSpans {
			c.spans = append(c.spans, scope.Spans...)
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

// collect starts a collector, and has this process send its spans there.
func collect(t *testing.T) *collecting {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, server := &collecting{services: map[string]bool{}}, grpc.NewServer()
	collector.RegisterTraceServiceServer(server, c)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+listener.Addr().String())
	t.Setenv("OTEL_TRACES_EXPORTER", "") // restores what is unset next
	os.Unsetenv("OTEL_TRACES_EXPORTER")
	return c
}

// mark stands for a credential of a git host.
const mark = "marked-4b5a6978"

// startServer runs 'groma serve' with repositories from a mirror, and returns
// its URL and how to stop it.
func startServer(t *testing.T, mirror string) (url string, stop func() int) {
	t.Helper()
	out, in := io.Pipe()
	signals := make(chan os.Signal, 1)
	env := func(name string) string {
		if name == "GROMA_TOKEN_127_0_0_1" {
			return mark
		}
		if strings.HasPrefix(name, "OTEL_") {
			return os.Getenv(name)
		}
		return ""
	}
	ended := make(chan int, 1)
	go func() {
		status := Main([]string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--mirror", mirror, "--concurrency", "2"},
			Terminal{Out: io.Discard, Err: in, Env: env, Signals: signals})
		in.Close()
		ended <- status
	}()
	lines := bufio.NewScanner(out)
	for url == "" && lines.Scan() {
		t.Log(lines.Text())
		_, url, _ = strings.Cut(lines.Text(), "msg=serving url=")
	}
	if url == "" {
		t.Fatal("the server does not say where it serves")
	}
	go io.Copy(io.Discard, out)
	return url, func() int {
		signals <- os.Interrupt
		return <-ended
	}
}

const asked = "0af7651916cd43dd8448eb211c80319c"

// startSurvey asks for the survey of one repository, in a trace of the caller's.
func startSurvey(t *testing.T, url, repository string) string {
	t.Helper()
	document := base64.StdEncoding.EncodeToString([]byte(repository + "\n"))
	body := fmt.Sprintf(`{"spec": {"source": "one", "kind": "list"}, "document": %q}`, document)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/groma.v1.SurveyService/StartSurvey", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Traceparent", "00-"+asked+"-b7ad6b7169203331-01")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var started struct{ Survey string }
	if err := json.NewDecoder(answer.Body).Decode(&started); err != nil || started.Survey == "" {
		t.Fatalf("status %s: %v", answer.Status, err)
	}
	return started.Survey
}

// TestServe_Traces follows a survey from the call that starts it to the request
// that a remote is asked, in one trace, and reads the metrics after it.
func TestServe_Traces(t *testing.T) {
	spans := collect(t)
	given, err := readWorld(t.Context(), tourWorld)
	if err != nil {
		t.Fatal(err)
	}
	defer given.close()
	url, stop := startServer(t, given.mirrors[0].String())
	survey := startSurvey(t, url, "https://github.com/groma-tour/aqueduct")
	var said bytes.Buffer
	if status := Main([]string{"watch", survey, "--server", url}, Terminal{Out: &said, Err: &said, Env: func(string) string { return "" }}); status != exitDone {
		t.Errorf("watching ends with %d: %s", status, &said)
	}
	metrics := fetchText(t, url+"/metrics")
	if status := stop(); status != exitDone {
		t.Errorf("the server ends with %d", status)
	}
	for _, line := range []string{
		`groma_repositories_total{outcome="counted"} 1`, `groma_requests_backlog 0`, `groma_surveys{state="planning"} 0`,
		`groma_http_requests_total{code="200",route="/groma.v1.SurveyService/StartSurvey"} 1`, `groma_memory_budget_bytes 5.36870912e+08`,
	} {
		if !strings.Contains(metrics, "\n"+line+"\n") {
			t.Errorf("no line %q in the metrics", line)
		}
	}
	expectTree(t, spans.spans, survey)
	if all := fmt.Sprint(spans.spans) + metrics; strings.Contains(all, mark) {
		t.Error("a credential is told")
	}
	if len(spans.services) != 1 || !spans.services["groma-server"] {
		t.Errorf("spans of %v: want the server's alone, and none of the embedded Temporal", spans.services)
	}
}

func fetchText(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, answer.Status, err)
	}
	return string(text)
}

// expectTree wants the spans of the caller's trace to lead from the call to git
// and to the storage.
func expectTree(t *testing.T, spans []*tracepb.Span, survey string) {
	t.Helper()
	byID := map[string]*tracepb.Span{}
	for _, span := range spans {
		byID[string(span.SpanId)] = span
	}
	paths, surveys := map[string]bool{}, 0
	for _, span := range spans {
		if hex.EncodeToString(span.TraceId) != asked {
			continue
		}
		path := span.Name
		for in := byID[string(span.ParentSpanId)]; in != nil; in = byID[string(in.ParentSpanId)] {
			path = in.Name + " > " + path
		}
		paths[path] = true
		for _, attribute := range span.Attributes {
			if attribute.Key == "survey" && attribute.Value.GetStringValue() == survey {
				surveys++
			}
		}
	}
	const shard = "/groma.v1.SurveyService/StartSurvey > StartWorkflow:Survey > RunWorkflow:Survey > StartChildWorkflow:Shard > RunWorkflow:Shard > "
	for _, want := range []string{
		"/groma.v1.SurveyService/StartSurvey > storage create",
		shard + "StartActivity:TakeCensus > RunActivity:TakeCensus > census > census probe > git refs",
		shard + "StartActivity:TakeCensus > RunActivity:TakeCensus > census > census fetch > git upload-pack",
		shard + "StartActivity:TakeCensus > RunActivity:TakeCensus > census > census keep > storage create",
		shard + "StartActivity:SummariseShard > RunActivity:SummariseShard > storage create",
	} {
		if !paths[want] {
			t.Errorf("no span %s", want)
		}
	}
	if surveys == 0 {
		t.Error("no span names the survey")
	}
	if t.Failed() {
		for path := range paths {
			t.Log(path)
		}
	}
}
