package service

import (
	"context"

	"connectrpc.com/connect/v2"

	gromav1 "groma/proto/groma/v1"
)

func (s *Service) getSurvey(ctx context.Context, request *gromav1.GetSurveyRequest) (*gromav1.GetSurveyResponse, error) {
	k, err := s.find(ctx, request.Survey)
	if err != nil {
		return nil, err
	}
	state, r, err := s.state(ctx, k)
	if err != nil {
		return nil, err
	}
	response := &gromav1.GetSurveyResponse{Survey: state}
	if r.running() {
		if response.Progress, err = s.progress(ctx, r.workflow); err == nil {
			state.State = stateOf(response.Progress, state.State)
		}
	}
	if k.latest() == nil && request.Edition == 0 {
		return response, nil
	}
	e, err := k.edition(request.Edition)
	if err != nil {
		return nil, err
	}
	tell(response.Survey, e)
	if e.Uncounted > 0 {
		response.Uncounted, err = s.uncounted(ctx, k.id, e)
	}
	return response, err
}

// stateOf is the state that a progress has, once it is one of a survey's.
func stateOf(p *gromav1.Progress, before string) string {
	if p.State == "" || p.State == "done" {
		return before
	}
	return p.State
}

// edition is one of a survey's editions; zero is the latest.
func (k *known) edition(number int64) (*gromav1.Edition, error) {
	switch {
	case k.latest() == nil:
		return nil, connect.Errorf(connect.CodeFailedPrecondition, "survey %s is unfinished: it has no report yet; 'groma watch %s' shows how it gets on", k.id, k.id)
	case number == 0:
		return k.latest(), nil
	case number > k.latest().Number:
		return nil, connect.Errorf(connect.CodeNotFound, "survey %s has no edition %d: the latest is %d", k.id, number, k.latest().Number)
	}
	for _, e := range k.editions {
		if e.Number == number {
			return e, nil
		}
	}
	return nil, connect.Errorf(connect.CodeNotFound, "survey %s has no edition %d", k.id, number)
}

func (s *Service) listEditions(ctx context.Context, request *gromav1.ListEditionsRequest) (*gromav1.ListEditionsResponse, error) {
	k, err := s.find(ctx, request.Survey)
	if err != nil {
		return nil, err
	}
	if _, err := k.edition(0); err != nil {
		return nil, err
	}
	return &gromav1.ListEditionsResponse{Editions: &gromav1.Editions{Survey: k.id, Editions: k.editions, Cancelled: &k.cancelled}}, nil
}
