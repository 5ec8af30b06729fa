package report

import (
	"strings"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

// TestInsights_Health: the verdicts of one project and of several are sentences.
func TestInsights_Health(t *testing.T) {
	for verdicts, want := range map[string]string{
		"":                     "",
		"needs attention":      "Health, by the figures of the health table: 1 needs attention.",
		"needs attention,good": "Health, by the figures of the health table: 1 good and 1 needs attention.",
		"needs attention,-,good,needs attention,moderate,needs attention": "Health, by the figures of the health table: 1 good, 1 moderate and 3 need attention.",
		"excellent,not known,excellent,not known":                         "Health, by the figures of the health table: 2 excellent and 2 not known.",
	} {
		a := &gromav1.Analysis{}
		for verdict := range strings.SplitSeq(verdicts, ",") {
			p := &gromav1.ProjectAnalysis{}
			if verdict != "-" && verdict != "" {
				p.Health = &gromav1.Health{Health: verdict}
			}
			a.Projects = append(a.Projects, p)
		}
		if got := ofHealth(a); got != want {
			t.Errorf("%s: %q, want %q", verdicts, got, want)
		}
	}
}
