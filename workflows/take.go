package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	gromav1 "groma/proto/groma/v1"
)

// A census that ends through no fault of the repository is begun again: at
// once when a worker was lost, then after longer and longer pauses, since
// storage may be away. After this many times, about a quarter of an hour, the
// repository is held to be the cause.
const (
	restarts     = 20
	longestPause = time.Minute
	// longestHistory is how many events a shard may have for it to begin anything
	// again: Temporal ends what has 51,200, and with it the outcomes of all.
	longestHistory = 30_000
)

// take takes the census of one repository; a failure is an outcome. The error
// is why nothing could be found out.
func take(ctx workflow.Context, request *gromav1.TakeCensusRequest) (*gromav1.Taken, error) {
	census := takeCensus.limit(attempt(request.Limits)).about(request.Target.Key)
	if request.Rescan != "" {
		census.options.Priority = first // somebody has pushed, and waits to see it
	}
	response, err := census.run(ctx, request)
	var lost int64 // tries that ended through no fault of the repository
	for n := range restarts {
		if !ours(err) || workflow.GetInfo(ctx).GetCurrentHistoryLength() > longestHistory || n > 0 && workflow.Sleep(ctx, min(time.Second<<n, longestPause)) != nil {
			break
		}
		lost += triesOf(err)
		response, err = census.run(ctx, request)
	}
	if err == nil {
		response.Taken.Attempts += lost
		return response.Taken, nil
	}
	if ctx.Err() != nil {
		err = ctx.Err() // whatever else was wrong with it
	}
	outcome, reason := outcomeOf(err)
	return &gromav1.Taken{Key: request.Target.Key, Outcome: outcome, Reason: reason, Attempts: lost + triesOf(err)}, err
}

// attempt is how long one try may take. The census watches its own time; a
// minute later the worker is stuck.
func attempt(limits *gromav1.Limits) time.Duration {
	seconds := limits.GetSeconds()
	if seconds <= 0 {
		seconds = 30 * 60 // as a census has it by default
	}
	return time.Duration(seconds)*time.Second + time.Minute
}
