// Package notice tells listeners over NATS what has happened.
//
// A notice says nothing that cannot be read from storage: losing one harms
// nobody, so notices are kept within bounds of age and size and no more. For
// any listener, notices of one survey come in the order they were kept, and
// one that is published again within minutes comes once.
package notice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

const (
	// Stream is the JetStream stream that keeps notices.
	Stream = "GROMA_NOTICES"

	keptFor   = 7 * 24 * time.Hour
	keptBytes = 256 << 20 // of which a survey of 100,000 repositories takes about 30 MB

	// window is how long a notice's id is remembered. An activity that dies
	// after publishing is tried again within a heartbeat's timeout, so this
	// is ample; it is bounded since each id costs memory.
	window = 5 * time.Minute
)

// A Bus carries notices. A nil Bus tells nobody: its Publish only checks the
// notice, and its Follow waits for the end of its context.
type Bus struct {
	js jetstream.JetStream
}

// New returns a bus over conn, which stays the caller's to close. It makes the
// stream if there is none; one that an operator made keeps its bounds and its
// replicas.
func New(ctx context.Context, conn *nats.Conn) (*Bus, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("notice: %w", err)
	}
	if err := prepare(ctx, js); err != nil {
		return nil, fmt.Errorf("notice: stream %s: %w", Stream, err)
	}
	return &Bus{js: js}, nil
}

func prepare(ctx context.Context, js jetstream.JetStream) error {
	stream, err := js.Stream(ctx, Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, streamConfig())
	}
	if err != nil || stream == nil {
		return err
	}
	config := stream.CachedInfo().Config
	if len(config.Subjects) == 1 && config.Subjects[0] == everything && config.Duplicates >= window {
		return nil
	}
	config.Subjects = []string{everything}
	config.Duplicates = max(config.Duplicates, window)
	_, err = js.UpdateStream(ctx, config)
	return err
}

// streamConfig is the stream as it is made where there is none.
func streamConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        Stream,
		Description: "what has happened in surveys; all of it can be read from storage",
		Subjects:    []string{everything},
		MaxAge:      keptFor,
		MaxBytes:    keptBytes,
		Duplicates:  window,
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardOld,
	}
}

// Publish tells n to all who follow its survey, and returns when n is kept.
// Publishing a notice of the same id again, within minutes, is a no-op. A
// notice without an id, a survey or an event is [fault.Invalid].
func (b *Bus) Publish(ctx context.Context, n *gromav1.Notice) error {
	subject, err := Subject(n)
	if err != nil || b == nil {
		return err
	}
	data, err := proto.Marshal(n)
	if err != nil {
		return fault.Errorf(fault.Invalid, "notice %q: %w", n.GetId(), err)
	}
	if _, err := b.js.Publish(ctx, subject, data, jetstream.WithMsgID(n.GetId())); err != nil {
		return fault.Errorf(fault.Unavailable, "publish notice %q: %w", n.GetId(), err)
	}
	return nil
}
