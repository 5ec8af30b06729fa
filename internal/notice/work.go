package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// Work hands out what is in the queue, in batches of at most some hundreds, one
// batch at a time, until ctx ends; then it returns nil. What handle returned nil
// for is done. Anything else is handed out again after a pause that grows; if
// handle says that it is [fault.Invalid], a request that was handed out by
// itself is logged and thrown away. Any number of processes may work at once:
// each gets other requests. It outlasts lost connections, and fails if it cannot
// begin or when the connection is closed for good.
func (q *Queue) Work(ctx context.Context, handle func(context.Context, []*gromav1.RescanRequested) error) error {
	consumer, err := q.consumer(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("queue: %w", err)
	}
	for ctx.Err() == nil {
		err := q.round(ctx, consumer, handle)
		switch {
		case errors.Is(err, nats.ErrConnectionClosed):
			return fmt.Errorf("queue: %w", err)
		case err != nil && ctx.Err() == nil:
			q.log().Warn("requests for rescans cannot be fetched", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			if again, err := q.consumer(ctx); err == nil {
				consumer = again // it may have been lost with its stream
			}
		}
	}
	return nil
}

func (q *Queue) consumer(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := q.prepare(ctx); err != nil {
		return nil, err
	}
	return q.js.CreateOrUpdateConsumer(ctx, RequestStream, jetstream.ConsumerConfig{
		Durable:       worker,
		Description:   "all who do rescans",
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       ackWait,
		MaxAckPending: inHand,
		MaxDeliver:    -1,
	})
}

// An order is a request that was handed out, with the message that has it.
type order struct {
	message jetstream.Msg
	request *gromav1.RescanRequested
	attempt uint64
}

// round fetches one batch and has it handled.
func (q *Queue) round(ctx context.Context, consumer jetstream.Consumer, handle func(context.Context, []*gromav1.RescanRequested) error) error {
	orders, err := q.fetch(ctx, consumer)
	together := orders[:0:0]
	for _, o := range orders {
		if o.attempt >= alone {
			q.settle(ctx, []order{o}, handle)
		} else {
			together = append(together, o)
		}
	}
	if len(together) > 0 {
		q.settle(ctx, together, handle)
	}
	return err
}

// fetch waits for the first request, and takes what is there with it.
func (q *Queue) fetch(ctx context.Context, consumer jetstream.Consumer) ([]order, error) {
	first, err := consumer.Fetch(1, jetstream.FetchContext(ctx))
	if err != nil {
		return nil, err
	}
	orders := q.read(nil, first)
	if len(orders) == 0 {
		return nil, quiet(first.Error())
	}
	more, err := consumer.FetchNoWait(batch - 1)
	if err != nil {
		return orders, err
	}
	return q.read(orders, more), quiet(more.Error())
}

// quiet is err unless it only says that nothing has come.
func quiet(err error) error {
	if errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// read takes the requests from messages; what is none is thrown away.
func (q *Queue) read(orders []order, messages jetstream.MessageBatch) []order {
	for message := range messages.Messages() {
		o := order{message: message, request: &gromav1.RescanRequested{}, attempt: 1}
		if meta, err := message.Metadata(); err == nil {
			o.attempt = meta.NumDelivered
		}
		if err := proto.Unmarshal(message.Data(), o.request); err != nil || o.request.GetRepository() == "" {
			q.log().Error("what is in the queue is no request, and is thrown away", "bytes", len(message.Data()))
			q.told(message.Term())
			continue
		}
		orders = append(orders, o)
	}
	return orders
}

// settle has requests handled, and says what became of them.
func (q *Queue) settle(ctx context.Context, orders []order, handle func(context.Context, []*gromav1.RescanRequested) error) {
	ctx, cancel := context.WithTimeout(ctx, ackWait*3/4)
	defer cancel()
	requests := make([]*gromav1.RescanRequested, len(orders))
	for i, o := range orders {
		requests[i] = o.request
	}
	err := handled(ctx, requests, handle)
	never := len(orders) == 1 && fault.KindOf(err) == fault.Invalid
	switch stack := fault.StackOf(err); {
	case never:
		q.log().Error("a request for a rescan can never be done, and is thrown away", "repository", requests[0].GetRepository(), "error", err)
	case stack != "":
		q.log().Error("a panic was caught; the requests for rescans are tried again", "requests", len(orders), "error", err, "stack", stack)
	case err != nil:
		q.log().Warn("requests for rescans are tried again", "requests", len(orders), "error", err)
	}
	for _, o := range orders {
		switch {
		case err == nil:
			q.told(o.message.Ack())
		case never:
			q.told(o.message.Term())
		default:
			q.told(o.message.NakWithDelay(delay(o.attempt)))
		}
	}
}

// handled has requests handled, some of which may bring about a panic: that must
// not end the process, since they are handed out again.
func handled(ctx context.Context, requests []*gromav1.RescanRequested, handle func(context.Context, []*gromav1.RescanRequested) error) (err error) {
	defer fault.Catch(&err)
	return handle(ctx, requests)
}

// delay is the pause after an attempt, the first of which is 1.
func delay(attempt uint64) time.Duration {
	return min(time.Second<<min(attempt-1, 20), longestPause)
}

// told is of the server, which hands out again what it has not heard of.
func (q *Queue) told(err error) {
	if err != nil {
		q.log().Warn("the queue was not told what became of a request, which is handed out again", "error", err)
	}
}

func (q *Queue) log() *slog.Logger {
	if q.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return q.Log
}
