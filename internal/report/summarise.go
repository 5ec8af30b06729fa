package report

import (
	"fmt"

	gromav1 "groma/proto/groma/v1"
)

// summaryText is a report in one paragraph.
func summaryText(a *gromav1.Analysis) string {
	c := a.Coverage
	known := fmt.Sprintf("%s of the landscape's %s", Number(c.ProjectsWithCount), Plural(c.Projects, "project", "projects"))
	if a.Language == "" {
		return fmt.Sprintf("Of %s the code could be counted, in %s of %s: %s of programming languages, in %s.",
			known, Number(c.Counted), Plural(c.Repositories, "repository", "repositories"),
			amount(a.All, a.Rule.Measure), Plural(int64(len(a.Languages)), "language with those of markup", "languages with those of markup"))
	}
	var parts []string
	for _, group := range groupOrder {
		if n := countGroup(a.Projects, group); n > 0 {
			parts = append(parts, Number(n)+" "+groupWords[group])
		}
	}
	groups := ""
	if len(parts) > 0 {
		groups = ": " + enumerate(parts)
	}
	return fmt.Sprintf("Of %s the code could be counted; %s %s%s. Of the landscape's %s, %s counted and hold %s of it, each repository once.",
		known, Plural(int64(len(a.Projects)), "has", "have"), a.Language, groups,
		Plural(c.Repositories, "repository", "repositories"), Plural(c.Counted, "was", "were"), amount(a.Totals, a.Rule.Measure))
}

// amount is the figure that the measure names, with its unit.
func amount(f *gromav1.Figures, measure string) string {
	n := Measured(f, measure)
	if n == 1 {
		return "1 " + map[string]string{"code": "line of code", "lines": "line", "bytes": "byte"}[measure]
	}
	return Number(n) + " " + Unit(measure)
}

// overviewText introduces a report.
func overviewText(a *gromav1.Analysis) []string {
	var text []string
	name := a.Survey.GetSource().GetName()
	if a.Language == "" {
		text = append(text, fmt.Sprintf("This report counts the code of the projects that %s names, by language, each repository at one commit.", name))
	} else {
		text = append(text, fmt.Sprintf("This report looks for %s in the projects that %s names: how much of it each has, in which repositories, and whether the project is written in it (pure) or has a part that is (component). Projects are sorted by maturity, as the landscape has it.", a.Language, name))
	}
	c := a.Coverage
	if n := c.Repositories - c.Counted; n > 0 {
		text = append(text, Plural(n, "repository has no count of its own; the coverage says why. Nothing is guessed for it.",
			"repositories have no count of their own; the coverage says which and why. Nothing is guessed for them."))
	}
	return text
}
