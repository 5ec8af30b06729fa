package gitwire

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"groma/internal/fault"
	"groma/internal/world/worldtest"
)

func TestProbe_BusyForAMoment(t *testing.T) { bothVersions(t, testProbe_BusyForAMoment) }

// testProbe_BusyForAMoment: a host that is busy for a moment is asked again in
// the same conversation, and not for ever.
func testProbe_BusyForAMoment(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	c := client(t, Config{})
	for _, test := range []struct {
		times int
		after string
		want  fault.Kind
	}{
		{mostAsked - 1, "0", fault.Unknown}, {mostAsked, "0", fault.Unavailable}, {1, "6", fault.Unavailable}, {1, "", fault.Unavailable},
	} {
		set(t, s, "o/plain", "well")
		set(t, s, "o/plain", fmt.Sprintf("busy %d %s", test.times, test.after))
		remote, err := c.Probe(t.Context(), Request{Address: s.URL + "/o/plain"})
		if got := fault.KindOf(err); (err == nil) != (test.want == fault.Unknown) || got != test.want {
			t.Errorf("busy %d times, after %q: %v, want %q", test.times, test.after, err, test.want)
		}
		if err == nil {
			if requests, _ := remote.Wire(); requests < int64(test.times) {
				t.Errorf("%d requests are counted, want those of a busy host, too", requests)
			}
			remote.Close()
		}
	}
}

// TestRest ends with who waits.
func TestRest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := rest(ctx, time.Hour); err == nil {
		t.Error("who has gone rests for an hour")
	}
}

func TestFetch_BrokeOff(t *testing.T) { bothVersions(t, testFetch_BrokeOff) }

// testFetch_BrokeOff: a pack that breaks off is asked for again, and what came
// before is not taken for it.
func testFetch_BrokeOff(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	c := client(t, Config{})
	want, _, err := take(t.Context(), c, Request{Address: s.URL + "/o/plain"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		cuts int64
		ok   bool
	}{{mostBroken - 1, true}, {mostBroken, false}} {
		got, _, err := take(t.Context(), c, Request{Address: cutting(t, s.URL, test.cuts) + "/o/plain"})
		if (err == nil) != test.ok || test.ok && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("cut %d times: %v, %v; want %v", test.cuts, got, err, want)
		}
		if err != nil && fault.KindOf(err) != fault.Unavailable {
			t.Errorf("cut %d times: %v, want it unavailable", test.cuts, err)
		}
	}
}

// cutting passes requests on to a host, and cuts off so many answers to what
// asks for a pack.
func cutting(t *testing.T, to string, cuts int64) (address string) {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	var left atomic.Int64
	left.Store(cuts)
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := &held{ResponseWriter: w}
		proxy.ServeHTTP(asked, r)
		pack := strings.Contains(r.URL.Path, "git-upload-pack") && len(asked.body) >= 100 // what lists refs is less
		if !pack || left.Add(-1) < 0 {
			_, _ = w.Write(asked.body)
			return
		}
		_, _ = w.Write(asked.body[:len(asked.body)-30])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// held holds an answer back.
type held struct {
	http.ResponseWriter
	body []byte
}

func (h *held) Write(p []byte) (int, error) {
	h.body = append(h.body, p...)
	return len(p), nil
}

func (h *held) Flush() {}
