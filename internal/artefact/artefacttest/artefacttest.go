// Package artefacttest is what every [artefact.Store] must pass.
//
// [Run] is for the tests that always run; [Listing] is for as many keys as one
// has time for. [NewFolder] is a store for the tests of those who use one.
package artefacttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"groma/internal/artefact"
	"groma/internal/fault"
)

// NewFolder is an empty store, which goes with the test.
func NewFolder(t testing.TB) artefact.Store {
	t.Helper()
	store, err := artefact.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// Run tests an empty store.
func Run(t *testing.T, store artefact.Store) {
	t.Run("Create", func(t *testing.T) { create(t, store) })
	t.Run("Missing", func(t *testing.T) { missing(t, store) })
	t.Run("Between", func(t *testing.T) { between(t, store) })
	t.Run("Race", func(t *testing.T) { race(t, store) })
	t.Run("Swap", func(t *testing.T) { swap(t, store) })
	t.Run("SwapRace", func(t *testing.T) { swapRace(t, store) })
	t.Run("SwapFirst", func(t *testing.T) { swapFirst(t, store) })
	t.Run("List", func(t *testing.T) { list(t, store) })
	t.Run("NoKey", func(t *testing.T) { noKey(t, store) })
	t.Run("Cancelled", func(t *testing.T) { cancelled(t, store) })
	if keeper, ok := store.(artefact.Keeper); ok {
		t.Run("Entries", func(t *testing.T) { entries(t, keeper) })
		t.Run("Delete", func(t *testing.T) { remove(t, keeper) })
		t.Run("DeleteRace", func(t *testing.T) { removeRace(t, keeper) })
	}
}

func create(t *testing.T, store artefact.Store) {
	for name, data := range map[string][]byte{
		"create/empty": {},
		"create/small": []byte("hello"),
		"create/large": bytes.Repeat([]byte("0123456789abcdef"), 1<<16),
	} {
		if err := store.Create(t.Context(), name, data); err != nil {
			t.Fatal(err)
		}
		for _, again := range [][]byte{data, []byte("other")} {
			if err := store.Create(t.Context(), name, again); !errors.Is(err, artefact.ErrExists) {
				t.Errorf("Create %s again: %v, want ErrExists", name, err)
			}
		}
		got, err := store.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, data) {
			t.Errorf("Get %s: %d bytes, want the %d kept first", name, len(got), len(data))
		}
	}
}

func missing(t *testing.T, store artefact.Store) {
	if err := store.Create(t.Context(), "missing/folder/below", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Get(t.Context(), "missing/nothing"); !errors.Is(err, artefact.ErrMissing) {
		t.Errorf("Get of nothing: %v, want ErrMissing", err)
	}
}

// between: nothing is kept under what other keys only begin with, nor below an
// artefact; to some stores it is damage, and to none worth another try.
func between(t *testing.T, store artefact.Store) {
	if err := store.Create(t.Context(), "between/folder/below", []byte("1")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"between", "between/folder", "between/folder/below/it"} {
		if _, err := store.Get(t.Context(), key); !errors.Is(err, artefact.ErrMissing) && fault.KindOf(err) != fault.Invalid {
			t.Errorf("Get %s: %v, want ErrMissing or a fault that is Invalid", key, err)
		}
	}
	for key, err := range store.List(t.Context(), "between/folder/below/") {
		t.Errorf("below an artefact lies %q: %v", key, err)
	}
}

func race(t *testing.T, store artefact.Store) {
	const writers = 16
	var won atomic.Int64
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() {
			mine := bytes.Repeat([]byte{byte('a' + i)}, 100_000)
			err := store.Create(t.Context(), "race/key", mine)
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, artefact.ErrExists) {
				t.Error(err)
			}
			got, err := store.Get(t.Context(), "race/key")
			if err != nil {
				t.Error(err)
			} else if len(got) != 100_000 || bytes.Count(got, got[:1]) != 100_000 {
				t.Error("read a part of an artefact, or of two")
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers succeeded, want 1", won.Load())
	}
}

func list(t *testing.T, store artefact.Store) {
	var want []string
	for i := range 30 {
		for _, format := range []string{"list/a/%02d.json", "list/a-b/%02d", "list/a.c/%02d%%2F"} {
			key := fmt.Sprintf(format, i)
			if err := store.Create(t.Context(), key, []byte(key)); err != nil {
				t.Fatal(err)
			}
			want = append(want, key)
		}
	}
	slices.Sort(want)
	for _, prefix := range []string{"list/", "list/a", "list/a/", "list/a-b/1", "list/none"} {
		var expect []string
		for _, key := range want {
			if len(key) >= len(prefix) && key[:len(prefix)] == prefix {
				expect = append(expect, key)
			}
		}
		var got []string
		for key, err := range store.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, key)
		}
		if !slices.Equal(got, expect) {
			t.Errorf("List %s:\n got %v\nwant %v", prefix, got, expect)
		}
	}
	for key := range store.List(t.Context(), "list/") {
		if key != want[0] {
			t.Errorf("first of list/ is %s, want %s", key, want[0])
		}
		break // stopping early must not hang
	}
}

func noKey(t *testing.T, store artefact.Store) {
	for _, key := range []string{"", "/", "a//b", "../x", "a/../b", ".hidden", "a/.b", "a b", "a\\b", "a\x00", "ä"} {
		if err := store.Create(t.Context(), key, nil); err == nil {
			t.Errorf("Create %q succeeded", key)
		}
		if _, err := store.Get(t.Context(), key); err == nil {
			t.Errorf("Get %q succeeded", key)
		}
		for _, before := range [][]byte{nil, {}} {
			if err := store.Swap(t.Context(), key, before, nil); err == nil || errors.Is(err, artefact.ErrChanged) {
				t.Errorf("Swap %q: %v", key, err)
			}
		}
	}
}

func cancelled(t *testing.T, store artefact.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Create(ctx, "cancelled/key", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Create: %v, want context.Canceled", err)
	}
	if _, err := store.Get(ctx, "create/small"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v, want context.Canceled", err)
	}
	for _, before := range [][]byte{nil, {}} {
		if err := store.Swap(ctx, "cancelled/swap", before, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("Swap: %v, want context.Canceled", err)
		}
	}
}
