//go:build !groma_noembed

package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLog hands the words of Temporal's server to slog.
type serverLog struct {
	logger  *slog.Logger
	running *atomic.Bool // shared by all that are made of one
	tags    []tag.Tag    // of every record
}

func newServerLog(logger *slog.Logger) serverLog {
	return serverLog{logger: logger, running: &atomic.Bool{}}
}

// With only remembers the tags: the server makes a logger for every task, and
// nearly all of them have nothing to say.
func (l serverLog) With(tags ...tag.Tag) log.Logger {
	l.tags = slices.Concat(l.tags, tags)
	return l
}

func (l serverLog) Debug(msg string, tags ...tag.Tag)  { l.log(slog.LevelDebug, msg, tags) }
func (l serverLog) Info(msg string, tags ...tag.Tag)   { l.log(slog.LevelInfo, msg, tags) }
func (l serverLog) Error(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }
func (l serverLog) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// Warn is a warning while the server runs. While it starts and stops, it warns
// of connections that are not there yet or no more.
func (l serverLog) Warn(msg string, tags ...tag.Tag) {
	if l.running.Load() {
		l.log(slog.LevelWarn, msg, tags)
		return
	}
	l.log(slog.LevelDebug, msg, tags)
}

func (l serverLog) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic(sentence(msg, tags))
}

// Fatal is where the server would end the process, with no word to anybody who
// keeps other things in it. A panic ends it as well, unless somebody knows
// better; the next process goes on.
func (l serverLog) Fatal(msg string, tags ...tag.Tag) { l.Panic(msg, tags...) }

func (l serverLog) log(level slog.Level, msg string, tags []tag.Tag) {
	if l.logger.Enabled(context.Background(), level) {
		l.logger.LogAttrs(context.Background(), level, msg, attributes(slices.Concat(l.tags, tags))...)
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
