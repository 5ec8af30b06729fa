package telemetry_test

import (
	"bytes"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"

	"groma/internal/telemetry"
)

func TestTrace_Off(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, env := range []map[string]string{
		{},
		{"OTEL_SERVICE_NAME": "x", "OTEL_TRACES_EXPORTER": "otlp"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
	} {
		traces, err := telemetry.Trace(t.Context(), telemetry.Tracing{Service: "s", Env: func(name string) string { return env[name] }})
		if err != nil || traces != nil {
			t.Errorf("%v: traces %v, %v; want them off", env, traces, err)
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, and there were %d", after, before)
	}
}

func TestTrace_Endpoint(t *testing.T) {
	for _, endpoint := range []string{"localhost:4317", "collector", "grpc://localhost:4317", "http://"} {
		_, err := telemetry.Trace(t.Context(), telemetry.Tracing{Service: "s", Env: func(name string) string {
			if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
				return endpoint
			}
			return ""
		}})
		if err == nil {
			t.Errorf("spans go to %s", endpoint)
		}
	}
}

func TestTrace_Error(t *testing.T) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", name: "http/protobuf"}
		_, err := telemetry.Trace(t.Context(), telemetry.Tracing{Service: "s", Env: func(name string) string { return env[name] }})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=http/protobuf is %v, want an error that names it", name, err)
		}
	}
}

// TestTrace_Headers: headers that cannot be read are refused, by the name of the
// variable alone.
func TestTrace_Headers(t *testing.T) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		for value, ok := range map[string]bool{
			"": true, "a=marked": true, "a=Bearer%20marked,b=c, ": true,
			"marked": false, "a=%zzmarked": false, "a=b,marked": false, "=marked": false,
		} {
			env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", name: value}
			traces, err := telemetry.Trace(t.Context(), telemetry.Tracing{Service: "s", Env: func(name string) string { return env[name] }})
			if (err == nil) != ok || err != nil && (strings.Contains(err.Error(), "marked") || !strings.Contains(err.Error(), name)) {
				t.Errorf("%s=%s: %v", name, value, err)
			}
			_ = traces.Stop(t.Context()) // nothing was sent
		}
	}
}

// TestTrace_Away: a collector that is away is told of once, and harms nothing.
func TestTrace_Away(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1",
	} {
		t.Setenv(name, value)
	}
	var out bytes.Buffer
	traces, err := telemetry.Trace(t.Context(), telemetry.Tracing{Service: "s", Env: os.Getenv, Log: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, span := otel.Tracer("test").Start(t.Context(), "x")
		span.End()
	}
	if err := traces.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(out.String(), "traces are lost"); n != 1 {
		t.Errorf("three spans that are lost are told of %d times, want once:\n%s", n, &out)
	}
}

func TestLogs(t *testing.T) {
	collect(t)
	var out bytes.Buffer
	log := slog.New(telemetry.Logs(slog.NewJSONHandler(&out, nil))).With("survey", "s")
	log.InfoContext(t.Context(), "beside all traces")
	if strings.Contains(out.String(), "trace_id") {
		t.Errorf("there is no trace, yet it is said: %s", &out)
	}
	out.Reset()
	ctx, span := otel.Tracer("test").Start(t.Context(), "x")
	defer span.End()
	log.InfoContext(ctx, "in a trace")
	want := `"survey":"s","trace_id":"` + span.SpanContext().TraceID().String() + `"`
	if !strings.Contains(out.String(), want) {
		t.Errorf("the log says %s, want %s in it", &out, want)
	}
}
