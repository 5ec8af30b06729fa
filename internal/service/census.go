package service

import (
	"cmp"
	"context"
	"errors"

	"connectrpc.com/connect/v2"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	"groma/internal/landscape"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// getCensus reads the census of a commit, or of the youngest that was counted.
func (s *Service) getCensus(ctx context.Context, request *gromav1.GetCensusRequest) (*gromav1.GetCensusResponse, error) {
	address, err := landscape.ParseAddress(request.Repository)
	if err != nil {
		return nil, invalid(err)
	}
	method := cmp.Or(request.Method, tally.Method(0))
	commit := request.Commit
	if commit == "" {
		if commit, err = s.youngest(ctx, address.Key, method); err != nil {
			return nil, err
		}
	}
	missing := connect.Errorf(connect.CodeNotFound, "no such census of %s is kept: survey it, or ask for a rescan", address.Key)
	if commit == "" {
		return nil, missing
	}
	key := artefact.CensusKey(address.Key, commit, method)
	data, err := s.Store.Get(ctx, key)
	if errors.Is(err, artefact.ErrMissing) {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	census := &gromav1.Census{}
	if err := canonical.Unmarshal(data, census); err != nil {
		return nil, fault.Errorf(fault.Invalid, "%s: %w", key, err)
	}
	return &gromav1.GetCensusResponse{Census: census}, nil
}

// youngest is the youngest commit of a repository that was counted by a method,
// or nothing. Its keys come sorted by that.
func (s *Service) youngest(ctx context.Context, repository, method string) (string, error) {
	for key, err := range s.Store.List(ctx, artefact.CountedPrefix(repository, method)) {
		if err != nil {
			return "", err
		}
		return artefact.CountedCommit(key), nil
	}
	return "", nil
}
