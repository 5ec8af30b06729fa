package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"groma/internal/annotation"
	"groma/internal/landscape"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// startSurvey starts a survey, or goes on with the unfinished one of the same
// spec.
func (s *Service) startSurvey(ctx context.Context, request *gromav1.StartSurveyRequest) (*gromav1.StartSurveyResponse, error) {
	temporal, err := s.temporal()
	if err != nil {
		return nil, err
	}
	request, spec, err := s.complete(ctx, request)
	if err != nil {
		return nil, err
	}
	fingerprint := survey.Fingerprint(spec)
	id, err := s.running(ctx, fingerprint)
	if err != nil {
		return nil, err
	}
	if id != "" {
		return &gromav1.StartSurveyResponse{Survey: id, Already: true}, nil
	}
	begun, err := survey.Begin(ctx, s.Store, request, time.Now())
	if err != nil {
		return nil, s.refused(err)
	}
	begun.Window, begun.Searchable = cmp.Or(begun.Window, s.Window), s.Searchable
	_, err = temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:            workflows.ID(fingerprint),
		TaskQueue:     s.queue(fingerprint),
		Memo:          map[string]any{workflows.MemoSurvey: begun.Survey},
		StaticSummary: begun.Survey,

		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, "Survey", begun)
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &already) { // by another call, just now
		id, err := s.running(ctx, fingerprint)
		return &gromav1.StartSurveyResponse{Survey: id, Already: true}, err
	}
	if err != nil {
		return nil, fmt.Errorf("start the survey: %w", err)
	}
	return &gromav1.StartSurveyResponse{Survey: begun.Survey}, nil
}

func (s *Service) queue(fingerprint string) string {
	if s.Queue == nil {
		return workflows.ClusterQueue
	}
	return s.Queue(fingerprint)
}

// complete reads what a request names, and returns it with its spec.
func (s *Service) complete(ctx context.Context, request *gromav1.StartSurveyRequest) (*gromav1.StartSurveyRequest, *gromav1.SurveySpec, error) {
	request, err := survey.ReadDocuments(ctx, s.Sources, request)
	if err != nil {
		return nil, nil, s.refused(err)
	}
	done, err := s.parseTurn(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	spec, sources, err := survey.Complete(request)
	if err != nil {
		return nil, nil, s.refused(err)
	}
	if !s.Private {
		if err := elsewhere(spec, sources); err != nil {
			return nil, nil, invalid(err)
		}
	}
	return request, spec, nil
}

// elsewhere refuses landscapes that name repositories on the worker's machine:
// they are not the caller's. What cannot be read has its reason told at once.
func elsewhere(spec *gromav1.SurveySpec, sources survey.Sources) error {
	if spec.Kind == string(landscape.KindFolder) {
		return errors.New("a folder is of one machine, and a server counts none of its own: name the repositories by their addresses")
	}
	read, err := landscape.Read(landscape.Kind(spec.Kind), sources.Landscape, sources.Clomonitor, spec.Filter)
	if err != nil {
		return fmt.Errorf("read the landscape: %w", err)
	}
	if sources.Annotations != nil {
		words, err := annotation.Parse(sources.Annotations.Name, sources.Annotations.Data)
		if err != nil {
			return fmt.Errorf("annotations: %w", err)
		}
		read = annotation.Apply(read, words)
	}
	for _, r := range read.Repositories {
		if isLocal(r.Key) {
			return fmt.Errorf("%s is on one machine, and a server counts none of its own: name the repository by its address", r.Address)
		}
	}
	return nil
}

func isLocal(key string) bool { return strings.HasPrefix(key, "local/") }

// running is the id of the unfinished survey with a fingerprint, or nothing.
func (s *Service) running(ctx context.Context, fingerprint string) (string, error) {
	id, r, err := s.describe(ctx, workflows.ID(fingerprint))
	if err != nil {
		return "", fmt.Errorf("look for an unfinished survey: %w", err)
	}
	if !r.running() {
		return "", nil
	}
	if id == "" {
		return "", errors.New("a workflow with this survey's name is running, but it is none of ours")
	}
	return id, s.unattended(ctx, id, fingerprint, r)
}
