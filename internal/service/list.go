package service

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"groma/internal/artefact"
	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

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
		case fault.KindOf(entry.err) == fault.Bug:
			s.Log.ErrorContext(ctx, "a panic was caught", "survey", entry.id, "error", entry.err, "stack", fault.StackOf(entry.err))
			response.Unreadable = append(response.Unreadable, &gromav1.Uncounted{Key: entry.id, Reason: entry.err.Error()})
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
			defer fault.Catch(&entries[i].err)
			entries[i].id = id // whatever comes of it
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
		s.Log.WarnContext(ctx, "a survey's workflow cannot be asked for", "survey", id, "error", err)
		state = k.state()
		state.State = stateUnfinished
	}
	return entry{id: id, state: state}
}
