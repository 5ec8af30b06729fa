package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// calm is how long nothing must be heard for it to be quiet.
const calm = time.Second

// untilQuiet returns when hear, which reports whether there was anything new,
// has heard nothing for a second, or after longest: a storm of signals becomes
// one piece of work. It takes a timer a second, not a signal.
func untilQuiet(ctx workflow.Context, longest time.Duration, hear func() bool) error {
	for waited := time.Duration(0); waited < longest; waited += calm {
		if err := workflow.Sleep(ctx, calm); err != nil {
			return err
		}
		if !hear() {
			return nil
		}
	}
	return nil
}

// long reports whether a workflow should go on in another run.
func long(ctx workflow.Context) bool { return workflow.GetInfo(ctx).GetContinueAsNewSuggested() }
