package engine

import (
	"os"
	"time"
)

// clockEvery is how often the wall clock is compared with the one that nobody
// can set, and clockSlack how far they may have come apart meanwhile: time
// servers correct what is less, slowly.
const (
	clockEvery = time.Second
	clockSlack = 2 * time.Second
)

// watchClock tells by how much the wall clock has been set back, once, after the
// embedded Temporal's database is marked as ahead of it. Temporal believes that
// clock: its queues have noted when they may hand out the next task, its timers at
// what time of day they end. Two hours back, and for two hours hardly anything
// happens. (Ahead, it takes what is being done for lost, and has it done again.)
func watchClock(database string) (setBack <-chan time.Duration, stop func()) {
	told, quit, done := make(chan time.Duration, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(clockEvery)
		defer ticks.Stop()
		for last := time.Now(); ; {
			select {
			case <-quit:
				return
			case <-ticks.C:
			}
			now := time.Now()
			if by := -leap(last, now); by > clockSlack {
				_ = markAhead(database, now.Add(by)) // else its own times may say so
				told <- by
				return
			}
			last = now
		}
	}()
	return told, func() {
		close(quit)
		<-done
	}
}

// leap is how much more has passed between two moments by the wall clock than by
// the one that nobody can set.
func leap(from, to time.Time) time.Duration {
	return to.Round(0).Sub(from.Round(0)) - to.Sub(from) // Round takes the other clock's reading away
}

// marker is what follows a database's name in that of an empty file, whose time is
// when the clock will be where it was when it was set back. The database's own
// times tell so until it is written to again.
const marker = "-ahead"

// markAhead has aheadOf say, until then, that a database is ahead of the clock,
// whatever is written to it meanwhile.
func markAhead(path string, until time.Time) error {
	file, err := os.OpenFile(path+marker, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Chtimes(path+marker, until, until)
}
