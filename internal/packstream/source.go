package packstream

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"errors"
	"hash"
	"io"
)

// source is a pack on its way in: what is read from it is kept in the spool,
// summed and counted, so that nothing has to be read again.
type source struct {
	*bufio.Reader
	raw *raw
}

func newSource(from io.Reader, keep io.Writer, most int64) *source {
	r := &raw{from: from, keep: keep, left: most, sum: sha1.New()}
	return &source{Reader: bufio.NewReaderSize(r, 64<<10), raw: r}
}

// at is how far it has been read. bufio's own type stays visible, since the
// decompressor is far faster over it than over any other reader of bytes.
func (s *source) at() int64 { return s.raw.came - int64(s.Buffered()) }

// raw is what is below the buffer.
type raw struct {
	from io.Reader
	keep io.Writer
	left int64 // how much may still come
	came int64
	sum  hash.Hash // of all that came but the last bytes
	tail []byte    // those: the pack's own checksum, at its end
}

var errLargePack = errors.New("larger than it may be")

func (r *raw) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	r.came += int64(n)
	if r.left -= int64(n); r.left < 0 {
		return 0, errLargePack
	}
	if _, failed := r.keep.Write(b[:n]); failed != nil {
		return 0, failed
	}
	r.add(b[:n])
	return n, err
}

// add sums what has come, less the last bytes.
func (r *raw) add(b []byte) {
	if len(b) >= sha1.Size {
		r.sum.Write(r.tail)
		r.sum.Write(b[:len(b)-sha1.Size])
		r.tail = append(r.tail[:0], b[len(b)-sha1.Size:]...)
		return
	}
	r.tail = append(r.tail, b...)
	if over := len(r.tail) - sha1.Size; over > 0 {
		r.sum.Write(r.tail[:over])
		r.tail = append(r.tail[:0], r.tail[over:]...)
	}
}

// right reports whether what came ends in its own checksum.
func (r *raw) right() bool { return bytes.Equal(r.sum.Sum(nil), r.tail) }
