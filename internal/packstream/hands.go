package packstream

import (
	"sync"

	"groma/internal/fault"
)

// hands are the goroutines that name blobs and hand them out, so that whoever
// reads the pack can go on reading. What waits for them is bounded.
type hands struct {
	take  func(Hash, []string, []byte)
	most  int64
	names *names

	queue chan blob
	room  room
	work  sync.WaitGroup
	mu    sync.Mutex
	err   error
	once  sync.Once
}

// blob is one that is whole and has no name yet.
type blob struct {
	object *object
	data   []byte
	sum    *uint32 // its checksum, if that is to be checked
}

func newHands(config Config, names *names) *hands {
	h := &hands{take: config.Take, most: config.Most, names: names, queue: make(chan blob, 256)}
	h.room.begin(config.Memory / 8)
	for range config.Workers {
		h.work.Go(h.run)
	}
	return h
}

func (h *hands) run() {
	hash := newHasher()
	for b := range h.queue {
		if !h.failed() {
			if err := h.one(hash, b); err != nil {
				h.fail(err)
			}
		}
		h.room.give(int64(len(b.data)))
	}
}

// one names a blob and hands it out. Whoever takes it may panic, which must
// not end the goroutine: others wait for it.
func (h *hands) one(hash *hasher, b blob) (err error) {
	defer fault.Catch(&err)
	if err := checkSum(b.data, b.sum); err != nil {
		return err
	}
	if b.object.name, err = hash.of(Blob, b.data); err != nil {
		return err
	}
	if h.take == nil || int64(len(b.data)) > h.most {
		return nil
	}
	if names := h.names.of(b.object.name); len(names) > 0 {
		h.take(b.object.name, names, b.data)
	}
	return nil
}

// put gives them a blob, once there is room. Only one goroutine may call it.
func (h *hands) put(b blob) {
	h.room.take(int64(len(b.data)))
	h.queue <- b
}

// fail notes what went wrong first: there may be as much of it as there are
// blobs.
func (h *hands) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err == nil {
		h.err = err
	}
}

func (h *hands) failed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err != nil
}

// close waits until all is done, and says what went wrong. Closing again does
// nothing more.
func (h *hands) close() error {
	h.once.Do(func() { close(h.queue) })
	h.work.Wait()
	return h.err
}

// room is a number of bytes that may be taken and must be given back.
type room struct {
	mu    sync.Mutex
	freed sync.Cond
	all   int64
	left  int64
}

func (r *room) begin(all int64) {
	r.all, r.left = all, all
	r.freed.L = &r.mu
}

// take waits until there is room; what is larger than all waits for all.
func (r *room) take(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.left < min(n, r.all) {
		r.freed.Wait()
	}
	r.left -= n
}

func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left += n
	r.freed.Signal()
}
