package cli

import (
	"context"
	"errors"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"

	"groma/internal/notice"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// watch follows one survey: it asks the workflows how far they are and hands
// that to a view; for programs it passes on the notices.
type watch struct {
	run      *run
	id       string
	workflow string
	view     view

	mu       sync.Mutex
	progress *gromav1.Progress
	reported chan struct{} // has one when the notice of the report has come
}

// pollEvery is how often a survey is asked how far it is.
const pollEvery = 300 * time.Millisecond

// follow shows the survey until ctx ends.
func (w *watch) follow(ctx context.Context) {
	defer w.view.end()
	if w.run.json {
		w.notices(ctx)
		return
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if p, err := w.ask(ctx); err == nil {
			w.mu.Lock()
			w.progress = p
			w.mu.Unlock()
			w.view.show(p)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// last is the last progress that was heard of, or nil.
func (w *watch) last() *gromav1.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.progress
}

// ask adds what the shards in flight know to what the survey knows.
func (w *watch) ask(ctx context.Context) (*gromav1.Progress, error) {
	total, err := w.query(ctx, w.workflow)
	if err != nil {
		return nil, err
	}
	for _, n := range total.Shards {
		shard, err := w.query(ctx, workflows.ShardID(w.workflow, n))
		var missing *serviceerror.NotFound
		if errors.As(err, &missing) {
			continue // it has not begun
		}
		if err != nil {
			return nil, err // half an answer would look like a step back
		}
		total.Running += shard.Running
		total.Waiting -= shard.Running
		for outcome, n := range shard.Outcomes {
			total.Outcomes[outcome] += n
			total.Waiting -= n
		}
		total.Oldest = append(total.Oldest, shard.Oldest...)
	}
	return total, nil
}

func (w *watch) query(ctx context.Context, workflow string) (*gromav1.Progress, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	value, err := w.run.engine.Temporal.QueryWorkflow(ctx, workflow, "", workflows.ProgressQuery)
	if err != nil {
		return nil, err
	}
	p := &gromav1.Progress{}
	if err := value.Get(p); err != nil {
		return nil, err
	}
	if p.Outcomes == nil {
		p.Outcomes = map[string]int64{}
	}
	return p, nil
}

// notices passes on what has happened since the survey began.
func (w *watch) notices(ctx context.Context) {
	err := w.run.engine.Notices.Follow(ctx, w.id, notice.Start, func(_ uint64, n *gromav1.Notice) {
		w.view.tell(n)
		if n.GetReported() != nil {
			select {
			case w.reported <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		w.run.log.Warn("notices end", "survey", w.id, "error", err)
	}
}

// drain waits for the last notice of a survey that has ended, for a while.
func (w *watch) drain() {
	select {
	case <-w.reported:
	case <-time.After(drainTime):
	}
}

// done is how many repositories have their outcome.
func done(p *gromav1.Progress) (n int64) {
	for _, count := range p.GetOutcomes() {
		n += count
	}
	return n
}

// surveyOf reads the id of a survey from its workflow's memo.
func surveyOf(memo *commonpb.Memo) (string, error) {
	var id string
	payload := memo.GetFields()[memoSurvey]
	if payload == nil {
		return "", errors.New("a workflow with this survey's name is running, but it is none of ours")
	}
	return id, converter.GetDefaultDataConverter().FromPayload(payload, &id)
}
