// Package inflate undoes zlib's compression of data whose size is known.
//
// It gives what compress/zlib gives, and accepts what that accepts of data
// that has just the size it should have; no byte behind the compressed data is
// taken. What it saves is the way by a window: the data is put together where
// it is to stay.
package inflate

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// ErrMalformed says that data is none of zlib's, is damaged, or has another
// size than it should. Data that ends too early is [io.ErrUnexpectedEOF].
var ErrMalformed = errors.New("malformed compressed data")

// A Decoder inflates one piece of data after another. Its zero can be used,
// by one goroutine at a time.
type Decoder struct {
	in   *bufio.Reader
	bits uint64 // taken from in and not used, the lowest first
	have uint   // how many those are; what is above them in bits is zero

	data []byte // what is put together, and slack behind it
	size int    // how much it has to be
	done int    // how much there is

	lengths   [litLens + distances]uint8
	codes     [1 << codesPrimary]entry
	litLen    [litLenEntries]entry
	distance  [distanceEntries]entry
	fixedCode bool // litLen and distance are those that need not be sent
}

// slack is how many bytes there are behind the data, so that nobody has to look
// before each of them whether there is room: for the longest match, the rest of
// its last words, and the literals of one round.
const slack = longestMatch + 16 + 8

// Inflate returns the size bytes that are inflated from what in has next. It
// puts them into buffer, if that is large enough. The sum is the Adler-32 that
// they have to have; to hold them to it is left to the caller, who may have a
// processor for that which is not waited for.
func (d *Decoder) Inflate(buffer []byte, size int, in *bufio.Reader) (data []byte, sum uint32, err error) {
	if cap(buffer)-slack < size {
		buffer = make([]byte, size+slack)
	}
	d.in, d.bits, d.have = in, 0, 0
	d.data, d.size, d.done = buffer[:size+slack], size, 0
	sum, err = d.inflate()
	data = d.data[:size]
	d.in, d.data = nil, nil
	if err != nil {
		return nil, 0, err
	}
	return data, sum, nil
}

func (d *Decoder) inflate() (sum uint32, err error) {
	head, err := d.take(16)
	if err != nil {
		return 0, err
	}
	method, flags := head&0xff, head>>8
	if method&0xf != 8 || method>>4 > 7 || (method<<8|flags)%31 != 0 || flags&0x20 != 0 {
		return 0, ErrMalformed
	}
	for last := false; !last; {
		if last, err = d.block(); err != nil {
			return 0, err
		}
	}
	if d.done != d.size {
		return 0, ErrMalformed
	}
	var tail [4]byte
	_, err = io.ReadFull(d.in, tail[:])
	return binary.BigEndian.Uint32(tail[:]), cut(err)
}

func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// take returns the next n bits.
func (d *Decoder) take(n uint) (uint, error) {
	for d.have < n {
		if err := d.more(); err != nil {
			return 0, err
		}
	}
	v := d.bits & (1<<n - 1)
	d.drop(n)
	return uint(v), nil
}

// more adds a byte to the bits.
func (d *Decoder) more() error {
	b, err := d.in.ReadByte()
	if err != nil {
		return cut(err)
	}
	d.bits |= uint64(b) << d.have
	d.have += 8
	return nil
}

func (d *Decoder) drop(n uint) {
	d.bits >>= n
	d.have -= n
}

// block inflates a block and says whether it was the last.
func (d *Decoder) block() (last bool, err error) {
	head, err := d.take(3)
	if err != nil {
		return false, err
	}
	switch head >> 1 {
	case 0:
		err = d.stored()
	case 1:
		d.fixedCodes()
		err = d.symbols()
	case 2:
		if err = d.readCodes(); err == nil {
			err = d.symbols()
		}
	default:
		err = ErrMalformed
	}
	if last = head&1 == 1; last {
		d.bits, d.have = 0, 0 // to the end of the byte; there are never eight
	}
	return last, err
}

// stored copies a block that is not compressed.
func (d *Decoder) stored() error {
	d.bits, d.have = 0, 0
	var head [4]byte
	if _, err := io.ReadFull(d.in, head[:]); err != nil {
		return cut(err)
	}
	n := int(binary.LittleEndian.Uint16(head[:]))
	if n != int(^binary.LittleEndian.Uint16(head[2:])) || n > d.size-d.done {
		return ErrMalformed
	}
	_, err := io.ReadFull(d.in, d.data[d.done:d.done+n])
	d.done += n
	return cut(err)
}
