package artefacttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"groma/internal/artefact"
)

func swap(t *testing.T, store artefact.Store) {
	const key = "swap/a/key"
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for i, step := range []struct {
		before, data []byte
		want         error
		kept         []byte
	}{
		{[]byte("a"), []byte("x"), artefact.ErrChanged, nil},
		{[]byte{}, []byte("x"), artefact.ErrChanged, nil},
		{nil, []byte("a"), nil, []byte("a")},
		{nil, []byte("x"), artefact.ErrChanged, []byte("a")},
		{[]byte("b"), []byte("x"), artefact.ErrChanged, []byte("a")},
		{[]byte("a"), large, nil, large},
		{[]byte("a"), []byte("x"), artefact.ErrChanged, large},
		{large, []byte{}, nil, []byte{}},
		{nil, []byte("x"), artefact.ErrChanged, []byte{}},
		{[]byte{}, []byte("a"), nil, []byte("a")},
		{[]byte("a"), []byte("a"), nil, []byte("a")},
	} {
		if err := store.Swap(t.Context(), key, step.before, step.data); !errors.Is(err, step.want) {
			t.Errorf("step %d: Swap: %v, want %v", i, err, step.want)
		}
		got, err := store.Get(t.Context(), key)
		if step.kept == nil && errors.Is(err, artefact.ErrMissing) {
			continue
		}
		if err != nil || !bytes.Equal(got, step.kept) || got == nil {
			t.Errorf("step %d: %d bytes are kept, want %d: %v", i, len(got), len(step.kept), err)
		}
	}
	if err := store.Create(t.Context(), key, nil); !errors.Is(err, artefact.ErrExists) {
		t.Errorf("Create of what was swapped: %v, want ErrExists", err)
	}
}

// swapRace has several add to one number: no addition is lost.
func swapRace(t *testing.T, store artefact.Store) {
	const adders, each = 8, 12
	var wait sync.WaitGroup
	for range adders {
		wait.Go(func() {
			if err := Add(t.Context(), store, "swap/number", each); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	Added(t, store, "swap/number", adders*each)
}

// Add adds one to the number under a key, several times, whoever else does.
func Add(ctx context.Context, store artefact.Store, key string, times int) error {
	for done := 0; done < times; {
		before, err := store.Get(ctx, key)
		if errors.Is(err, artefact.ErrMissing) {
			before, err = nil, nil
		}
		if err != nil {
			return err
		}
		n := 0
		if before != nil {
			if n, err = strconv.Atoi(string(before)); err != nil {
				return fmt.Errorf("half a number: %w", err)
			}
		}
		err = store.Swap(ctx, key, before, []byte(strconv.Itoa(n+1)))
		if err == nil {
			done++
		} else if !errors.Is(err, artefact.ErrChanged) {
			return err
		}
	}
	return nil
}

// Added fails the test if the number under a key is another.
func Added(t *testing.T, store artefact.Store, key string, want int) {
	t.Helper()
	if got, err := store.Get(t.Context(), key); err != nil || string(got) != strconv.Itoa(want) {
		t.Errorf("the number is %s, want %d: %v", got, want, err)
	}
}

// swapFirst has several be the first under a key, some by Create: one is.
func swapFirst(t *testing.T, store artefact.Store) {
	const writers = 16
	var won atomic.Int64
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() {
			keep := store.Create
			if i%2 == 0 {
				keep = func(ctx context.Context, key string, data []byte) error { return store.Swap(ctx, key, nil, data) }
			}
			err := keep(t.Context(), "swap/first", bytes.Repeat([]byte{byte('a' + i)}, 10_000))
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, artefact.ErrChanged) && !errors.Is(err, artefact.ErrExists) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers were first, want 1", won.Load())
	}
}
