package report

import (
	"strings"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

func TestOverviewText_Gaps(t *testing.T) {
	for gaps, want := range map[int64]string{
		0: "",
		1: "1 repository has no count of its own; the coverage says why.",
		2: "2 repositories have no count of their own; the coverage says which and why.",
	} {
		text := strings.Join(overviewText(&gromav1.Analysis{Coverage: &gromav1.Coverage{Repositories: 5, Counted: 5 - gaps}}), "\n")
		if !strings.Contains(text, want) || strings.Contains(text, "count of") != (gaps > 0) {
			t.Errorf("%d: %q, want %q", gaps, text, want)
		}
	}
}
