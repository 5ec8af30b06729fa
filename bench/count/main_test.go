package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"groma/bench"
	"groma/internal/tally"
)

func TestCount(t *testing.T) {
	checkout := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", checkout, "-c", "user.name=bench", "-c", "user.email=bench@example.org"}, args...)
		if _, err := bench.Output(bench.Command(t.Context(), "git", args...)); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{"a.go": "package a\n\n// A\n", "a.png": "\x89PNG\x00", "b.go": "package a\n"} {
		if err := os.WriteFile(filepath.Join(checkout, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("a.go", filepath.Join(checkout, "link.go")); err != nil {
		t.Fatal(err)
	}
	git("init", "--quiet")
	git("add", ".")
	git("commit", "--quiet", "-m", "first")

	read, err := readTree(t.Context(), filepath.Join(checkout, ".git"))
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{1, 4} {
		sum := read.count(width)
		got := sum.Tally()
		if sum.Files() != 4 || len(got) != 1 || got[0].Language != "Go" || got[0].Lines != 4 || got[0].Class != tally.Source {
			t.Errorf("%d at a time: %d files, %v, want 4 lines of Go", width, sum.Files(), got)
		}
	}
	var out bytes.Buffer
	if err := run(t.Context(), checkout, &out); err != nil {
		t.Fatal(err)
	}
	var c bench.Counted
	if err := json.Unmarshal(out.Bytes(), &c); err != nil || c.Files != 4 || c.Counted != 2 || c.Bytes != 26 || c.Wall <= 0 {
		t.Errorf("printed %s, %v, want 2 of 4 files, 26 bytes", out.Bytes(), err)
	}
}

func TestCount_Error(t *testing.T) {
	if err := run(t.Context(), t.TempDir(), &bytes.Buffer{}); err == nil {
		t.Error("a folder without a repository was counted")
	}
}
