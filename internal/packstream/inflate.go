package packstream

import (
	"bufio"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// inflated reads an object's data, put together or not, from the raw pack. It
// gives no more than the object may have.
func (p *Pack) inflated(i int32) io.Reader {
	o := p.at(i)
	from := o.start + int64(o.head)
	most := o.size
	if o.base != noBase {
		most += deltaSlack
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

// tools are what it takes to inflate, some 50 KiB.
type tools struct {
	in   *bufio.Reader
	zlib inflater
}

var toolbox = sync.Pool{New: func() any { return &tools{in: bufio.NewReaderSize(nil, 8<<10)} }}

func (t *tools) reset(from io.Reader) error {
	t.in.Reset(from)
	return t.zlib.reset(t.in)
}

// inflater is a decompressor that can be used again and again.
type inflater struct{ io.Reader }

func (i *inflater) reset(in *bufio.Reader) error {
	if i.Reader == nil {
		zr, err := zlib.NewReader(in)
		if err == nil {
			i.Reader = zr
		}
		return err
	}
	return i.Reader.(zlib.Resetter).Reset(in, nil)
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
