package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"go.temporal.io/sdk/client"
)

// Ready says, with an error, which part of the world does not answer just now.
func (e *Engine) Ready(ctx context.Context) error {
	var errs []error
	if _, err := e.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		errs = append(errs, fmt.Errorf("temporal does not answer: %w", err))
	}
	if e.NATS != nil && e.NATS.Status() != nats.CONNECTED {
		errs = append(errs, fmt.Errorf("nats: the connection is %s", e.NATS.Status()))
	}
	for _, err := range e.Store.List(ctx, "ready/") { // nothing is there
		if err != nil {
			errs = append(errs, fmt.Errorf("storage does not answer: %w", err))
		}
		break
	}
	return errors.Join(errs...)
}
