// Package artefact names and keeps what a survey makes, in a folder or in S3.
//
// Whatever is kept is whole: it is written in one step, so a key that exists
// means work that is finished. It never changes, but for the few artefacts that
// are swapped, and of those no change is ever lost.
package artefact

import (
	"context"
	"errors"
	"iter"
)

var (
	// ErrExists says that the key is in use: somebody finished first, and
	// what they kept stays.
	ErrExists = errors.New("artefact exists")
	// ErrMissing says that nothing is kept under the key.
	ErrMissing = errors.New("artefact is missing")
	// ErrChanged says that something else is kept under the key than was thought:
	// somebody swapped it first. Read it again.
	ErrChanged = errors.New("artefact has changed")
)

// A Store keeps artefacts. It is safe for concurrent use, by any number of
// processes.
type Store interface {
	// Create keeps data under key, or fails with [ErrExists] if the key is in
	// use. Of several at once exactly one succeeds, and nobody ever reads a
	// part of an artefact.
	Create(ctx context.Context, key string, data []byte) error
	// Swap keeps data under key in place of before, compared by its bytes; nil
	// before means that nothing is kept yet. It fails with [ErrChanged] if
	// anything else is kept. Of several at once that expect the same, exactly
	// one succeeds, and nobody ever reads a part of either. Where an answer is
	// lost on its way, ErrChanged can be said of one's own swap: who goes on
	// from what is there now heeds that.
	Swap(ctx context.Context, key string, before, data []byte) error
	// Get returns what is kept under key, or [ErrMissing].
	Get(ctx context.Context, key string) ([]byte, error)
	// List yields the keys that begin with prefix, sorted. It ends at the
	// first error.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
}
