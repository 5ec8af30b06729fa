package gitwire

import (
	"context"
	"errors"
	"net/http"
	"time"

	"groma/internal/fault"
)

// How patient a conversation is. A repository takes some ten questions and has
// few tries: were each try to fail with the first question that a busy host
// does not answer, or the first pack that breaks off, few would be counted on a
// bad day of its host.
const (
	mostMoment = 5 * time.Second // a longer rest is for who asks to give: there are other hosts
	mostAsked  = 5               // how often one question is asked of a host that is busy for a moment
	mostBroken = 3               // how often a pack is asked for that breaks off
)

// patiently asks a question, and asks it again while the host says that it is
// busy for a moment. All that is asked of a host reads, so that it may be asked
// twice.
func (w *watcher) patiently(r *http.Request) (*http.Response, error) {
	for asked := 1; ; asked++ {
		w.wire.requests.Add(1)
		response, err := w.next.RoundTrip(r)
		if err != nil || asked == mostAsked || !busyForAMoment(response) || r.Body != nil && r.GetBody == nil {
			return response, err
		}
		response.Body.Close() // unread: what it says may never end
		if err := rest(r.Context(), retryAfter(response.Header, time.Now())); err != nil {
			return nil, err
		}
		if r.GetBody == nil {
			continue
		}
		if r.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
}

// busyForAMoment reports whether a host says so, and how long that is.
func busyForAMoment(response *http.Response) bool {
	busy := response.StatusCode == http.StatusServiceUnavailable || response.StatusCode == http.StatusTooManyRequests
	return busy && response.Header.Get("Retry-After") != "" && retryAfter(response.Header, time.Now()) <= mostMoment
}

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// brokeOff reports whether a pack broke off in its middle, and may come whole
// when it is asked for again. One that fell silent has taken its time already.
func brokeOff(ctx context.Context, raw, judged error) bool {
	return ctx.Err() == nil && fault.KindOf(judged) == fault.Unavailable && !errors.Is(raw, errIdle)
}
