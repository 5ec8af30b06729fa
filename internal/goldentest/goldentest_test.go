package goldentest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// listener hears what a test is told, in its place.
type listener struct {
	testing.TB
	heard string
}

func (l *listener) Errorf(format string, args ...any) { l.heard += fmt.Sprintf(format, args...) }

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "golden")
	*update = true
	Check(t, path, []byte("one\ntwo\nthree\n"))
	*update = false
	Check(t, path, []byte("one\ntwo\nthree\n"))
	for got, want := range map[string]string{
		"one\n2\nthree\n":         "differs from line 2 on (-update rewrites it, git diff shows how): got\n2\nwant\ntwo",
		"one\ntwo\n":              "differs from line 2",
		"one\ntwo\nthree\nfour\n": "differs from line 3",
		"":                        "differs from line 1",
	} {
		l := &listener{TB: t}
		Check(l, path, []byte(got))
		if !strings.Contains(l.heard, want) {
			t.Errorf("of %q it says %q, want %q", got, l.heard, want)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "one\ntwo\nthree\n" {
		t.Errorf("without -update the file became %q, %v", text, err)
	}
}
