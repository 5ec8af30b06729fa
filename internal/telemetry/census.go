package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// The attributes of spans that logs have, too.
const (
	surveyKey     = "survey"
	repositoryKey = "repository"
	commitKey     = "commit"
)

// A Census is what came of taking one.
type Census struct {
	Outcome string // empty if another try is wanted
	Commit  string // empty if none was found
	Bytes   int64  // that the remote sent
	Err     error  // why another try is wanted
}

// Census begins the span of a census and counts it as in flight, until the
// returned function is called. The survey may be empty.
func (m *Metrics) Census(ctx context.Context, survey, repository string) (context.Context, func(Census)) {
	begun := time.Now()
	ctx, span := start(ctx, "census", trace.SpanKindInternal, text(repositoryKey, repository))
	if survey != "" {
		span.SetAttributes(text(surveyKey, survey))
	}
	if m != nil {
		m.inFlight.Inc()
	}
	return ctx, func(c Census) {
		m.taken(c, time.Since(begun))
		span.SetAttributes(text("outcome", c.Outcome), attribute.Int64("bytes", c.Bytes))
		if c.Commit != "" {
			span.SetAttributes(text(commitKey, c.Commit))
		}
		finish(span, c.Err)
	}
}

func (m *Metrics) taken(c Census, took time.Duration) {
	if m == nil {
		return
	}
	m.inFlight.Dec()
	m.received.Add(float64(c.Bytes))
	if c.Err == nil {
		m.repositories.WithLabelValues(oneOf(outcomes, c.Outcome)).Inc()
		m.census.Observe(took.Seconds())
	}
}

// A Phase is a part of a census. Its phases follow one another, so that what
// they take adds up to no more than the census.
type Phase string

// The phases of a census. A commit that is counted already has the first alone.
const (
	Probe  Phase = "probe"  // ask the remote for its refs
	Fetch  Phase = "fetch"  // bring its tree, and read contents as they arrive
	Count  Phase = "count"  // read what is left, and sum
	Words  Phase = "words"  // read what the documents say
	Keep   Phase = "keep"   // store the count
	Vitals Phase = "vitals" // ask for the history, measure and store it
)

// Phase begins a phase and its span, until the returned function is called with
// what went wrong, if anything did. The context is for what the phase does.
func (m *Metrics) Phase(ctx context.Context, phase Phase) (context.Context, func(error)) {
	begun := time.Now()
	ctx, span := within(ctx, "census "+string(phase), trace.SpanKindInternal)
	return ctx, func(err error) {
		if m != nil {
			m.phase.WithLabelValues(string(phase)).Observe(time.Since(begun).Seconds())
		}
		finish(span, err)
	}
}

const (
	contentRead   = "read"
	contentReused = "reused"
)

// Contents counts the different contents of a commit that was counted: those
// that were read for it, and those that were known.
func (m *Metrics) Contents(read, reused int64) {
	if m != nil {
		m.contents.WithLabelValues(contentRead).Add(float64(max(read, 0)))
		m.contents.WithLabelValues(contentReused).Add(float64(max(reused, 0)))
	}
}
