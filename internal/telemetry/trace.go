package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"

	"groma/internal/conceal"
)

// Tracing says who makes spans and where they go.
type Tracing struct {
	// Service and Version are the process's, unless OTEL_SERVICE_NAME or
	// OTEL_RESOURCE_ATTRIBUTES say otherwise.
	Service, Version string
	// Env has the variables that say whether there are traces at all. The rest
	// of OTEL_* OpenTelemetry's library reads itself, of the process.
	Env func(string) string
	// Log hears when spans cannot be sent; nil is nobody.
	Log *slog.Logger
}

// The variables that switch traces on, and off again.
const (
	endpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	protocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	tracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	exporter       = "OTEL_TRACES_EXPORTER"
	disabled       = "OTEL_SDK_DISABLED"
	headers        = "OTEL_EXPORTER_OTLP_HEADERS"
	tracesHeaders  = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
)

// wanted reports whether the environment asks for traces.
func (t Tracing) wanted() (bool, error) {
	if t.Env(endpoint) == "" && t.Env(tracesEndpoint) == "" || strings.EqualFold(t.Env(disabled), "true") || t.Env(exporter) == "none" {
		return false, nil
	}
	for _, name := range []string{tracesEndpoint, endpoint} {
		if err := checkEndpoint(name, t.Env(name)); err != nil {
			return false, err
		}
	}
	for _, name := range []string{tracesProtocol, protocol} {
		if spoken := t.Env(name); spoken != "" {
			if spoken != "grpc" {
				return false, fmt.Errorf("%s=%s: traces are sent over grpc alone", name, spoken)
			}
			break
		}
	}
	return true, errors.Join(checkHeaders(headers, t.Env(headers)), checkHeaders(tracesHeaders, t.Env(tracesHeaders)))
}

// checkHeaders says what is wrong with headers. OpenTelemetry's library would
// print them, and send spans without them.
func checkHeaders(name, value string) error {
	for header := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(header) == "" {
			continue
		}
		key, word, ok := strings.Cut(header, "=")
		if _, err := url.PathUnescape(word); !ok || strings.TrimSpace(key) == "" || err != nil {
			return fmt.Errorf("%s: want NAME=VALUE, several with commas between them, and %%25 for a percent sign", name)
		}
	}
	return nil
}

// told is what a collector, or a proxy before it, is told and may say again.
func (t Tracing) told() conceal.Secrets {
	told := conceal.Secrets{}
	for _, name := range []string{headers, tracesHeaders} {
		for header := range strings.SplitSeq(t.Env(name), ",") {
			_, word, _ := strings.Cut(header, "=")
			plain, _ := url.PathUnescape(word)
			_, bare, _ := strings.Cut(strings.TrimSpace(plain), " ") // of Bearer TOKEN
			told = told.And(conceal.Words(word, strings.TrimSpace(plain), bare))
		}
	}
	for _, name := range []string{endpoint, tracesEndpoint} {
		u, err := url.Parse(t.Env(name))
		if err != nil {
			continue
		}
		told = told.And(conceal.Address(u))
		if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: u.Host}}); err == nil {
			told = told.And(conceal.Address(proxy))
		}
	}
	return told
}

// checkEndpoint says what is wrong with an endpoint. OpenTelemetry's library
// would send spans to nowhere without a word.
func checkEndpoint(name, value string) error {
	u, err := url.Parse(value)
	if value == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	return fmt.Errorf("%s: want http://host:port, or https://host:port for TLS", name)
}

// Traces are those of one process. Nil ones are off: no span is made, no
// goroutine runs, and Temporal is handed no interceptors.
type Traces struct{ provider *sdktrace.TracerProvider }

// Trace has the process make spans and send them over OTLP and gRPC to where
// OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT says, or
// returns nil if neither does. A collector that is away harms nothing: what it
// misses is thrown away.
func Trace(ctx context.Context, tracing Tracing) (*Traces, error) {
	on, err := tracing.wanted()
	if err != nil || !on {
		return nil, err
	}
	from, err := resource.New(ctx,
		resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.name", tracing.Service), attribute.String("service.version", tracing.Version)),
		resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	out, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	return NewTraces(sdktrace.NewTracerProvider(sdktrace.WithResource(from), sdktrace.WithBatcher(&complaining{SpanExporter: out, log: tracing.Log, told: tracing.told()}))), nil
}

// NewTraces has the process make its spans with a provider of one's own.
func NewTraces(provider *sdktrace.TracerProvider) *Traces {
	otel.SetTracerProvider(provider)
	return &Traces{provider}
}

// Stop sends what is left, as long as ctx lasts.
func (t *Traces) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Interceptors carry traces through Temporal, from who starts a workflow to its
// activities: for the options of a client, whose workers have them, too. They
// change no workflow: what they write are headers.
func (t *Traces) Interceptors() ([]interceptor.ClientInterceptor, error) {
	if t == nil {
		return nil, nil
	}
	carry, err := opentelemetry.NewTracer(opentelemetry.TracerOptions{
		Tracer:                  t.provider.Tracer(scope),
		TextMapPropagator:       propagation.TraceContext{},
		DisableQueryTracing:     true, // progress is asked for all the time
		DisableBaggage:          true, // it is strangers' words
		AllowInvalidParentSpans: true, // a trace is not worth a workflow
	})
	if err != nil {
		return nil, fmt.Errorf("traces through Temporal: %w", err)
	}
	return []interceptor.ClientInterceptor{interceptor.NewTracingInterceptor(tracer{carry})}, nil
}

// tracer is one whose logs have the key of all others.
type tracer struct{ interceptor.Tracer }

// GetLogger is the log of a workflow or an activity.
func (tracer) GetLogger(next log.Logger, ref interceptor.TracerSpanRef) log.Logger {
	if span, ok := ref.(trace.Span); ok {
		return log.With(next, "trace_id", span.SpanContext().TraceID().String())
	}
	return next
}

// quietTime is between two complaints about a collector.
const quietTime = time.Minute

// complaining tells of spans that could not be sent, now and then. It does so
// itself: who hears of errors is one for the whole process, and the embedded
// Temporal takes that place.
type complaining struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	told conceal.Secrets

	mu    sync.Mutex
	until time.Time
}

// ExportSpans sends spans, or throws them away.
func (c *complaining) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := c.SpanExporter.ExportSpans(ctx, spans)
	if err != nil && c.log != nil {
		c.complain(err)
	}
	return nil
}

func (c *complaining) complain(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.After(c.until) {
		c.until = now.Add(quietTime)
		c.log.Warn("traces are lost", "error", c.told.Err(err))
	}
}
