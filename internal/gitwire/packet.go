package gitwire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// Protocol v2 consists of packets: four hexadecimal digits that say how long
// it is, themselves included, and a line. Lengths below four are marks.
// (go-git's reader of packets takes the marks of v2 for mistakes.)

// longestPacket is what git writes at most, the length included.
const longestPacket = 65520

// mark is what a packet without a line says.
type mark byte

const (
	line      mark = iota // it has a line
	flush                 // 0000: the end of a message
	delimiter             // 0001: the end of a section
	responseEnd
)

var errManyPackets = errors.New("it does not come to an end")

// packets reads packets. An answer of v2 ends in a mark, so that it never ends
// well where the bytes do.
type packets struct {
	from io.Reader
	left int // how many may still come
	room []byte
}

// next returns a packet's line without the line feed at its end. It is valid
// until the next call. A packet that says ERR is a [pktline.ErrorLine].
func (p *packets) next() ([]byte, mark, error) {
	if p.left--; p.left < 0 {
		return nil, 0, errManyPackets
	}
	var head [4]byte
	if _, err := io.ReadFull(p.from, head[:]); err != nil {
		return nil, 0, early(err)
	}
	size, err := strconv.ParseUint(string(head[:]), 16, 16)
	switch {
	case err != nil, head[0] == '+', size == 3, size > longestPacket:
		return nil, 0, unexpected("a packet's length", head[:])
	case size < 3:
		return nil, flush + mark(size), nil
	}
	n := int(size) - len(head)
	if cap(p.room) < n {
		p.room = make([]byte, n, max(n, 512))
	}
	text := p.room[:n]
	if _, err := io.ReadFull(p.from, text); err != nil {
		return nil, 0, early(err)
	}
	if said, ok := bytes.CutPrefix(text, []byte("ERR ")); ok {
		return nil, 0, &pktline.ErrorLine{Text: string(bytes.TrimSpace(said))}
	}
	return bytes.TrimSuffix(text, []byte("\n")), line, nil
}

// until reads lines up to a mark, and returns which it was. Each line is given
// to f.
func (p *packets) until(f func([]byte) error) (mark, error) {
	for {
		text, m, err := p.next()
		if err != nil || m != line {
			return m, err
		}
		if err := f(text); err != nil {
			return m, err
		}
	}
}

// early is what it means that bytes have ended where more must come.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unexpected is the failure of an answer that is not what git says.
func unexpected(what string, text []byte) error {
	return packp.NewErrUnexpectedData(fmt.Sprintf("%s is %q", what, text[:min(len(text), 100)]), nil)
}

// question is a message of v2 being written.
type question struct{ bytes.Buffer }

func (q *question) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(q, "%04x%s\n", len(text)+5, text)
}

func (q *question) delimiter() { q.WriteString("0001") }
func (q *question) flush()     { q.WriteString("0000") }

// shortQuestion is how long a question may be that is not worth compressing:
// git's own limit.
const shortQuestion = 1 << 10

// encoded is the question as it is sent, and its Content-Encoding.
func (q *question) encoded() ([]byte, string, error) {
	if q.Len() <= shortQuestion {
		return q.Bytes(), "", nil
	}
	var small bytes.Buffer
	zip := gzip.NewWriter(&small)
	if _, err := zip.Write(q.Bytes()); err != nil {
		return nil, "", err
	}
	if err := zip.Close(); err != nil {
		return nil, "", err
	}
	return small.Bytes(), "gzip", nil
}
