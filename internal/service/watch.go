package service

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"groma/internal/fault"
	"groma/internal/notice"
	gromav1 "groma/proto/groma/v1"
)

const (
	// pollEvery is how often a survey is asked how far it is.
	pollEvery = 300 * time.Millisecond
	// quiet is how long no notice comes after the last one that is kept, and
	// drainTime how long the last one of a survey that has just ended may take.
	quiet     = 300 * time.Millisecond
	drainTime = 2 * time.Second
)

// A watch tells one caller what happens in one survey. What is heard comes over
// channels, so that one function sends.
type watch struct {
	service *Service
	survey  *known
	request *gromav1.WatchSurveyRequest
	send    func(*gromav1.WatchSurveyResponse) error

	heard    chan *gromav1.WatchSurveyResponse // notices
	progress chan *gromav1.Progress
	ended    chan struct{} // closed when the workflow has ended
	failed   chan error

	running  bool  // when the watch began
	reported bool  // the notice of a report has come
	done     int64 // of the last progress that was told
}

func (s *Service) watchSurvey(ctx context.Context, request *gromav1.WatchSurveyRequest, send func(*gromav1.WatchSurveyResponse) error) error {
	k, err := s.find(ctx, request.Survey)
	if err != nil {
		return err
	}
	r, err := s.runOf(ctx, k.begun)
	if err != nil && k.latest() == nil {
		return err
	}
	w := &watch{
		service: s, survey: k, request: request, send: send, running: r.running(),
		heard: make(chan *gromav1.WatchSurveyResponse), progress: make(chan *gromav1.Progress), ended: make(chan struct{}), failed: make(chan error, 3),
	}
	return w.run(ctx, r)
}

// run listens until the survey has ended or the caller has gone. It waits for
// whoever it starts.
func (w *watch) run(ctx context.Context, r *run) error {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	if !w.running {
		close(w.ended)
	} else {
		wait.Go(func() { w.caught(func() { w.awaitEnd(ctx, r.workflow) }) })
		if w.wantsProgress() {
			wait.Go(func() { w.caught(func() { w.poll(ctx, r.workflow) }) })
		}
	}
	if w.wantsNotices() {
		wait.Go(func() { w.caught(func() { w.listen(ctx) }) })
	}
	if err := w.untilEnd(ctx); err != nil {
		return err
	}
	k, err := w.service.load(ctx, w.survey.id)
	if err != nil {
		return err
	}
	if err := w.drain(ctx, w.running && k.latest() != nil); err != nil {
		return err
	}
	if err := w.tellEnd(ctx, k); err != nil || !w.request.Follow {
		return err
	}
	return w.follow(ctx)
}

// caught runs what listens, and makes a failure of the watch of a panic: the
// process watches for others, too.
func (w *watch) caught(listen func()) {
	var err error
	func() {
		defer fault.Catch(&err)
		listen()
	}()
	if err != nil {
		w.failed <- err
	}
}

func (w *watch) wantsNotices() bool {
	return w.service.Notices != nil && (w.request.Notices || !w.request.Progress)
}

func (w *watch) wantsProgress() bool { return w.request.Progress || !w.request.Notices }

// awaitEnd closes ended when the survey's workflow has. How it ended is read
// afterwards, in one place.
func (w *watch) awaitEnd(ctx context.Context, workflow string) {
	err := w.service.Temporal.GetWorkflow(ctx, workflow, "").Get(ctx, nil)
	var ended *temporal.WorkflowExecutionError
	var missing *serviceerror.NotFound
	switch {
	case ctx.Err() != nil:
	case err == nil, errors.As(err, &ended), errors.As(err, &missing):
		close(w.ended)
	default:
		w.failed <- err
	}
}

// poll asks how far the survey is, again and again.
func (w *watch) poll(ctx context.Context, workflow string) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if p, err := w.service.progress(ctx, workflow); err == nil {
			select {
			case w.progress <- p:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// listen hears the notices of the survey.
func (w *watch) listen(ctx context.Context) {
	err := w.service.Notices.Follow(ctx, w.survey.id, notice.From(w.request.After), func(sequence uint64, n *gromav1.Notice) {
		select {
		case w.heard <- &gromav1.WatchSurveyResponse{Sequence: int64(sequence), Event: &gromav1.WatchSurveyResponse_Notice{Notice: n}}:
		case <-ctx.Done():
		}
	})
	if err != nil {
		w.failed <- err
	}
}

// untilEnd tells everything until the survey's workflow has ended.
func (w *watch) untilEnd(ctx context.Context) error {
	for {
		select {
		case <-w.ended:
			return nil
		case p := <-w.progress:
			if err := w.tellProgress(p); err != nil {
				return err
			}
		case n := <-w.heard:
			if err := w.tellNotice(n); err != nil {
				return err
			}
		case err := <-w.failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain tells the notices that are kept of a survey that has ended: until none
// has come for a moment, and where a report was just made until that has been
// told, for a while.
func (w *watch) drain(ctx context.Context, justReported bool) error {
	if !w.wantsNotices() {
		return nil
	}
	patience := time.NewTimer(drainTime)
	defer patience.Stop()
	silence := time.NewTimer(quiet)
	defer silence.Stop()
	for {
		select {
		case n := <-w.heard:
			if err := w.tellNotice(n); err != nil {
				return err
			}
			silence.Reset(quiet)
			patience.Reset(drainTime)
		case <-silence.C:
			if w.reported || !justReported {
				return nil
			}
		case <-patience.C:
			return nil
		case err := <-w.failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *watch) tellEnd(ctx context.Context, k *known) error {
	state, _, err := w.service.state(ctx, k)
	if err != nil {
		return err
	}
	return w.send(&gromav1.WatchSurveyResponse{Event: &gromav1.WatchSurveyResponse_Ended{Ended: state}})
}

// follow tells the notices that come after the end, until the caller has gone.
func (w *watch) follow(ctx context.Context) error {
	for {
		select {
		case n := <-w.heard:
			if err := w.tellNotice(n); err != nil {
				return err
			}
		case err := <-w.failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *watch) tellNotice(n *gromav1.WatchSurveyResponse) error {
	w.reported = w.reported || n.GetNotice().GetReported() != nil
	return w.send(n)
}

// tellProgress tells how far the survey is. What would look like a step back is
// not told: a worker that begins a workflow anew knows less for a moment.
func (w *watch) tellProgress(p *gromav1.Progress) error {
	if n := done(p); n >= w.done {
		w.done = n
		return w.send(&gromav1.WatchSurveyResponse{Event: &gromav1.WatchSurveyResponse_Progress{Progress: p}})
	}
	return nil
}
