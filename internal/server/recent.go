package server

import (
	"context"
	"time"
)

// recent keeps an answer that many ask for and that takes some time, so that it
// is found out once at a time, and not more often than it is worth.
type recent[T any] struct {
	find  func(context.Context) (T, error)
	least time.Duration // how long an answer is kept; one that took long, twice as long as that
	most  time.Duration // how long it may take

	turn   chan struct{} // has one while it is looked at
	value  T
	err    error
	expiry time.Time
}

func newRecent[T any](least, most time.Duration, find func(context.Context) (T, error)) *recent[T] {
	return &recent[T]{find: find, least: least, most: most, turn: make(chan struct{}, 1)}
}

// get is the answer, which is not to be changed. It is found out for all who
// wait, so that one of them who goes takes nothing from the others.
func (r *recent[T]) get(ctx context.Context) (T, error) {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	defer func() { <-r.turn }()
	begun := time.Now()
	if begun.Before(r.expiry) {
		return r.value, r.err
	}
	finding, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.most)
	defer cancel()
	r.value, r.err = r.find(finding)
	now := time.Now()
	r.expiry = now.Add(max(r.least, 2*now.Sub(begun)))
	return r.value, r.err
}

const (
	readyEvery = time.Second
	viewEvery  = 2 * time.Second
	viewTime   = time.Minute
)

// lately is ready, asked once a second at most, however often it is called:
// anybody may ask a server whether it is.
func lately(ready func(context.Context) error) func(context.Context) error {
	if ready == nil {
		return nil
	}
	r := newRecent(readyEvery, readyTime, func(ctx context.Context) (struct{}, error) { return struct{}{}, ready(ctx) })
	return func(ctx context.Context) error {
		_, err := r.get(ctx)
		return err
	}
}
