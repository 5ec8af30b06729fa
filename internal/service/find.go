package service

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/fault"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

// A known survey is what storage says of it.
type known struct {
	*begun
	editions  []*gromav1.Edition // none if there is no report
	cancelled bool               // as its report has it
}

// begun is what never changes of a survey.
type begun struct {
	id      string
	spec    *gromav1.SurveySpec
	started *timestamppb.Timestamp
	// planned says that there is a manifest, and how much is in it.
	planned                bool
	projects, repositories int64
}

// latest is the latest edition, nil if there is no report.
func (k *known) latest() *gromav1.Edition {
	if len(k.editions) == 0 {
		return nil
	}
	return k.editions[len(k.editions)-1]
}

// find is the survey whose id begins so, or the latest.
func (s *Service) find(ctx context.Context, beginning string) (*known, error) {
	if beginning != "" {
		if k, err := s.load(ctx, beginning); !errors.Is(err, artefact.ErrMissing) {
			return k, err
		}
	}
	ids, err := s.ids(ctx, beginning)
	if err != nil {
		return nil, err
	}
	var found *known
	for _, id := range slices.Backward(ids) {
		k, err := s.load(ctx, id)
		switch {
		case errors.Is(err, artefact.ErrMissing), fault.KindOf(err) == fault.Invalid, err == nil && !s.counts(ctx, k):
			continue // gone, damaged or never begun: another may be meant
		case err != nil:
			return nil, err
		case beginning == "":
			return k, nil
		case found != nil:
			return nil, connect.Errorf(connect.CodeInvalidArgument, "several surveys begin with %s, %s and %s among them: write more of the id; 'groma surveys' lists them", beginning, k.id, found.id)
		}
		found = k
	}
	if found != nil {
		return found, nil
	}
	if beginning == "" {
		return nil, connect.NewError(connect.CodeNotFound, "no survey is kept here; begin one with 'groma survey SOURCE'")
	}
	return nil, connect.Errorf(connect.CodeNotFound, "no survey is called %s; 'groma surveys' lists them", beginning)
}

// counts reports whether a survey began. One that was only made ready, and whose
// workflow nobody knows, never did.
func (s *Service) counts(ctx context.Context, k *known) bool {
	if k.planned {
		return true
	}
	run, err := s.runOf(ctx, k.begun)
	return err == nil && run != nil || isShut(err) // it has one; whose, is to be told
}

// ids are those of all surveys whose id begins so, in the order in which they
// started.
func (s *Service) ids(ctx context.Context, beginning string) ([]string, error) {
	var ids []string
	for key, err := range s.Store.List(ctx, artefact.SurveysPrefix+beginning) {
		if err != nil {
			return nil, err
		}
		id, rest, ok := artefact.SurveyOf(key)
		if ok && (rest == "manifest.json" || rest == "request.json") && (len(ids) == 0 || ids[len(ids)-1] != id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	return slices.Compact(ids), nil
}

// compareIDs compares two ids by when their surveys started.
func compareIDs(a, b string) int {
	return cmp.Or(strings.Compare(began(a), began(b)), strings.Compare(a, b))
}

// began is the part of an id that says when its survey started.
func began(id string) string {
	const stamp, fingerprint = len("20060102-150405"), len("-1f0c")
	if len(id) < stamp+fingerprint {
		return ""
	}
	return id[len(id)-stamp-fingerprint : len(id)-fingerprint]
}

// load reads what is kept of one survey, or fails with [artefact.ErrMissing].
func (s *Service) load(ctx context.Context, id string) (*known, error) {
	editions, err := survey.Editions(ctx, s.Store, id)
	if err != nil && !errors.Is(err, artefact.ErrMissing) {
		return nil, err
	}
	k := &known{begun: s.memory.get(id), editions: editions.GetEditions()}
	if editions != nil {
		if k.cancelled, err = survey.Cancelled(ctx, s.Store, id, editions); err != nil {
			return nil, err
		}
	}
	if k.begun == nil {
		if k.begun, err = s.begun(ctx, id, k.latest()); err != nil {
			return nil, err
		}
		s.memory.put(k.begun)
	}
	return k, nil
}

// begun reads what never changes of a survey. Its manifest, which may have a
// hundred thousand repositories, is read only where there is no edition that
// has its figures.
func (s *Service) begun(ctx context.Context, id string, edition *gromav1.Edition) (*begun, error) {
	request, missing := survey.Request(ctx, s.Store, id)
	if missing != nil && !errors.Is(missing, artefact.ErrMissing) {
		return nil, missing
	}
	b := &begun{id: id, spec: request.GetSpec(), started: request.GetStartedAt()}
	if missing == nil && edition != nil {
		b.planned, b.projects, b.repositories = true, edition.Projects, edition.Repositories
		return b, nil
	}
	manifest, err := survey.Manifest(ctx, s.Store, id)
	switch {
	case err == nil:
		b.spec, b.started, b.planned = manifest.GetSpec(), manifest.GetStartedAt(), true
		b.projects, b.repositories = int64(len(manifest.GetLandscape().GetProjects())), int64(len(manifest.GetLandscape().GetRepositories()))
		return b, nil
	case errors.Is(err, artefact.ErrMissing) && missing == nil:
		return b, nil
	}
	return nil, err
}

// memory remembers what never changes of surveys.
type memory struct {
	mu   sync.Mutex
	kept map[string]*begun
}

// mostRemembered bounds it: a few kilobytes each.
const mostRemembered = 2000

func (m *memory) get(id string) *begun {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[id]
}

func (m *memory) put(b *begun) {
	if !b.planned {
		return // not all of it is known
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kept) >= mostRemembered || m.kept == nil {
		m.kept = map[string]*begun{}
	}
	m.kept[b.id] = b
}
