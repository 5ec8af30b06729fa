package workers

import (
	"context"
	"errors"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// FindSurveys finds the surveys that a rescan of a repository revises. First it
// keeps that there is one, for those that are not reported yet: see CatchUp.
func (a *Activities) FindSurveys(ctx context.Context, request *gromav1.FindSurveysRequest) (*gromav1.FindSurveysResponse, error) {
	ctx, done := alive(ctx)
	defer done()
	if err := survey.KeepPushed(ctx, a.Store, request.Repository, time.Now()); err != nil {
		return nil, verdict(ctx, err)
	}
	surveys, err := survey.Containing(ctx, a.Store, request.Repository)
	return &gromav1.FindSurveysResponse{Surveys: surveys}, verdict(ctx, err)
}

// CatchUp has those repositories of a survey rescanned whose rescan was asked
// for while it ran. It may have counted them after that, which their rescans
// find out.
func (a *Activities) CatchUp(ctx context.Context, request *gromav1.CatchUpRequest) (*gromav1.CatchUpResponse, error) {
	ctx, done := alive(ctx)
	defer done()
	pushed, err := survey.Pushed(ctx, a.Store, request.Survey, request.StartedAt.AsTime(), time.Now())
	if err != nil && len(pushed) == 0 {
		return nil, verdict(ctx, err)
	}
	if err != nil {
		a.Log.ErrorContext(ctx, "pushes not heard", "survey", request.Survey, "error", err)
	}
	for _, repository := range pushed {
		asked := &gromav1.RescanRequested{Repository: repository, Cause: "survey", At: timestamppb.Now()}
		_, err := a.Temporal.SignalWithStartWorkflow(ctx, workflows.RescanID(repository), workflows.PushSignal, asked,
			client.StartWorkflowOptions{TaskQueue: a.Queue, StaticSummary: repository}, "Rescan", &gromav1.RescanRequest{Repository: repository})
		if err != nil {
			return nil, verdict(ctx, err)
		}
	}
	return &gromav1.CatchUpResponse{Rescans: int64(len(pushed))}, nil
}

// HandOver hands what a rescan found to what makes the survey's editions, if it
// is new to the survey, and says whether it is. What is not new goes to an
// edition in the making all the same: that may hold what was found before, of a
// push that has been taken back since.
func (a *Activities) HandOver(ctx context.Context, found *gromav1.Rescanned) (*gromav1.Rescanned, error) {
	ctx, done := alive(ctx)
	defer done()
	for {
		before, err := survey.Editions(ctx, a.Store, found.Survey)
		if err != nil {
			return nil, verdict(ctx, err)
		}
		differs, err := survey.Differs(ctx, a.Store, found.Survey, found.Taken)
		if err == nil && differs {
			err = a.signalEdition(ctx, found)
			found.Revised = true
		}
		if err != nil || differs {
			return found, verdict(ctx, err)
		}
		running, err := a.correctEdition(ctx, found)
		if err != nil || running {
			return found, verdict(ctx, err)
		}
		after, err := survey.Editions(ctx, a.Store, found.Survey)
		if err != nil || len(after.GetEditions()) == len(before.GetEditions()) {
			return found, verdict(ctx, err)
		}
		// One was made between the look and the signal: look again.
	}
}

// correctEdition tells an edition in the making, and reports whether there is
// one.
func (a *Activities) correctEdition(ctx context.Context, found *gromav1.Rescanned) (running bool, err error) {
	err = a.Temporal.SignalWorkflow(ctx, workflows.EditionID(found.Survey), "", workflows.TakenSignal, found.Taken)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}

// signalEdition starts the workflow that makes a survey's editions, unless it
// runs, on the queue of this worker: there are workers for it.
func (a *Activities) signalEdition(ctx context.Context, found *gromav1.Rescanned) error {
	_, err := a.Temporal.SignalWithStartWorkflow(ctx, workflows.EditionID(found.Survey), workflows.TakenSignal, found.Taken,
		client.StartWorkflowOptions{TaskQueue: a.Queue, StaticSummary: found.Survey},
		"Edition", &gromav1.EditionRequest{Survey: found.Survey})
	return err
}

// mostRevised is how many repositories a notice names.
const mostRevised = 1000

// MakeEdition makes an edition of a survey's report, if there is anything new.
func (a *Activities) MakeEdition(ctx context.Context, request *gromav1.ReviseRequest) (*gromav1.ReviseResponse, error) {
	ctx, done := alive(ctx)
	defer done()
	edition, err := survey.Revise(ctx, a.Store, request)
	if err != nil || edition == nil {
		return &gromav1.ReviseResponse{}, verdict(ctx, err)
	}
	a.Metrics.Revised()
	told := &gromav1.Reported{
		Report: artefact.EditionKey(request.Survey, edition.Name, "report.json"), Outcomes: edition.Outcomes, Edition: edition.Number,
	}
	for _, revision := range edition.Revisions[:min(len(edition.Revisions), mostRevised)] {
		told.Revised = append(told.Revised, revision.Key)
	}
	a.tell(ctx, request.Survey, "reported/"+edition.Name, &gromav1.Notice{Event: &gromav1.Notice_Reported{Reported: told}})
	return &gromav1.ReviseResponse{Edition: outline(edition)}, nil
}

// outline is an edition without what there may be much of: it is kept.
func outline(edition *gromav1.Edition) *gromav1.Edition {
	return &gromav1.Edition{Number: edition.Number, Name: edition.Name, MadeAt: edition.MadeAt}
}

// Prepare makes ready to start the survey that a schedule is for. If a survey of
// the same is unfinished there is nothing to make ready.
func (a *Activities) Prepare(ctx context.Context, request *gromav1.StartSurveyRequest) (*gromav1.PrepareResponse, error) {
	ctx, done := alive(ctx)
	defer done()
	whole, err := survey.ReadDocuments(ctx, a.Sources, request)
	if err != nil {
		return nil, verdict(ctx, err)
	}
	spec, _, err := survey.Complete(whole)
	if err != nil {
		return nil, verdict(ctx, err)
	}
	fingerprint := survey.Fingerprint(spec)
	if a.running(ctx, workflows.ID(fingerprint)) {
		return nil, temporal.NewNonRetryableApplicationError("a survey of the same is unfinished, and goes on: "+workflows.ID(fingerprint), workflows.Already, nil)
	}
	begun, err := survey.Begin(ctx, a.Store, whole, time.Now())
	if err != nil {
		return nil, verdict(ctx, err)
	}
	begun.Searchable = a.Searchable
	if begun.Window <= 0 {
		begun.Window = a.window()
	}
	return &gromav1.PrepareResponse{Request: begun, Fingerprint: fingerprint}, nil
}

// running reports whether a workflow is known to run.
func (a *Activities) running(ctx context.Context, id string) bool {
	described, err := a.Temporal.DescribeWorkflowExecution(ctx, id, "")
	return err == nil && described.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}
