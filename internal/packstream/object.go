package packstream

import (
	"encoding/binary"
	"io"

	"groma/internal/fault"
)

// wholeNext inflates an object that is no delta, as it arrives.
func (s *scanning) wholeNext(i int32, o *object, size int64) error {
	o.size = size
	if size > s.small || o.kind == Blob && size > s.most {
		s.hash.begin(o.kind, size)
		if err := s.inflate(s.hash, size); err != nil {
			return err
		}
		var err error
		o.name, err = s.hash.end()
		return err
	}
	data := make([]byte, size)
	if err := s.fill(data); err != nil {
		return err
	}
	return s.deliver(i, o, data)
}

// fill inflates what has to be just as long as data.
func (s *scanning) fill(data []byte) error {
	if _, err := io.ReadFull(s.zlib, data); err != nil {
		return err
	}
	if n, err := s.zlib.Read(s.buffer[:1]); n > 0 || err != nil && err != io.EOF {
		if err == nil {
			err = errMalformed
		}
		return err
	}
	return nil
}

// inflate is fill for what is not gathered.
func (s *scanning) inflate(to io.Writer, size int64) error {
	n, err := io.CopyBuffer(to, io.LimitReader(s.zlib, size+1), s.buffer) // one more, to see it end
	if err == nil && n != size {
		err = errMalformed
	}
	return err
}

// deltaSlack is how much larger than its result a delta may be: one that is
// larger would be no use to anybody.
const deltaSlack = 1024

// patchNext reads a delta as it arrives, and puts the object together if its
// base is there.
func (s *scanning) patchNext(i int32, o *object, base Hash, inflated int64) error {
	commands, err := s.commands(inflated)
	if err != nil {
		return err
	}
	_, used := binary.Uvarint(commands)
	size, last := binary.Uvarint(commands[max(used, 0):])
	if used <= 0 || last <= 0 || size > 1<<62 || inflated > int64(size)+deltaSlack {
		return errMalformed
	}
	if o.size = int64(size); o.size > s.limits.Object {
		return s.tooLarge(o.size)
	}
	if o.base == noBase || s.at(o.base).kind.isDelta() {
		s.late[i] = base
		return nil
	}
	if inflated > s.small { // only its beginning is here
		commands = nil
	}
	return s.patchOnto(i, o, commands)
}

// commands inflates a delta: all of it if it is small, else its beginning.
func (s *scanning) commands(inflated int64) ([]byte, error) {
	if inflated > s.small {
		start := &prefix{}
		err := s.inflate(start, inflated)
		return start.bytes(), err
	}
	if int64(cap(s.delta)) < inflated {
		s.delta = make([]byte, inflated+inflated/4)
	}
	s.delta = s.delta[:inflated]
	return s.delta, s.fill(s.delta)
}

// patchOnto puts a delta together whose base is known. Without its commands,
// they are read from the raw pack.
func (s *scanning) patchOnto(i int32, o *object, commands []byte) error {
	base := s.at(o.base)
	o.kind, o.chain = base.kind, base.chain+1
	if o.chain > longestChain {
		return fault.Errorf(fault.Invalid, "its pack has a chain of more than %d deltas", longestChain)
	}
	if commands == nil || o.size > s.small || base.size > s.small {
		return s.nameOf(i, o)
	}
	below, err := s.whole(o.base)
	if err != nil {
		return err
	}
	data, err := patched(below.data, commands, o.size)
	if err != nil {
		return err
	}
	return s.deliver(i, o, data)
}

// nameOf names an object by reading it from the raw pack.
func (s *scanning) nameOf(i int32, o *object) error {
	whole, err := s.whole(i)
	if err != nil {
		return err
	}
	defer whole.release()
	if whole.temp == nil {
		return s.deliver(i, o, whole.data)
	}
	s.hash.begin(o.kind, o.size)
	if _, err := io.CopyBuffer(s.hash, whole.reader(), s.buffer); err != nil {
		return err
	}
	o.name, err = s.hash.end()
	return err
}

// deliver gives an object that is whole to those who name it. A tree names
// others, so it is read at once.
func (s *scanning) deliver(i int32, o *object, data []byte) (err error) {
	s.recent.put(i, data)
	switch {
	case o.kind == Blob && s.alone:
		return s.hands.one(s.hash, blob{o, data})
	case o.kind == Blob:
		s.hands.put(blob{o, data})
		return nil
	}
	if o.kind == Tree {
		s.names.add(data)
		s.trees.put(i, data)
	}
	o.name, err = s.hash.of(o.kind, data)
	return err
}

// prefix keeps the first bytes written to it.
type prefix struct {
	head [20]byte
	n    int
}

func (p *prefix) Write(b []byte) (int, error) {
	p.n += copy(p.head[p.n:], b)
	return len(b), nil
}

func (p *prefix) bytes() []byte { return p.head[:p.n] }
