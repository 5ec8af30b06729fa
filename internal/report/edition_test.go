package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

func TestRevised(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := &gromav1.Report{Survey: &gromav1.SurveyFacts{}}
	for i := range 20 {
		row := &gromav1.Repository{Key: fmt.Sprintf("h/o/r%02d", i)}
		if i%3 > 0 { // 13 of them, the latest in the middle
			row.RescannedAt = timestamppb.New(at.Add(time.Duration(i*(20-i)) * time.Minute))
		}
		r.Repositories = append(r.Repositories, row)
	}
	Revised(r, 1)
	if r.Survey.Edition != nil || EditionText(r.Survey) != "" {
		t.Error("a first edition says that it is one")
	}
	Revised(r, 4)
	text := EditionText(r.Survey)
	if want := "4; 13 repositories were rescanned since the survey: h/o/r10 (2026-01-02 04:44:05 UTC), h/o/r11 ("; !strings.HasPrefix(text, want) {
		t.Errorf("got %s\nwant %s…", text, want)
	}
	if len(r.Survey.Edition.Latest) != 10 || !strings.HasSuffix(text, ", 3 more") {
		t.Errorf("%d are named: %s", len(r.Survey.Edition.Latest), text)
	}
}
