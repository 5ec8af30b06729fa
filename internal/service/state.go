package service

import (
	"context"
	"errors"
	"maps"

	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"groma/internal/fault"
	"groma/internal/sealed"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// The states of a survey that does not run.
const (
	stateReported   = "reported"
	stateCancelled  = "cancelled"
	stateFailed     = "failed"
	stateUnfinished = "unfinished"
)

// A run is what Temporal says of a survey's workflow.
type run struct {
	workflow string
	queue    string // the task queue that it was begun on
	status   enums.WorkflowExecutionStatus
	state    string // as its search attribute has it, or empty
}

func (r *run) running() bool {
	return r != nil && (r.status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING || r.status == enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW)
}

// runOf is the workflow of a survey, nil if there is none: surveys of the same
// spec have one workflow id, and the memo says which of them it ran last.
func (s *Service) runOf(ctx context.Context, b *begun) (*run, error) {
	if s.Temporal == nil {
		return nil, nil
	}
	workflow := workflows.ID(survey.Fingerprint(b.spec))
	id, r, err := s.describe(ctx, workflow)
	if err != nil || id != b.id {
		return nil, err
	}
	return r, nil
}

// describe asks for a workflow, and which survey it runs or ran last; none is no
// error.
func (s *Service) describe(ctx context.Context, workflow string) (id string, r *run, err error) {
	described, err := s.Temporal.DescribeWorkflowExecution(ctx, workflow, "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	info := described.GetWorkflowExecutionInfo()
	r = &run{workflow: workflow, queue: described.GetExecutionConfig().GetTaskQueue().GetName(), status: info.GetStatus()}
	if payload := info.GetSearchAttributes().GetIndexedFields()[workflows.SearchState]; payload != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &r.state) // without it, it is asked
	}
	id, err = surveyOf(info.GetMemo(), s.Payloads)
	return id, r, err
}

// surveyOf is the id of a survey in its workflow's memo, or empty; a memo that is
// there for others to read is an error.
func surveyOf(memo *commonpb.Memo, payloads converter.DataConverter) (id string, err error) {
	err = payloads.FromPayload(memo.GetFields()[workflows.MemoSurvey], &id)
	if isShut(err) {
		return "", err
	}
	if err != nil {
		return "", nil // another program's
	}
	return id, nil
}

// isShut reports whether a failure is that of payloads which cannot be opened.
func isShut(err error) bool {
	var shut *sealed.Error
	return errors.As(err, &shut)
}

// state is how a survey stands, without its progress, and its workflow, if there
// is one. Where there is a report, nobody has to answer for it: that it was
// cancelled is kept with it, since Temporal forgets, and knows of several surveys
// of the same only the last.
func (s *Service) state(ctx context.Context, k *known) (*gromav1.SurveyState, *run, error) {
	r, err := s.runOf(ctx, k.begun)
	if err != nil && k.latest() == nil {
		return nil, nil, err
	}
	state := k.state()
	switch {
	case r.running():
		state.State = runningState(k, r)
	case k.cancelled, r != nil && r.status == enums.WORKFLOW_EXECUTION_STATUS_CANCELED && k.latest() == nil:
		state.State = stateCancelled
	case k.latest() != nil:
		state.State = stateReported // or it was cancelled when all was counted
	case r != nil:
		state.State, state.Reason = stateFailed, s.reason(ctx, r)
	default:
		state.State = stateUnfinished
	}
	return state, r, nil
}

// state is what storage says; it leaves the state open.
func (k *known) state() *gromav1.SurveyState {
	state := &gromav1.SurveyState{
		Survey: k.id, StartedAt: k.started, Spec: k.spec, Projects: k.projects, Repositories: k.repositories,
	}
	if last := k.latest(); last != nil {
		state.Edition = last.Number
		tell(state, last)
	}
	return state
}

// tell has a state tell of an edition.
func tell(state *gromav1.SurveyState, e *gromav1.Edition) {
	state.EndedAt, state.Outcomes, state.Uncounted = e.MadeAt, maps.Clone(e.Outcomes), e.Uncounted
}

// runningState is the state of a survey that runs, by what needs no worker to
// answer.
func runningState(k *known, r *run) string {
	switch {
	case k.latest() != nil:
		return "reporting"
	case r.state != "" && r.state != "done":
		return r.state
	case k.planned:
		return "counting"
	}
	return "planning"
}

// reason is why a workflow failed, as people may read it.
func (s *Service) reason(ctx context.Context, r *run) string {
	switch r.status {
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return "its workflow was terminated"
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return "its workflow took longer than it may"
	}
	err := s.Temporal.GetWorkflow(ctx, r.workflow, "").Get(ctx, nil)
	var application *temporal.ApplicationError
	switch {
	case err == nil:
		return "its report is not kept any more"
	case errors.As(err, &application) && (s.Private || application.Type() != workflows.Trouble):
		return fault.Clip(application.Message(), longestText)
	case errors.As(err, &application):
		return "its worker had trouble: the worker's log says what"
	case s.Private:
		return fault.Clip(err.Error(), longestText)
	}
	return "its workflow failed: Temporal says why"
}
