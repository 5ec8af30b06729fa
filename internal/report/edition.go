package report

import (
	"cmp"
	"slices"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// mostRescanned is how many rescanned repositories a report names before it
// says how many more there are.
const mostRescanned = 10

// Revised makes a report that of an edition: it says which, and which rows are
// of a rescan. A first edition says nothing of it.
func Revised(r *gromav1.Report, number int64) {
	if number <= 1 {
		return
	}
	facts := &gromav1.EditionFacts{Number: number}
	for _, row := range r.Repositories {
		if row.RescannedAt != nil {
			facts.Rescanned++
			facts.Latest = append(facts.Latest, &gromav1.RescannedRow{Key: row.Key, At: row.RescannedAt})
		}
	}
	slices.SortFunc(facts.Latest, func(a, b *gromav1.RescannedRow) int {
		return cmp.Or(b.At.AsTime().Compare(a.At.AsTime()), cmp.Compare(a.Key, b.Key))
	})
	facts.Latest = slices.Clone(facts.Latest[:min(len(facts.Latest), mostRescanned)])
	r.Survey.Edition = facts
}

// EditionText says which edition a report is and what was rescanned, or
// nothing of a first one.
func EditionText(survey *gromav1.SurveyFacts) string {
	return editionText(survey, func(key string) string { return key })
}

// editionText says each key as a form says a stranger's words.
func editionText(survey *gromav1.SurveyFacts, say func(string) string) string {
	e := survey.GetEdition()
	if e == nil {
		return ""
	}
	named := make([]string, len(e.Latest))
	for i, row := range e.Latest {
		named[i] = say(row.Key) + " (" + Moment(row.At) + ")"
	}
	if more := e.Rescanned - int64(len(named)); more > 0 {
		named = append(named, Number(more)+" more")
	}
	return Number(e.Number) + "; " + Plural(e.Rescanned, "repository was", "repositories were") + " rescanned since the survey: " + strings.Join(named, ", ")
}
