//go:build !groma_noembed

package engine

import (
	"time"
)

// clockEvery is how often the wall clock is compared with the one that nobody
// can set, and clockSlack how far they may have come apart meanwhile: time
// servers correct what is less, slowly.
const (
	clockEvery = time.Second
	clockSlack = time.Second
)

// afresh starts a server, and another in its place whenever the wall clock has
// been set back. Temporal believes that clock: its queues have noted when they
// may hand out the next task, and after an hour's way back would hand out nothing
// for an hour. Only a server that is started then has nothing noted. What is
// written down to be done at a time is done at that time, whatever happens; and a
// clock set ahead makes it take what is being done for lost, and have it done
// again.
func afresh(log serverLog, start func() (stop func(), err error)) (stop func(), err error) {
	server, err := start()
	if err != nil {
		return nil, err
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for by := range setBack(quit) {
			log.logger.Warn("the clock was set back: Temporal is started afresh, and what waits for a time of day waits for it", "by", by)
			server()
			if server, err = start(); err != nil {
				server = func() {}
				log.logger.Error("the embedded Temporal did not start again: stop, and give the same command again", "error", err)
			}
		}
	}()
	return func() {
		close(quit)
		<-done
		server()
	}, nil
}

// setBack tells by how much the clock has been set back, each time it has, until
// quit is closed.
func setBack(quit <-chan struct{}) func(yield func(by time.Duration) bool) {
	return func(yield func(time.Duration) bool) {
		ticks := time.NewTicker(clockEvery)
		defer ticks.Stop()
		for last := time.Now(); ; {
			select {
			case <-quit:
				return
			case <-ticks.C:
			}
			now := time.Now()
			if by := -leap(last, now); by > clockSlack && !yield(by) {
				return
			}
			last = now
		}
	}
}

// leap is how much more has passed between two moments by the wall clock than by
// the one that nobody can set.
func leap(from, to time.Time) time.Duration {
	return to.Round(0).Sub(from.Round(0)) - to.Sub(from) // Round takes the other clock's reading away
}
