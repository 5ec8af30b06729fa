package artefact_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"groma/internal/artefact"
	"groma/internal/fault"
)

// strangers lie where files belong.
var strangers = map[string]func(name string) error{
	"an empty folder":     func(name string) error { return os.Mkdir(name, 0o700) },
	"a folder":            func(name string) error { return os.MkdirAll(filepath.Join(name, "below"), 0o700) },
	"a pipe":              func(name string) error { return syscall.Mkfifo(name, 0o600) },
	"a link to a device":  func(name string) error { return os.Symlink("/dev/null", name) },
	"a link to nothing":   func(name string) error { return os.Symlink("nothing", name) },
	"a link to itself":    func(name string) error { return os.Symlink(filepath.Base(name), name) },
	"a link to a sibling": func(name string) error { return os.Symlink("other", name) },
	"a link to a pipe": func(name string) error {
		return errors.Join(syscall.Mkfifo(name+"-pipe", 0o600), os.Symlink(name+"-pipe", name))
	},
	"a file for its folder": func(name string) error {
		return errors.Join(os.RemoveAll(filepath.Dir(name)), os.WriteFile(filepath.Dir(name), nil, 0o600))
	},
	"a link for its folder": func(name string) error {
		return errors.Join(os.RemoveAll(filepath.Dir(name)), os.Symlink(filepath.Base(filepath.Dir(name)), filepath.Dir(name)))
	},
}

// TestFolder_Strangers: what is no file is damage to who reads it, whom it does
// not keep waiting; it is not written over.
func TestFolder_Strangers(t *testing.T) {
	for what, put := range strangers {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			const key = "census/h/o/n/c/m.json"
			root := t.TempDir()
			store := newFolder(t, root)
			name := filepath.Join(root, filepath.FromSlash(key))
			for _, key := range []string{key, "census/h/o/n/c/other"} {
				if err := store.Create(t.Context(), key, []byte("1")); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(os.Remove(name), put(name)); err != nil {
				t.Fatal(err)
			}
			read := make(chan error, 1)
			go func() { // abandoned where it waits for ever; the test has failed then
				_, err := store.Get(t.Context(), key)
				_, _, also := artefact.Checked(t.Context(), store, key)
				read <- errors.Join(err, also)
				if (err == nil) != (also == nil) {
					t.Errorf("Get: %v, Checked: %v", err, also)
				}
			}()
			select {
			case err := <-read:
				if !errors.Is(err, artefact.ErrDamaged) || fault.KindOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), key+": ") || !strings.Contains(err.Error(), "put it back") {
					t.Errorf("Get: %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("Get waits")
			}
			if err := store.Swap(t.Context(), key, []byte("1"), []byte("2")); !errors.Is(err, artefact.ErrDamaged) {
				t.Errorf("Swap: %v", err)
			}
			if err := store.Create(t.Context(), key, []byte("2")); err == nil {
				t.Error("it is kept")
			}
		})
	}
}

// TestFolder_ListBelowFile: nothing lies below a file, and it does not end a
// listing.
func TestFolder_ListBelowFile(t *testing.T) {
	store := newFolder(t, t.TempDir())
	for _, key := range []string{"a/b", "a/c"} {
		if err := store.Create(t.Context(), key, nil); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{"a/b/": nil, "a/b/c/d": nil, "a/": {"a/b", "a/c"}} {
		var got []string
		for key, err := range store.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, key)
		}
		if !slices.Equal(got, want) {
			t.Errorf("List %s: %v, want %v", prefix, got, want)
		}
	}
}
