package telemetry_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"groma/internal/telemetry"
)

func TestMetrics_Asked(t *testing.T) {
	metrics := telemetry.NewMetrics("v", "m")
	asked := 0
	metrics.Backlog(func(ctx context.Context) (int64, error) {
		if _, bound := ctx.Deadline(); !bound {
			t.Error("a scrape waits for ever for the queue")
		}
		asked++
		return 17, nil
	})
	metrics.Surveys(func(context.Context) (map[string]int64, error) {
		return map[string]int64{"counting": 2, "paused": 0}, nil
	})
	for range 3 {
		expectLines(t, scrape(t, metrics), `groma_requests_backlog 17`, `groma_surveys{state="counting"} 2`, `groma_surveys{state="paused"} 0`)
	}
	if asked != 1 {
		t.Errorf("three scrapes at once ask the queue %d times, want 1", asked)
	}
}

// TestMetrics_Unanswered: what does not answer takes nothing else away.
func TestMetrics_Unanswered(t *testing.T) {
	metrics := telemetry.NewMetrics("v", "m")
	metrics.Backlog(func(context.Context) (int64, error) { return 0, errors.New("away") })
	metrics.Surveys(func(context.Context) (map[string]int64, error) { return nil, errors.New("away") })
	text := scrape(t, metrics)
	expectLines(t, text, `groma_censuses_in_flight 0`)
	if strings.Contains(text, "groma_requests_backlog") || strings.Contains(text, "groma_surveys") {
		t.Errorf("what did not answer has a value:\n%s", ours(text))
	}
}
