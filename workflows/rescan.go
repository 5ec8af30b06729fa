package workflows

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

// longestStorm is how long a rescan waits, at most, for pushes to a repository
// to come to an end.
const longestStorm = 10 * time.Second

// Rescan takes the census of one repository at its head, as each survey that
// contains it asks for it, and hands over what has changed. Pushes that come
// while it takes the census make one more: what it ends with is not older than
// the last push. A push for which nothing could be found out is not forgotten:
// see [RescanLater].
func Rescan(ctx workflow.Context, request *gromav1.RescanRequest) (*gromav1.RescanResponse, error) {
	r := &rescan{request: request, pushes: workflow.GetSignalChannel(ctx, PushSignal), unattended: request.Unattended}
	for {
		if err := untilQuiet(ctx, longestStorm, r.pushed); err != nil {
			return nil, err
		}
		r.pushed() // the census comes after these
		response, err := r.scan(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !r.pushed() {
			if r.unattended && !request.Later && mayPass(response, err) {
				r.tryLater(ctx)
			}
			return response, err
		}
		if long(ctx) { // every push is heard, and the next run begins with a census
			return nil, workflow.NewContinueAsNewError(ctx, "Rescan", r.next())
		}
	}
}

// rescan is what a running rescan knows.
type rescan struct {
	request    *gromav1.RescanRequest
	pushes     workflow.ReceiveChannel
	scans      int64
	unattended bool // it was asked for by somebody who does not wait for it
	passes     bool // the last scan failed for a reason that may pass
}

// next is what the next run is asked for.
func (r *rescan) next() *gromav1.RescanRequest {
	return &gromav1.RescanRequest{Repository: r.request.Repository, Address: r.request.Address, Later: r.request.Later, Unattended: r.unattended}
}

// pushed hears all pushes that have come, and reports whether there were any.
func (r *rescan) pushed() bool {
	heard := false
	for push := new(gromav1.RescanRequested); r.pushes.ReceiveAsync(push); push = new(gromav1.RescanRequested) {
		heard, r.unattended = true, r.unattended || !push.Awaited
	}
	return heard
}

// scan takes the censuses once. Surveys that ask for the same get the same. One
// that cannot be told of it keeps it from no other; the error is the first of
// theirs.
func (r *rescan) scan(ctx workflow.Context) (*gromav1.RescanResponse, error) {
	r.scans++
	r.passes = false
	found, err := findSurveys.run(ctx, &gromav1.FindSurveysRequest{Repository: r.request.Repository})
	if err != nil {
		return nil, err
	}
	asked := found.Surveys
	if len(asked) == 0 {
		asked = []*gromav1.Containing{{Target: &gromav1.CensusTarget{Key: r.request.Repository, Address: r.address()}}}
	}
	response := &gromav1.RescanResponse{}
	var first error
	for i, survey := range asked {
		rescanned, err := r.scanFor(ctx, survey, same(asked[:i], response.Surveys, survey))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			workflow.GetLogger(ctx).Error("rescan not handed over", "repository", r.request.Repository, "survey", survey.Survey, "error", err)
			first = cmp.Or(first, err)
		}
		response.Surveys = append(response.Surveys, rescanned)
	}
	response.Taken, response.Undecided = response.Surveys[0].Taken, r.passes
	response.Surveys = response.Surveys[:len(found.Surveys)]
	return response, first
}

func (r *rescan) address() string {
	if r.request.Address != "" {
		return r.request.Address
	}
	return "https://" + r.request.Repository
}

// same is what came of a repository for a survey before that asked for the same
// as this one, or nil.
func same(before []*gromav1.Containing, came []*gromav1.Rescanned, survey *gromav1.Containing) *gromav1.Rescanned {
	for i, b := range before {
		if sameTarget(b.Target, survey.Target) && sameLimits(b.Limits, survey.Limits) {
			return came[i]
		}
	}
	return nil
}

// sameTarget and sameLimits compare field by field: proto.Equal is not for
// workflows, since it ranges over maps.
func sameTarget(a, b *gromav1.CensusTarget) bool {
	return a.GetKey() == b.GetKey() && a.GetAddress() == b.GetAddress() && a.GetBranch() == b.GetBranch() &&
		sameTime(a.GetAsOf(), b.GetAsOf()) && a.GetRecount() == b.GetRecount() && slices.EqualFunc(a.GetWindows(), b.GetWindows(), sameWindow)
}

func sameLimits(a, b *gromav1.Limits) bool {
	return a.GetFileBytes() == b.GetFileBytes() && a.GetRepositoryBytes() == b.GetRepositoryBytes() && a.GetSeconds() == b.GetSeconds()
}

func sameWindow(a, b *gromav1.Window) bool {
	return a.GetName() == b.GetName() && sameTime(a.GetFrom(), b.GetFrom()) && sameTime(a.GetUntil(), b.GetUntil())
}

func sameTime(a, b *timestamppb.Timestamp) bool {
	return (a == nil) == (b == nil) && a.GetSeconds() == b.GetSeconds() && a.GetNanos() == b.GetNanos()
}

// scanFor takes the census for one survey, unless it is taken, and hands it
// over. A census that could not be taken says nothing new of the repository,
// and revises nothing.
func (r *rescan) scanFor(ctx workflow.Context, survey *gromav1.Containing, came *gromav1.Rescanned) (*gromav1.Rescanned, error) {
	rescanned := &gromav1.Rescanned{Survey: survey.Survey}
	var failed error
	if came != nil {
		rescanned.Taken = came.Taken
	} else {
		rescanned.Taken, failed = take(ctx, &gromav1.TakeCensusRequest{
			Survey: survey.Survey, Target: survey.Target, Limits: survey.Limits, Rescan: r.name(ctx),
		})
		r.passes = r.passes || passes(failed)
	}
	if failed != nil || survey.Survey == "" || undecided(rescanned.Taken) {
		return rescanned, nil
	}
	handed, err := handOver.about(survey.Survey).run(ctx, rescanned)
	if err != nil {
		return rescanned, err
	}
	return handed, nil
}

// undecided reports whether a census failed in a way that may pass.
func undecided(taken *gromav1.Taken) bool {
	return taken.Outcome == "failed" || taken.Outcome == "timed-out"
}

// name tells one scan from all others.
func (r *rescan) name(ctx workflow.Context) string {
	return fmt.Sprintf("%s-%d", workflow.GetInfo(ctx).WorkflowExecution.RunID, r.scans)
}
