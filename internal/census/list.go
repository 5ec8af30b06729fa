package census

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	gromav1 "groma/proto/groma/v1"
)

// packFiles packs a file list: zstd over one JSON object a line.
func packFiles(files []*gromav1.FileCount) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b *gromav1.FileCount) int { return strings.Compare(a.Path, b.Path) })
	var out bytes.Buffer
	packer, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	lines := json.NewEncoder(packer)
	lines.SetEscapeHTML(false)
	for _, file := range files {
		if err := lines.Encode(file); err != nil { // its fields are plain, and 64-bit integers stay numbers
			return nil, err
		}
	}
	if err := packer.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// longestLine bounds one line of a file list: a path has 16 KiB at most, each
// byte of which may take six.
const longestLine = 256 << 10

// unpackFiles calls f for each file of a packed list, in its order.
func unpackFiles(packed []byte, f func(*gromav1.FileCount)) error {
	if len(packed) == 0 {
		return io.ErrUnexpectedEOF // no files take some bytes, too
	}
	unpacker, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return err
	}
	defer unpacker.Close()
	lines := bufio.NewScanner(unpacker)
	lines.Buffer(nil, longestLine)
	for n := 1; lines.Scan(); n++ {
		file := &gromav1.FileCount{}
		if err := json.Unmarshal(lines.Bytes(), file); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		f(file)
	}
	return lines.Err()
}
