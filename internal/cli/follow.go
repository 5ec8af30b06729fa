package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"connectrpc.com/connect/v2"

	gromav1 "groma/proto/groma/v1"
)

// A follower shows how a survey gets on, until it has ended or the user has had
// enough.
type follower struct {
	api    *api
	survey string
	view   view
	json   bool // the view wants notices, not progress
	// editions goes on after the end: new editions are told.
	editions bool

	mu       sync.Mutex
	progress *gromav1.Progress
}

// follow returns how the survey stands when it has ended. A server that goes
// away meanwhile is asked again for a while, from where it broke off.
func (f *follower) follow(ctx context.Context) (*gromav1.SurveyState, error) {
	defer f.view.end()
	var after int64
	var away time.Time // since when nothing has been heard
	for {
		heard, ended, err := f.listen(ctx, &after)
		if ended != nil || ctx.Err() != nil {
			return ended, ctx.Err()
		}
		if heard || away.IsZero() {
			away = time.Now()
		}
		if !f.again(err) || time.Since(away) > patienceWithServer {
			return nil, said(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// again reports whether a watch that ended so may be begun once more: the
// server restarts, or the connection was lost, of which no server tells.
func (f *follower) again(err error) bool {
	if f.api.remote == "" {
		return false
	}
	var failed *connect.Error
	if !errors.As(err, &failed) || !failed.IsRemote() {
		return true
	}
	switch failed.Code() {
	case connect.CodeUnavailable, connect.CodeAborted, connect.CodeDeadlineExceeded, connect.CodeCanceled:
		return true
	}
	return false
}

// listen hears one stream to its end, and reports whether there was anything.
func (f *follower) listen(ctx context.Context, after *int64) (any bool, ended *gromav1.SurveyState, err error) {
	notices := f.json && !f.api.silent
	stream, err := f.api.WatchSurvey(ctx, &gromav1.WatchSurveyRequest{
		Survey: f.survey, After: *after, Notices: notices, Progress: !notices, Follow: f.editions,
	})
	if err != nil {
		return false, nil, err
	}
	defer stream.Close()
	for {
		heard, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return any, nil, errors.New("the server ended the watch")
		}
		if err != nil {
			return any, nil, err
		}
		any = true
		*after = max(*after, heard.Sequence)
		if ended := f.hear(heard); ended != nil {
			return true, ended, nil
		}
	}
}

// hear shows one event, and returns how the survey ended if that is what it
// says.
func (f *follower) hear(heard *gromav1.WatchSurveyResponse) *gromav1.SurveyState {
	switch event := heard.Event.(type) {
	case *gromav1.WatchSurveyResponse_Notice:
		f.view.tell(event.Notice)
	case *gromav1.WatchSurveyResponse_Progress:
		f.mu.Lock()
		f.progress = event.Progress
		f.mu.Unlock()
		f.view.show(event.Progress)
	case *gromav1.WatchSurveyResponse_Ended:
		if !f.editions {
			return event.Ended
		}
	}
	return nil
}

// last is the last progress that was heard of, or nil.
func (f *follower) last() *gromav1.Progress {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.progress
}

// done is how many repositories have their outcome.
func done(p *gromav1.Progress) (n int64) {
	for _, count := range p.GetOutcomes() {
		n += count
	}
	return n
}

// verdictOf says how a survey has ended: it failed only if it was let finish
// and nothing could be reached.
func verdictOf(ctx context.Context, a *api, state *gromav1.SurveyState) error {
	if state.Uncounted == 0 {
		return nil
	}
	failed := state.Outcomes["failed"] + state.Outcomes["timed-out"]
	if failed < state.Repositories || state.State == "cancelled" {
		return errGaps
	}
	answer, err := a.GetSurvey(ctx, &gromav1.GetSurveyRequest{Survey: state.Survey})
	if err != nil {
		return said(err)
	}
	if len(answer.Uncounted) == 0 {
		return errGaps
	}
	first := answer.Uncounted[0]
	return fmt.Errorf("no repository could be reached; the first: %s: %s", first.Key, first.Reason)
}
