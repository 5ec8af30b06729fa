package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"connectrpc.com/connect/v2"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/fault"
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
		Repository: address.Key, Address: address.Fetch, Cause: "api", At: timestamppb.New(now), Awaited: request.Wait,
		Delivery: "api-" + strconv.FormatInt(now.UnixNano(), 36),
	})
	if fault.KindOf(err) == fault.Invalid {
		return nil, invalid(err)
	}
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
		edition, err := s.awaitEdition(ctx, r.Survey, r.Taken, now)
		if err != nil {
			return nil, err
		}
		response.Editions = append(response.Editions, &gromav1.RevisedSurvey{Survey: r.Survey, Edition: edition})
	}
	return response, nil
}

// Rescan starts the rescan of a repository, or tells the one that runs that the
// repository may have changed again. When it returns, Temporal has it: whoever
// keeps a queue of requests may let go of this one. One that can never be done
// is [fault.Invalid].
func (s *Service) Rescan(ctx context.Context, asked *gromav1.RescanRequested) (client.WorkflowRun, error) {
	temporal, err := s.temporal()
	if err != nil {
		return nil, err
	}
	if n := len(asked.Repository); n > longestKey {
		return nil, fault.Errorf(fault.Invalid, "a repository's name of %d bytes: at most %d are taken", n, longestKey)
	}
	workflow := workflows.RescanID(asked.Repository)
	begun, err := temporal.SignalWithStartWorkflow(ctx, workflow, workflows.PushSignal, asked, client.StartWorkflowOptions{
		ID: workflow, TaskQueue: s.queue(""), StaticSummary: asked.Repository,
	}, "Rescan", &gromav1.RescanRequest{Repository: asked.Repository, Address: asked.Address})
	var never *serviceerror.InvalidArgument
	if errors.As(err, &never) {
		return nil, fault.Errorf(fault.Invalid, "start the rescan: %w", err)
	}
	return begun, err
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

const (
	// editionEvery is how often it is looked whether an edition is made.
	editionEvery = 250 * time.Millisecond
	// editionPatience is how long one is waited for: it gathers what comes for
	// some seconds, and is written in some more.
	editionPatience = 5 * time.Minute
)

// awaitEdition waits until a survey's report has a repository as it was taken
// since an instant, or as it was taken later, and returns the edition that
// brought it.
func (s *Service) awaitEdition(ctx context.Context, id string, taken *gromav1.Taken, since time.Time) (*gromav1.Edition, error) {
	waiting, cancel := context.WithTimeout(ctx, editionPatience)
	defer cancel()
	tick := time.NewTicker(editionEvery)
	defer tick.Stop()
	for seen := 0; ; {
		editions, err := survey.Editions(ctx, s.Store, id)
		if err != nil {
			return nil, err
		}
		if n := len(editions.Editions); n != seen {
			seen = n
			e, err := s.bringing(ctx, editions, taken, since)
			if e != nil || err != nil {
				return e, err
			}
		}
		select {
		case <-tick.C:
		case <-waiting.Done():
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, connect.Errorf(connect.CodeUnavailable, "%s was rescanned, and no edition of %s is made yet: look for it later", taken.GetKey(), id)
		}
	}
}

// bringing is the latest edition that has a repository anew, if the report has
// it as it was taken, or if it was made since: then it has it as it was later.
func (s *Service) bringing(ctx context.Context, editions *gromav1.Editions, taken *gromav1.Taken, since time.Time) (*gromav1.Edition, error) {
	differs, err := survey.Differs(ctx, s.Store, editions.Survey, taken)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(editions.Editions) {
		anew := slices.ContainsFunc(e.Revisions, func(r *gromav1.Revision) bool { return r.Key == taken.GetKey() })
		if anew && (!differs || !e.MadeAt.AsTime().Before(since.Truncate(time.Second))) {
			return e, nil
		}
		if anew {
			break
		}
	}
	if differs {
		return nil, nil
	}
	return editions.Editions[len(editions.Editions)-1], nil
}
