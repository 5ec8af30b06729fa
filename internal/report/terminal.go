package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

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
			languageColumns(a).print(&out)
			if more := len(a.Languages) - terminalRows; more > 0 {
				fmt.Fprintf(&out, "and %s more\n", Plural(int64(more), "language", "languages"))
			}
		default:
			projectColumns(a).print(&out)
		}
	}
	if len(analyses) > 0 {
		out.WriteString("\n" + outcomesLine(analyses[0]))
		if text := EditionText(analyses[0].Survey); text != "" {
			out.WriteString(printable("edition "+text) + "\n")
		}
	}
	return out.String()
}

func languageColumns(a *gromav1.Analysis) *columns {
	t := &columns{}
	t.row("language", "projects", "files", "code", "comments", "blanks", "lines")
	for _, l := range a.Languages[:min(len(a.Languages), terminalRows)] {
		t.row(l.Language, l.Projects, l.Figures.Files, l.Figures.Code, l.Figures.Comments, l.Figures.Blanks, l.Figures.Lines)
	}
	return t
}

func projectColumns(a *gromav1.Analysis) *columns {
	t := &columns{}
	t.row(a.Language, "maturity", "group", "files", "code", "comments", "blanks", "lines", "share")
	line := func(name, maturity, group string, f *gromav1.Figures, share string) {
		t.row(name, maturity, group, f.Files, f.Code, f.Comments, f.Blanks, f.Lines, share)
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

// columns are rows whose cells stand below each other: words to the left,
// numbers to the right. The first row is the head.
type columns struct {
	rows   [][]string
	widths []int
	right  []bool
}

// row adds a row of strings and int64s, as many as the head has.
func (t *columns) row(cells ...any) {
	if t.widths == nil {
		t.widths, t.right = make([]int, len(cells)), make([]bool, len(cells))
	}
	row := make([]string, len(cells))
	for i, cell := range cells {
		if n, ok := cell.(int64); ok {
			row[i], t.right[i] = Number(n), true
		} else {
			row[i] = printable(fmt.Sprint(cell))
		}
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(row[i]))
	}
	t.rows = append(t.rows, row)
}

func (t *columns) print(out *strings.Builder) {
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if t.right[i] {
				line.WriteString(space + cell)
			} else {
				line.WriteString(cell + space)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}
