package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// listen lets the survey be asked how far it is, paused and resumed.
func (s *survey) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, ProgressQuery, s.query); err != nil {
		return err
	}
	options := workflow.UpdateHandlerOptions{Validator: func() error { return s.pausable(ctx) }}
	pause := func(ctx workflow.Context) error { return s.setPaused(ctx, true) }
	if err := workflow.SetUpdateHandlerWithOptions(ctx, PauseUpdate, pause, options); err != nil {
		return err
	}
	resume := func(ctx workflow.Context) error { return s.setPaused(ctx, false) }
	return workflow.SetUpdateHandlerWithOptions(ctx, ResumeUpdate, resume, options)
}

// Over is the type of the error with which a survey that has nothing left to
// begin refuses to be paused or resumed.
const Over = "over"

// pausable says why a survey cannot be paused or resumed.
func (s *survey) pausable(ctx workflow.Context) error {
	if ctx.Err() != nil {
		return temporal.NewNonRetryableApplicationError("the survey is cancelled", Over, nil)
	}
	if s.state != "planning" && s.state != "counting" {
		return temporal.NewNonRetryableApplicationError("the survey has counted all", Over, nil)
	}
	return nil
}

// setPaused tells the shards in flight, one answer after the other, so that
// the last word is the same for all. A shard that has ended meanwhile need not
// know.
func (s *survey) setPaused(ctx workflow.Context, paused bool) error {
	if err := s.forward.Lock(ctx); err != nil {
		return err
	}
	defer s.forward.Unlock()
	s.far.Paused = paused
	s.enter(ctx, s.state)
	for n := range s.shards {
		shard := &s.shards[n]
		if !shard.inFlight() {
			continue
		}
		if err := shard.child.SignalChildWorkflow(ctx, pausedSignal, paused).Get(ctx, nil); ctx.Err() != nil {
			return err
		}
	}
	return nil
}
