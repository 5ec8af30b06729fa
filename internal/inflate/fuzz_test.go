package inflate

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"hash/adler32"
	"io"
	"testing"
)

// FuzzInflate holds a decoder to compress/zlib: both take the same data, and
// the same much of it, for the same.
func FuzzInflate(f *testing.F) {
	for _, text := range texts() {
		for _, level := range []int{zlib.HuffmanOnly, zlib.DefaultCompression, zlib.NoCompression} {
			f.Add(append(compressed(f, text[:min(len(text), 2000)], level), 1, 2, 3))
		}
	}
	var d Decoder
	f.Fuzz(func(t *testing.T, in []byte) {
		their := bytes.NewReader(in)
		want, fails := theirs(their)
		ours := bufio.NewReaderSize(bytes.NewReader(in), 64)
		if len(want) == most {
			return
		}
		got, sum, err := d.Inflate(nil, len(want), ours)
		if err == nil && sum != adler32.Checksum(got) {
			err = zlib.ErrChecksum
		}
		if (err != nil) != (fails != nil) {
			t.Fatalf("ours says %v, theirs %v", err, fails)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("ours is %q, theirs %q", got, want)
		}
		if rest, _ := io.ReadAll(ours); len(rest) != their.Len() {
			t.Fatalf("ours leaves %d bytes, theirs %d", len(rest), their.Len())
		}
	})
}

// most is how much is inflated of what has no end.
const most = 1 << 20

func theirs(in io.Reader) ([]byte, error) {
	r, err := zlib.NewReader(in)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, most))
}
