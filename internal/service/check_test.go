package service

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

func TestCheckStart(t *testing.T) {
	document := []byte("https://github.com/o/r\n")
	many := slices.Repeat([]string{"Rust"}, mostWords+1)
	tests := []struct {
		name    string
		request *gromav1.StartSurveyRequest
		wrong   string // in what is wrong; empty if nothing is
	}{
		{"nothing", nil, "nothing to survey"},
		{"an address", start(&gromav1.SurveySpec{Source: "https://example.org/landscape.yml"}), ""},
		{"a document", &gromav1.StartSurveyRequest{Document: document}, ""},
		{"all of it", start(&gromav1.SurveySpec{
			Source: "x", Kind: "list", Languages: []string{"rust", "C++"}, Windows: []string{"2025"}, AsOf: timestamppb.Now(),
			Filter: &gromav1.Filter{Maturity: []string{"sandbox"}, Projects: []string{"kube*"}}, Limits: &gromav1.Limits{Seconds: 60},
		}), ""},
		{"a large document", &gromav1.StartSurveyRequest{Document: make([]byte, largestFile+1)}, "at most 32 MiB"},
		{"large annotations", &gromav1.StartSurveyRequest{Document: document, Annotations: make([]byte, largestFile+1)}, "annotations has"},
		{"a long source", start(&gromav1.SurveySpec{Source: strings.Repeat("x", longestName+1)}), "source has"},
		{"no text", start(&gromav1.SurveySpec{Source: "\xff"}), "UTF-8"},
		{"a line end", start(&gromav1.SurveySpec{Source: "x", Name: "a\nb"}), "control characters"},
		{"another kind", start(&gromav1.SurveySpec{Source: "x", Kind: "world"}), "kind \"world\""},
		{"another language", start(&gromav1.SurveySpec{Source: "x", Languages: []string{"Klingon"}}), "language Klingon"},
		{"many languages", start(&gromav1.SurveySpec{Source: "x", Languages: many}), "languages has 101"},
		{"another maturity", start(&gromav1.SurveySpec{Source: "x", Filter: &gromav1.Filter{Maturity: []string{"old"}}}), "graduated, incubating"},
		{"no glob", start(&gromav1.SurveySpec{Source: "x", Filter: &gromav1.Filter{Projects: []string{"[a"}}}), "projects [a"},
		{"many globs", start(&gromav1.SurveySpec{Source: "x", Filter: &gromav1.Filter{Projects: many}}), "projects has"},
		{"no window", start(&gromav1.SurveySpec{Source: "x", Windows: []string{"soon"}}), "windows:"},
		{"windows without vitals", start(&gromav1.SurveySpec{Source: "x", Windows: []string{"2025"}, NoVitals: true}), "exclude each other"},
		{"a negative limit", start(&gromav1.SurveySpec{Source: "x", Limits: &gromav1.Limits{FileBytes: -1}}), "limits.file_bytes -1"},
		{"a long time", start(&gromav1.SurveySpec{Source: "x", Limits: &gromav1.Limits{Seconds: mostSeconds + 1}}), "limits.seconds"},
		{"no instant", start(&gromav1.SurveySpec{Source: "x", AsOf: &timestamppb.Timestamp{Nanos: -1}}), "as_of"},
		{"a negative window", &gromav1.StartSurveyRequest{Document: document, Window: -1}, "window -1"},
		{"a wide window", &gromav1.StartSurveyRequest{Document: document, Window: mostWindow + 1}, "window 1001"},
		{"large shards", &gromav1.StartSurveyRequest{Document: document, ShardSize: 1001}, "shard_size 1001"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { expect(t, checkStart(test.request), test.wrong) })
	}
}

func start(spec *gromav1.SurveySpec) *gromav1.StartSurveyRequest {
	return &gromav1.StartSurveyRequest{Spec: spec}
}

// expect wants an error with this text in it, or none.
func expect(t *testing.T, err error, wrong string) {
	t.Helper()
	switch {
	case wrong == "" && err != nil:
		t.Errorf("refused: %v", err)
	case wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
		t.Errorf("got %v, want %q in it", err, wrong)
	}
}

func TestCheck(t *testing.T) {
	long := strings.Repeat("x", longestWord+1)
	const hash = "0123456789abcdef0123456789abcdef01234567"
	tests := []struct {
		name  string
		err   error
		wrong string
	}{
		{"the latest survey", checkGet(&gromav1.GetSurveyRequest{}), ""},
		{"a survey", checkGet(&gromav1.GetSurveyRequest{Survey: "cncf-landscape-20261122-073345-1f0c", Edition: 2}), ""},
		{"a path", checkGet(&gromav1.GetSurveyRequest{Survey: "../x"}), "no survey is called so"},
		{"a dot", checkGet(&gromav1.GetSurveyRequest{Survey: "."}), "no survey is called so"},
		{"a long id", checkGet(&gromav1.GetSurveyRequest{Survey: long}), "no survey is called so"},
		{"a negative edition", checkGet(&gromav1.GetSurveyRequest{Edition: -1}), "edition -1"},
		{"a page", checkList(&gromav1.ListSurveysRequest{PageSize: 10, PageToken: "a"}), ""},
		{"a large page", checkList(&gromav1.ListSurveysRequest{PageSize: 1001}), "page_size 1001"},
		{"a negative page", checkList(&gromav1.ListSurveysRequest{PageSize: -1}), "page_size -1"},
		{"another token", checkList(&gromav1.ListSurveysRequest{PageToken: "a/b"}), "page_token"},
		{"before the first notice", checkWatch(&gromav1.WatchSurveyRequest{After: -1}), "after -1"},
		{"pause nothing", checkPause(&gromav1.PauseSurveyRequest{}), "say which"},
		{"resume nothing", checkResume(&gromav1.ResumeSurveyRequest{}), "say which"},
		{"cancel nothing", checkCancel(&gromav1.CancelSurveyRequest{}), "say which"},
		{"cancel", checkCancel(&gromav1.CancelSurveyRequest{Survey: "a-1"}), ""},
		{"rescan nothing", checkRescan(&gromav1.RescanRepositoryRequest{}), "repository: it is empty"},
		{"rescan something long", checkRescan(&gromav1.RescanRepositoryRequest{Repository: strings.Repeat("x", longestKey+1)}), "repository has 901"},
		{"rescan", checkRescan(&gromav1.RescanRepositoryRequest{Repository: "github.com/o/r"}), ""},
		{"a census", checkCensus(&gromav1.GetCensusRequest{Repository: "github.com/o/r", Commit: hash}), ""},
		{"half a hash", checkCensus(&gromav1.GetCensusRequest{Repository: "github.com/o/r", Commit: hash[:20]}), "full hash"},
		{"no hash", checkCensus(&gromav1.GetCensusRequest{Repository: "github.com/o/r", Commit: strings.ToUpper(hash)}), "full hash"},
		{"a report", checkReport(&gromav1.GetReportRequest{}), ""},
		{"a report by another rule", checkReport(&gromav1.GetReportRequest{Formats: []string{"csv"}, Pure: 0.5, Measure: "bytes", ComponentLines: 1}), ""},
		{"another form", checkReport(&gromav1.GetReportRequest{Formats: []string{"word"}}), "format word"},
		{"many forms", checkReport(&gromav1.GetReportRequest{Formats: slices.Repeat([]string{"csv"}, 9)}), "formats has 9"},
		{"more than all", checkReport(&gromav1.GetReportRequest{Pure: 1.5}), "pure 1.5"},
		{"less than none", checkReport(&gromav1.GetReportRequest{ComponentLines: -1}), "component-lines -1"},
		{"another measure", checkReport(&gromav1.GetReportRequest{Measure: "words"}), "measure words"},
		{"another language", checkReport(&gromav1.GetReportRequest{Languages: []string{"Klingon"}}), "language Klingon"},
		{"editions", checkEditions(&gromav1.ListEditionsRequest{Survey: "a b"}), "no survey is called so"},
		{"a difference", checkDiff(&gromav1.DiffSurveysRequest{Before: "a", After: "b", BeforeEdition: 1}), ""},
		{"a difference from nowhere", checkDiff(&gromav1.DiffSurveysRequest{Before: "a/b"}), "before"},
		{"a negative edition of a difference", checkDiff(&gromav1.DiffSurveysRequest{AfterEdition: -1}), "after_edition -1"},
		{"no schedule's name", checkRunSchedule(&gromav1.RunScheduleRequest{}), "letters, digits"},
		{"another schedule's name", checkDeleteSchedule(&gromav1.DeleteScheduleRequest{Name: "a/b"}), "letters, digits"},
		{"a long schedule's name", checkPauseSchedule(&gromav1.PauseScheduleRequest{Name: long}), "at most 200"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { expect(t, test.err, test.wrong) })
	}
}

func TestCheckCreateSchedule(t *testing.T) {
	source := &gromav1.StartSurveyRequest{Spec: &gromav1.SurveySpec{Source: "https://example.org/landscape.yml"}}
	tests := []struct {
		name     string
		schedule *gromav1.Schedule
		wrong    string
	}{
		{"nothing", nil, "letters, digits"},
		{"cron", &gromav1.Schedule{Name: "weekly", Survey: source, Cron: "0 6 * * 1", TimeZone: "Europe/Rome"}, ""},
		{"every", &gromav1.Schedule{Name: "daily", Survey: source, EverySeconds: 86400}, ""},
		{"nothing to survey", &gromav1.Schedule{Name: "a", EverySeconds: 86400}, "nothing to survey"},
		{"a path", &gromav1.Schedule{Name: "a", Survey: start(&gromav1.SurveySpec{Source: "/etc/passwd"}), EverySeconds: 60}, "https addresses"},
		{"http", &gromav1.Schedule{Name: "a", Survey: start(&gromav1.SurveySpec{Source: "http://example.org/x"}), EverySeconds: 60}, "https addresses"},
		{"a login", &gromav1.Schedule{Name: "a", Survey: start(&gromav1.SurveySpec{Source: "https://me:hunter22@example.org/x"}), EverySeconds: 60}, "without a login"},
		{"a document", &gromav1.Schedule{Name: "a", Survey: &gromav1.StartSurveyRequest{Document: []byte("x")}, EverySeconds: 60}, "send no documents"},
		{"never", &gromav1.Schedule{Name: "a", Survey: source}, "want one of cron"},
		{"both", &gromav1.Schedule{Name: "a", Survey: source, Cron: "0 6 * * 1", EverySeconds: 60}, "want one of cron"},
		{"six fields", &gromav1.Schedule{Name: "a", Survey: source, Cron: "0 0 6 * * 1"}, "five fields"},
		{"too often", &gromav1.Schedule{Name: "a", Survey: source, EverySeconds: 1}, "every_seconds 1"},
		{"backwards", &gromav1.Schedule{Name: "a", Survey: source, EverySeconds: -60}, "every_seconds -60"},
		{"nowhere", &gromav1.Schedule{Name: "a", Survey: source, Cron: "0 6 * * 1", TimeZone: "Europe/Atlantis"}, "time_zone"},
		{"here", &gromav1.Schedule{Name: "a", Survey: source, Cron: "0 6 * * 1", TimeZone: "Local"}, "time_zone"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			expect(t, checkCreateSchedule(&gromav1.CreateScheduleRequest{Schedule: test.schedule}), test.wrong)
		})
	}
}
