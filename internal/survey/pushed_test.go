package survey

import (
	"slices"
	"testing"
	"time"
)

// TestPushed: what was pushed to while a survey ran is found, whenever that was,
// and under the name that it has in the landscape.
func TestPushed(t *testing.T) {
	store := newKept(t)
	whole(t, store, id, 4, func(int) string { return "c0" })
	now := began.Add(30 * time.Hour)
	for pushed, at := range map[string]time.Time{
		key(0):             began.Add(-2 * time.Hour),
		key(1):             began,
		key(2):             began.Add(20 * time.Hour),
		key(3):             now.Add(time.Minute),
		"github.com/z/%2F": began,
	} {
		for range 2 {
			if err := KeepPushed(t.Context(), store, pushed, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := Pushed(t.Context(), store, id, began, now)
	if want := []string{key(1), key(2), key(3)}; err != nil || !slices.Equal(got, want) {
		t.Errorf("pushed to are %q, %v, want %q", got, err, want)
	}
}
