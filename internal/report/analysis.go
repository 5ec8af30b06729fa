package report

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// Analyse makes everything that a report says about one language, or about all
// where the settings name none. It depends on nothing else, and the order of
// rows and projects does not matter. The report is not changed; the analysis
// shares parts of it.
func Analyse(r *gromav1.Report, s Settings) *gromav1.Analysis {
	rule := ruleOf(s)
	l := newLedger(r, rule, s.Language)
	a := &gromav1.Analysis{
		Title: title(r, s.Language), Language: s.Language, Rule: rule, Survey: r.Survey,
		LandscapeCommit: landscapeCommit(r), Annotations: signature(r.Annotations),
	}
	l.addExcluded(a)
	l.addProjects(a)
	l.addTotals(a)
	l.addLanguages(a)
	l.claims(a)
	a.Crowds = crowds(a)
	a.Leaders = l.leaders(a)
	a.Years = years(a)
	a.Coverage = l.coverage()
	a.Windows, a.HealthWindow = l.windows(a)
	a.Summary, a.Overview = summaryText(a), overviewText(a)
	a.Findings = findings(a)
	a.Insights = insights(a)
	a.References = references(a)
	a.Method = methodText(r, a)
	a.Commands = commands(a)
	return a
}

// Analyses are those of every language that a survey asked for, or the one of
// all languages where it asked for none. Settings say the rest.
func Analyses(r *gromav1.Report, s Settings) []*gromav1.Analysis {
	asked := r.GetSurvey().GetSpec().GetLanguages()
	if len(asked) == 0 {
		asked = []string{""}
	}
	var analyses []*gromav1.Analysis
	for _, language := range asked {
		s.Language = language
		analyses = append(analyses, Analyse(r, s))
	}
	return analyses
}

func title(r *gromav1.Report, language string) string {
	name := r.GetSurvey().GetSource().GetName()
	if language == "" {
		return name + ": code by language"
	}
	return name + ": " + language + " projects"
}

// signature is whose words annotations are, without the words.
func signature(a *gromav1.Annotations) *gromav1.Annotations {
	if a == nil {
		return nil
	}
	signed := proto.CloneOf(a)
	signed.Projects = nil
	return signed
}

// addProjects puts every project where its group says: with everything where
// it has the language, else with its figures alone.
func (l *ledger) addProjects(a *gromav1.Analysis) {
	for _, p := range l.projects {
		sums := l.sum(p)
		if sums.told {
			a.Projects = append(a.Projects, l.analyse(p, sums))
			continue
		}
		a.Others = append(a.Others, &gromav1.OtherProject{
			Slug: p.project.Slug, Name: p.project.Name, Maturity: p.project.Maturity, Group: sums.group, Figures: sums.language,
		})
	}
	slices.SortFunc(a.Projects, func(x, y *gromav1.ProjectAnalysis) int {
		return cmp.Or(cmp.Compare(y.Measured, x.Measured), cmp.Compare(y.Packages, x.Packages), cmp.Compare(x.Project.Slug, y.Project.Slug))
	})
}

// addTotals adds up each repository of the projects once, and says which of
// them several projects name.
func (l *ledger) addTotals(a *gromav1.Analysis) {
	a.Totals, a.All, a.Repeated = &gromav1.Figures{}, &gromav1.Figures{}, &gromav1.Figures{}
	for _, key := range slices.Sorted(maps.Keys(l.entries)) {
		e := l.entries[key]
		addFigures(a.Totals, e.language)
		addFigures(a.All, e.all)
		for range len(e.users) - 1 {
			addFigures(a.Repeated, e.language)
		}
		if len(e.users) > 1 && (e.language.Files > 0 || e.language.HostBytes > 0) {
			a.Shared = append(a.Shared, &gromav1.SharedRepository{Key: key, Projects: e.users, Figures: e.language})
		}
	}
	a.Share = l.share(a.Totals, a.All)
	a.Told, a.Rest, a.Sum = &gromav1.Figures{}, &gromav1.Figures{}, &gromav1.Figures{}
	for _, p := range a.Projects {
		addFigures(a.Told, p.Figures)
	}
	for _, p := range a.Others {
		addFigures(a.Rest, p.Figures)
	}
	addFigures(a.Sum, a.Told)
	addFigures(a.Sum, a.Rest)
}

// addLanguages adds up each language over all projects, each repository once.
func (l *ledger) addLanguages(a *gromav1.Analysis) {
	if l.language != "" {
		return
	}
	byName := map[string]*gromav1.LanguageAnalysis{}
	for _, key := range slices.Sorted(maps.Keys(l.entries)) {
		l.addLanguagesOf(l.entries[key].row, byName)
	}
	for _, p := range l.projects {
		seen := map[string]bool{}
		for _, e := range p.counted {
			for _, t := range e.row.Tally {
				if language := byName[t.Language]; language != nil && hosted(t.Class) && !seen[t.Language] {
					seen[t.Language] = true
					language.Projects++
				}
			}
		}
	}
	a.Languages = slices.SortedFunc(maps.Values(byName), func(x, y *gromav1.LanguageAnalysis) int {
		return cmp.Or(cmp.Compare(l.measured(y.Figures), l.measured(x.Figures)), cmp.Compare(x.Language, y.Language))
	})
	for _, language := range a.Languages {
		if l.program(language.Language) {
			language.Share = l.share(language.Figures, a.All)
		}
	}
}

func (l *ledger) addLanguagesOf(row *gromav1.Repository, byName map[string]*gromav1.LanguageAnalysis) {
	for i, t := range row.Tally {
		if !hosted(t.Class) {
			continue
		}
		language := byName[t.Language]
		if language == nil {
			language = &gromav1.LanguageAnalysis{Language: t.Language, Figures: &gromav1.Figures{}}
			byName[t.Language] = language
		}
		addTally(language.Figures, t)
		again := func(before *gromav1.Tally) bool { return before.Language == t.Language && hosted(before.Class) }
		if !slices.ContainsFunc(row.Tally[:i], again) {
			language.Repositories++
		}
	}
}
