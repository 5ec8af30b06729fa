package survey

import (
	"context"
	"errors"

	"groma/internal/artefact"
	gromav1 "groma/proto/groma/v1"
)

// Revise makes an edition in which the repositories that a request names are as
// they were found now. It is nil if no row differs.
func Revise(ctx context.Context, store artefact.Store, request *gromav1.ReviseRequest) (*gromav1.Edition, error) {
	return nil, errors.ErrUnsupported
}

// Containing are the surveys that a rescan of a repository revises.
func Containing(ctx context.Context, store artefact.Store, repository string) ([]*gromav1.Containing, error) {
	return nil, errors.ErrUnsupported
}

// Differs says whether [Revise] would change the row.
func Differs(ctx context.Context, store artefact.Store, survey string, taken *gromav1.Taken) (bool, error) {
	return false, errors.ErrUnsupported
}

// Editions are those of a survey's report, at least one, or
// [artefact.ErrMissing] if there is no report yet.
func Editions(ctx context.Context, store artefact.Store, id string) (*gromav1.Editions, error) {
	r, err := ReportOf(ctx, store, id, 1)
	if err != nil {
		return nil, err
	}
	return &gromav1.Editions{Survey: id, Editions: []*gromav1.Edition{{Number: 1, Name: artefact.FirstEdition, MadeAt: r.GetSurvey().GetEndedAt(),
		Projects: r.GetTotals().GetProjects(), Repositories: r.GetTotals().GetRepositories(), Outcomes: r.GetTotals().GetOutcomes()}}}, nil
}

// ReportOf reads one edition of a survey's report; zero is the latest.
func ReportOf(ctx context.Context, store artefact.Store, id string, edition int64) (*gromav1.Report, error) {
	return Report(ctx, store, id)
}
