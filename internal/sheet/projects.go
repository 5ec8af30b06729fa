package sheet

import (
	"cmp"
	"io"
	"iter"
	"slices"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// A project is one project of one analysis. Told is what the analysis tells of
// it; those it only mentions have slug, group and figures.
type project struct {
	analysis *gromav1.Analysis
	*gromav1.Project
	told     *gromav1.ProjectAnalysis
	group    string
	figures  *gromav1.Figures
	excluded string // why an annotation leaves it out
	span     *gromav1.HealthSpan
}

// excluded is the group of the projects that an annotation leaves out.
const excluded = "excluded"

func (p *project) isTold() bool { return p.told != nil }
func (p *project) isCounted() bool {
	return p.told != nil || p.group != report.GroupUncounted && p.group != excluded
}
func (p *project) isHealthKnown() bool { return p.told.GetHealth() != nil }
func (p *project) isSpanKnown() bool   { return p.span != nil }

// figureOf is a figure of the project's language, toldOf one of what only
// projects with the language have, and spanOf one of the health window.
func figureOf(of func(*gromav1.Figures) int64) func(*project) string {
	return where((*project).isCounted, number(func(p *project) int64 { return of(p.figures) }))
}

func toldOf(of func(*gromav1.ProjectAnalysis) int64) func(*project) string {
	return where((*project).isTold, number(func(p *project) int64 { return of(p.told) }))
}

func spanOf(of func(*gromav1.HealthSpan) int64) func(*project) string {
	return where((*project).isSpanKnown, number(func(p *project) int64 { return of(p.span) }))
}

func healthText(of func(*gromav1.Health) string) func(*project) string {
	return text(func(p *project) string { return of(p.told.GetHealth()) })
}

var projectColumns = []column[*project]{
	{"language", text(func(p *project) string { return p.analysis.Language })},
	{"slug", text((*project).GetSlug)},
	{"name", text((*project).GetName)},
	{"maturity", text((*project).GetMaturity)},
	{"accepted", text((*project).GetAccepted)},
	{"incubating", text((*project).GetIncubating)},
	{"graduated", text((*project).GetGraduated)},
	{"archived", text((*project).GetArchived)},
	{"category", text((*project).GetCategory)},
	{"subcategory", text((*project).GetSubcategory)},
	{"homepage", text((*project).GetHomepage)},
	{"group", text(func(p *project) string { return p.group })},
	{"evidence", text(func(p *project) string { return p.told.GetEvidence() })},
	{"files", figureOf((*gromav1.Figures).GetFiles)},
	{"lines", figureOf((*gromav1.Figures).GetLines)},
	{"code", figureOf((*gromav1.Figures).GetCode)},
	{"comments", figureOf((*gromav1.Figures).GetComments)},
	{"blanks", figureOf((*gromav1.Figures).GetBlanks)},
	{"host_bytes", figureOf((*gromav1.Figures).GetHostBytes)},
	{"all_files", toldOf(func(a *gromav1.ProjectAnalysis) int64 { return a.GetAll().GetFiles() })},
	{"all_lines", toldOf(func(a *gromav1.ProjectAnalysis) int64 { return a.GetAll().GetLines() })},
	{"all_code", toldOf(func(a *gromav1.ProjectAnalysis) int64 { return a.GetAll().GetCode() })},
	{"all_host_bytes", toldOf(func(a *gromav1.ProjectAnalysis) int64 { return a.GetAll().GetHostBytes() })},
	{"measure", text(func(p *project) string { return p.analysis.GetRule().GetMeasure() })},
	{"share_part", toldOf(func(a *gromav1.ProjectAnalysis) int64 { return a.GetShare().GetPart() })},
	{"share_whole", toldOf(func(a *gromav1.ProjectAnalysis) int64 { return a.GetShare().GetWhole() })},
	{"share_per_mille", toldOf(func(a *gromav1.ProjectAnalysis) int64 { return a.GetShare().GetPerMille() })},
	{"packages", toldOf((*gromav1.ProjectAnalysis).GetPackages)},
	{"role", text(func(p *project) string { return p.told.GetRole() })},
	{"repositories", texts((*project).GetRepositories)},
	{"repositories_counted", toldOf(func(a *gromav1.ProjectAnalysis) int64 { return int64(len(a.Repositories)) })},
	{"repositories_without_count", toldOf(func(a *gromav1.ProjectAnalysis) int64 { return int64(len(a.Uncounted)) })},
	{"sayings", toldOf((*gromav1.ProjectAnalysis).GetSayingsCount)},
	{"adopter_entries", toldOf(adopterEntries)},
	{"analyst_role", text(func(p *project) string { return p.told.GetAnnotation().GetRole() })},
	{"analyst_why", text(func(p *project) string { return p.told.GetAnnotation().GetWhy() })},
	{"excluded_because", text(func(p *project) string { return p.excluded })},
	{"health_window", text(func(p *project) string { return p.span.GetWindow() })},
	{"health", healthText((*gromav1.Health).GetHealth)},
	{"health_commits", healthText((*gromav1.Health).GetCommits)},
	{"health_contributors", healthText((*gromav1.Health).GetContributors)},
	{"health_cadence", healthText((*gromav1.Health).GetCadence)},
	{"commits", spanOf((*gromav1.HealthSpan).GetCommits)},
	{"commits_by_people", spanOf((*gromav1.HealthSpan).GetPeopleCommits)},
	{"commits_by_bots", spanOf((*gromav1.HealthSpan).GetBotCommits)},
	{"weeks", spanOf((*gromav1.HealthSpan).GetWeeks)},
	{"active_weeks", spanOf((*gromav1.HealthSpan).GetActiveWeeks)},
	{"authors", spanOf((*gromav1.HealthSpan).GetAuthors)},
	{"organisations", spanOf((*gromav1.HealthSpan).GetOrganisations)},
	{"top_organisation", text(func(p *project) string { return p.span.GetTopOrganisation() })},
	{"top_organisation_commits", spanOf(func(s *gromav1.HealthSpan) int64 { return s.GetTopShare().GetPart() })},
	{"releases", spanOf((*gromav1.HealthSpan).GetReleases)},
	{"prereleases", spanOf((*gromav1.HealthSpan).GetPrereleases)},
	{"median_days_between_releases", median},
	{"last_commit", moment(func(p *project) *timestamppb.Timestamp { return p.told.GetHealth().GetLastCommit() })},
	{"last_release", moment(func(p *project) *timestamppb.Timestamp { return p.told.GetHealth().GetLastRelease() })},
	{"last_release_tag", healthText((*gromav1.Health).GetLastReleaseTag)},
	{"health_at_least", where((*project).isHealthKnown, decided(func(p *project) bool { return p.told.GetHealth().GetAtLeast() }))},
}

// Projects prints projects.csv: one row for each project of a report and each
// of some analyses of it, in the order of the analyses: the projects told of
// first, then the others, then those left out.
func Projects(w io.Writer, r *gromav1.Report, analyses ...*gromav1.Analysis) error {
	bySlug := map[string]*gromav1.Project{}
	for _, p := range r.GetProjects() {
		bySlug[p.Slug] = p
	}
	return write(w, projectColumns, func(yield func(*project) bool) {
		for _, a := range analyses {
			for p := range projectsIn(a, bySlug) {
				if !yield(p) {
					return
				}
			}
		}
	})
}

func projectsIn(a *gromav1.Analysis, bySlug map[string]*gromav1.Project) iter.Seq[*project] {
	return func(yield func(*project) bool) {
		for _, told := range a.Projects {
			if !yield(&project{analysis: a, Project: told.Project, told: told, group: told.Group, figures: told.Figures, span: spanIn(told, a.HealthWindow)}) {
				return
			}
		}
		for _, other := range a.Others {
			known := cmp.Or(bySlug[other.Slug], &gromav1.Project{Slug: other.Slug, Name: other.Name, Maturity: other.Maturity})
			if !yield(&project{analysis: a, Project: known, group: other.Group, figures: other.Figures}) {
				return
			}
		}
		for _, out := range a.Excluded {
			known := cmp.Or(bySlug[out.Slug], &gromav1.Project{Slug: out.Slug, Name: out.Name})
			if !yield(&project{analysis: a, Project: known, group: excluded, excluded: out.Reason}) {
				return
			}
		}
	}
}

// spanIn is the figures of a project in the window that verdicts are about, or
// nil.
func spanIn(told *gromav1.ProjectAnalysis, window string) *gromav1.HealthSpan {
	spans := told.GetHealth().GetSpans()
	at := slices.IndexFunc(spans, func(s *gromav1.HealthSpan) bool { return s.Window == window })
	if at < 0 {
		return nil
	}
	return spans[at]
}

// adopterEntries is how many adopters the project's own files list, file by
// file: one who stands in two is two entries.
func adopterEntries(a *gromav1.ProjectAnalysis) (n int64) {
	for _, list := range a.Adopters {
		n += list.Count
	}
	return n
}

func median(p *project) string {
	if p.span == nil || p.span.MedianDaysBetween == nil {
		return ""
	}
	return strconv.FormatFloat(p.span.GetMedianDaysBetween(), 'f', -1, 64)
}
