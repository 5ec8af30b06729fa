// Package clock steps the wall clock of one running process, as somebody does
// who sets the clock of a machine, while every other process keeps its own.
//
// The monotonic clock goes on, as it does on a machine whose clock is set, and
// the process is the one that users have: nothing is built or linked for it.
package clock

import (
	"errors"
	"time"
)

// ErrUnsupported is why a clock cannot be stepped on this machine: it takes
// Linux on amd64, and the right to write the memory of the process.
var ErrUnsupported = errors.New("the clock of a process cannot be stepped here")

// A Clock is that of one process, which is to live for as long as it is used.
type Clock struct {
	pid     int
	slot    int64 // where the process has what is added to its clock
	seconds int64 // what that is
}

// Of takes hold of the clock of a process, which sees no difference yet.
// Whoever asks has to be its parent, or root. A process that has been taken hold
// of already is not to be a second time.
func Of(pid int) (*Clock, error) {
	c := &Clock{pid: pid}
	return c, c.hold()
}

// Step moves the clock by d, which is whole seconds, from where it is.
func (c *Clock) Step(d time.Duration) error {
	c.seconds += int64(d / time.Second)
	return c.set()
}

// Ahead is how far the clock is ahead of this process's.
func (c *Clock) Ahead() time.Duration { return time.Duration(c.seconds) * time.Second }
