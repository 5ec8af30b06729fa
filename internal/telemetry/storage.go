package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// Storage makes a span of one call of a storage, until the returned function is
// called with what went wrong. Of the key it tells the first segment: which kind
// of artefact it is.
func Storage(ctx context.Context, operation, key string) (context.Context, func(error)) {
	kind, _, _ := strings.Cut(key, "/")
	ctx, span := within(ctx, "storage "+operation, trace.SpanKindClient, text("operation", operation), text("kind", kind))
	return ctx, func(err error) { finish(span, err) }
}
