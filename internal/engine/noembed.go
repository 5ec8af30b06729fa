//go:build groma_noembed

package engine

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"
)

const embedding = false

func startTemporal(context.Context, string, Config, *slog.Logger) (address string, stop func(), err error) {
	return "", nil, errNotEmbedded
}

func startNATS(string, *slog.Logger) (option nats.Option, stop func(), err error) {
	return nil, nil, errNotEmbedded
}

// AskEmbedded says that nothing is embedded.
func AskEmbedded(context.Context, Config) (facts Facts, database string, err error) {
	return Facts{}, "", &Refusal{What: "none is embedded in this program", Next: errNotEmbedded.Error()}
}
