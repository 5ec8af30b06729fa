package survey

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/difference"
	"groma/internal/fault"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// mostPassedOver is how many earlier surveys without a report are passed over.
const mostPassedOver = 10

// Previous is the report of the latest survey that began before this one and
// asked the same of the same landscape; nil if there is none.
func Previous(ctx context.Context, store artefact.Store, id string) (*gromav1.Report, error) {
	var earlier []string
	name, began := splitID(id)
	for key, err := range store.List(ctx, artefact.SurveysPrefix) {
		if err != nil {
			return nil, err
		}
		other, rest, ok := artefact.SurveyOf(key)
		if !ok || rest != "manifest.json" {
			continue
		}
		if itsName, itBegan := splitID(other); itsName == name && itBegan < began {
			earlier = append(earlier, other)
		}
	}
	slices.SortFunc(earlier, func(a, b string) int { return strings.Compare(b, a) }) // of one name: by time
	this, err := Manifest(ctx, store, id)
	if err != nil {
		return nil, err
	}
	for _, other := range earlier[:min(len(earlier), mostPassedOver)] {
		r, err := Report(ctx, store, other)
		if errors.Is(err, artefact.ErrMissing) || fault.KindOf(err) == fault.Invalid {
			continue // unfinished, or damaged
		}
		if err != nil || comparable(r.GetSurvey().GetSpec(), this.GetSpec()) {
			return r, err
		}
	}
	return nil, nil
}

// comparable reports whether one survey asked earlier what the other did: of
// the same source, with the same filters, and not of a later instant.
func comparable(before, after *gromav1.SurveySpec) bool {
	same := before.GetSource() == after.GetSource() && before.GetKind() == after.GetKind() &&
		proto.Equal(before.GetFilter(), after.GetFilter()) &&
		(before.GetClomonitorSha256() == "") == (after.GetClomonitorSha256() == "")
	switch {
	case !same:
		return false
	case after.AsOf == nil:
		return true
	}
	return before.AsOf != nil && !before.AsOf.AsTime().After(after.AsOf.AsTime())
}

// splitID takes apart what ID makes: the name, and when it began.
func splitID(id string) (name, began string) {
	const stamp = len("20060102-150405-") + 4
	if len(id) <= stamp {
		return id, ""
	}
	at := len(id) - stamp
	return id[:at], id[at : at+len("20060102-150405")]
}

// Analyses are those of a report, with what changed since the survey before it.
func Analyses(ctx context.Context, store artefact.Store, r *gromav1.Report, settings report.Settings) ([]*gromav1.Analysis, error) {
	analyses := report.Analyses(r, settings)
	before, err := Previous(ctx, store, r.GetSurvey().GetId())
	if err != nil || before == nil {
		return analyses, err
	}
	change(analyses, before, r)
	return analyses, nil
}

// change writes into each analysis what changed since an earlier report.
func change(analyses []*gromav1.Analysis, before, after *gromav1.Report) {
	d := difference.Between(before, after)
	for _, a := range analyses {
		var languages []string
		if a.Language != "" {
			languages = []string{a.Language}
		}
		text := difference.Sentences(d, languages...)
		if len(text) == 0 {
			text = []string{"Nothing changed."}
		}
		a.Changelog = []*gromav1.Change{{
			Date: before.GetSurvey().GetEndedAt().AsTime().Format("2006-01-02"), Survey: before.GetSurvey().GetId(), Text: text,
		}}
	}
}
