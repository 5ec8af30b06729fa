package difference

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// questions are what two surveys did not ask alike. Which languages their
// reports are about is no matter here: all are counted.
func questions(a, b *gromav1.Report) []*gromav1.Question {
	was, is := asked(a), asked(b)
	var different []*gromav1.Question
	for i := range was {
		if was[i].answer != is[i].answer {
			different = append(different, &gromav1.Question{What: was[i].what, Before: was[i].answer, After: is[i].answer})
		}
	}
	return different
}

// An asking is one thing that a survey asks for, in words.
type asking struct{ what, answer string }

func asked(r *gromav1.Report) []asking {
	spec := r.GetSurvey().GetSpec()
	filter, limits := spec.GetFilter(), spec.GetLimits()
	return []asking{
		{"landscape", undated(r.GetSurvey().GetSource().GetName())},
		{"kind of source", cmp.Or(spec.GetKind(), "landscape")},
		{"date", asOf(cmp.Or(r.GetSurvey().GetAsOf(), spec.GetAsOf()))},
		{"maturities", some(filter.GetMaturity())},
		{"projects", some(filter.GetProjects())},
		{"items that are no project of the foundation", yes(filter.GetAllItems())},
		{"archived projects", yes(filter.GetArchived())},
		{"CLOMonitor's file", yes(spec.GetClomonitor() != "")},
		{"annotations", cmp.Or(shorten(r.GetAnnotations().GetSha256()), "none")},
		{"largest file", bound(limits.GetFileBytes(), "bytes")},
		{"largest repository", bound(limits.GetRepositoryBytes(), "bytes")},
		{"time for a repository", bound(limits.GetSeconds(), "seconds")},
	}
}

// undated is a name without what may be its date: the same landscape of another
// day is no other question.
func undated(name string) string {
	letters := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	return strings.Join(letters, " ")
}

func asOf(at *timestamppb.Timestamp) string {
	if at == nil {
		return "the last commits"
	}
	return "as of " + report.Moment(at)
}

// some names what a filter keeps, in whatever order it was given.
func some(kept []string) string {
	if len(kept) == 0 {
		return "all"
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(kept))), ", ")
}

func yes(set bool) string {
	if set {
		return "with"
	}
	return "without"
}

func bound(n int64, unit string) string {
	if n == 0 {
		return "as usual"
	}
	return fmt.Sprintf("%s %s", report.Number(n), unit)
}

// shorten makes a hash one that people compare.
func shorten(hash string) string { return hash[:min(len(hash), 10)] }
