package cli

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	enums "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"

	"groma/internal/engine"
	"groma/internal/gitwire"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// TestRecordHistories records the histories of a survey of the tour, which
// package workflows replays for ever. A release runs it with -update and keeps
// what it wrote beside what earlier releases recorded:
//
//	go test ./internal/cli -run RecordHistories -update -release v0.1
func TestRecordHistories(t *testing.T) {
	if !*update || *release == "" {
		t.Skip("records only with -update and -release NAME")
	}
	given, err := readWorld(t.Context(), tourWorld)
	if err != nil {
		t.Fatal(err)
	}
	defer given.close()
	l := &local{log: slog.New(slog.DiscardHandler), concurrency: 2, git: gitwire.New(gitwire.Config{Mirrors: given.mirrors})}
	request := &gromav1.StartSurveyRequest{
		Spec:     &gromav1.SurveySpec{Source: "tour", Name: "tour", Kind: string(given.kind), Limits: &gromav1.Limits{Seconds: 60}},
		Document: given.sources.Landscape.Data, Window: 2, ShardSize: 5,
	}
	spec, _, err := survey.Complete(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.open(t.Context(), engine.Config{Data: t.TempDir(), Logger: l.log}, survey.Fingerprint(spec)); err != nil {
		t.Fatal(err)
	}
	defer l.close()
	s := &session{terminal: Terminal{Out: io.Discard, Err: io.Discard}, api: l.api(), handBack: l.stopWorker}
	id, err := s.begin(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.see(t.Context(), id); err != errGaps {
		t.Fatal(err)
	}
	name := workflows.ID(survey.Fingerprint(spec))
	for file, id := range map[string]string{"survey": name, "shard": workflows.ShardID(name, 0)} {
		record(t, l, id, filepath.Join("../../workflows/testdata/histories", *release+"-"+file+".json"))
	}
}

func record(t *testing.T, l *local, id, file string) {
	t.Helper()
	history := &historypb.History{}
	events := l.engine.Temporal.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		history.Events = append(history.Events, event)
	}
	data, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
