package census

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"groma/internal/artefact"
	"groma/internal/fault"
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

// Files yields the files of a census that is kept, in the order of their paths.
func Files(ctx context.Context, store artefact.Store, repository, commit, method string) iter.Seq2[*gromav1.FileCount, error] {
	return func(yield func(*gromav1.FileCount, error) bool) {
		key := artefact.FilesKey(repository, commit, method)
		packed, err := store.Get(ctx, key)
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", key, err))
			return
		}
		for file, err := range unpackFiles(packed) {
			if err != nil {
				err = fault.Errorf(fault.Invalid, "%s is damaged: %w", key, err)
			}
			if !yield(file, err) {
				return
			}
		}
	}
}

// unpackFiles yields each file of a packed list, in its order. It ends at the
// first error.
func unpackFiles(packed []byte) iter.Seq2[*gromav1.FileCount, error] {
	return func(yield func(*gromav1.FileCount, error) bool) {
		if len(packed) == 0 {
			yield(nil, io.ErrUnexpectedEOF) // no files take some bytes, too
			return
		}
		unpacker, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			yield(nil, err)
			return
		}
		defer unpacker.Close()
		lines := bufio.NewScanner(unpacker)
		lines.Buffer(nil, longestLine)
		for n := 1; lines.Scan(); n++ {
			file := &gromav1.FileCount{}
			if err := json.Unmarshal(lines.Bytes(), file); err != nil {
				yield(nil, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(file, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, err)
		}
	}
}
