//go:build !groma_noembed

package cli

import (
	"log/slog"
	"testing"

	"groma/internal/engine"
)

// TestWork_Searchable: surveys that schedules begin can be searched for.
func TestWork_Searchable(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Config{Data: t.TempDir(), NATS: engine.Off})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	work := workSettings{concurrency: 1, queue: "q"}
	if !work.config(t.Context(), e, nil, 0, slog.New(slog.DiscardHandler)).Searchable {
		t.Error("a worker begins surveys that cannot be searched for")
	}
}
