package artefact

import (
	"context"
	"iter"
	"time"
)

// An Entry is an artefact as storage lists it.
type Entry struct {
	Key   string
	Bytes int64
	Kept  time.Time // when it was kept, or swapped last
}

// A Keeper is a [Store] that lets go of what it keeps. It is an interface of its
// own so that whoever makes a survey cannot delete anything by mistake.
type Keeper interface {
	Store
	// Entries yields what List yields, with sizes and ages. What goes away
	// meanwhile may be passed over.
	Entries(ctx context.Context, prefix string) iter.Seq2[Entry, error]
	// Delete lets go of what is kept under key, for good: when it returns, the
	// key is missing. That nothing is kept is no failure.
	Delete(ctx context.Context, key string) error
	// Leftovers finds what writes have left that never ended and that nobody
	// has touched since, and removes it if told to.
	Leftovers(ctx context.Context, since time.Time, remove bool) (Leftovers, error)
}

// Leftovers are parts of artefacts that have no key.
type Leftovers struct{ Parts, Bytes int64 }

// A checker says whether what it reads could be checked.
type checker interface {
	checked(ctx context.Context, key string) (data []byte, checked bool, err error)
}

// Checked is the store's Get, and says whether a checksum is kept by which the
// bytes were checked.
func Checked(ctx context.Context, store Store, key string) (data []byte, checked bool, err error) {
	if c, ok := store.(checker); ok {
		return c.checked(ctx, key)
	}
	data, err = store.Get(ctx, key)
	return data, false, err
}
