package workflows

import (
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// A queue decides which repository of a shard is next: one of the host that has
// the fewest in flight, so that no host has to wait for another. Within a host
// the landscape's order holds. It has no clock: what is slow it is told.
type queue struct {
	hosts   []*host // in the order of their first repositories
	of      []*host // each repository's
	waiting int
}

// host is the repositories of one host, as indexes.
type host struct{ waiting, running []int }

func newQueue(targets []*gromav1.CensusTarget) *queue {
	q := &queue{of: make([]*host, len(targets)), waiting: len(targets)}
	byName := map[string]*host{}
	for i, target := range targets {
		name := hostOf(target.Key)
		if byName[name] == nil {
			byName[name] = &host{}
			q.hosts = append(q.hosts, byName[name])
		}
		q.of[i] = byName[name]
		q.of[i].waiting = append(q.of[i].waiting, i)
	}
	return q
}

// hostOf is the host in a repository's key.
func hostOf(key string) string {
	name, _, _ := strings.Cut(key, "/")
	return name
}

// next is the host whose repository is next, or nil if nothing may be handed
// out. While several hosts are unfinished each gets a quarter of the window at
// most; and none gets more once a quarter of the window is in flight with it and
// slow, since other surveys need workers, too.
func (q *queue) next(window int64, slow func(i int) bool) *host {
	quarter, several := max(window/4, 1), q.unfinished() > 1
	var next *host
	for _, h := range q.hosts {
		full := several && int64(len(h.running)) >= quarter || h.slow(slow) >= quarter
		if len(h.waiting) == 0 || full {
			continue
		}
		if next == nil || len(h.running) < len(next.running) {
			next = h
		}
	}
	return next
}

// unfinished is how many hosts have repositories that wait or are in flight.
func (q *queue) unfinished() int {
	n := 0
	for _, h := range q.hosts {
		if len(h.waiting)+len(h.running) > 0 {
			n++
		}
	}
	return n
}

// slow counts the repositories in flight that are slow. They were handed out
// in order, so the slow ones come first.
func (h *host) slow(slow func(i int) bool) int64 {
	for n, i := range h.running {
		if !slow(i) {
			return int64(n)
		}
	}
	return int64(len(h.running))
}

// take hands out the next repository of a host that has one waiting.
func (q *queue) take(h *host) int {
	i := h.waiting[0]
	h.waiting, h.running = h.waiting[1:], append(h.running, i)
	q.waiting--
	return i
}

// end says that a repository that was handed out is in flight no more.
func (q *queue) end(i int) {
	h := q.of[i]
	for n, running := range h.running {
		if running == i {
			h.running = append(h.running[:n], h.running[n+1:]...)
			return
		}
	}
}

// rest hands out all that wait, in order of their hosts.
func (q *queue) rest() []int {
	var rest []int
	for _, h := range q.hosts {
		rest, h.waiting = append(rest, h.waiting...), nil
	}
	q.waiting = 0
	return rest
}
