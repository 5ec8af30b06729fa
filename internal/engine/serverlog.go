//go:build !groma_noembed

package engine

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLog hands the words of Temporal's server to slog.
type serverLog struct {
	logger *slog.Logger
	fate   *fate
}

// fate is what becomes of a server, known to all loggers made of one.
type fate struct {
	started   atomic.Bool
	lastWords atomic.Pointer[string]
}

func newServerLog(logger *slog.Logger) serverLog { return serverLog{logger, &fate{}} }

// With makes the server's tags attributes once, not at every call.
func (l serverLog) With(tags ...tag.Tag) log.Logger {
	return serverLog{slog.New(l.logger.Handler().WithAttrs(attributes(tags))), l.fate}
}

func (l serverLog) Debug(msg string, tags ...tag.Tag)  { l.log(slog.LevelDebug, msg, tags) }
func (l serverLog) Info(msg string, tags ...tag.Tag)   { l.log(slog.LevelInfo, msg, tags) }
func (l serverLog) Warn(msg string, tags ...tag.Tag)   { l.log(slog.LevelWarn, msg, tags) }
func (l serverLog) Error(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }
func (l serverLog) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

func (l serverLog) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic(sentence(msg, tags))
}

// Fatal is where the server would end the process. While it starts, only the
// goroutine ends, which the start of the server turns into an error. Later, a
// process that is killed is continued by the next, one that limps is not.
func (l serverLog) Fatal(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	words := sentence(msg, tags)
	if l.fate.started.Load() {
		panic(words)
	}
	l.fate.lastWords.CompareAndSwap(nil, &words)
	runtime.Goexit()
}

func (l serverLog) log(level slog.Level, msg string, tags []tag.Tag) {
	if l.logger.Enabled(context.Background(), level) {
		l.logger.LogAttrs(context.Background(), level, msg, attributes(tags)...)
	}
}

func attributes(tags []tag.Tag) []slog.Attr {
	attrs := make([]slog.Attr, len(tags))
	for i, t := range tags {
		attrs[i] = slog.Any(t.Key(), t.Value())
	}
	return attrs
}

func sentence(msg string, tags []tag.Tag) string {
	for _, t := range tags {
		msg += fmt.Sprintf(", %s %v", t.Key(), t.Value())
	}
	return msg
}
