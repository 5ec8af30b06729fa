package service

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"connectrpc.com/connect/v2"

	"groma/internal/artefact"
	"groma/internal/fault"
	"groma/internal/report"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

// mostUncounted is how many repositories without a count one answer names.
const mostUncounted = 10_000

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
		response.Uncounted, err = s.uncounted(ctx, k.id, e.Number)
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

func (s *Service) uncounted(ctx context.Context, id string, edition int64) (gaps []*gromav1.Uncounted, err error) {
	rep, err := survey.ReportOf(ctx, s.Store, id, edition)
	if err != nil {
		return nil, err
	}
	for _, r := range report.Uncounted(rep) {
		if len(gaps) == mostUncounted {
			break
		}
		gaps = append(gaps, &gromav1.Uncounted{Key: r.Key, Outcome: r.Outcome, Reason: r.Reason})
	}
	return gaps, nil
}

// pageSize is how many surveys one page has at most.
const pageSize = 1000

func (s *Service) listSurveys(ctx context.Context, request *gromav1.ListSurveysRequest) (*gromav1.ListSurveysResponse, error) {
	ids, err := s.ids(ctx, "")
	if err != nil {
		return nil, err
	}
	response := &gromav1.ListSurveysResponse{}
	ids = after(ids, request.PageToken)
	if size := cmp.Or(int(request.PageSize), pageSize); len(ids) > size {
		ids = ids[:size]
		response.NextPageToken = ids[size-1]
	}
	for _, entry := range s.entries(ctx, ids) {
		switch {
		case entry.state != nil:
			response.Surveys = append(response.Surveys, entry.state)
		case fault.KindOf(entry.err) == fault.Invalid:
			response.Unreadable = append(response.Unreadable, &gromav1.Uncounted{Key: entry.id, Reason: s.unreadable(entry.err)})
		case entry.err != nil:
			return nil, entry.err
		}
	}
	return response, nil
}

// after are the ids that come after one.
func after(ids []string, token string) []string {
	for i, id := range ids {
		if token != "" && compareIDs(id, token) > 0 {
			return ids[i:]
		}
	}
	if token != "" {
		return nil
	}
	return ids
}

// unreadable says why a survey cannot be read. Text of the damaged file is for
// who runs the server.
func (s *Service) unreadable(err error) string {
	if s.Private {
		return fault.Clip(err.Error(), longestText)
	}
	key, _, _ := strings.Cut(err.Error(), ":")
	return key + " cannot be read"
}

// An entry of a list has neither state nor error if the survey never began.
type entry struct {
	id    string
	state *gromav1.SurveyState
	err   error
}

// listWidth is how many surveys of a list are looked at at once.
const listWidth = 16

// entries looks at surveys, in the order of their ids.
func (s *Service) entries(ctx context.Context, ids []string) []entry {
	entries := make([]entry, len(ids))
	var wait sync.WaitGroup
	room := make(chan struct{}, listWidth)
	for i, id := range ids {
		room <- struct{}{}
		wait.Go(func() {
			defer func() { <-room }()
			entries[i] = s.entry(ctx, id)
		})
	}
	wait.Wait()
	return entries
}

func (s *Service) entry(ctx context.Context, id string) entry {
	k, err := s.load(ctx, id)
	if errors.Is(err, artefact.ErrMissing) {
		return entry{id: id} // taken away meanwhile
	}
	if err != nil {
		return entry{id: id, err: err}
	}
	if !s.counts(ctx, k) {
		return entry{id: id}
	}
	state, _, err := s.state(ctx, k)
	if err != nil { // Temporal's, which a list does without
		s.Log.Warn("a survey's workflow cannot be asked for", "survey", id, "error", err)
		state = k.state()
		state.State = stateUnfinished
	}
	return entry{id: id, state: state}
}

func (s *Service) listEditions(ctx context.Context, request *gromav1.ListEditionsRequest) (*gromav1.ListEditionsResponse, error) {
	k, err := s.find(ctx, request.Survey)
	if err != nil {
		return nil, err
	}
	if _, err := k.edition(0); err != nil {
		return nil, err
	}
	return &gromav1.ListEditionsResponse{Editions: &gromav1.Editions{Survey: k.id, Editions: k.editions}}, nil
}
