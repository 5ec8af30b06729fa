package notice

import (
	"context"
	"errors"
	"strings"
	"testing"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// TestQueue_Log: what is thrown away or has to be tried again is logged, once for
// each time, with what it takes to find it; what is done is not.
func TestQueue_Log(t *testing.T) {
	q, log := newWorld(t).queue(), &record{}
	q.Log = log.logger()
	away := false
	stop := working(t, q, func(_ context.Context, requests []*gromav1.RescanRequested) error {
		switch requests[0].GetRepository() {
		case "github.com/a/never":
			return fault.Errorf(fault.Invalid, "no such host")
		case "github.com/a/later":
			if away = !away; away {
				return errors.New("Temporal is away")
			}
		}
		return nil
	})
	done := func(want string) {
		t.Helper()
		backlog(t, q, 0) // each by itself, since batches are as they come
		got := log.String()
		if strings.Count(got, "\n") != strings.Count(want, "\n") {
			t.Errorf("the log has\n%s", got)
		}
		for line := range strings.Lines(want) {
			if !strings.Contains(got, line) {
				t.Errorf("the log lacks %s has\n%s", line, got)
			}
		}
	}
	put(t, q, "github.com/a/well", "1")
	done("")
	const none = `level=ERROR msg="what is in the queue is no request, and is thrown away" bytes=12` + "\n"
	if _, err := q.js.Publish(t.Context(), requested, []byte("\xff no request")); err != nil {
		t.Fatal(err)
	}
	done(none)
	const later = `level=WARN msg="requests for rescans are tried again" requests=1 error="Temporal is away"` + "\n"
	put(t, q, "github.com/a/later", "2")
	done(none + later)
	const never = `level=ERROR msg="a request for a rescan can never be done, and is thrown away" repository=github.com/a/never error="no such host"` + "\n"
	put(t, q, "github.com/a/never", "3")
	done(none + later + never)
	stop()
}
