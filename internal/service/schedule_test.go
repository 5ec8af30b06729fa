package service

import (
	"testing"

	gromav1 "groma/proto/groma/v1"
)

// TestWindowed has a schedule's surveys keep a whole cluster busy.
func TestWindowed(t *testing.T) {
	s := New(Config{Window: 128})
	asked := &gromav1.StartSurveyRequest{}
	if got := s.windowed(asked).Window; got != 128 || asked.Window != 0 {
		t.Errorf("a window of %d where none was asked for, want the server's, 128; what was asked for is now %d", got, asked.Window)
	}
	if got := s.windowed(&gromav1.StartSurveyRequest{Window: 3}).Window; got != 3 {
		t.Errorf("a window of %d, want the 3 that were asked for", got)
	}
}
