package gitwire

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"testing"

	"groma/internal/fault"
	"groma/internal/packstream"
)

// treesOf makes a pack of a blob and trees: each pair of bytes puts an entry
// into a tree, and each tree may hold those before it. The last one is the top.
func treesOf(t testing.TB, recipe []byte) (*packstream.Pack, packstream.Hash) {
	t.Helper()
	out := bytes.NewBuffer([]byte("PACK\x00\x00\x00\x02...."))
	count := uint32(0)
	put := func(kind byte, what string, data []byte) packstream.Hash {
		count++
		head := kind<<4 | byte(len(data)&15)
		for size := len(data) >> 4; size > 0; size >>= 7 {
			out.WriteByte(head | 0x80)
			head = byte(size & 0x7f)
		}
		out.WriteByte(head)
		z := zlib.NewWriter(out)
		z.Write(data)
		z.Close()
		return sha1.Sum(append(fmt.Appendf(nil, "%s %d\x00", what, len(data)), data...))
	}
	known := []packstream.Hash{put(3, "blob", []byte("fn a() {}\n"))}
	for i := 0; i < len(recipe); i += 4 {
		var data []byte
		for j, b := range recipe[i:min(i+4, len(recipe))] {
			at, mode := int(b)%len(known), "40000"
			if at == 0 {
				mode = "100644"
			}
			data = append(fmt.Appendf(data, "%s %d%s\x00", mode, j, bytes.Repeat([]byte("n"), int(b>>6))), known[at][:]...)
		}
		known = append(known, put(2, "tree", data))
	}
	data := out.Bytes()
	binary.BigEndian.PutUint32(data[8:], count)
	sum := sha1.Sum(data)
	p, err := packstream.Read(t.Context(), bytes.NewReader(append(data, sum[:]...)), packstream.Config{Memory: 1 << 20, Limits: packstream.Limits{Pack: 1 << 20, Object: 1 << 20, Objects: 1 << 10}})
	if err != nil {
		t.Fatal(err)
	}
	return p, known[len(known)-1]
}

// FuzzWeigh: what a tree is weighed at is what one meets who goes through it,
// and who goes through it is never beyond the bounds.
func FuzzWeigh(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3})
	f.Add([]byte{0, 64, 128, 192, 1, 65, 0, 0, 2, 1, 0, 255})
	f.Fuzz(func(t *testing.T, recipe []byte) {
		recipe = recipe[:min(len(recipe), 400)]
		if len(recipe) == 0 {
			return
		}
		p, top := treesOf(t, recipe)
		defer p.Close()
		const most = 20_000
		s := &Snapshot{packs: []*packstream.Pack{p}, tree: top, entries: most}
		var files, bytes, longest int
		err := s.Files(context.Background(), func(file File) error {
			files++
			bytes += len(file.Path)
			longest = max(longest, len(file.Path))
			return nil
		})
		if err != nil {
			if fault.KindOf(err) != fault.TooLarge || files > 0 {
				t.Errorf("after %d files: %v", files, err)
			}
			return
		}
		w, err := (&scale{stopped: func() error { return nil }, snapshot: s, known: map[packstream.Hash]weight{}}).tree(top, 0)
		if err != nil || int64(files) > w.entries || w.entries > most || int64(bytes) > w.bytes || longest > w.longest {
			t.Errorf("it weighs %+v, %v, and has %d files of %d bytes, the longest of %d", w, err, files, bytes, longest)
		}
	})
}

// FuzzSkipToPack: whatever stands before a pack, it is found or there is an
// error, and no more is read than there may be.
func FuzzSkipToPack(f *testing.F) {
	f.Add([]byte("000dpackfile\nPACK"))
	f.Add([]byte("0011shallow-info0008shal0001000dpackfile\nPACK"))
	f.Add([]byte("0000"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		from := bytes.NewReader(answer)
		if err := skipToPack(from); err != nil {
			return
		}
		read := answer[:len(answer)-from.Len()]
		if !bytes.HasSuffix(read, []byte("packfile")) && !bytes.HasSuffix(read, []byte("packfile\n")) {
			t.Errorf("the pack begins behind %q", read)
		}
	})
}
