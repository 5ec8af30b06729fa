package service

import (
	"context"
	"errors"
	"fmt"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// RescanAll starts the rescans that a batch of requests asks for: one for each
// repository, however often it is named. When it returns nil, Temporal has them
// all, but for those that can never be done: they are logged. One that fails
// keeps none of the others from being started.
func (s *Service) RescanAll(ctx context.Context, asked []*gromav1.RescanRequested) error {
	seen := map[string]bool{}
	var failed []error
	for _, request := range asked {
		if seen[request.Repository] {
			continue
		}
		seen[request.Repository] = true
		_, err := s.Rescan(ctx, request)
		switch {
		case fault.KindOf(err) == fault.Invalid:
			s.Log.ErrorContext(ctx, "a request for a rescan can never be done, and is thrown away", "repository", fault.Clip(request.Repository, longestWord), "error", err)
		case err != nil:
			failed = append(failed, fmt.Errorf("rescan %s: %w", request.Repository, err))
		}
		if ctx.Err() != nil {
			return errors.Join(append(failed, ctx.Err())...)
		}
	}
	return errors.Join(failed...)
}
