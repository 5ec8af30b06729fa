package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/census"
	"groma/internal/engine"
	"groma/internal/gitwire"
	"groma/internal/report"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workers"
	"groma/workflows"
)

// run is an engine with a worker in this process, and the survey it is for.
type run struct {
	terminal    Terminal
	git         *gitwire.Client // nil takes no censuses
	contents    *census.Contents
	log         *slog.Logger
	concurrency int
	out         string // folder for the report, empty for none
	forms       *formSettings
	json        bool
	logs        string // where the log is, for people
	again       string // the command that goes on

	engine *engine.Engine
	worker worker.Worker
	stop   sync.Once
}

func (r *run) open(ctx context.Context, config engine.Config, queue string) (err error) {
	if err := config.Validate(); err != nil {
		return usageError{err}
	}
	if r.engine, err = engine.Open(ctx, config); err != nil {
		return err
	}
	work := workers.Config{Store: r.engine.Store, Notices: r.engine.Notices, Log: r.log, Concurrency: r.concurrency, Queue: queue}
	if r.git != nil {
		work.Taker = &census.Taker{Git: r.git, Store: r.engine.Store, Contents: r.contents}
	}
	r.worker = workers.New(r.engine.Temporal, work)
	if err := r.worker.Start(); err != nil {
		r.engine.Close()
		return fmt.Errorf("start the worker: %w", err)
	}
	return nil
}

// close hands back the censuses in flight, then stops the engine.
func (r *run) close() {
	r.stopWorker()
	r.engine.Close()
}

func (r *run) stopWorker() { r.stop.Do(r.worker.Stop) }

// memoSurvey is the key of a workflow's memo that has the survey's id.
const memoSurvey = "survey"

// survey starts a survey, or goes on with the unfinished one of the same spec,
// and sees it to its end.
func (r *run) survey(ctx context.Context, request *gromav1.SurveyRequest, sources survey.Sources) error {
	fingerprint := survey.Fingerprint(request.Spec)
	workflow := workflows.ID(fingerprint)
	id, err := r.running(ctx, workflow)
	if err != nil {
		return err
	}
	if id != "" {
		return r.goOn(ctx, id, workflow)
	}
	unused, started, err := survey.Unused(ctx, r.engine.Store, request.Spec, request.StartedAt.AsTime())
	if err != nil {
		return err
	}
	request.Survey, request.StartedAt = unused, timestamppb.New(started)
	if err := survey.KeepSources(ctx, r.engine.Store, request.Survey, sources); err != nil {
		return err
	}
	begun, err := r.engine.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:            workflow,
		TaskQueue:     workflows.TaskQueue(fingerprint),
		Memo:          map[string]any{memoSurvey: request.Survey},
		StaticSummary: request.Survey,

		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.Survey, request)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &already) { // by another command, just now
		if id, err = r.running(ctx, workflow); err == nil {
			return r.goOn(ctx, id, workflow)
		}
	}
	if err != nil {
		return fmt.Errorf("start the survey: %w", err)
	}
	r.sayf("Survey %s.", request.Survey)
	return r.follow(ctx, request.Survey, begun)
}

func (r *run) goOn(ctx context.Context, id, workflow string) error {
	r.sayf("Going on with survey %s.", id)
	return r.follow(ctx, id, r.engine.Temporal.GetWorkflow(ctx, workflow, ""))
}

// running returns the id of the survey that a workflow is running, or nothing.
func (r *run) running(ctx context.Context, workflow string) (string, error) {
	described, err := r.engine.Temporal.DescribeWorkflowExecution(ctx, workflow, "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for an unfinished survey: %w", err)
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return "", nil
	}
	return surveyOf(info.GetMemo())
}

// follow shows how a survey gets on until it ends or the user has had enough.
func (r *run) follow(ctx context.Context, id string, started client.WorkflowRun) error {
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	shown := make(chan struct{})
	w := &watch{run: r, id: id, workflow: started.GetID(), view: r.newView(), reported: make(chan struct{}, 1)}
	go func() {
		defer close(shown)
		w.follow(watching)
	}()
	var response *gromav1.SurveyResponse
	err := started.Get(ctx, &response)
	if r.json && ctx.Err() == nil {
		w.drain()
	}
	stopWatching()
	<-shown
	if ctx.Err() != nil {
		return r.stopped(w)
	}
	cancelled := temporal.IsCanceledError(err)
	if err != nil && !cancelled {
		return fmt.Errorf("survey %s failed: %s", id, reason(err))
	}
	rep, err := r.finish(context.WithoutCancel(ctx), id)
	if cancelled && errors.Is(err, artefact.ErrMissing) {
		return fmt.Errorf("survey %s was cancelled before it was planned: there is nothing to report", id)
	}
	if err != nil {
		return err
	}
	return verdictOf(rep, cancelled)
}

// reason is what an activity or a workflow failed of, without the wrapping of
// those who passed it on.
func reason(err error) string {
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		return application.Message()
	}
	return err.Error()
}

// stopped ends a command in mid-survey: the worker hands back what it holds.
func (r *run) stopped(w *watch) error {
	r.sayf("Stopping: handing back what is being counted. Press Ctrl-C again to leave at once; nothing is lost.")
	r.stopWorker()
	if p := w.last(); p.GetTotal() > 0 {
		r.sayf("Stopped with %d of %d repositories done; what is counted is kept.", done(p), p.Total)
	} else {
		r.sayf("Stopped.")
	}
	r.sayf("To go on, give the same command again: %s", r.again)
	return errSaid
}

// finish writes the report to its folder and prints its headline.
func (r *run) finish(ctx context.Context, id string) (*gromav1.Report, error) {
	rep, err := survey.Report(ctx, r.engine.Store, id)
	if err != nil {
		return nil, err
	}
	var written []string
	if r.out != "" {
		p := &printed{report: rep, store: r.engine.Store}
		if err := p.analyse(ctx, r.forms.rule); err != nil {
			return nil, err
		}
		if written, err = r.forms.write(ctx, r.out, p); err != nil {
			return nil, fmt.Errorf("%w; the report is kept, and 'groma report %s' prints it", err, id)
		}
	}
	if r.json {
		return rep, nil
	}
	printHeadline(r.terminal.Out, rep, r.rule())
	if len(written) > 0 {
		fmt.Fprintf(r.terminal.Out, "\nReport: %s\n", strings.Join(written, ", "))
	}
	return rep, nil
}

// rule is what decides groups and shares.
func (r *run) rule() report.Settings {
	if r.forms == nil {
		return report.Settings{}
	}
	return r.forms.rule
}

// verdictOf says how a survey with this report has ended: it failed only if
// it was let finish and nothing could be reached.
func verdictOf(rep *gromav1.Report, cancelled bool) error {
	gaps := report.Uncounted(rep)
	if len(gaps) == 0 {
		return nil
	}
	failed := rep.Totals.Outcomes["failed"] + rep.Totals.Outcomes["timed-out"]
	if failed == rep.Totals.Repositories && !cancelled {
		return fmt.Errorf("no repository could be reached; the first: %s: %s", gaps[0].Key, gaps[0].Reason)
	}
	return errGaps
}

// sayf tells the person at the terminal. Programs read standard output.
func (r *run) sayf(format string, args ...any) {
	fmt.Fprintf(r.terminal.Err, format+"\n", args...)
}

// drainTime is how long the end of a survey waits for its last notices.
const drainTime = 2 * time.Second
