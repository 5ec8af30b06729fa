package artefact

import (
	"context"
	"errors"
	"io"
	"iter"
)

// A Watch hears of one call of a store: it is called before, with the
// operation's name (create, swap, get, list) and the key, and what it returns
// after, with what went wrong. That a key is in use, missing or changed is an
// answer and nothing wrong.
type Watch func(ctx context.Context, operation, key string) (context.Context, func(error))

// Watched is a store whose calls are heard of.
func Watched(store Store, watch Watch) Store { return &watched{store, watch} }

type watched struct {
	store Store
	watch Watch
}

var _ Streamer = (*watched)(nil)

// wrong is an error that is no answer.
func wrong(err error) error {
	if errors.Is(err, ErrExists) || errors.Is(err, ErrMissing) || errors.Is(err, ErrChanged) {
		return nil
	}
	return err
}

func (w *watched) Create(ctx context.Context, key string, data []byte) error {
	ctx, done := w.watch(ctx, "create", key)
	err := w.store.Create(ctx, key, data)
	done(wrong(err))
	return err
}

func (w *watched) CreateFrom(ctx context.Context, key string, write func(io.Writer) error) error {
	ctx, done := w.watch(ctx, "create", key)
	err := CreateFrom(ctx, w.store, key, write)
	done(wrong(err))
	return err
}

func (w *watched) Swap(ctx context.Context, key string, before, data []byte) error {
	ctx, done := w.watch(ctx, "swap", key)
	err := w.store.Swap(ctx, key, before, data)
	done(wrong(err))
	return err
}

func (w *watched) Get(ctx context.Context, key string) ([]byte, error) {
	ctx, done := w.watch(ctx, "get", key)
	data, err := w.store.Get(ctx, key)
	done(wrong(err))
	return data, err
}

func (w *watched) checked(ctx context.Context, key string) ([]byte, bool, error) {
	ctx, done := w.watch(ctx, "get", key)
	data, checked, err := Checked(ctx, w.store, key)
	done(wrong(err))
	return data, checked, err
}

// List is heard of when it begins to be read, until no more of it is wanted.
func (w *watched) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, done := w.watch(ctx, "list", prefix)
		var failed error
		defer func() { done(wrong(failed)) }()
		for key, err := range w.store.List(ctx, prefix) {
			failed = err
			if !yield(key, err) {
				return
			}
		}
	}
}
