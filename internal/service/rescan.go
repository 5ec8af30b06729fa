package service

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"connectrpc.com/connect/v2"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/landscape"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
	"groma/workflows"
)

// rescanRepository has a repository's own workflow rescan it: one at a time,
// however many ask.
func (s *Service) rescanRepository(ctx context.Context, request *gromav1.RescanRepositoryRequest) (*gromav1.RescanRepositoryResponse, error) {
	address, err := s.repository(request.Repository)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	begun, err := s.Rescan(ctx, &gromav1.RescanRequested{
		Repository: address.Key, Address: address.Fetch, Cause: "api", At: timestamppb.New(now),
		Delivery: "api-" + strconv.FormatInt(now.UnixNano(), 36),
	})
	response := &gromav1.RescanRepositoryResponse{Repository: address.Key}
	if err != nil || !request.Wait {
		return response, err
	}
	var came gromav1.RescanResponse
	if err := begun.Get(ctx, &came); err != nil {
		return nil, fmt.Errorf("rescan %s: %w", address.Key, err)
	}
	response.Taken = came.Taken
	for _, r := range came.Surveys {
		if !r.Revised {
			response.Unchanged = append(response.Unchanged, r.Survey)
			continue
		}
		edition, err := s.awaitEdition(ctx, r.Survey, r.Taken)
		if err != nil {
			return nil, err
		}
		response.Editions = append(response.Editions, &gromav1.RevisedSurvey{Survey: r.Survey, Edition: edition})
	}
	return response, nil
}

// Rescan starts the rescan of a repository, or tells the one that runs that the
// repository may have changed again. When it returns, Temporal has it: whoever
// keeps a queue of requests may let go of this one.
func (s *Service) Rescan(ctx context.Context, asked *gromav1.RescanRequested) (client.WorkflowRun, error) {
	temporal, err := s.temporal()
	if err != nil {
		return nil, err
	}
	workflow := workflows.RescanID(asked.Repository)
	return temporal.SignalWithStartWorkflow(ctx, workflow, workflows.PushSignal, asked, client.StartWorkflowOptions{
		ID: workflow, TaskQueue: workflows.ClusterQueue, StaticSummary: asked.Repository,
	}, "Rescan", &gromav1.RescanRequest{Repository: asked.Repository, Address: asked.Address})
}

// repository reads a key or an address.
func (s *Service) repository(text string) (landscape.Address, error) {
	address, err := landscape.ParseAddress(text)
	switch {
	case err != nil:
		return address, invalid(fmt.Errorf("repository %s: %w", address.Spelling, err))
	case isLocal(address.Key) && !s.Private:
		return address, connect.NewError(connect.CodeInvalidArgument, "a server counts no repository of its own machine: name one by its address")
	}
	return address, nil
}

// editionEvery is how often it is looked whether an edition is made.
const editionEvery = 250 * time.Millisecond

// awaitEdition waits until a survey's report has a repository as it was taken,
// and returns the edition that brought it.
func (s *Service) awaitEdition(ctx context.Context, id string, taken *gromav1.Taken) (*gromav1.Edition, error) {
	tick := time.NewTicker(editionEvery)
	defer tick.Stop()
	for {
		editions, err := survey.Editions(ctx, s.Store, id)
		if err != nil {
			return nil, err
		}
		if e := bringing(editions.GetEditions(), taken); e != nil {
			return e, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// bringing is the latest edition that has a repository anew, if that is as it
// was taken.
func bringing(editions []*gromav1.Edition, taken *gromav1.Taken) *gromav1.Edition {
	for i := len(editions) - 1; i >= 0; i-- {
		for _, r := range editions[i].Revisions {
			if r.Key != taken.GetKey() {
				continue
			}
			if r.Commit == taken.GetCommit() && (r.Commit != "" || r.Outcome == taken.GetOutcome()) {
				return editions[i]
			}
			return nil
		}
	}
	return nil
}
