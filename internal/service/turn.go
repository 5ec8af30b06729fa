package service

import (
	"context"
	"time"

	"connectrpc.com/connect/v2"
)

const (
	// mostRead is how many reports may be held in memory at once: one of a
	// large landscape takes hundreds of megabytes.
	mostRead = 4
	// turnPatience is how long a call waits for its turn.
	turnPatience = 30 * time.Second
)

// turn waits until a report may be read into memory. What it returns is to be
// called when the report is needed no more.
func (s *Service) turn(ctx context.Context) (done func(), err error) {
	return wait(ctx, s.reading, "too many reports are being printed: ask again in a moment")
}

// parseTurn waits until a caller's documents may be read: one of some megabytes
// can take a gigabyte, so it is done for one caller at a time.
func (s *Service) parseTurn(ctx context.Context) (done func(), err error) {
	return wait(ctx, s.parsing, "the documents of too many requests are being read: ask again in a moment")
}

func wait(ctx context.Context, places chan struct{}, busy string) (done func(), err error) {
	patience := time.NewTimer(turnPatience)
	defer patience.Stop()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-patience.C:
		return nil, connect.NewError(connect.CodeResourceExhausted, busy)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
