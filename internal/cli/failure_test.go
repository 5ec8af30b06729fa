package cli

import (
	"bytes"
	"strings"
	"testing"

	"groma/internal/fault"
)

// TestTellFailure: of a panic a person is told where it was, and nothing in it
// drives their terminal.
func TestTellFailure(t *testing.T) {
	var out bytes.Buffer
	err := func() (err error) {
		defer fault.Catch(&err)
		panic("of a stranger's \x1b[2J")
	}()
	Terminal{Err: &out}.tellFailure(err)
	text := out.String()
	if !strings.HasPrefix(text, "groma: a bug in groma ") || !strings.Contains(text, "failure_test.go:") || strings.Contains(text, "\x1b") {
		t.Errorf("it is told %q", text)
	}
}
