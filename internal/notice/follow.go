package notice

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// From says where a follower begins: after the notice of this sequence, which
// is the last one it has heard of.
type From uint64

const (
	Start From = 0              // all that is kept, then live
	Now   From = math.MaxUint64 // only what is published from now on
)

const (
	heartbeat = 2 * time.Second  // a silence twice as long is a lost connection
	pause     = time.Second      // between attempts to find a lost stream again
	patience  = 10 * time.Second // for one answer of the server
)

// Follow hands the notices of a survey to handle, one at a time and in order,
// each with its sequence, until ctx ends; then it returns nil. An empty survey
// stands for all. Sequences grow, with gaps where other surveys' notices are;
// a follower that begins after one goes on where that one was heard. After one
// that was never given out, as where the notices were thrown away meanwhile,
// stands for all that is kept.
//
// It outlasts lost connections and restarted servers, and passes over what it
// cannot read. It fails if it cannot begin, or when the connection is closed
// for good.
func (b *Bus) Follow(ctx context.Context, survey string, from From, handle func(sequence uint64, n *gromav1.Notice)) error {
	if b == nil {
		<-ctx.Done()
		return nil
	}
	last, err := b.last(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	f := follower{bus: b, subject: surveySubject(survey), handle: handle, next: from.next(last)}
	messages, err := f.open(ctx)
	for {
		if err == nil {
			err = f.drain(ctx, messages)
		} else if !f.began {
			return ended(ctx, err)
		}
		if ctx.Err() != nil || errors.Is(err, nats.ErrConnectionClosed) {
			return ended(ctx, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		messages, err = f.open(ctx)
	}
}

// next is the sequence to begin at, where last is the last one given out.
func (f From) next(last uint64) uint64 {
	switch {
	case f == Now:
		return last + 1
	case uint64(f) > last:
		return 1
	}
	return uint64(f) + 1
}

// ended is the error to return once following has ended: none if it was asked to.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("follow notices: %w", err)
}

// last is the sequence of the last notice published.
func (b *Bus) last(ctx context.Context) (uint64, error) {
	stream, err := b.js.Stream(ctx, Stream)
	if err != nil {
		return 0, err
	}
	return stream.CachedInfo().State.LastSeq, nil
}

// A follower reads one consumer after another, each going on where the one
// before it was lost. (The library's ordered consumer does so too, but while
// the server is away it does not hear that its context has ended.)
type follower struct {
	bus     *Bus
	subject string
	handle  func(uint64, *gromav1.Notice)
	next    uint64 // sequence in the stream of the next notice wanted
	began   bool
}

func (f *follower) open(ctx context.Context) (jetstream.MessagesContext, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	consumer, err := f.bus.js.CreateConsumer(ctx, Stream, jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       f.next,
		FilterSubject:     f.subject,
		AckPolicy:         jetstream.AckNonePolicy,
		InactiveThreshold: time.Minute,
		MemoryStorage:     true,
		Replicas:          1,
	})
	if err != nil {
		return nil, err
	}
	messages, err := consumer.Messages(jetstream.PullHeartbeat(heartbeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	f.began = f.began || err == nil
	return messages, err
}

// drain handles messages until one is missing or no more come.
func (f *follower) drain(ctx context.Context, messages jetstream.MessagesContext) error {
	defer messages.Stop()
	for delivered := uint64(1); ; delivered++ {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Consumer != delivered {
			return fmt.Errorf("message %d came where %d was due", meta.Sequence.Consumer, delivered)
		}
		f.next = meta.Sequence.Stream + 1
		var n gromav1.Notice
		if proto.Unmarshal(msg.Data(), &n) == nil {
			f.handle(meta.Sequence.Stream, &n)
		}
	}
}
