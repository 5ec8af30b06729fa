package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// TestBacklog: a rescan does not wait behind what a survey has handed out. Each
// of its activities would otherwise wait for about a window of censuses.
func TestBacklog(t *testing.T) {
	const repositories, window = 400, 200
	r := newRecorder(t)
	var counted atomic.Int64
	r.work.onCensus = func() {
		counted.Add(1)
		time.Sleep(30 * time.Millisecond) // as long as a census takes
	}
	var list strings.Builder
	for i := range repositories {
		fmt.Fprintf(&list, "https://github.com/o/r%d\n", i)
	}
	request, err := survey.Begin(t.Context(), r.engine.Store, &gromav1.StartSurveyRequest{
		Spec: &gromav1.SurveySpec{Source: "backlog", Name: "backlog", Kind: "list"}, Document: []byte(list.String()), Window: window,
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	counts, err := r.engine.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "survey-backlog", TaskQueue: workflows.ClusterQueue}, "Survey", request)
	if err != nil {
		t.Fatal(err)
	}
	for counted.Load() < 4 {
		time.Sleep(10 * time.Millisecond) // until the backlog is there
	}
	id := workflows.RescanID("github.com/z/z")
	rescan, err := r.engine.Temporal.SignalWithStartWorkflow(t.Context(), id, workflows.PushSignal, &gromav1.RescanRequested{Repository: "github.com/z/z"},
		client.StartWorkflowOptions{TaskQueue: workflows.ClusterQueue}, "Rescan", &gromav1.RescanRequest{Repository: "github.com/z/z"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := rescan.Get(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if n := counted.Load(); n > repositories/2 {
		t.Errorf("the rescan was over when %d of %d repositories were counted", n, repositories)
	}
	if err := counts.Get(ctx, nil); err != nil {
		t.Fatal(err)
	}
}
