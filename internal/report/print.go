package report

import (
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// Bounds of what a form for people prints; what is left out is summed up, and
// stands in report.json.
const (
	MostRows = mostRows // of a table
	MostTold = mostTold // projects with a chapter of their own
)

// Groups are those that are told of, in their order.
func Groups() []string { return slices.Clone(groupOrder) }

// Day prints the day of a time, YYYY-MM-DD, or that it is not known.
func Day(t *timestamppb.Timestamp) string { return day(t) }

// Moment prints a time to the second, or that it is not known.
func Moment(t *timestamppb.Timestamp) string { return moment(t) }

// Description is what the landscape says of a project, cut where it is long.
func Description(p *gromav1.Project) string { return fault.Clip(p.GetDescription(), longestSentence) }

// RepositoryName is a repository's key without its host.
func RepositoryName(key string) string { return repositoryName(key) }

// WebLink is a stranger's address if it is one of the web, without user and
// with everything odd escaped; else it is empty.
func WebLink(address string) string { return webLink(address) }

// Unsettled is how many of a project's repositories may hold code that was not
// counted.
func Unsettled(p *gromav1.ProjectAnalysis) int64 { return unsettled(p) }

// ProjectsTitle is the heading above the projects of a maturity.
func ProjectsTitle(maturity string) string { return projectsTitle(maturity) }

// ByWhom says who annotated, when and from what, with a comma before it.
func ByWhom(a *gromav1.Annotations) string { return byWhom(a) }

// DaysBetween prints the median of days between releases, or a dash.
func DaysBetween(s *gromav1.HealthSpan) string { return daysBetween(s) }

// Negative is figures to be taken away.
func Negative(f *gromav1.Figures) *gromav1.Figures { return negative(f) }

// SumOf is what projects have together, repositories that they share as often
// as they name them.
func SumOf(projects []*gromav1.ProjectAnalysis) *gromav1.Figures {
	sum := &gromav1.Figures{}
	for _, p := range projects {
		addFigures(sum, p.Figures)
	}
	return sum
}

// Unmeasured names a project without vitals and, where it is known, why.
func Unmeasured(p *gromav1.ProjectAnalysis) string { return unmeasuredText(p) }
