package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/engine"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workers"
	"groma/workflows"
)

// activities are the real ones, but for the census.
type activities struct {
	*workers.Activities
	inFlight, most atomic.Int64
}

// TakeCensus answers as a remote without commits would have it.
func (a *activities) TakeCensus(ctx context.Context, request *gromav1.TakeCensusRequest) (*gromav1.TakeCensusResponse, error) {
	now := a.inFlight.Add(1)
	defer a.inFlight.Add(-1)
	for most := a.most.Load(); now > most && !a.most.CompareAndSwap(most, now); most = a.most.Load() {
	}
	taken := &gromav1.Taken{Key: request.Target.Key, Outcome: "empty", Reason: "it has no commits", Attempts: 1, Requests: 1, BytesReceived: 200, Seconds: 0.001}
	return &gromav1.TakeCensusResponse{Taken: taken}, a.Notices.Publish(ctx, &gromav1.Notice{
		Id: request.Survey + "/taken/" + taken.Key, Survey: request.Survey, At: timestamppb.Now(), Event: &gromav1.Notice_Taken{Taken: taken},
	})
}

// surveyOnce surveys so many repositories in a folder that goes away.
func surveyOnce(ctx context.Context, n, concurrency int) (*figures, error) {
	folder, err := os.MkdirTemp("", "flow-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	e, err := engine.Open(ctx, engine.Config{Data: folder})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	work := &activities{Activities: &workers.Activities{Config: workers.Config{Store: e.Store, Notices: e.Notices, Log: slog.Default()}}}
	w := newWorker(e, work, concurrency)
	if err := w.Start(); err != nil {
		return nil, err
	}
	defer w.Stop()
	f, err := follow(ctx, e, n, concurrency)
	if err != nil {
		return nil, err
	}
	f.Most = work.most.Load()
	if f.Database, err = databaseSize(folder); err != nil {
		return nil, err
	}
	return f, f.readHistories(ctx, e)
}

// newWorker is a worker as [workers.New] makes it, with other activities.
func newWorker(e *engine.Engine, work any, concurrency int) worker.Worker {
	w := worker.New(e.Temporal, workflows.ClusterQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: concurrency,
		DeadlockDetectionTimeout:           10 * time.Second,
		DisableRegistrationAliasing:        true,
	})
	workflows.Register(w)
	w.RegisterActivity(work)
	return w
}

// follow begins a survey and waits for its end.
func follow(ctx context.Context, e *engine.Engine, n, concurrency int) (*figures, error) {
	request, err := survey.Begin(ctx, e.Store, &gromav1.StartSurveyRequest{
		Spec: &gromav1.SurveySpec{Source: "flow", Name: "flow", Kind: "list"}, Document: list(n), Window: int64(2 * concurrency),
	}, time.Now())
	if err != nil {
		return nil, err
	}
	begun, cpu := time.Now(), processorTime()
	run, err := e.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflows.ID(survey.Fingerprint(request.Spec)), TaskQueue: workflows.ClusterQueue,
	}, "Survey", request)
	if err != nil {
		return nil, err
	}
	var response *gromav1.SurveyResponse
	if err := run.Get(ctx, &response); err != nil {
		return nil, err
	}
	if got := response.Outcomes["empty"]; got != int64(n) {
		return nil, fmt.Errorf("%d of %d repositories have an outcome: %v", got, n, response.Outcomes)
	}
	return &figures{Repositories: n, Wall: time.Since(begun), CPU: processorTime() - cpu}, nil
}

// list is a list of so many repositories, of a few hosts, as they are in life:
// one has nearly all.
func list(n int) []byte {
	var text bytes.Buffer
	for i := range n {
		host := "github.com"
		if i%20 == 0 {
			host = fmt.Sprintf("git%d.example.org", i%3)
		}
		fmt.Fprintf(&text, "https://%s/owner-%d/repository-%d\n", host, i/10, i)
	}
	return text.Bytes()
}

// processorTime is what this process has used until now.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func databaseSize(folder string) (size int64, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "temporal.db*"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

// readHistories finds the longest histories, once all workflows are on
// Temporal's list, which follows what happens.
func (f *figures) readHistories(ctx context.Context, e *engine.Engine) error {
	shards := (f.Repositories + survey.DefaultShardSize - 1) / survey.DefaultShardSize
	for range 200 {
		var seen int
		var err error
		if seen, f.Shard, err = longest(ctx, e, "Shard"); err != nil {
			return err
		}
		if f.Runs, f.Root, err = longest(ctx, e, "Survey"); err != nil {
			return err
		}
		if seen == shards && f.Runs > 0 {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("fewer than %d shards are listed", shards)
}

// longest is how many workflows of a type have ended, and the longest of their
// histories, by events and by bytes.
func longest(ctx context.Context, e *engine.Engine, name string) (n int, most history, err error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowType = '" + name + "' AND ExecutionStatus != 'Running'"}
	for {
		list, err := e.Temporal.ListWorkflow(ctx, request)
		if err != nil {
			return 0, history{}, err
		}
		for _, info := range list.Executions {
			n++
			most.Events, most.Bytes = max(most.Events, info.HistoryLength), max(most.Bytes, info.HistorySizeBytes)
		}
		if request.NextPageToken = list.NextPageToken; len(list.NextPageToken) == 0 {
			return n, most, nil
		}
	}
}
