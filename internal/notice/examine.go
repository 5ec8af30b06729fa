package notice

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// trial is the stream that [Examine] makes and deletes: of one name, so that one
// that was left behind is deleted by the next.
const trial = "GROMA_TRIAL"

// Examine says whether the stream of notices is there. If it is not, it makes
// one of the same size that nothing is published to, and deletes it again: err
// is nil only if a bus could be had.
func Examine(ctx context.Context, conn *nats.Conn) (there bool, err error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return false, fmt.Errorf("notice: %w", err)
	}
	if _, err := js.AccountInfo(ctx); err != nil {
		return false, err
	}
	_, err = js.Stream(ctx, Stream)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err == nil, err
	}
	config := streamConfig()
	config.Name, config.Subjects = trial, []string{"groma.trial"}
	if _, err := js.CreateOrUpdateStream(ctx, config); err != nil {
		return false, fmt.Errorf("stream %s is not there, and one like it cannot be made: %w", Stream, err)
	}
	return false, js.DeleteStream(ctx, trial)
}
