package report

import (
	"fmt"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// terminalRows keeps an analysis on one screen.
const terminalRows = 20

// Terminal prints what most people want to know of some analyses of one
// survey, on one screen each. Strangers' control characters, which could move
// a cursor, become replacement characters.
func Terminal(analyses ...*gromav1.Analysis) string {
	var out strings.Builder
	for i, a := range analyses {
		if i > 0 {
			out.WriteString("\n")
		}
		switch {
		case a.Coverage.Counted == 0:
			out.WriteString("No code was counted.\n")
		case a.Language == "":
			out.WriteString(languageColumns(a).String())
			if more := len(a.Languages) - terminalRows; more > 0 {
				fmt.Fprintf(&out, "and %s more\n", Plural(int64(more), "language", "languages"))
			}
		default:
			out.WriteString(projectColumns(a).String())
		}
	}
	if len(analyses) > 0 {
		out.WriteString("\n" + outcomesLine(analyses[0]))
		if text := EditionText(analyses[0].Survey); text != "" {
			out.WriteString(Printable("edition "+text) + "\n")
		}
	}
	return out.String()
}

func languageColumns(a *gromav1.Analysis) *Columns {
	t := NewColumns("language", "projects", "files", "code", "comments", "blanks", "lines")
	for _, l := range a.Languages[:min(len(a.Languages), terminalRows)] {
		t.Row(l.Language, l.Projects, l.Figures.Files, l.Figures.Code, l.Figures.Comments, l.Figures.Blanks, l.Figures.Lines)
	}
	return t
}

func projectColumns(a *gromav1.Analysis) *Columns {
	t := NewColumns(a.Language, "maturity", "group", "files", "code", "comments", "blanks", "lines", "share")
	line := func(name, maturity, group string, f *gromav1.Figures, share string) {
		t.Row(name, maturity, group, f.Files, f.Code, f.Comments, f.Blanks, f.Lines, share)
	}
	for _, p := range a.Projects[:min(len(a.Projects), terminalRows)] {
		line(p.Project.Name, p.Project.Maturity, strings.ToLower(GroupTitle(p.Group)), p.Figures, fmt.Sprintf("%7s", Percent(p.Share)))
	}
	if more := len(a.Projects) - terminalRows; more > 0 {
		left := &gromav1.Figures{}
		for _, p := range a.Projects[terminalRows:] {
			addFigures(left, p.Figures)
		}
		line(fmt.Sprintf("and %d more", more), "", "", left, "")
	}
	if a.Rest.Files > 0 {
		line("traces elsewhere", "", "", a.Rest, "")
	}
	if a.Repeated.Files > 0 {
		line("counted once", "", "", negative(a.Repeated), "")
	}
	line("all", "", "", a.Totals, fmt.Sprintf("%7s", Percent(a.Share)))
	return t
}

// outcomesLine says what came of the repositories.
func outcomesLine(a *gromav1.Analysis) string {
	c := a.Coverage
	var parts []string
	for _, outcome := range OutcomeOrder {
		if n := c.Outcomes[outcome]; n > 0 {
			parts = append(parts, Number(n)+" "+outcome)
		}
	}
	return fmt.Sprintf("%s, %s: %s\n", Plural(c.Projects, "project", "projects"), Plural(c.Repositories, "repository", "repositories"), strings.Join(parts, ", "))
}
