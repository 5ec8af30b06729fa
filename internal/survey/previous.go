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

// mostPassedOver is how many earlier surveys that asked something else are passed
// over.
const mostPassedOver = 100

// Previous is the report of the latest survey that began before this one, asked
// the same of the same landscape and was not cancelled; nil if there is none.
func Previous(ctx context.Context, store artefact.Store, id string) (*gromav1.Report, error) {
	manifest, err := Manifest(ctx, store, id)
	if err != nil {
		return nil, err
	}
	this := &gromav1.ReportedSurvey{Spec: manifest.GetSpec(), Sample: sample(keysOfAll(manifest))}
	index := indexOf(store)
	ids, err := index.ids(ctx, store)
	if err != nil {
		return nil, err
	}
	earlier := begunBefore(id, ids)
	for _, other := range earlier[:min(len(earlier), mostPassedOver)] {
		r, err := index.before(ctx, store, this, other)
		if errors.Is(err, artefact.ErrMissing) || fault.KindOf(err) == fault.Invalid {
			continue // gone, or damaged
		}
		if r != nil || err != nil {
			return r, err
		}
	}
	return nil, nil
}

// begunBefore are those of a survey's name that began before it, the latest
// first.
func begunBefore(id string, ids []string) (earlier []string) {
	name, began := splitID(id)
	for _, other := range ids {
		if itsName, itsBegan := splitID(other); itsName == name && itsBegan < began {
			earlier = append(earlier, other)
		}
	}
	slices.SortFunc(earlier, func(a, b string) int { return strings.Compare(b, a) }) // of one name: by time
	return earlier
}

// before is the report of an earlier survey, or nil if that is not what this one
// is to be compared with.
func (i *index) before(ctx context.Context, store artefact.Store, this *gromav1.ReportedSurvey, id string) (*gromav1.Report, error) {
	that, err := i.reportedOf(ctx, store, id)
	if err != nil || that.GetCancelled() || !follows(this, that) {
		return nil, err
	}
	r, err := Report(ctx, store, id)
	if err != nil {
		return nil, err
	}
	return r, nil
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
