package census

import (
	"context"
	"log/slog"

	"groma/internal/fault"
)

// log is where panics are told that a repository brings about.
func (t *Taker) log(request Request) *slog.Logger {
	if t.Log == nil {
		return nil
	}
	return t.Log.With("survey", request.Survey, "repository", request.Key)
}

// logBug tells of a panic what is in no row: its stack.
func logBug(ctx context.Context, log *slog.Logger, err error) {
	if stack := fault.StackOf(err); stack != "" && log != nil {
		log.ErrorContext(ctx, "a panic was caught", "error", err, "stack", stack)
	}
}
