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
	patience := time.NewTimer(turnPatience)
	defer patience.Stop()
	select {
	case s.reading <- struct{}{}:
		return func() { <-s.reading }, nil
	case <-patience.C:
		return nil, connect.NewError(connect.CodeResourceExhausted, "too many reports are being printed: ask again in a moment")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
