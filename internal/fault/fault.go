// Package fault names the kinds of failure, and says which are worth another
// try.
//
// A failure is given its kind once, where it is understood, and keeps it
// however often it is wrapped. The zero kind retries: giving up on an unknown
// failure loses a repository, trying again costs time.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Kind says what went wrong, for programs. Messages are for people.
type Kind string

const (
	Unknown     Kind = ""            // not classified: try again, then look at it
	Unavailable Kind = "unavailable" // network, rate limit, server trouble: try again
	TimedOut    Kind = "timed-out"   // longer than it may take: try again
	NotFound    Kind = "not-found"   // deleted or never there: permanent
	Denied      Kind = "denied"      // needs credentials, or other ones: permanent
	Empty       Kind = "empty"       // no commits: permanent
	TooLarge    Kind = "too-large"   // beyond a limit of the survey: permanent
	Unsupported Kind = "unsupported" // nothing this program can read: permanent
	Invalid     Kind = "invalid"     // malformed, and will be next time: permanent
	Bug         Kind = "bug"         // a panic of this program, which the same input brings about again: permanent
)

// Permanent reports whether trying again cannot help.
func (k Kind) Permanent() bool {
	switch k {
	case NotFound, Denied, Empty, TooLarge, Unsupported, Invalid, Bug:
		return true
	}
	return false
}

// An Error is a failure of a known kind.
type Error struct {
	Kind Kind
	Err  error
	// RetryAfter is how long the other side asked to be left alone; zero if
	// it did not say.
	RetryAfter time.Duration
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes a failure of a kind, with fmt.Errorf's verbs, %w among them.
func Errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// KindOf returns the kind of the outermost [Error] in err's tree. A context's
// deadline is [TimedOut] without one.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return TimedOut
	}
	return Unknown
}

// RetryAfter returns how long the other side asked to be left alone, or zero.
func RetryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// Clip bounds a text that a stranger has a say in, so that it can stand in a
// payload, a row or a log. What it cuts it marks; it never cuts within a
// character.
func Clip(message string, most int) string {
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "…"
}
