package fault

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// bug is a panic that was caught.
type bug struct {
	text  string // for a row: nothing in it was written by strangers
	value string // what the panic said
	stack []byte
}

func (b *bug) Error() string { return b.text }

// Catch makes a failure of a panic of the function that defers it. It has the
// kind [Bug]; for the log there is [StackOf].
//
//	func parse(text []byte) (p *parsed, err error) {
//		defer fault.Catch(&err)
//
// Each goroutine that reads what strangers wrote needs one: a panic that nobody
// catches ends the process, and with it what it does for all others.
func Catch(err *error) {
	if value := recover(); value != nil {
		*err = &Error{Kind: Bug, Err: caught(value)}
	}
}

// caught describes a panic while its stack still stands.
func caught(value any) *bug {
	b := &bug{value: fmt.Sprint(value), stack: debug.Stack()}
	text := "a bug in groma " + version()
	var known runtime.Error
	if err, ok := value.(error); ok && errors.As(err, &known) {
		text += ": " + known.Error() // whose words are Go's
	}
	b.text = text + place() + "; please report it"
	return b
}

// place is the function of this program that panicked, as far as one can tell.
func place() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	panicked := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case panicked && strings.HasPrefix(frame.Function, "groma/"):
			return fmt.Sprintf(", in %s, line %d", frame.Function, frame.Line)
		}
		if !more {
			return ""
		}
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}

// longestValue bounds what a panic says, where a stranger may have a say in it.
const longestValue = 1000

// StackOf is what a panic said, and where it was; empty for any other failure.
// It is for logs, never for reports.
func StackOf(err error) string {
	var b *bug
	if !errors.As(err, &b) {
		return ""
	}
	return Clip(b.value, longestValue) + "\n\n" + string(b.stack)
}

// Conceal takes out of what a panic said what hide takes out of it.
func Conceal(err error, hide func(string) string) {
	var b *bug
	if errors.As(err, &b) {
		b.value = hide(b.value)
	}
}
