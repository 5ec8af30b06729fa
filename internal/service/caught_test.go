package service

import (
	"testing"

	"groma/internal/fault"
)

// TestWatch_Panics: what listens does so on goroutines of its own.
func TestWatch_Panics(t *testing.T) {
	w := &watch{failed: make(chan error, 1)}
	w.caught(func() {})
	if len(w.failed) != 0 {
		t.Errorf("without a panic it fails: %v", <-w.failed)
	}
	w.caught(func() { panic("a notice") })
	if err := <-w.failed; fault.KindOf(err) != fault.Bug {
		t.Errorf("it fails with %v, want a bug", err)
	}
}
