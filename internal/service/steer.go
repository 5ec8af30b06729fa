package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect/v2"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

func (s *Service) pauseSurvey(ctx context.Context, request *gromav1.PauseSurveyRequest) (*gromav1.PauseSurveyResponse, error) {
	state, err := s.update(ctx, request.Survey, workflows.PauseUpdate)
	return &gromav1.PauseSurveyResponse{Survey: state}, err
}

func (s *Service) resumeSurvey(ctx context.Context, request *gromav1.ResumeSurveyRequest) (*gromav1.ResumeSurveyResponse, error) {
	state, err := s.update(ctx, request.Survey, workflows.ResumeUpdate)
	return &gromav1.ResumeSurveyResponse{Survey: state}, err
}

// updatePatience is how long a worker has to take an update.
const updatePatience = 15 * time.Second

// update asks the workflow of a survey that runs for something, and waits until
// it is done.
func (s *Service) update(ctx context.Context, id, name string) (*gromav1.SurveyState, error) {
	k, r, err := s.findRunning(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.unattended(ctx, k.id, survey.Fingerprint(k.spec), r); err != nil {
		return nil, err
	}
	asking, cancel := context.WithTimeout(ctx, updatePatience)
	defer cancel()
	handle, err := s.Temporal.UpdateWorkflow(asking, client.UpdateWorkflowOptions{
		WorkflowID: r.workflow, UpdateName: name, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(asking, nil)
	}
	var missing *serviceerror.NotFound
	var late *serviceerror.DeadlineExceeded
	var application *temporal.ApplicationError
	waited := asking.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) // they are not of one instant
	switch {
	case errors.As(err, &missing):
		return nil, notRunning(k)
	case errors.As(err, &application) && application.Type() == workflows.Over:
		return nil, connect.Errorf(connect.CodeFailedPrecondition, "%s: %s", k.id, application.Message())
	case err != nil && waited && ctx.Err() == nil:
		return nil, connect.Errorf(connect.CodeUnavailable, "no worker looks after survey %s now: start one, and try again", k.id).WithCause(err)
	case err != nil:
		return nil, fmt.Errorf("%s survey %s: %w", name, k.id, err)
	}
	return s.stateNow(ctx, k, r)
}

// stateNow is the state of a survey that runs, as its workflow has it.
func (s *Service) stateNow(ctx context.Context, k *known, r *run) (*gromav1.SurveyState, error) {
	state, _, err := s.state(ctx, k)
	if err != nil {
		return nil, err
	}
	if p, err := s.progress(ctx, r.workflow); err == nil {
		state.State = stateOf(p, state.State)
	}
	return state, nil
}

func (s *Service) cancelSurvey(ctx context.Context, request *gromav1.CancelSurveyRequest) (*gromav1.CancelSurveyResponse, error) {
	k, r, err := s.findRunning(ctx, request.Survey)
	if err != nil {
		return nil, err
	}
	if err := s.unattended(ctx, k.id, survey.Fingerprint(k.spec), r); err != nil {
		return nil, err
	}
	if err := s.Temporal.CancelWorkflow(ctx, r.workflow, ""); err != nil {
		var missing *serviceerror.NotFound
		if errors.As(err, &missing) {
			return nil, notRunning(k)
		}
		return nil, fmt.Errorf("cancel survey %s: %w", k.id, err)
	}
	state, _, err := s.state(ctx, k)
	return &gromav1.CancelSurveyResponse{Survey: state}, err
}

// findRunning finds a survey that must run.
func (s *Service) findRunning(ctx context.Context, id string) (*known, *run, error) {
	if _, err := s.temporal(); err != nil {
		return nil, nil, err
	}
	k, err := s.find(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.runOf(ctx, k.begun)
	if err != nil {
		return nil, nil, err
	}
	if !r.running() {
		return nil, nil, notRunning(k)
	}
	return k, r, nil
}

func notRunning(k *known) error {
	return connect.Errorf(connect.CodeFailedPrecondition, "survey %s is not running: 'groma surveys' lists how they stand", k.id)
}
