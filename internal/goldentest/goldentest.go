// Package goldentest compares what is made with what was made, and read in
// review. With -update a test writes these files anew, and git diff shows what
// has changed.
package goldentest

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write what is made over the golden files")

// Updating says whether files are to be written anew.
func Updating() bool { return *update }

// Check fails a test that has not made what is in a file, and says where it
// differs first.
func Check(t testing.TB, path string, got []byte) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: -update writes it", err)
	}
	if !bytes.Equal(got, want) {
		line, g, w := difference(got, want)
		t.Errorf("%s differs from line %d on (-update rewrites it, git diff shows how): got\n%s\nwant\n%s", path, line, g, w)
	}
}

// difference is the first line that two texts do not share, in each of them.
func difference(got, want []byte) (line int, g, w []byte) {
	for line = 1; ; line++ {
		g, got, _ = bytes.Cut(got, []byte("\n"))
		w, want, _ = bytes.Cut(want, []byte("\n"))
		if !bytes.Equal(g, w) || len(got) == 0 || len(want) == 0 {
			return line, g, w
		}
	}
}
