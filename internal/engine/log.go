package engine

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
)

// logLimit is the size beyond which a new log begins; one old log is kept.
const logLimit = 8 << 20

func openLog(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err == nil && info.Size() > logLimit {
		err = os.Rename(name, name+".1")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

func loggerOr(logger, otherwise *slog.Logger) *slog.Logger {
	if logger != nil {
		return logger
	}
	return otherwise
}

// quiet passes on what servers and libraries call information as debugging:
// what they do is not what the user asked about.
type quiet struct{ slog.Handler }

func quietly(logger *slog.Logger, component string) *slog.Logger {
	return slog.New(quiet{logger.Handler()}).With("component", component)
}

func hushed(level slog.Level) slog.Level {
	if level < slog.LevelWarn {
		return min(level, slog.LevelDebug)
	}
	return level
}

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return q.Handler.Enabled(ctx, hushed(level))
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = hushed(r.Level)
	return q.Handler.Handle(ctx, r)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
