package inflate

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// texts are what the tests compress: little, much, of one byte, of many, with
// repetitions near and far, and nothing that can be compressed.
func texts() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 50_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	var skewed, words bytes.Buffer
	for range 20_000 {
		skewed.WriteByte(byte(min(random.ExpFloat64()*12, 255)))
		fmt.Fprintf(&words, "%x ", int(random.ExpFloat64()*500))
	}
	return map[string][]byte{
		"nothing": nil,
		"a byte":  {0},
		"short":   []byte("package inflate\n"),
		"zeros":   make([]byte, 100_000),
		"periods": bytes.Repeat([]byte("abcdefg"), 10_000),
		"noise":   noise,
		"skewed":  skewed.Bytes(),
		"words":   words.Bytes(),
		"far":     bytes.Join([][]byte{noise[:32768], words.Bytes()[:100], noise[:32768], noise[:32700]}, nil),
	}
}

func compressed(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestInflate(t *testing.T) {
	var d Decoder
	var buffer []byte
	for name, want := range texts() {
		for _, level := range []int{zlib.HuffmanOnly, zlib.DefaultCompression, zlib.NoCompression, zlib.BestSpeed, zlib.BestCompression} {
			in := append(compressed(t, want, level), "behind"...)
			for way, from := range map[string]io.Reader{
				"at once":      bytes.NewReader(in),
				"byte by byte": iotest.OneByteReader(bytes.NewReader(in)),
				"half by half": iotest.HalfReader(bytes.NewReader(in)),
			} {
				r := bufio.NewReaderSize(from, 4096)
				got, sum, err := d.Inflate(buffer, len(want), r)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%s at level %d, %s: %d bytes, %v; want the %d that were compressed", name, level, way, len(got), err, len(want))
				}
				if right := adler32.Checksum(want); sum != right {
					t.Errorf("%s at level %d, %s: the sum is %08x, want %08x", name, level, way, sum, right)
				}
				if rest, err := io.ReadAll(r); err != nil || string(rest) != "behind" {
					t.Errorf("%s at level %d, %s: %q, %v is left, want what is behind", name, level, way, rest, err)
				}
				buffer = got
			}
		}
	}
}

// TestInflate_Exact: a decoder asks for nothing that is behind the data.
func TestInflate_Exact(t *testing.T) {
	var d Decoder
	for name, want := range texts() {
		in := bytes.NewReader(compressed(t, want, zlib.DefaultCompression))
		asked := io.MultiReader(iotest.OneByteReader(in), iotest.ErrReader(errors.New("asked for more")))
		if _, _, err := d.Inflate(nil, len(want), bufio.NewReader(asked)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInflate_Error(t *testing.T) {
	var d Decoder
	want := []byte(strings.Repeat("what is to be inflated ", 100))
	good := compressed(t, want, zlib.DefaultCompression)
	for n := range good {
		if _, _, err := d.Inflate(nil, len(want), bufio.NewReader(bytes.NewReader(good[:n]))); err != io.ErrUnexpectedEOF {
			t.Errorf("cut to %d of %d bytes: %v, want an unexpected end", n, len(good), err)
		}
	}
	for _, size := range []int{0, 1, len(want) - 1, len(want) + 1, 2 * len(want)} {
		if _, _, err := d.Inflate(nil, size, bufio.NewReader(bytes.NewReader(good))); err != ErrMalformed {
			t.Errorf("for %d bytes instead of %d: %v, want it malformed", size, len(want), err)
		}
	}
	broken := errors.New("broken")
	in := io.MultiReader(bytes.NewReader(good[:10]), iotest.ErrReader(broken))
	if _, _, err := d.Inflate(nil, len(want), bufio.NewReader(in)); err != broken {
		t.Errorf("from a reader that fails: %v, want its error", err)
	}
	if got, _, err := d.Inflate(nil, len(want), bufio.NewReader(bytes.NewReader(good))); err != nil || !bytes.Equal(got, want) {
		t.Errorf("after all that: %v, want the data", err)
	}
}
