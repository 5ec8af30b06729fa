package world

import (
	"os"
	"path/filepath"
	"testing"
)

// The shipped example must stay a world, with these commits: reports and
// documentation quote them.
func TestTour(t *testing.T) {
	text, err := os.ReadFile("../../examples/tour/world.txtar")
	if err != nil {
		t.Fatal(err)
	}
	w, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := w.Build(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.File("landscape.yml"); !ok {
		t.Error("no landscape.yml")
	}
	for name, want := range map[string]string{
		"abacus":       "2695564ac33c",
		"aqueduct":     "ab215557cffd",
		"catapult":     "924ad6cf6e7b",
		"forum":        "9f61cd892d96",
		"forum-cli":    "29a3165c9ef6",
		"forum-rostra": "44a270a9e201",
		"lumen":        "cfda39363880",
		"via":          "a13f41eef9f6",
	} {
		repo := filepath.Join(dir, "groma-tour", name+".git")
		git(t, "-C", repo, "fsck", "--strict")
		if got := git(t, "-C", repo, "rev-parse", "--short=12", "HEAD"); got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
}
