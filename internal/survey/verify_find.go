package survey

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"groma/internal/artefact"
	"groma/internal/fault"
)

// Find is the survey whose id begins so, whatever state it is in, or where
// nothing is given the latest that has a report.
func Find(ctx context.Context, store artefact.Store, beginning string) (string, error) {
	var ids, reported []string
	for key, err := range store.List(ctx, artefact.SurveysPrefix+beginning) {
		if err != nil {
			return "", err
		}
		id, rest, _ := artefact.SurveyOf(key)
		if len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
		if rest == "editions.json" || rest == "editions/"+artefact.FirstEdition+"/report.json" {
			reported = append(reported, id)
		}
	}
	switch ids = slices.Compact(ids); {
	case beginning == "" && len(reported) > 0:
		return slices.MaxFunc(reported, func(a, b string) int {
			_, first := splitID(a)
			_, second := splitID(b)
			return cmp.Or(cmp.Compare(first, second), cmp.Compare(a, b))
		}), nil
	case beginning == "":
		return "", fault.Errorf(fault.NotFound, "no survey that has a report is kept here")
	case len(ids) == 1 || slices.Contains(ids, beginning):
		return ids[max(0, slices.Index(ids, beginning))], nil
	case len(ids) > 1:
		return "", fault.Errorf(fault.Invalid, "several surveys begin with %s: %s; write more of the id", beginning, strings.Join(ids[:min(3, len(ids))], ", "))
	}
	return "", fault.Errorf(fault.NotFound, "no survey is called %s; 'groma surveys' lists them", beginning)
}
