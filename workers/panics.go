package workers

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"groma/internal/fault"
)

// mostPanics is how often an activity may panic until it is given up. What a
// repository brings about is an outcome at once, see [census.Taker]; what is left
// may be of the moment, and whole surveys hang on it.
const mostPanics = 3

// panics catches those of activities. The library would, too: it has their stack
// kept in the workflow's history, and goes on trying.
type panics struct {
	interceptor.WorkerInterceptorBase
	log *slog.Logger
}

func (p *panics) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	caught := &caughtActivity{log: p.log}
	caught.Next = next
	return caught
}

type caughtActivity struct {
	interceptor.ActivityInboundInterceptorBase
	log *slog.Logger
}

func (c *caughtActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	result, err := c.execute(ctx, in)
	stack := fault.StackOf(err)
	if stack == "" {
		return result, err
	}
	c.log.ErrorContext(ctx, "a panic was caught", "event", activity.GetInfo(ctx).ActivityType.Name, "error", err, "stack", stack)
	return nil, temporal.NewApplicationErrorWithOptions(fault.Clip(err.Error(), longestMessage), string(fault.Bug), temporal.ApplicationErrorOptions{
		NonRetryable: tries(ctx) >= mostPanics,
		Details:      []any{tries(ctx)},
	})
}

func (c *caughtActivity) execute(ctx context.Context, in *interceptor.ExecuteActivityInput) (result any, err error) {
	defer fault.Catch(&err)
	return c.Next.ExecuteActivity(ctx, in)
}
