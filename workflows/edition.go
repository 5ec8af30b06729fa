package workflows

import (
	"cmp"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

const (
	// longestGathering is how long an edition waits, at most, for more.
	longestGathering = 15 * time.Second
	// mostRevisions bounds the payload that asks for one edition.
	mostRevisions = 1000
	// longestTroubled is for how long an edition that cannot be made is tried
	// again, and restOfEdition how long it rests in between.
	longestTroubled = 4 * time.Hour
	restOfEdition   = 5 * time.Minute
)

// Edition makes new editions of one survey's report, of the repositories that
// rescans hand over. It gathers them first, so that a storm over many makes few
// editions. What it has gathered it keeps while storage is away, for hours; what
// no edition can be made of, since the survey is damaged, it says at its end.
func Edition(ctx workflow.Context, request *gromav1.EditionRequest) error {
	e := &edition{survey: request.Survey, taken: request.Taken, signals: workflow.GetSignalChannel(ctx, TakenSignal)}
	for {
		if err := untilQuiet(ctx, longestGathering, e.hear); err != nil {
			return err
		}
		if err := e.make(ctx); err != nil {
			return err
		}
		if !e.hear() && len(e.taken) == 0 {
			return e.failed
		}
		if long(ctx) { // what is heard goes along
			return workflow.NewContinueAsNewError(ctx, "Edition", &gromav1.EditionRequest{Survey: e.survey, Taken: e.taken})
		}
	}
}

// edition is what is gathered: the last word on each repository, in the order
// of their last words.
type edition struct {
	survey  string
	taken   []*gromav1.Taken
	signals workflow.ReceiveChannel
	since   time.Time // of the trouble that there is; zero if there is none
	failed  error     // the first of those that do not pass
}

// hear gathers all that has come, and reports whether there was anything.
func (e *edition) hear() bool {
	heard := false
	for taken := new(gromav1.Taken); e.signals.ReceiveAsync(taken); taken = new(gromav1.Taken) {
		e.taken = slices.DeleteFunc(e.taken, func(t *gromav1.Taken) bool { return t.Key == taken.Key })
		e.taken = append(e.taken, taken)
		heard = true
	}
	return heard
}

// make makes one edition of what is gathered, if there is anything. What cannot
// be made now it keeps, and rests.
func (e *edition) make(ctx workflow.Context) error {
	some := e.taken[:min(len(e.taken), mostRevisions)]
	if len(some) == 0 {
		return nil
	}
	_, err := makeEdition.about(e.survey).run(ctx, &gromav1.ReviseRequest{Survey: e.survey, Taken: some, MadeAt: timestamppb.New(workflow.Now(ctx))})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if passes(err) {
		return e.rest(ctx, err)
	}
	e.failed, e.since = cmp.Or(e.failed, err), time.Time{}
	e.taken = e.taken[len(some):]
	return nil
}

// rest waits for trouble to pass; the error says that it lasts.
func (e *edition) rest(ctx workflow.Context, trouble error) error {
	if e.since.IsZero() {
		e.since = workflow.Now(ctx)
	}
	if workflow.Now(ctx).Sub(e.since) >= longestTroubled {
		return trouble
	}
	workflow.GetLogger(ctx).Warn("edition not made; it is tried again", "survey", e.survey, "error", trouble)
	return workflow.Sleep(ctx, restOfEdition)
}
