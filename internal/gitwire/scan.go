package gitwire

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/zlib"
	"context"
	"crypto"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	gohash "hash"
	"io"
	"slices"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/hash"

	"groma/internal/fault"
)

// scanning is one pass over a pack that arrives.
type scanning struct {
	*pack
	in     *counted
	limits Limits
	zlib   io.Reader
	hash   *hasher
	buffer []byte
	late   map[int32]plumbing.Hash // deltas whose base is known by its name
}

// counted is a buffered reader that knows how far it has read.
type counted struct {
	*bufio.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// errCut is for a pack that ends or breaks: on its way, as far as one can
// tell, and so worth another try.
func errCut(format string, args ...any) error {
	return fault.Errorf(fault.Unavailable, "the pack did not arrive whole: %s", fmt.Sprintf(format, args...))
}

// scan spools a pack and notes where its objects are: whole ones with their
// names, deltas with their sizes. It returns the deltas whose base is known by
// name only.
func (p *pack) scan(ctx context.Context, from io.Reader, limits Limits) (map[int32]plumbing.Hash, error) {
	source := io.TeeReader(&ceiling{from: from, left: limits.PackBytes}, p.spool)
	s := &scanning{
		pack:   p,
		in:     &counted{Reader: bufio.NewReaderSize(source, 64<<10)},
		limits: limits,
		hash:   newHasher(),
		buffer: make([]byte, 32<<10),
		late:   map[int32]plumbing.Hash{},
	}
	count, err := s.preamble()
	if err != nil {
		return nil, err
	}
	for range count {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.next(); err != nil {
			return nil, s.broken(err)
		}
	}
	return s.late, s.trailer()
}

// ceiling fails once more comes than may.
type ceiling struct {
	from io.Reader
	left int64
}

var errLargePack = errors.New("larger than it may be")

func (c *ceiling) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	if c.left -= int64(n); c.left < 0 {
		return 0, errLargePack
	}
	return n, err
}

var errMalformed = errors.New("an object is malformed")

// broken says what a failure to read the pack means.
func (s *scanning) broken(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, errLargePack):
		return fault.Errorf(fault.TooLarge, "its pack is larger than the %d bytes allowed", s.limits.PackBytes)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if s.in.n == 0 {
			return io.ErrUnexpectedEOF // nothing came: whoever sent it may have said why
		}
		return errCut("it ends after %d bytes", s.in.n)
	case errors.Is(err, zlib.ErrChecksum), errors.Is(err, zlib.ErrHeader), errors.Is(err, errMalformed), errors.As(err, &corrupt):
		return errCut("%v", err)
	}
	return err
}

func (s *scanning) preamble() (count uint32, err error) {
	var head [12]byte
	if _, err := io.ReadFull(s.in, head[:]); err != nil {
		return 0, s.broken(err)
	}
	count = binary.BigEndian.Uint32(head[8:])
	switch version := binary.BigEndian.Uint32(head[4:]); {
	case string(head[:4]) != "PACK":
		return 0, errCut("it does not begin as one")
	case version != 2 && version != 3:
		return 0, fault.Errorf(fault.Unsupported, "it sends packs of version %d", version)
	case int64(count) > s.limits.Objects:
		return 0, fault.Errorf(fault.TooLarge, "it has %d objects, more than the %d allowed", count, s.limits.Objects)
	}
	return count, nil
}

// trailer checks the pack's own checksum, which guards against accidents; the
// names of objects are what guards against malice.
func (s *scanning) trailer() error {
	end := s.in.n
	var want [sha1.Size]byte
	if _, err := io.ReadFull(s.in, want[:]); err != nil {
		return s.broken(err)
	}
	if n, err := io.Copy(io.Discard, s.in); err != nil || n > 0 {
		if err == nil {
			err = errCut("%d bytes follow it", n)
		}
		return s.broken(err)
	}
	sum := sha1.New()
	if _, err := io.CopyBuffer(sum, io.NewSectionReader(s.spool, 0, end), s.buffer); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), want[:]) {
		return errCut("its checksum is wrong")
	}
	return nil
}

// next reads one object.
func (s *scanning) next() error {
	o := object{start: s.in.n, base: noBase}
	var inflated int64
	var err error
	if o.kind, inflated, err = s.header(); err != nil {
		return err
	}
	switch o.kind {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
	case plumbing.OFSDeltaObject:
		if o.base, err = s.baseBefore(o.start); err != nil {
			return err
		}
		s.objects[o.base].isBase = true
	case plumbing.REFDeltaObject:
		var name plumbing.Hash
		if _, err := io.ReadFull(s.in, name[:]); err != nil {
			return err
		}
		s.late[int32(len(s.objects))] = name
	default:
		return errMalformed
	}
	o.head = uint8(s.in.n - o.start)
	if err := s.body(&o, inflated); err != nil {
		return err
	}
	s.objects = append(s.objects, o)
	return nil
}

// header reads an object's kind and inflated size: three bits and four, then
// seven at a time, the low ones first.
func (s *scanning) header() (plumbing.ObjectType, int64, error) {
	b, err := s.in.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	kind, size := plumbing.ObjectType(b>>4&7), int64(b&15)
	for shift := 4; b&0x80 != 0; shift += 7 {
		if b, err = s.in.ReadByte(); err != nil {
			return 0, 0, err
		}
		if shift > 53 {
			return 0, 0, errMalformed
		}
		size |= int64(b&0x7f) << shift
	}
	return kind, size, nil
}

// baseBefore reads how far back a delta's base begins and returns which object
// that is. Objects stand in order, so it is found by halving.
func (s *scanning) baseBefore(start int64) (int32, error) {
	var back int64
	for n := 0; ; n++ {
		b, err := s.in.ReadByte()
		if err != nil {
			return 0, err
		}
		if n > 7 {
			return 0, errMalformed
		}
		if back = back<<7 | int64(b&0x7f); b&0x80 == 0 {
			break
		}
		back++
	}
	at, ok := slices.BinarySearchFunc(s.objects, start-back, func(o object, want int64) int { return cmp.Compare(o.start, want) })
	if !ok {
		return 0, errMalformed
	}
	return int32(at), nil
}

// body inflates an object as it arrives. Of a whole one it makes the name, of
// a delta it learns how large the result will be.
func (s *scanning) body(o *object, inflated int64) error {
	if inflated > s.limits.ObjectBytes {
		return s.tooLarge(inflated)
	}
	zr, err := s.inflater()
	if err != nil {
		return err
	}
	in := io.LimitReader(zr, inflated+1) // one more, to see it end
	if o.kind != plumbing.OFSDeltaObject && o.kind != plumbing.REFDeltaObject {
		o.size = inflated
		s.hash.begin(o.kind, inflated)
		n, err := io.CopyBuffer(s.hash, in, s.buffer)
		if err == nil && n != inflated {
			err = errMalformed
		}
		o.name = s.hash.name()
		return err
	}
	start := &prefix{}
	n, err := io.CopyBuffer(start, in, s.buffer)
	if err != nil {
		return err
	}
	_, used := binary.Uvarint(start.bytes())
	size, last := binary.Uvarint(start.bytes()[max(used, 0):])
	// A delta larger than its result would be no use to anybody.
	if n != inflated || used <= 0 || last <= 0 || size > 1<<62 || inflated > int64(size)+1024 {
		return errMalformed
	}
	if o.size = int64(size); o.size > s.limits.ObjectBytes {
		return s.tooLarge(o.size)
	}
	return nil
}

func (s *scanning) tooLarge(size int64) error {
	return fault.Errorf(fault.TooLarge, "one of its objects has %d bytes, more than the %d allowed", size, s.limits.ObjectBytes)
}

// inflater begins to inflate what comes next.
func (s *scanning) inflater() (io.Reader, error) {
	if s.zlib == nil {
		zr, err := zlib.NewReader(s.in)
		s.zlib = zr
		return zr, err
	}
	return s.zlib, s.zlib.(zlib.Resetter).Reset(s.in, nil)
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

// hasher makes names of objects, with the hash that detects collisions.
type hasher struct{ gohash.Hash }

func newHasher() *hasher { return &hasher{hash.New(crypto.SHA1)} }

func (h *hasher) begin(kind plumbing.ObjectType, size int64) {
	h.Reset()
	fmt.Fprintf(h, "%s %d\x00", kind, size)
}

func (h *hasher) name() (name plumbing.Hash) {
	h.Sum(name[:0])
	return name
}

// inflated reads an object's data, put together or not, from the spool. It
// gives no more than the object may have.
func (p *pack) inflated(i int32) io.Reader {
	o := p.objects[i]
	from := o.start + int64(o.head)
	most := o.size
	if o.base != noBase {
		most += 1024 // see scanning.body
	}
	return &inflating{section: io.NewSectionReader(p.spool, from, p.spool.size-from), left: most}
}

// inflating borrows a decompressor while it reads, and gives it back at the
// end of the data.
type inflating struct {
	section *io.SectionReader
	left    int64
	tools   *tools
	err     error
}

type tools struct {
	in   *bufio.Reader
	zlib io.Reader
}

var toolbox = sync.Pool{New: func() any { return &tools{in: bufio.NewReaderSize(nil, 8<<10)} }}

func (t *tools) reset(from io.Reader) error {
	t.in.Reset(from)
	if t.zlib == nil {
		zr, err := zlib.NewReader(t.in)
		if err == nil {
			t.zlib = zr
		}
		return err
	}
	return t.zlib.(zlib.Resetter).Reset(t.in, nil)
}

func (r *inflating) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.tools == nil {
		r.tools = toolbox.Get().(*tools)
		r.err = r.tools.reset(r.section)
	}
	var n int
	if r.err == nil {
		n, r.err = r.tools.zlib.Read(b[:min(int64(len(b)), max(r.left, 1))])
		if r.left -= int64(n); r.left < 0 {
			n, r.err = 0, errMalformed
		}
	}
	if r.err != nil {
		toolbox.Put(r.tools)
		r.tools = nil
	}
	return n, r.err
}
