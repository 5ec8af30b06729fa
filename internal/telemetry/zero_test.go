package telemetry_test

import (
	"fmt"
	"testing"

	"groma/internal/telemetry"
)

// TestMetrics_Zero: a counter is there before its first event, or nobody would
// see a rate of that.
func TestMetrics_Zero(t *testing.T) {
	want := []string{
		"groma_received_bytes_total 0", "groma_editions_total 0", "groma_censuses_in_flight 0", "groma_census_seconds_count 0",
		`groma_contents_total{how="read"} 0`, `groma_contents_total{how="reused"} 0`,
	}
	for _, outcome := range []string{"counted", "reused", "empty", "not-found", "moved", "too-large", "denied", "timed-out", "unsupported", "failed"} {
		for _, counter := range []string{"groma_repositories_total", "groma_rescans_total"} {
			want = append(want, fmt.Sprintf("%s{outcome=%q} 0", counter, outcome))
		}
	}
	expectLines(t, scrape(t, telemetry.NewMetrics("v1.2.3", "m1")), want...)
}
