package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/worker"

	"groma/internal/census"
	"groma/internal/engine"
	"groma/internal/gitwire"
	"groma/internal/service"
	gromav1 "groma/proto/groma/v1"
	"groma/workers"
	"groma/workflows"
)

// local is a world of this process, with a worker for one survey: an engine, the
// service on it, and who counts.
type local struct {
	log         *slog.Logger
	git         *gitwire.Client // nil takes no censuses
	contents    *census.Contents
	concurrency int
	seen        *observed // nil is not

	engine *engine.Engine
	queue  string // where the survey waits for workers
	worker worker.Worker
	stop   sync.Once
}

// open starts the worker on the task queue of the survey with this fingerprint,
// since its mirrors and credentials are for that one.
func (l *local) open(ctx context.Context, config engine.Config, fingerprint string) (err error) {
	if err := config.Validate(); err != nil {
		return usageError{err}
	}
	if l.engine, err = l.seen.open(ctx, config); err != nil {
		return err
	}
	return l.work(ctx, fingerprint)
}

// work starts the worker on the survey's own task queue; where the survey was
// begun by a server, on that one's, unless somebody works there.
func (l *local) work(ctx context.Context, fingerprint string) error {
	l.queue = workflows.TaskQueue(fingerprint)
	begun, attended, err := service.QueueOf(ctx, l.engine.Temporal, l.engine.Payloads, fingerprint)
	if err != nil {
		l.engine.Close()
		return err
	}
	if begun != "" && !attended {
		l.queue = begun
	}
	work := workers.Config{
		Store: l.engine.Store, Notices: l.engine.Notices, Log: l.log, Concurrency: l.concurrency, Queue: l.queue,
	}
	if l.git != nil {
		work.Taker = &census.Taker{Git: l.git, Store: l.engine.Store, Contents: l.contents, Log: l.log}
	}
	l.worker = workers.New(l.engine.Temporal, work)
	if err := l.worker.Start(); err != nil {
		l.engine.Close()
		return fmt.Errorf("start the worker: %w", err)
	}
	return nil
}

// api is the service of this process.
func (l *local) api() *api {
	s := service.New(service.Config{
		Store: l.engine.Store, Temporal: l.engine.Temporal, Payloads: l.engine.Payloads, Notices: l.engine.Notices, Queue: workflows.TaskQueue,
		Window: int64(2 * l.concurrency), Private: true, Log: l.log,
	})
	return &api{SurveyServiceClient: inProcess(s), silent: l.engine.Notices == nil, close: l.close}
}

// close hands back the censuses in flight, then stops the engine.
func (l *local) close() {
	l.stopWorker()
	l.engine.Close()
}

func (l *local) stopWorker() { l.stop.Do(l.worker.Stop) }

// A session sees one survey to its end.
type session struct {
	terminal Terminal
	api      *api
	out      string        // folder for the report, empty for none
	forms    *formSettings // nil for none
	json     bool
	logs     string // where the log is, for people
	again    string // the command that goes on
	// handBack gives back what is being counted; nil where a server counts.
	handBack func()
	view     view // nil for the usual
}

// see shows how a survey gets on, and its report when it has ended.
func (s *session) see(ctx context.Context, id string) error {
	f := &follower{api: s.api, survey: id, json: s.json, view: s.view}
	if f.view == nil {
		f.view = newView(s.terminal, s.json, s.logs)
	}
	ended, err := f.follow(ctx)
	if ctx.Err() != nil {
		return s.stopped(ctx, f)
	}
	if err != nil {
		return err
	}
	if err := fruitless(ended); err != nil {
		return err
	}
	tellCancelled(s.terminal, ended) // by another command, it may be
	ctx = context.WithoutCancel(ctx)
	if err := s.finish(ctx, ended); err != nil {
		return err
	}
	return verdictOf(ctx, s.api, ended)
}

// fruitless is why a survey that has ended has no report, nil if it has one.
func fruitless(ended *gromav1.SurveyState) error {
	switch {
	case ended.Edition == 0 && ended.State == "cancelled":
		return fmt.Errorf("survey %s was cancelled before it was planned: there is nothing to report", ended.Survey)
	case ended.State == "failed":
		return fmt.Errorf("survey %s failed: %s", ended.Survey, ended.Reason)
	}
	return nil
}

// A setBack is why a command ends that has an embedded Temporal: the clock was
// set back.
type setBack struct{ by time.Duration }

func (e setBack) Error() string {
	return fmt.Sprintf("the clock of this machine was set back by %s, and Temporal does hardly anything for as long; nothing is lost: give the same command again", e.by.Round(time.Second))
}

// untilSetBack is ctx, which ends when the clock is set back, too.
func untilSetBack(ctx context.Context, e *engine.Engine) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case by := <-e.SetBack:
			cancel(setBack{by})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// stopped ends a command in mid-survey.
func (s *session) stopped(ctx context.Context, f *follower) error {
	if s.handBack == nil {
		s.sayf("The survey goes on at %s. Watch it again with: groma watch %s", s.api.remote, f.survey)
		return errSaid
	}
	if cause, ok := context.Cause(ctx).(setBack); ok {
		s.handBack()
		return cause
	}
	s.sayf("Stopping: handing back what is being counted. Press Ctrl-C again to leave at once; nothing is lost.")
	s.handBack()
	if p := f.last(); p.GetTotal() > 0 {
		s.sayf("Stopped with %d of %d repositories done; what is counted is kept.", done(p), p.Total)
	} else {
		s.sayf("Stopped.")
	}
	s.sayf("To go on, give the same command again: %s", s.again)
	return errSaid
}

// finish writes the report to its folder and prints its headline.
func (s *session) finish(ctx context.Context, ended *gromav1.SurveyState) error {
	request := &gromav1.GetReportRequest{Survey: ended.Survey, Edition: ended.Edition}
	var written []string
	if s.out != "" {
		s.forms.ask(request)
		var err error
		if written, err = s.api.save(ctx, request, s.out); err != nil {
			return fmt.Errorf("%w; the report is kept, and 'groma report %s' prints it", err, ended.Survey)
		}
	}
	if s.json {
		return nil
	}
	request.Formats = []string{"terminal"}
	headline, err := s.api.text(ctx, request)
	if err != nil {
		return err
	}
	fmt.Fprint(s.terminal.Out, headline)
	if len(written) > 0 {
		fmt.Fprintf(s.terminal.Out, "\nReport: %s\n", strings.Join(written, ", "))
	}
	return nil
}

// sayf tells the person at the terminal. Programs read standard output.
func (s *session) sayf(format string, args ...any) {
	fmt.Fprintf(s.terminal.Err, format+"\n", args...)
}

// begin starts the survey that is asked for, or goes on with it.
func (s *session) begin(ctx context.Context, request *gromav1.StartSurveyRequest) (string, error) {
	started, err := s.api.StartSurvey(ctx, request)
	if err != nil {
		return "", said(err)
	}
	if started.Survey == "" {
		return "", errors.New("the server started a survey and does not say which")
	}
	if started.Already {
		s.sayf("Going on with survey %s.", started.Survey)
	} else {
		s.sayf("Survey %s.", started.Survey)
	}
	return started.Survey, nil
}
