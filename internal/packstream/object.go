package packstream

import (
	"encoding/binary"
	"hash/adler32"
	"io"

	"github.com/klauspost/compress/zlib"

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
	data, sum, err := s.gather.Inflate(nil, int(size), s.in.Reader)
	if err != nil {
		return err
	}
	return s.deliver(i, o, data, &sum)
}

// inflate inflates what is not gathered.
func (s *scanning) inflate(to io.Writer, size int64) error {
	if err := s.zlib.reset(s.in.Reader); err != nil {
		return err
	}
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
	delta, sum, err := s.gather.Inflate(s.delta, int(inflated), s.in.Reader)
	if err != nil {
		return nil, err
	}
	s.delta = delta
	return delta, checkSum(delta, &sum)
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
	return s.deliver(i, o, data, nil)
}

// nameOf names an object by reading it from the raw pack.
func (s *scanning) nameOf(i int32, o *object) error {
	whole, err := s.whole(i)
	if err != nil {
		return err
	}
	defer whole.release()
	if whole.temp == nil {
		return s.deliver(i, o, whole.data, nil)
	}
	s.hash.begin(o.kind, o.size)
	if _, err := io.CopyBuffer(s.hash, whole.reader(), s.buffer); err != nil {
		return err
	}
	o.name, err = s.hash.end()
	return err
}

// deliver gives an object that is whole to those who name it, with the sum that
// it has to have, or nil where that is checked. A tree names others, so it is
// read at once.
func (s *scanning) deliver(i int32, o *object, data []byte, sum *uint32) (err error) {
	s.recent.put(i, data)
	switch {
	case o.kind == Blob && s.alone:
		return s.hands.one(s.hash, blob{o, data, sum})
	case o.kind == Blob:
		s.hands.put(blob{o, data, sum})
		return nil
	}
	if err := checkSum(data, sum); err != nil {
		return err
	}
	if o.kind == Tree {
		s.names.add(data)
		s.trees.put(i, data)
	}
	o.name, err = s.hash.of(o.kind, data)
	return err
}

// checkSum holds data to the checksum that was sent with it, if any.
func checkSum(data []byte, sum *uint32) error {
	if sum != nil && adler32.Checksum(data) != *sum {
		return errCut("%v", zlib.ErrChecksum)
	}
	return nil
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
