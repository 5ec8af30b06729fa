package gitwire

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"
	"unicode"
)

// FuzzAnswer: whatever a host says in its headers, a rest has an end, and a
// reason is short and printable.
func FuzzAnswer(f *testing.F) {
	f.Add("120", "http redirect: changes scheme")
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", "\x1b[2J\u202e")
	f.Add("-1", "")
	f.Add("9223372036854775807", "x")
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, after, reason string) {
		if d := retryAfter(http.Header{"Retry-After": {after}}, now); d < 0 || d > longestRest {
			t.Errorf("Retry-After: %q is %s", after, d)
		}
		said := redirectReason(&url.Error{Op: "Get", URL: "https://u:p@h/", Err: errors.New("http redirect: " + reason)})
		if len(said) > 500 {
			t.Errorf("%d bytes of reason", len(said))
		}
		for _, r := range said {
			if !unicode.IsPrint(r) {
				t.Errorf("%q says %U", said, r)
			}
		}
	})
}
