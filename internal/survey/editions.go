package survey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// Editions are those of a survey's report, at least one, or
// [artefact.ErrMissing] if there is no report yet, or none any more: another try
// finds as much, so the kind is [fault.NotFound].
func Editions(ctx context.Context, store artefact.Store, id string) (*gromav1.Editions, error) {
	_, editions, err := readEditions(ctx, store, id)
	return editions, err
}

// readEditions returns what is kept, too: nil where nothing is, as for a survey
// that an earlier version made. Its one edition is read from its report.
func readEditions(ctx context.Context, store artefact.Store, id string) (kept []byte, editions *gromav1.Editions, err error) {
	kept, err = store.Get(ctx, artefact.EditionsKey(id))
	if errors.Is(err, artefact.ErrMissing) {
		first, err := firstEdition(ctx, store, id)
		if err != nil {
			return nil, nil, notThere(id, err)
		}
		return nil, &gromav1.Editions{Survey: id, Editions: []*gromav1.Edition{first}}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	editions = &gromav1.Editions{}
	if err := canonical.Unmarshal(kept, editions); err != nil {
		return nil, nil, fault.Errorf(fault.Invalid, "%s: %w", artefact.EditionsKey(id), err)
	}
	if len(editions.Editions) == 0 {
		return nil, nil, fault.Errorf(fault.Invalid, "%s has no edition", artefact.EditionsKey(id))
	}
	return kept, editions, nil
}

// Cancelled reports whether a survey that has a report was ended before everything
// was counted. Its editions say it. Where an earlier version kept those, what else
// it kept is read, once for each survey; if that is lost, nobody knows it.
func Cancelled(ctx context.Context, store artefact.Store, id string, editions *gromav1.Editions) (bool, error) {
	if editions.Cancelled != nil {
		return editions.GetCancelled(), nil
	}
	kept, err := indexOf(store).reportedOf(ctx, store, id)
	if errors.Is(err, artefact.ErrMissing) || fault.KindOf(err) == fault.Invalid {
		return false, nil
	}
	return kept.GetCancelled(), err
}

// notThere says of a survey that something it cannot do without is missing that
// it is not there: tried again, it would be missing again.
func notThere(id string, err error) error {
	if !errors.Is(err, artefact.ErrMissing) {
		return err
	}
	return fault.Errorf(fault.NotFound, "survey %s has no report: %w", id, err)
}

// firstEdition reads what it has to from the head of report.json, whose rows
// can be many.
func firstEdition(ctx context.Context, store artefact.Store, id string) (*gromav1.Edition, error) {
	key := artefact.EditionKey(id, artefact.FirstEdition, "report.json")
	data, err := store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	head, err := head(data, "survey", "totals")
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "%s: %w", key, err)
	}
	return editionOf(1, artefact.FirstEdition, head.GetSurvey().GetEndedAt(), head.GetTotals()), nil
}

// head reads those fields of a report that stand before all others.
func head(data []byte, fields ...string) (*gromav1.Report, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	found := map[string]json.RawMessage{}
	for _, field := range fields {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		if name != field {
			return nil, fmt.Errorf("%v stands where %s should", name, field)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		found[field] = value
	}
	only, err := json.Marshal(found)
	if err != nil {
		return nil, err
	}
	r := &gromav1.Report{}
	return r, canonical.Unmarshal(only, r)
}

func editionOf(number int64, name string, made *timestamppb.Timestamp, totals *gromav1.Totals) *gromav1.Edition {
	e := &gromav1.Edition{Number: number, Name: name, MadeAt: made,
		Projects: totals.GetProjects(), Repositories: totals.GetRepositories(), Outcomes: totals.GetOutcomes()}
	for outcome, n := range e.Outcomes {
		if !report.Settled(outcome) {
			e.Uncounted += n
		}
	}
	return e
}

// keepFirst keeps a survey's first edition, and that there is a report. Either
// may be there from an earlier try.
func keepFirst(ctx context.Context, store artefact.Store, editions *gromav1.Editions) error {
	data, err := canonical.MarshalIndent(editions)
	if err != nil {
		return err
	}
	err = store.Swap(ctx, artefact.EditionsKey(editions.Survey), nil, data)
	if err != nil && !errors.Is(err, artefact.ErrChanged) {
		return err
	}
	return keepReported(ctx, store, editions.Survey, editions.GetCancelled())
}

// Report reads the latest edition of a survey's report, or fails with
// [artefact.ErrMissing] if there is none yet.
func Report(ctx context.Context, store artefact.Store, id string) (*gromav1.Report, error) {
	return ReportOf(ctx, store, id, 0)
}

// ReportOf reads one edition of a survey's report; zero is the latest.
func ReportOf(ctx context.Context, store artefact.Store, id string, number int64) (*gromav1.Report, error) {
	name, err := editionName(ctx, store, id, number)
	if err != nil {
		return nil, err
	}
	r := &gromav1.Report{}
	return r, get(ctx, store, artefact.EditionKey(id, name, "report.json"), r)
}

// editionName is that of an edition, which may not be there if it is the first.
func editionName(ctx context.Context, store artefact.Store, id string, number int64) (string, error) {
	editions := &gromav1.Editions{}
	err := get(ctx, store, artefact.EditionsKey(id), editions)
	if err != nil && !errors.Is(err, artefact.ErrMissing) {
		return "", err
	}
	n := int64(len(editions.Editions))
	switch {
	case n == 0 && (number == 0 || number == 1): // an earlier version's survey, or none
		return artefact.FirstEdition, nil
	case number < 0 || number > n:
		return "", fmt.Errorf("edition %d of %s: %w", number, id, artefact.ErrMissing)
	case number == 0:
		number = n
	}
	return editions.Editions[number-1].Name, nil
}

// Summaries say where the summary of each shard is, as of an edition.
type summaries struct {
	survey  string
	revised map[int64]string // the edition that wrote it last
}

func summariesOf(editions *gromav1.Editions) summaries {
	s := summaries{survey: editions.Survey, revised: map[int64]string{}}
	for _, e := range editions.Editions {
		for _, shard := range e.Shards {
			s.revised[shard] = e.Name
		}
	}
	return s
}

func (s summaries) key(shard int64) string {
	if name := s.revised[shard]; name != "" {
		return artefact.RevisedShardKey(s.survey, name, shard)
	}
	return artefact.ShardKey(s.survey, shard)
}
