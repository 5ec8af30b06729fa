package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// weather is what a host does wrong. Its zero value is a calm day.
type weather struct {
	fail, cut float64 // shares: of requests answered 503, of packs cut off
	// halt is how many of the next packs stop in their middle; then each sends
	// one byte every drip, or nothing at all if that is zero, until the client
	// goes.
	halt int
	drip time.Duration
	// onward has each repository be the next of the list: everybody pushed.
	onward bool
}

// A host passes requests on to a better one, and counts.
type host struct {
	to      *url.URL
	list    []string // OWNER/NAME
	latency time.Duration
	address string // http://127.0.0.1:PORT/

	mu      sync.Mutex
	random  *rand.Rand
	weather weather
	asked   map[string]int // packs asked for, by OWNER/NAME
	harm    map[string]int // what was done wrong, and how often

	server *http.Server
}

func newHost(to *url.URL, list []string, latency time.Duration, seed uint64) (*host, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &host{
		to: to, list: list, latency: latency, address: "http://" + listener.Addr().String() + "/",
		random: rand.New(rand.NewPCG(seed, 0)), asked: map[string]int{}, harm: map[string]int{},
	}
	h.server = &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go h.server.Serve(listener)
	return h, nil
}

func (h *host) close() { h.server.Close() }

// set changes the weather and forgets what harm was done before.
func (h *host) set(w weather) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.weather, h.harm = w, map[string]int{}
}

// harmed is how often something was done wrong since the weather was set.
func (h *host) harmed(what string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.harm[what]
}

// packs is how often each repository was asked for a pack since the last call.
func (h *host) packs() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := h.asked
	h.asked = map[string]int{}
	return asked
}

const largestRequest = 64 << 20

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, largestRequest))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	name, rest := split(r.URL.Path)
	pack := asksForPack(r, body)
	fate, w1 := h.draw(name, pack)
	select {
	case <-time.After(h.latency):
	case <-r.Context().Done():
		return
	}
	if fate == failing {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(h.to)
			p.Out.URL.Path = h.to.Path + "/" + h.behind(name, w1.onward) + rest
			p.Out.Host = h.to.Host
		},
		ModifyResponse: func(response *http.Response) error { return h.spoil(response, fate, w1) },
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		FlushInterval:  -1,
		ErrorLog:       log.New(io.Discard, "", 0), // answers that break off are wanted
	}
	proxy.ServeHTTP(w, r)
}

// asksForPack knows git's protocol version 2, which groma speaks.
func asksForPack(r *http.Request, body []byte) bool {
	if r.Header.Get("Content-Encoding") == "gzip" {
		if zip, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, _ = io.ReadAll(io.LimitReader(zip, 100)) // the command stands first
		}
	}
	return bytes.Contains(body, []byte("command=fetch"))
}

// split takes OWNER/NAME from a path.
func split(path string) (name, rest string) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	if len(parts) < 3 {
		return strings.TrimPrefix(path, "/"), ""
	}
	return parts[0] + "/" + strings.TrimSuffix(parts[1], ".git"), "/" + parts[2]
}

// behind is the repository that answers for one: itself, or the next.
func (h *host) behind(name string, onward bool) string {
	if onward {
		return next(h.list, name)
	}
	return name
}

// next is what follows name in a list, round and round.
func next(list []string, name string) string {
	for i, n := range list {
		if n == name {
			return list[(i+1)%len(list)]
		}
	}
	return name
}

// What becomes of a request.
const (
	well = iota
	failing
	cutting
	halting
)

// draw says what becomes of a request, in the weather that there is, and counts.
func (h *host) draw(name string, pack bool) (fate int, w weather) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w = h.weather
	switch {
	case h.random.Float64() < w.fail:
		h.harm["503"]++
		return failing, w
	case pack && w.halt > 0:
		h.weather.halt--
		h.harm["halted"]++
		fate = halting
	case pack && h.random.Float64() < w.cut:
		h.harm["cut"]++
		fate = cutting
	}
	if pack {
		h.asked[name]++
	}
	return fate, w
}

var errCut = errors.New("cut off")

// spoil does to an answer what its fate is.
func (h *host) spoil(response *http.Response, fate int, w weather) error {
	if fate != cutting && fate != halting {
		return nil
	}
	whole, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return err
	}
	h.mu.Lock()
	middle := h.random.IntN(len(whole) + 1)
	h.mu.Unlock()
	response.Header.Del("Content-Length")
	response.ContentLength = -1
	broken := &broken{Reader: bytes.NewReader(whole[:middle])}
	if fate == halting {
		broken.after, broken.drip = whole[middle:], w.drip
		broken.gone = response.Request.Context()
	}
	response.Body = broken
	return nil
}

// A broken body ends in an error, at once or when the client goes.
type broken struct {
	*bytes.Reader
	after []byte
	drip  time.Duration
	gone  context.Context
}

func (b *broken) Read(p []byte) (int, error) {
	if n, err := b.Reader.Read(p); err == nil {
		return n, nil
	}
	if b.gone == nil {
		return 0, errCut
	}
	var drop <-chan time.Time
	if b.drip > 0 && len(b.after) > 0 {
		drop = time.After(b.drip)
	}
	select {
	case <-b.gone.Done():
		return 0, fmt.Errorf("%w: %w", errCut, context.Cause(b.gone))
	case <-drop:
		p[0], b.after = b.after[0], b.after[1:]
		return 1, nil
	}
}

func (b *broken) Close() error { return nil }

// WriteTo would be taken for the whole.
func (b *broken) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{b})
}
