package artefacttest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"groma/internal/artefact"
)

// entries: what is listed has its size and an age.
func entries(t *testing.T, store artefact.Keeper) {
	want := map[string]int64{"entries/a.x": 0, "entries/a-b/c": 1, "entries/a/b": 1000}
	for key, size := range want {
		if err := store.Create(t.Context(), key, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	for entry, err := range store.Entries(t.Context(), "entries/") {
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Since(entry.Kept); entry.Bytes != want[entry.Key] || age > time.Hour || age < -time.Hour {
			t.Errorf("%s has %d bytes and is %v old, want %d bytes", entry.Key, entry.Bytes, age, want[entry.Key])
		}
		keys = append(keys, entry.Key)
	}
	if want := []string{"entries/a-b/c", "entries/a.x", "entries/a/b"}; !slices.Equal(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}

// remove: what is deleted is missing, may be deleted again and kept again, and
// nothing else goes with it.
func remove(t *testing.T, store artefact.Keeper) {
	for _, key := range []string{"delete/a/b", "delete/a/bc", "delete/z/y/x"} {
		if err := store.Create(t.Context(), key, []byte("1")); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"delete/a/b", "delete/a/b", "delete/z/y/x", "delete/never"} {
		if err := store.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete %s: %v", key, err)
		}
	}
	var left []string
	for key, err := range store.List(t.Context(), "delete/") {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, key)
	}
	if !slices.Equal(left, []string{"delete/a/bc"}) {
		t.Errorf("left is %v", left)
	}
	if _, err := store.Get(t.Context(), "delete/a/b"); !errors.Is(err, artefact.ErrMissing) {
		t.Errorf("Get of what is deleted: %v, want ErrMissing", err)
	}
	if err := store.Swap(t.Context(), "delete/a/b", []byte("1"), []byte("2")); !errors.Is(err, artefact.ErrChanged) {
		t.Errorf("Swap of what is deleted: %v, want ErrChanged", err)
	}
	if err := store.Create(t.Context(), "delete/a/b", []byte("2")); err != nil {
		t.Errorf("Create of what is deleted: %v", err)
	}
	for _, key := range []string{"", "../x", "a//b", "delete/", ".incoming/lock"} {
		if err := store.Delete(t.Context(), key); err == nil {
			t.Errorf("Delete %q succeeded", key)
		}
	}
}

// removeRace has some delete and others keep in one folder: whatever is kept and
// not deleted is there.
func removeRace(t *testing.T, store artefact.Keeper) {
	var wait sync.WaitGroup
	for writer := range 8 {
		wait.Go(func() {
			for n := range 20 {
				key := fmt.Sprintf("delete/race/%d/%d-%d", n%3, n, writer)
				err := store.Create(t.Context(), key, []byte(key))
				for tries := 0; err != nil && !errors.Is(err, artefact.ErrExists) && tries < 20; tries++ {
					err = store.Create(t.Context(), key, []byte(key)) // some servers are caught out by folders that go
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n == 19 && writer%2 == 0 {
					continue // stays
				}
				if err := store.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	left := 0
	for key, err := range store.List(t.Context(), "delete/race/") {
		if got, gone := store.Get(t.Context(), key); err != nil || gone != nil || string(got) != key {
			t.Errorf("%s: %q: %v, %v", key, got, err, gone)
		}
		left++
	}
	if left != 4 {
		t.Errorf("%d are left, want 4", left)
	}
}
