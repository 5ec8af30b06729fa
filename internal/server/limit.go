package server

import (
	"context"
	"math"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// mostClients are remembered; who is forgotten begins with a full burst.
const mostClients = 10_000

// clients know how much each has asked lately.
type clients struct {
	rate  rate.Limit
	burst int
	mu    sync.Mutex
	known *lru.Cache[string, *rate.Limiter]
}

func newClients(perSecond float64, burst int) *clients {
	known, err := lru.New[string, *rate.Limiter](mostClients)
	if err != nil {
		panic(err) // of a size below one
	}
	c := &clients{rate: rate.Limit(perSecond), burst: burst, known: known}
	if perSecond < 0 {
		c.rate = rate.Inf
	}
	return c
}

func (c *clients) of(name string) *rate.Limiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	limiter, ok := c.known.Get(name)
	if !ok {
		limiter = rate.NewLimiter(c.rate, c.burst)
		c.known.Add(name, limiter)
	}
	return limiter
}

// wait is how many seconds a client has to wait before it may ask, zero if it
// may now; then that is counted.
func (c *clients) wait(name string, now time.Time) int {
	reservation := c.of(name).ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay == 0 {
		return 0
	}
	reservation.CancelAt(now)
	return seconds(delay)
}

// spent says how many seconds to wait without counting anything.
func (c *clients) spent(name string, now time.Time) int {
	limiter := c.of(name)
	if limiter.Limit() == rate.Inf || limiter.TokensAt(now) >= 1 {
		return 0
	}
	return seconds(time.Duration((1 - limiter.TokensAt(now)) / float64(limiter.Limit()) * float64(time.Second)))
}

// blame counts one more against a client, whether it may or not.
func (c *clients) blame(name string, now time.Time) { c.of(name).ReserveN(now, 1) }

func seconds(d time.Duration) int { return max(1, int(math.Ceil(min(d, time.Hour).Seconds()))) }

// Bounds of streams, each of which holds a connection and asks storage or
// Temporal again and again.
const (
	mostStreams  = 1000
	streamsOfOne = 64 // by token or address
)

// Bounds of webhooks that are read at once, each of 8 MiB at most, by anybody.
const (
	mostWebhooks  = 32
	webhooksOfOne = 8 // so that one address cannot take the places of all
	webhookWait   = 5 * time.Second
)

// places are those of webhooks that are read.
type places struct {
	all chan struct{}
	mu  sync.Mutex
	of  *lru.Cache[string, chan struct{}]
}

func newPlaces() *places {
	of, err := lru.New[string, chan struct{}](mostClients)
	if err != nil {
		panic(err) // of a size below one
	}
	return &places{all: make(chan struct{}, mostWebhooks), of: of}
}

// enter waits a while for a place, which then has to be left.
func (p *places) enter(ctx context.Context, name string) (leave func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, webhookWait)
	defer cancel()
	own := p.own(name)
	if !take(ctx, own) {
		return nil, false
	}
	if !take(ctx, p.all) {
		<-own
		return nil, false
	}
	return func() { <-p.all; <-own }, true
}

func (p *places) own(name string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	own, ok := p.of.Get(name)
	if !ok {
		own = make(chan struct{}, webhooksOfOne)
		p.of.Add(name, own)
	}
	return own
}

func take(ctx context.Context, place chan struct{}) bool {
	select {
	case place <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// streams counts those that are open.
type streams struct {
	mu  sync.Mutex
	all int
	of  map[string]int
}

func newStreams() *streams { return &streams{of: map[string]int{}} }

// open says whether one more may be, which then has to be closed.
func (s *streams) open(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= mostStreams || s.of[name] >= streamsOfOne {
		return false
	}
	s.all++
	s.of[name]++
	return true
}

func (s *streams) close(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[name]--; s.of[name] == 0 {
		delete(s.of, name)
	}
}
