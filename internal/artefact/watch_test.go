package artefact_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
)

// TestWatched: a store that is watched is a store.
func TestWatched(t *testing.T) {
	watch := func(ctx context.Context, _, _ string) (context.Context, func(error)) { return ctx, func(error) {} }
	artefacttest.Run(t, artefact.Watched(newFolder(t, t.TempDir()), watch))
}

// TestWatched_Heard: each call is heard of once, and what is an answer is no
// failure.
func TestWatched_Heard(t *testing.T) {
	var heard []string
	store := artefact.Watched(newFolder(t, t.TempDir()), func(ctx context.Context, operation, key string) (context.Context, func(error)) {
		return ctx, func(err error) {
			if err != nil {
				operation += " failed"
			}
			heard = append(heard, operation+" "+key)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := store.Get(ctx, "a/b"); !errors.Is(err, artefact.ErrMissing) {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.Create(ctx, "a/b", []byte("1")); err != nil && !errors.Is(err, artefact.ErrExists) {
			t.Fatal(err)
		}
	}
	if err := store.Swap(ctx, "a/c", []byte("other"), []byte("1")); !errors.Is(err, artefact.ErrChanged) {
		t.Fatal(err)
	}
	for _, err := range store.List(ctx, "a/") {
		if err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if _, err := store.Get(ctx, "a/b"); err == nil {
		t.Fatal("a cancelled context reads")
	}
	want := []string{"get a/b", "create a/b", "create a/b", "swap a/c", "list a/", "get failed a/b"}
	if !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
}
