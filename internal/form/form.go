// Package form prints reports, in every form that there is.
//
// A form is some files, each of which is written as a stream: what is printed
// never has to be held in memory beside the report itself. The same report
// printed by the same settings gives the same bytes.
package form

import (
	"fmt"
	"slices"
	"strings"

	"groma/internal/report"
	"groma/internal/tally"
)

// A form is one way to print a report: its name, and its files.
type form struct {
	name, about string
	// analysed says that it prints analyses; else it prints the report itself.
	analysed bool
	files    []file
}

// forms are all there are, in the order in which they are told of.
var forms = []form{
	{"terminal", "a short one for people", true, []file{{"report.txt", "text/plain; charset=utf-8", writeTerminal}}},
	{"markdown", "every section, for a code host", true, []file{{"report.md", "text/markdown; charset=utf-8", writeMarkdown}}},
	{"html", "every section with charts, one file that a browser shows", true, []file{{"report.html", "text/html; charset=utf-8", writePage}}},
	{"json", "every section, for programs", true, []file{{"analysis.json", "application/json", writeAnalyses}}},
	{Facts, "every repository with all of its figures, as JSON", false, []file{{"report.json", "application/json", writeFacts}}},
	{"csv", "three tables", true, []file{
		{"repositories.csv", "text/csv; charset=utf-8", writeRepositories},
		{"languages.csv", "text/csv; charset=utf-8", writeLanguages},
		{"projects.csv", "text/csv; charset=utf-8", writeProjects},
	}},
	{"parquet", "a row for each repository, language and class", false, []file{{"report.parquet", parquet, writeTallies}}},
	{"files", "a row for each file of every repository, as Parquet", false, []file{{"files.parquet", parquet, writeFiles}}},
}

const parquet = "application/vnd.apache.parquet"

// Facts is the name of the form that is the report itself.
const Facts = "facts"

// Names are the names of all forms.
func Names() []string {
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = f.name
	}
	return names
}

// About says what the forms are, a line each, each after a line end.
func About() string {
	var text strings.Builder
	for _, f := range forms {
		fmt.Fprintf(&text, "\n  %-9s %s", f.name, f.about)
	}
	return text.String()
}

// Settings say in which forms a report is printed, on which languages and by
// what rule.
type Settings struct {
	Formats []string
	// Languages to report on; none means those that the survey asked for.
	Languages []string
	// Rule has none of its zero values: see [DefaultRule].
	Rule report.Settings
}

// DefaultRule is the rule of a report where nobody says otherwise.
func DefaultRule() report.Settings {
	return report.Settings{Pure: report.DefaultPure, ComponentLines: report.DefaultComponentLines, Measure: report.Measures[0]}
}

// Check finds what is wrong with settings, and gives languages the names that
// tallies have. What is wrong begins with the name of the setting, so that a
// command can put -- before it.
func (s *Settings) Check() (err error) {
	rule := s.Rule
	switch {
	case !slices.Contains(report.Measures, rule.Measure):
		return fmt.Errorf("measure %s: want one of %s", rule.Measure, strings.Join(report.Measures, ", "))
	case !(rule.Pure > 0 && rule.Pure <= 1):
		return fmt.Errorf("pure %g: want a share above 0 and at most 1", rule.Pure)
	case rule.ComponentLines < 1:
		return fmt.Errorf("component-lines %d: want at least 1", rule.ComponentLines)
	case len(s.Formats) == 0:
		return fmt.Errorf("format names no form: want some of %s", strings.Join(Names(), ", "))
	}
	for _, name := range s.Formats {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("format %s: want some of %s", name, strings.Join(Names(), ", "))
		}
	}
	s.Languages, err = tally.LanguagesNamed(s.Languages)
	return err
}

// chosen are the forms that are asked for, each once.
func (s *Settings) chosen() (chosen []form) {
	for i, name := range s.Formats {
		at := slices.IndexFunc(forms, func(f form) bool { return f.name == name })
		if at >= 0 && !slices.Contains(s.Formats[:i], name) {
			chosen = append(chosen, forms[at])
		}
	}
	return chosen
}

// FileNames are the names of the files that the settings ask for.
func (s *Settings) FileNames() (names []string) {
	for _, f := range s.chosen() {
		for _, file := range f.files {
			names = append(names, file.name)
		}
	}
	return names
}
