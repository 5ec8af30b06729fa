// Package telemetry tells operators what a process does: metrics for
// Prometheus, traces for OpenTelemetry, and the trace's id in logs.
//
// Nobody has to ask whether any of it is on: a nil [Metrics] and a nil [Traces]
// do nothing, and where there is no trace, spans cost next to nothing. Labels of
// metrics have few values, whatever strangers send: no name of a repository is
// one. Neither a credential nor the query of an address is ever in a span.
package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"groma/internal/fault"
)

// scope is what the spans of this program are told from others' by.
const scope = "groma"

// start begins a span. The provider is asked for each time: it is set after
// packages are, and tests set another.
func start(ctx context.Context, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return otel.Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
}

// within begins a span if ctx belongs to one. What happens beside all traces,
// such as a probe's look at the storage, begins none.
func within(ctx context.Context, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, noop.Span{}
	}
	return start(ctx, name, kind, attributes...)
}

// finish ends a span. Of an error it tells the kind, and not the message, which
// strangers have a say in.
func finish(span trace.Span, err error) {
	if err != nil {
		span.SetAttributes(attribute.String("error.type", kindOf(err)))
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

func kindOf(err error) string {
	kind := fault.KindOf(err)
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case kind == fault.Unknown:
		return "unknown"
	}
	return string(kind)
}

// longest bounds what one attribute of a span has of a stranger's words.
const longest = 300

func text(key, value string) attribute.KeyValue {
	return attribute.String(key, fault.Clip(value, longest))
}
