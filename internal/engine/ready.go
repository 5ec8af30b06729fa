package engine

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/client"
)

// Ready says, with an error, which part of the world does not answer just now
// that everything needs. NATS is none: without it nothing is told, and pushes
// wait where they are, while all else goes on.
func (e *Engine) Ready(ctx context.Context) error {
	var errs []error
	if _, err := e.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		errs = append(errs, fmt.Errorf("temporal does not answer: %w", err))
	}
	for _, err := range e.Store.List(ctx, "ready/") { // nothing is there
		if err != nil {
			errs = append(errs, fmt.Errorf("storage does not answer: %w", err))
		}
		break
	}
	return errors.Join(errs...)
}
