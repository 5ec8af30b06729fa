package engine

import (
	"context"
	"log/slog"
	"os"
	"sync"
)

// logLimit is the size beyond which a log begins anew; one old log is kept.
const logLimit = 8 << 20

// A Log is a file that is written to at its end, and that begins anew where it
// would grow too large: what it was is NAME.1 then, in place of an older one.
type Log struct {
	name string

	mu   sync.Mutex
	file *os.File
	size int64
}

// OpenLog opens a log, or makes one.
func OpenLog(name string) (*Log, error) {
	l := &Log{name: name}
	if err := l.open(); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Log) open() error {
	file, err := os.OpenFile(l.name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	if l.file != nil {
		l.file.Close()
	}
	l.file, l.size = file, info.Size()
	return nil
}

func (l *Log) beginAnew() error {
	if err := os.Rename(l.name, l.name+".1"); err != nil {
		return err
	}
	return l.open()
}

// Write writes one record, whole in one of the files. Where no log can be begun,
// the one that is there goes on: a full log is better than none.
func (l *Log) Write(record []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > 0 && l.size+int64(len(record)) > logLimit {
		_ = l.beginAnew()
	}
	n, err := l.file.Write(record)
	l.size += int64(n)
	return n, err
}

// Close ends it.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
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
