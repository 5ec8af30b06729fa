package service_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"

	"groma/internal/artefact"
	"groma/internal/service"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/proto/groma/v1/gromav1connect"
)

// newClient asks a service as programs do, without a network between.
func newClient(config service.Config) gromav1connect.SurveyServiceClient {
	server := connect.NewServer()
	gromav1connect.RegisterSurveyServiceHandler(server, service.New(config))
	return gromav1connect.NewSurveyServiceClient(connect.NewClient(connectinprocess.New(server)))
}

// began is a moment; surveys of tests begin some minutes after it.
var began = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)

// begin has a survey of some repositories begun, and planned if that is wanted,
// without anybody who runs it.
func begin(t *testing.T, store artefact.Store, minute int, planned bool, names ...string) *gromav1.SurveyRequest {
	t.Helper()
	var list strings.Builder
	for _, name := range names {
		fmt.Fprintf(&list, "https://github.com/o/%s\n", name)
	}
	begun, err := survey.Begin(t.Context(), store, &gromav1.StartSurveyRequest{
		Spec: &gromav1.SurveySpec{Source: "list.txt"}, Document: []byte(list.String()),
	}, began.Add(time.Duration(minute)*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if !planned {
		return begun
	}
	if _, err := survey.Plan(t.Context(), store, &gromav1.PlanRequest{Survey: begun.Survey, Spec: begun.Spec, StartedAt: begun.StartedAt}); err != nil {
		t.Fatal(err)
	}
	return begun
}

// reported has a survey of some repositories reported. None of them was found.
func reported(t *testing.T, store artefact.Store, minute int, names ...string) string {
	t.Helper()
	return aggregated(t, store, minute, false, names...)
}

// aggregated has a survey reported that was cancelled, or was not.
func aggregated(t *testing.T, store artefact.Store, minute int, cancelled bool, names ...string) string {
	t.Helper()
	id := begin(t, store, minute, true, names...).Survey
	request := &gromav1.SummariseShardRequest{Survey: id}
	for _, name := range names {
		request.Taken = append(request.Taken, &gromav1.Taken{Key: "github.com/o/" + name, Outcome: "not-found", Reason: "it is gone", Attempts: 1})
	}
	if _, err := survey.SummariseShard(t.Context(), store, request); err != nil {
		t.Fatal(err)
	}
	if _, _, err := survey.Aggregate(t.Context(), store, &gromav1.AggregateRequest{Survey: id, Shards: 1, Cancelled: cancelled}); err != nil {
		t.Fatal(err)
	}
	return id
}

// files receives a report.
func files(t *testing.T, client gromav1connect.SurveyServiceClient, request *gromav1.GetReportRequest) map[string]string {
	t.Helper()
	stream, err := client.GetReport(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	received := map[string]string{}
	for {
		part, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return received
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(part.Data) > 256<<10 || part.ContentType == "" || part.Survey == "" || part.Edition == 0 {
			t.Errorf("a part of %s has %d bytes, type %q, survey %q, edition %d", part.File, len(part.Data), part.ContentType, part.Survey, part.Edition)
		}
		received[part.File] += string(part.Data)
	}
}
