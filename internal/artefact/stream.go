package artefact

import (
	"bytes"
	"context"
	"io"
)

// A Streamer is a [Store] that keeps an artefact as it is written, so that one
// larger than memory can be kept.
type Streamer interface {
	// CreateFrom keeps what write writes, as Create keeps data. What write
	// fails with, it fails with; nothing is kept then.
	CreateFrom(ctx context.Context, key string, write func(io.Writer) error) error
}

// CreateFrom keeps what write writes under key. A store that is no [Streamer]
// is given it whole.
func CreateFrom(ctx context.Context, store Store, key string, write func(io.Writer) error) error {
	if streamer, ok := store.(Streamer); ok {
		return streamer.CreateFrom(ctx, key, write)
	}
	var data bytes.Buffer
	if err := write(&data); err != nil {
		return err
	}
	return store.Create(ctx, key, data.Bytes())
}
