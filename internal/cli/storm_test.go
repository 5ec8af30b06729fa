package cli

import (
	"bytes"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"groma/internal/world"
	gromav1 "groma/proto/groma/v1"
)

// TestSurvey_Storm is the short form of what bench/storm does: a survey whose
// host answers three requests of ten with 503 and cuts three packs of ten, and
// that is killed again and again, makes the report of an undisturbed one.
func TestSurvey_Storm(t *testing.T) {
	dir := t.TempDir()
	server := serveTour(t, dir)
	undisturbed := surveyProcess(t, dir, server, "undisturbed")
	if err := undisturbed.Run(); exitOf(err) != exitGaps {
		t.Fatalf("undisturbed: %v", err)
	}
	h := &badHost{random: rand.New(rand.NewPCG(1, 1))}
	bad := &world.Server{URL: h.serve(t, server.URL)}
	const kills = 2
	for range kills {
		life := surveyProcess(t, dir, bad, "stormy", "--concurrency", "1")
		h.after(3+h.random.IntN(10), func() { life.Process.Kill() })
		if err := life.Run(); exitOf(err) != -1 {
			t.Fatalf("a life that was to be killed ended with %v", err)
		}
	}
	var stderr bytes.Buffer
	last := surveyProcess(t, dir, bad, "stormy", "--concurrency", "1")
	last.Stderr = &stderr
	if err := last.Run(); exitOf(err) != exitGaps {
		t.Fatalf("at last: %v: %s", err, &stderr)
	}
	got, want := reportIn(t, dir, "stormy"), reportIn(t, dir, "undisturbed")
	if g, w := withoutTimes(t, withoutTries(got)), withoutTimes(t, withoutTries(want)); !bytes.Equal(g, w) {
		t.Errorf("in a storm and undisturbed reports differ:\n%s\n%s", g, w)
	}
}

// withoutTries is a report without what a bad day costs.
func withoutTries(r *gromav1.Report) *gromav1.Report {
	for _, repository := range r.Repositories {
		repository.Attempts, repository.Wire = 0, nil
		if repository.Vitals != nil {
			repository.Vitals.Wire = nil
		}
	}
	return r
}

// badHost passes requests on, if it does.
type badHost struct {
	mu     sync.Mutex
	random *rand.Rand
	left   int // requests until then is called
	then   func()
}

// after calls then, which has h for itself, at the request after so many.
func (h *badHost) after(requests int, then func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left, h.then = requests, then
}

// draw says whether a request fails, and what share of its pack comes.
func (h *badHost) draw() (fails bool, share float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left--; h.left == 0 {
		h.then()
	}
	fails, share = h.random.Float64() < 0.3, 1
	if h.random.Float64() < 0.3 {
		share = h.random.Float64()
	}
	return fails, share
}

func (h *badHost) serve(t *testing.T, to string) (address string) {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fails, share := h.draw()
		if fails {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		proxy.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		whole := answer.Body.Bytes()
		if share == 1 || !bytes.Contains(body, []byte("command=fetch")) {
			_, _ = w.Write(whole)
			return
		}
		_, _ = w.Write(whole[:int(share*float64(len(whole)))])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
