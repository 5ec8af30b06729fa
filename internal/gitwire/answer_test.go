package gitwire

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
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
		said := trial{}.quote(redirectReason(&url.Error{Op: "Get", URL: "https://u:p@h/", Err: errors.New("http redirect: " + reason)}))
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

// FuzzRedirect: wherever a host redirects, what is connected to is public, and
// a login that it names is told to nobody.
func FuzzRedirect(f *testing.F) {
	for _, location := range []string{
		"http://169.254.169.254/info/refs", "https://[::ffff:127.0.0.1]/o/n/info/refs?service=git-upload-pack", "//2130706433/", "https://u:marked@h.example/o/n/info/refs",
		"file:///etc/passwd", "\x00", "ssh://h/o", "https://8.8.8.8:22/o/n/info/refs", "/p/n/info/refs", "https://%31%32%37.0.0.1/", "https://h.example\r\nX: y",
	} {
		f.Add(location, []byte{10, 0, 0, 1})
		f.Add(location, []byte{8, 8, 8, 8})
	}
	f.Fuzz(func(t *testing.T, location string, answer []byte) {
		addr, ok := netip.AddrFromSlice(answer)
		if !ok {
			return
		}
		c := New(Config{Guard: rules(t, nil, "*"), Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }, Mirrors: []Mirror{{"https://first.example/", "http://mirror.invalid/"}}})
		defer c.Close()
		c.carry = sending(func(r *http.Request) *http.Response { // the mirror, which is asked without a look
			return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {location}}, Body: http.NoBody, Request: r}
		})
		n := &names{answers: [][]string{{addr.String()}}}
		watchOut(c, n, func(at string) {
			to := netip.MustParseAddrPort(at).Addr()
			for _, a := range []netip.Addr{to, to.Unmap()} {
				if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
					t.Errorf("redirected to %q, with names at %s: connected to %s", location, addr, to)
				}
			}
		})
		r, err := c.Probe(t.Context(), Request{Address: "https://first.example/o/n"})
		if err == nil {
			r.Close()
			t.Fatalf("redirected to %q: it answered", location)
		}
		if strings.Contains(err.Error(), "marked") {
			t.Errorf("redirected to %q: it says %v", location, err)
		}
	})
}

// sending is a transport that goes nowhere.
type sending func(*http.Request) *http.Response

func (a sending) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }
