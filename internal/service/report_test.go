package service

import (
	"bytes"
	"errors"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

// TestParts writes files of sizes around that of a part, in pieces of several
// sizes: what is received is what was written, in as few parts as it takes.
func TestParts(t *testing.T) {
	for _, size := range []int{0, 1, partBytes - 1, partBytes, partBytes + 1, 3*partBytes + 7} {
		for _, piece := range []int{1 << 10, partBytes, 5 * partBytes} {
			want := bytes.Repeat([]byte("groma "), size/6+1)[:size]
			got, n := writeParts(t, want, piece)
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes in pieces of %d come as %d others", size, piece, len(got))
			}
			if most := max(1, (size+partBytes-1)/partBytes); n != most {
				t.Errorf("%d bytes come in %d parts, want %d", size, n, most)
			}
		}
	}
}

// writeParts returns what is received, and in how many parts.
func writeParts(t *testing.T, data []byte, piece int) (got []byte, n int) {
	t.Helper()
	out := &parts{part: &gromav1.GetReportResponse{File: "report.json"}, send: func(part *gromav1.GetReportResponse) error {
		if len(part.Data) > partBytes || part.File != "report.json" {
			t.Errorf("a part of %s has %d bytes", part.File, len(part.Data))
		}
		got = append(got, part.Data...)
		n++
		return nil
	}}
	for len(data) > 0 {
		some := data[:min(piece, len(data))]
		if written, err := out.Write(some); err != nil || written != len(some) {
			t.Fatalf("wrote %d of %d: %v", written, len(some), err)
		}
		data = data[len(some):]
	}
	if err := out.flush(); err != nil {
		t.Fatal(err)
	}
	return got, n
}

// TestParts_Error: whoever writes hears that the caller has gone.
func TestParts_Error(t *testing.T) {
	gone := errors.New("gone")
	out := &parts{part: &gromav1.GetReportResponse{}, send: func(*gromav1.GetReportResponse) error { return gone }}
	if _, err := out.Write(make([]byte, 2*partBytes)); !errors.Is(err, gone) {
		t.Errorf("wrote: %v", err)
	}
}
