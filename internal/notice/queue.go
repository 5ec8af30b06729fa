package notice

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
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

const (
	// RequestStream is the JetStream stream that keeps requests until they are
	// done.
	RequestStream = "GROMA_REQUESTS"

	requested = "groma.requested.rescan"
	worker    = "groma" // the consumer that all who work share

	// A request that nobody could do for a day is of no use: another push has
	// come since, or nobody needs it.
	waitsFor     = 24 * time.Hour
	mostRequests = 100_000
	mostBytes    = 64 << 20

	// remembered is how long a delivery is: code hosts send one again within
	// minutes, people press a button within the hour. Each takes about 150
	// bytes of the server's memory.
	remembered = time.Hour

	// batch is how many requests are handed out at once, and inHand how many
	// may be in hand at all: of every process together.
	batch  = 500
	inHand = 4 * batch

	// ackWait is how long a batch may take to be handled, before others take
	// it for lost and do it, too.
	ackWait = time.Minute

	// alone is the attempt from which on a request is handled by itself, so
	// that one which always fails keeps no other from being done.
	alone = 4
	// longestPause is between attempts: they begin a second apart.
	longestPause = 10 * time.Minute
)

// A Queue keeps requests for rescans until somebody has done them.
//
// A request that was put is handed out until a handler returns nil for it, or a
// day has passed. It may be handed out more than once, though rarely: handlers
// are for things that may be done again. One that comes again within the hour,
// by its delivery, is kept once, unless NATS was started anew meanwhile.
type Queue struct {
	// Log hears of requests that are thrown away or have to be tried again;
	// nil is nobody.
	Log *slog.Logger

	js jetstream.JetStream
}

// NewQueue returns the queue over conn, which stays the caller's to close. It
// makes the stream if there is none; one that an operator made keeps its bounds
// and its replicas.
func NewQueue(ctx context.Context, conn *nats.Conn) (*Queue, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	q := &Queue{js: js}
	if err := q.prepare(ctx); err != nil {
		return nil, fmt.Errorf("queue: stream %s: %w", RequestStream, err)
	}
	return q, nil
}

func (q *Queue) prepare(ctx context.Context) error {
	_, err := q.js.Stream(ctx, RequestStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = q.js.CreateStream(ctx, queueConfig())
	}
	return err
}

func queueConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        RequestStream,
		Description: "repositories to be counted again; a request goes when it is done",
		Subjects:    []string{requested},
		Retention:   jetstream.WorkQueuePolicy,
		MaxAge:      waitsFor,
		MaxMsgs:     mostRequests,
		MaxBytes:    mostBytes,
		Duplicates:  remembered,
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardNew, // who puts hears that the queue is full
	}
}

// Away reports whether NATS cannot be reached now; a nil Queue has none.
func (q *Queue) Away() bool { return q != nil && q.js.Conn().Status() != nats.CONNECTED }

// Put keeps a request, and returns when it is kept. One with the cause and the
// delivery of an earlier one is a no-op within the hour; one without a delivery
// is always kept. A request without a repository is [fault.Invalid], a queue
// that is full or away [fault.Unavailable].
func (q *Queue) Put(ctx context.Context, r *gromav1.RescanRequested) error {
	if r.GetRepository() == "" {
		return fault.Errorf(fault.Invalid, "a request for a rescan names no repository")
	}
	data, err := proto.Marshal(r)
	if err != nil {
		return fault.Errorf(fault.Invalid, "request for a rescan: %w", err)
	}
	var options []jetstream.PublishOpt
	if r.GetDelivery() != "" {
		options = append(options, jetstream.WithMsgID(deliveryID(r)))
	}
	if _, err := q.js.Publish(ctx, requested, data, options...); err != nil {
		return fault.Errorf(fault.Unavailable, "put a request for a rescan: %w", err)
	}
	return nil
}

// deliveryID is short whatever a stranger calls a delivery.
func deliveryID(r *gromav1.RescanRequested) string {
	sum := sha256.Sum256([]byte(r.GetCause() + "\x00" + r.GetDelivery()))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Backlog is how many requests are not done yet, those in hand among them.
func (q *Queue) Backlog(ctx context.Context) (int64, error) {
	stream, err := q.js.Stream(ctx, RequestStream)
	if err != nil {
		return 0, fault.Errorf(fault.Unavailable, "backlog of rescans: %w", err)
	}
	return int64(stream.CachedInfo().State.Msgs), nil
}
