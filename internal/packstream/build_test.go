package packstream

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
)

// builder writes packs by hand, right ones and wrong ones.
type builder struct {
	bytes.Buffer
	count  uint32
	starts []int
}

func newBuilder() *builder {
	b := &builder{}
	b.WriteString("PACK\x00\x00\x00\x02....")
	return b
}

// object appends an object that says it has size bytes.
func (b *builder) object(kind Kind, size int, reference, data []byte) *builder {
	b.starts = append(b.starts, b.Len())
	b.count++
	head := byte(kind)<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		b.WriteByte(head | 0x80)
		head = byte(size & 0x7f)
	}
	b.WriteByte(head)
	b.Write(reference)
	w := zlib.NewWriter(b)
	w.Write(data)
	w.Close()
	return b
}

func (b *builder) whole(kind Kind, data string) *builder {
	return b.object(kind, len(data), nil, []byte(data))
}

// upon appends a delta of the object of that number.
func (b *builder) upon(number int, delta []byte) *builder {
	back := b.Len() - b.starts[number]
	reference := []byte{byte(back & 0x7f)}
	for back >>= 7; back > 0; back >>= 7 {
		back--
		reference = append([]byte{byte(back&0x7f) | 0x80}, reference...)
	}
	return b.object(offsetDelta, len(delta), reference, delta)
}

// uponName appends a delta of the object of that name.
func (b *builder) uponName(name Hash, delta []byte) *builder {
	return b.object(nameDelta, len(delta), name[:], delta)
}

// pack is the whole pack, sealed with its checksum.
func (b *builder) pack() []byte {
	data := bytes.Clone(b.Bytes())
	binary.BigEndian.PutUint32(data[8:], b.count)
	return sealed(data)
}

func sealed(data []byte) []byte {
	sum := sha1.Sum(data)
	return append(bytes.Clone(data), sum[:]...)
}

// appended is a delta that appends to its base.
func appended(base, more string) []byte {
	delta := binary.AppendUvarint(nil, uint64(len(base)))
	delta = binary.AppendUvarint(delta, uint64(len(base)+len(more)))
	for at := 0; at < len(base); at += 0xffff {
		n := min(len(base)-at, 0xffff)
		delta = append(delta, 0x80|1|2|4|8|16|32, byte(at), byte(at>>8), byte(at>>16), byte(at>>24), byte(n), byte(n>>8))
	}
	for len(more) > 0 {
		n := min(len(more), 127)
		delta = append(append(delta, byte(n)), more[:n]...)
		more = more[n:]
	}
	return delta
}

func named(kind Kind, data string) Hash {
	return sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", kind, len(data), data))
}

// tree is a tree of regular files, "NAME CONTENT" each.
func tree(files ...[2]string) string {
	var b bytes.Buffer
	for _, f := range files {
		name := named(Blob, f[1])
		fmt.Fprintf(&b, "100644 %s\x00%s", f[0], name[:])
	}
	return b.String()
}

// files counts the files that are open.
type files struct{ open atomic.Int64 }

func (f *files) temp() (File, error) {
	f.open.Add(1)
	return &memory{files: f}, nil
}

// memory is a file that is none.
type memory struct {
	bytes.Buffer
	files  *files
	closed bool
}

func (m *memory) ReadAt(b []byte, at int64) (int, error) {
	return bytes.NewReader(m.Bytes()).ReadAt(b, at)
}

func (m *memory) Close() error {
	if m.closed {
		return io.ErrClosedPipe
	}
	m.closed = true
	m.files.open.Add(-1)
	return nil
}

// config reads packs with so much memory, and sees to it that no file stays
// open.
func config(t testing.TB, memory int64) Config {
	f := &files{}
	t.Cleanup(func() {
		if n := f.open.Load(); n != 0 {
			t.Errorf("%d files stay open", n)
		}
	})
	return Config{Memory: memory, Temp: f.temp, Limits: Limits{Pack: 1 << 30, Object: 1 << 24, Objects: 5000}}
}
