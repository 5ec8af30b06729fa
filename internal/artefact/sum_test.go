package artefact_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"groma/internal/artefact"
	"groma/internal/fault"
)

// TestFolder_Damaged flips each bit of what is kept: none is read.
func TestFolder_Damaged(t *testing.T) {
	root := t.TempDir()
	store := newFolder(t, root)
	const key = "census/h/o/n/c/m.json"
	whole := []byte(`{"lines": 12345}`)
	if err := store.Create(t.Context(), key, whole); err != nil {
		t.Fatal(err)
	}
	if _, checked, err := artefact.Checked(t.Context(), store, key); err != nil {
		t.Fatal(err)
	} else if !checked {
		t.Skip("files of this file system have no attributes")
	}
	name := filepath.Join(root, filepath.FromSlash(key))
	for bit := range 8 * len(whole) {
		flipped := bytes.Clone(whole)
		flipped[bit/8] ^= 1 << (bit % 8)
		overwrite(t, name, flipped)
		if _, err := store.Get(t.Context(), key); !errors.Is(err, artefact.ErrDamaged) || fault.KindOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), key+": ") {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	for _, other := range [][]byte{nil, whole[1:], append(bytes.Clone(whole), ' ')} {
		overwrite(t, name, other)
		if _, err := store.Get(t.Context(), key); !errors.Is(err, artefact.ErrDamaged) {
			t.Errorf("%q: %v", other, err)
		}
	}
	overwrite(t, name, whole)
	if _, err := store.Get(t.Context(), key); err != nil {
		t.Error(err)
	}
}

// TestFolder_Checked: whatever way something is kept, it has a checksum; what
// an earlier version kept has none and is read.
func TestFolder_Checked(t *testing.T) {
	root := t.TempDir()
	store := newFolder(t, root)
	if err := store.Create(t.Context(), "a", nil); err != nil {
		t.Fatal(err)
	}
	if _, checked, _ := artefact.Checked(t.Context(), store, "a"); !checked {
		t.Skip("files of this file system have no attributes")
	}
	if err := artefact.CreateFrom(t.Context(), store, "b", func(w io.Writer) error { _, err := io.WriteString(w, "12"); return err }); err != nil {
		t.Fatal(err)
	}
	if err := store.Swap(t.Context(), "b", []byte("12"), []byte("34")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "c"), []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if _, checked, err := artefact.Checked(t.Context(), store, key); err != nil || checked != want {
			t.Errorf("%s: checked is %v, want %v: %v", key, checked, want, err)
		}
	}
}

// overwrite leaves a file what it is but for its bytes, as a disk does.
func overwrite(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFolder_Leftovers(t *testing.T) {
	root := t.TempDir()
	store := newFolder(t, root).(artefact.Keeper)
	if err := store.Create(t.Context(), "a", []byte("1")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"part-1", "part-2", "lock"} {
		overwrite(t, filepath.Join(root, ".incoming", name), []byte("123"))
	}
	hourAgo := time.Now().Add(-time.Hour)
	for _, name := range []string{"part-1", "lock"} {
		if err := os.Chtimes(filepath.Join(root, ".incoming", name), hourAgo, hourAgo); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []artefact.Leftovers{{Parts: 1, Bytes: 3}, {Parts: 1, Bytes: 3}, {}} {
		got, err := store.Leftovers(t.Context(), time.Now().Add(-time.Minute), i > 0)
		if err != nil || got != want {
			t.Errorf("time %d: %v, want %v: %v", i, got, want, err)
		}
	}
	for name, want := range map[string]bool{".incoming/part-1": false, ".incoming/part-2": true, ".incoming/lock": true, "a": true} {
		if _, err := os.Stat(filepath.Join(root, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
