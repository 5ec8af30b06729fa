package packstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"

	"groma/internal/fault"
	"groma/internal/inflate"
)

// scanning is one pass over a pack that arrives.
type scanning struct {
	*Pack
	in     *source
	limits Limits
	gather inflate.Decoder // for what is gathered
	zlib   inflater        // for what is not
	hash   *hasher
	buffer []byte
	delta  []byte // the last one read
	names  *names
	hands  *hands
	most   int64          // the size beyond which a blob is not gathered
	late   map[int32]Hash // deltas whose base is to come; zero for one known by where it is
	alone  bool           // the hands have done their work
}

func newScanning(p *Pack, from io.Reader, config Config) *scanning {
	known := &names{byBlob: map[Hash][]string{}}
	s := &scanning{
		Pack:   p,
		in:     newSource(from, p.spool, config.Limits.Pack),
		limits: config.Limits,
		hash:   newHasher(),
		buffer: make([]byte, 32<<10),
		names:  known,
		hands:  newHands(config, known),
		most:   p.small,
		late:   map[int32]Hash{},
	}
	if config.Take != nil {
		s.most = min(s.most, config.Most)
	}
	return s
}

// run reads a pack to its end. What is late is left to be resolved.
func (s *scanning) run() error {
	count, err := s.preamble()
	if err != nil {
		return err
	}
	for range count {
		if err := s.stopped(); err != nil {
			return err
		}
		if err := s.next(); err != nil {
			return s.broken(err)
		}
	}
	return s.trailer()
}

// errCut is for a pack that ends or breaks: on its way, as far as one can
// tell, and so worth another try.
func errCut(format string, args ...any) error {
	return fault.Errorf(fault.Unavailable, "the pack did not arrive whole: %s", fmt.Sprintf(format, args...))
}

var errMalformed = errors.New("an object is malformed")

// broken says what a failure to read the pack means.
func (s *scanning) broken(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, errLargePack):
		return fault.Errorf(fault.TooLarge, "its pack is larger than the %d bytes allowed", s.limits.Pack)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if s.in.at() == 0 {
			return io.ErrUnexpectedEOF // nothing came: whoever sent it may have said why
		}
		return errCut("it ends after %d bytes", s.in.at())
	case errors.Is(err, zlib.ErrChecksum), errors.Is(err, zlib.ErrHeader), errors.Is(err, zlib.ErrDictionary),
		errors.Is(err, errMalformed), errors.Is(err, inflate.ErrMalformed), errors.As(err, &corrupt):
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
	var sum Hash
	if _, err := io.ReadFull(s.in, sum[:]); err != nil {
		return s.broken(err)
	}
	if n, err := io.Copy(io.Discard, s.in); err != nil || n > 0 {
		if err == nil {
			err = errCut("%d bytes follow it", n)
		}
		return s.broken(err)
	}
	if !s.in.raw.right() {
		return errCut("its checksum is wrong")
	}
	return nil
}

// next reads one object.
func (s *scanning) next() error {
	o := object{start: s.in.at(), base: noBase}
	var inflated int64
	var err error
	if o.kind, inflated, err = s.header(); err != nil {
		return err
	}
	var base Hash
	switch o.kind {
	case Commit, Tree, Blob, Tag:
	case offsetDelta:
		if o.base, err = s.baseBefore(o.start); err != nil {
			return err
		}
	case nameDelta:
		if _, err := io.ReadFull(s.in, base[:]); err != nil {
			return err
		}
	default:
		return errMalformed
	}
	o.head = uint8(s.in.at() - o.start)
	if inflated > s.limits.Object {
		return s.tooLarge(inflated)
	}
	i, kept := s.add(o)
	if o.kind.isDelta() {
		return s.patchNext(i, kept, base, inflated)
	}
	return s.wholeNext(i, kept, inflated)
}

// header reads an object's kind and inflated size: three bits and four, then
// seven at a time, the low ones first.
func (s *scanning) header() (Kind, int64, error) {
	b, err := s.in.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	kind, size := Kind(b>>4&7), int64(b&15)
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
// that is.
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
	at, ok := s.startingAt(start - back)
	if !ok {
		return 0, errMalformed
	}
	return at, nil
}

func (s *scanning) tooLarge(size int64) error {
	return fault.Errorf(fault.TooLarge, "one of its objects has %d bytes, more than the %d allowed", size, s.limits.Object)
}
