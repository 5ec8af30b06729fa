package gitwire

import (
	"errors"
	"io"
	"sync/atomic"
	"time"
)

var errIdle = errors.New("no byte came for too long")

// sniffed is how much of an answer is remembered, to say what it was when it
// was not what it should be.
const sniffed = 2 << 10

// tap is the one way by which bytes of a remote come in. It counts them,
// remembers the first, ends what takes more than it may, and cuts off a remote
// that sends nothing.
type tap struct {
	from  io.Reader
	wire  *wire
	left  int64  // how many bytes may still come
	over  error  // what Read returns beyond that
	head  []byte // the first bytes
	idle  time.Duration
	timer *time.Timer
	dead  *atomic.Bool // set when the timer has fired
	ended bool         // the other side has said its last
}

// newTap taps a reader; cut ends it from another goroutine.
func newTap(from io.Reader, w *wire, idle time.Duration, limit int64, over error, cut func()) *tap {
	t := &tap{from: from, wire: w, left: limit, over: over, idle: idle, dead: new(atomic.Bool)}
	dead := t.dead
	t.timer = time.AfterFunc(idle, func() {
		dead.Store(true)
		cut()
	})
	t.timer.Stop()
	return t
}

// Read runs the clock only while it waits: a slow reader is no slow remote.
func (t *tap) Read(p []byte) (int, error) {
	if t.left <= 0 && t.over != nil {
		return 0, t.over
	}
	if t.over != nil && int64(len(p)) > t.left {
		p = p[:t.left]
	}
	t.timer.Reset(t.idle)
	n, err := t.from.Read(p)
	t.timer.Stop()
	t.left -= int64(n)
	t.wire.received.Add(int64(n))
	if room := sniffed - len(t.head); room > 0 {
		t.head = append(t.head, p[:min(n, room)]...)
	}
	t.ended = t.ended || err != nil
	if err != nil && t.dead.Load() {
		err = errIdle
	}
	return n, err
}
