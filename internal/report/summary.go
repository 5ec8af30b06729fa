package report

import (
	"cmp"
	"slices"

	gromav1 "groma/proto/groma/v1"
)

// A Count is the headline count of something: its source and test code.
// Vendored, generated, documentation, configuration and data files are in
// report.json, each class under its own name.
type Count struct {
	Files, Lines, Code, Comments, Blanks, Bytes int64
}

func (c *Count) add(t *gromav1.Tally) {
	c.Files += t.Files
	c.Lines += t.Lines
	c.Code += t.Code
	c.Comments += t.Comments
	c.Blanks += t.Blanks
	c.Bytes += t.Bytes
}

// Headline reports whether files of a class are in the headline.
func Headline(class string) bool { return class == "source" || class == "test" }

// A LanguageSummary is how much of one language there is, and where.
type LanguageSummary struct {
	Language string
	// Total counts each repository once, though several projects may share
	// it, so the projects can add up to more.
	Total    Count
	Projects []ProjectCount // those that have any, the most code first
}

// A ProjectCount is how much of one language a project has.
type ProjectCount struct {
	Project *gromav1.Project
	Count
	// AllCode is the project's code in all languages.
	AllCode int64
}

// Share is the language's part of the project's code, between 0 and 1.
func (p ProjectCount) Share() float64 {
	if p.AllCode == 0 {
		return 0
	}
	return float64(p.Code) / float64(p.AllCode)
}

// Languages sums a report up by language: those asked for, in that order, or
// all that occur, the most code first.
func Languages(r *gromav1.Report, asked []string) []LanguageSummary {
	if len(asked) == 0 {
		asked = allLanguages(r)
	}
	rows := countedRows(r)
	summaries := make([]LanguageSummary, 0, len(asked))
	for _, language := range asked {
		summaries = append(summaries, summarise(r, rows, language))
	}
	return summaries
}

func summarise(r *gromav1.Report, rows map[string]*gromav1.Repository, language string) LanguageSummary {
	s := LanguageSummary{Language: language}
	for _, repository := range r.Repositories {
		s.Total.addLanguage(repository, language)
	}
	for _, project := range r.Projects {
		p := ProjectCount{Project: project}
		for _, repository := range repositoriesOf(project, rows) {
			p.addLanguage(repository, language)
			p.AllCode += codeOf(repository)
		}
		if p.Files > 0 {
			s.Projects = append(s.Projects, p)
		}
	}
	slices.SortFunc(s.Projects, func(a, b ProjectCount) int {
		return cmp.Or(cmp.Compare(b.Code, a.Code), cmp.Compare(a.Project.Slug, b.Project.Slug))
	})
	return s
}

func (c *Count) addLanguage(r *gromav1.Repository, language string) {
	for _, t := range r.Tally {
		if t.Language == language && Headline(t.Class) {
			c.add(t)
		}
	}
}

func codeOf(r *gromav1.Repository) (code int64) {
	for _, t := range r.Tally {
		if Headline(t.Class) {
			code += t.Code
		}
	}
	return code
}

// countedRows leads from each key to the row that has its count.
func countedRows(r *gromav1.Report) map[string]*gromav1.Repository {
	rows := make(map[string]*gromav1.Repository, len(r.Repositories))
	for _, repository := range r.Repositories {
		rows[repository.Key] = repository
	}
	for _, repository := range r.Repositories {
		if repository.CountedAs != "" {
			rows[repository.Key] = rows[repository.CountedAs]
		}
	}
	return rows
}

// repositoriesOf are the rows that a project's code is counted in, each once
// though the project may name it under two addresses.
func repositoriesOf(project *gromav1.Project, rows map[string]*gromav1.Repository) []*gromav1.Repository {
	var found []*gromav1.Repository
	for _, key := range project.Repositories {
		if r := rows[key]; r != nil && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	return found
}

func allLanguages(r *gromav1.Report) []string {
	code := map[string]int64{}
	for _, repository := range r.Repositories {
		for _, t := range repository.Tally {
			if Headline(t.Class) {
				code[t.Language] += t.Code
			}
		}
	}
	names := make([]string, 0, len(code))
	for name := range code {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(code[b], code[a]), cmp.Compare(a, b)) })
	return names
}

// OutcomeOrder is the order in which outcomes are printed: those with a count
// first.
var OutcomeOrder = []string{"counted", "reused", "moved", "empty", "not-found", "denied", "too-large", "unsupported", "timed-out", "failed"}

// Settled reports whether an outcome leaves nothing to be wished for: the
// repository's code, if there is any, is in the report.
func Settled(outcome string) bool {
	switch outcome {
	case "counted", "reused", "moved", "empty":
		return true
	}
	return false
}

// Uncounted are the repositories that are not settled: the report's gaps.
func Uncounted(r *gromav1.Report) []*gromav1.Repository {
	var gaps []*gromav1.Repository
	for _, repository := range r.Repositories {
		if !Settled(repository.Outcome) {
			gaps = append(gaps, repository)
		}
	}
	return gaps
}
