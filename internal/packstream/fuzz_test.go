package packstream

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
)

// FuzzRead: whatever is accepted has the names that its contents have, what is
// handed out is right, and no more is held in memory than may be.
func FuzzRead(f *testing.F) {
	for _, pack := range packs() {
		f.Add(pack[:len(pack)-20], uint32(1<<20))
		f.Add(pack[:len(pack)-20], uint32(2<<10))
	}
	f.Add(chain(30).Bytes(), uint32(100))
	f.Fuzz(func(t *testing.T, data []byte, memory uint32) {
		read := config(t, int64(memory%(1<<20))+1)
		read.Limits = Limits{Pack: 1 << 20, Object: 1 << 20, Objects: 200}
		read.Most = 1 << 16
		read.Take = func(name Hash, names []string, content []byte) {
			if named(Blob, string(content)) != name || len(names) == 0 {
				t.Errorf("handed out %d bytes as %s, called %q", len(content), name, names)
			}
		}
		p, err := Read(t.Context(), bytes.NewReader(sealed(data)), read) // or nothing gets past the checksum
		if err != nil {
			return
		}
		defer p.Close()
		for i := range p.count {
			check(t, p, i)
			if size := p.at(i).size; size > read.Limits.Object {
				t.Errorf("an object of %d bytes", size)
			}
		}
		checkHeld(t, p, read)
	})
}

// checkHeld checks that a pack holds what it says, and no more than it may.
func checkHeld(t *testing.T, p *Pack, read Config) {
	t.Helper()
	held := int64(0)
	for _, chunk := range p.spool.chunks {
		held += int64(len(chunk))
	}
	for _, c := range []*cache{p.recent, p.trees} {
		size := int64(0)
		for e := c.order.Front(); e != nil; e = e.Next() {
			size += int64(cap(e.Value.(*cached).data))
		}
		if size != c.size || len(c.byKey) != c.order.Len() {
			t.Errorf("%d objects of %d bytes are kept, and %d of %d are said to be", c.order.Len(), size, len(c.byKey), c.size)
		}
		held += size
	}
	if held > read.Memory || int64(p.count) > int64(read.Limits.Objects) {
		t.Errorf("%d bytes are held of %d objects, and %d of %d may be", held, p.count, read.Memory, read.Limits.Objects)
	}
}

// FuzzDelta: both ways to apply a delta agree, and neither makes more than was
// said.
func FuzzDelta(f *testing.F) {
	f.Add([]byte("base"), appended("base", "more"))
	f.Add([]byte(one), appended(one, "more"))
	f.Add([]byte("abc"), []byte{3, 4, 0x80 | 16, 3, 1, 'd'})
	f.Add([]byte("abc"), []byte{3, 0})
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		_, used := binary.Uvarint(delta)
		size, _ := binary.Uvarint(delta[max(used, 0):])
		if size > 1<<20 {
			return
		}
		got, err := patched(base, delta, int64(size))
		var out bytes.Buffer
		streamed := applyDelta(&contents{data: base}, bytes.NewReader(delta), &out)
		if (err == nil) != (streamed == nil) {
			t.Fatalf("at once: %v, streamed: %v", err, streamed)
		}
		if err == nil && (!bytes.Equal(got, out.Bytes()) || len(got) != int(size)) {
			t.Errorf("at once %q, streamed %q", got, out.Bytes())
		}
	})
}

// Deltas as git makes them: pieces of the base in any order, and new ones.
func TestPatched(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	base := strings.Repeat("0123456789abcdef", 10_000)
	for range 100 {
		var want strings.Builder
		var commands []byte
		for range random.IntN(20) {
			at, n := random.IntN(len(base)/2), 1+random.IntN(len(base)/2)
			commands = append(commands, 0xff, byte(at), byte(at>>8), byte(at>>16), 0, byte(n), byte(n>>8), byte(n>>16))
			want.WriteString(base[at : at+n])
			commands = append(commands, 3, 'n', 'e', 'w')
			want.WriteString("new")
		}
		delta := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(base))), uint64(want.Len()))
		got, err := patched([]byte(base), append(delta, commands...), int64(want.Len()))
		if err != nil || string(got) != want.String() {
			t.Fatalf("%d bytes, %v, want %d", len(got), err, want.Len())
		}
	}
}
