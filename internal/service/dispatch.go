package service

import (
	"context"
	"fmt"

	gromav1 "groma/proto/groma/v1"
)

// RescanAll starts the rescans that a batch of requests asks for: one for each
// repository, however often it is named. When it returns nil, Temporal has them
// all.
func (s *Service) RescanAll(ctx context.Context, asked []*gromav1.RescanRequested) error {
	seen := map[string]bool{}
	for _, request := range asked {
		if seen[request.Repository] {
			continue
		}
		seen[request.Repository] = true
		if _, err := s.Rescan(ctx, request); err != nil {
			return fmt.Errorf("rescan %s: %w", request.Repository, err)
		}
	}
	return nil
}
