package difference

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// terminalRows keeps a difference on two screens.
const terminalRows = 15

// Terminal prints a difference for people at a terminal: what is compared,
// what changed in sentences, and the figures in columns. Control characters of
// strangers are gone. Languages are those of Document.
func Terminal(d *gromav1.Difference, languages ...string) string {
	v := view{d, focused(d, languages), plain}
	var out strings.Builder
	var sides [][]string
	for _, f := range facts(d) {
		if f.what == "survey" || f.what == "ended" || f.before != f.after {
			sides = append(sides, []string{f.what, f.before, f.after})
		}
	}
	columns(&out, append([][]string{{"", "before", "after"}}, sides...), 3)
	if len(d.Questions) > 0 {
		fmt.Fprintf(&out, "\n%s\n", notAlike)
		for _, q := range d.Questions {
			fmt.Fprintf(&out, "  %s: %s, then %s\n", q.What, plain(q.Before), plain(q.After))
		}
	}
	out.WriteString("\n")
	for _, text := range v.sentences() {
		out.WriteString(text + "\n")
	}
	v.terminalFigures(&out)
	v.terminalOutcomes(&out)
	return out.String()
}

func (v view) terminalFigures(out *strings.Builder) {
	found := v.lines()
	if len(found) == 0 {
		return
	}
	rows := [][]string{{"lines of code", "", "before", "after", "change", "%"}}
	for _, l := range found[:min(len(found), terminalRows)] {
		rows = append(rows, append([]string{plain(l.project.Name), plain(l.change.Language)}, figureCells(l.change, nil)...))
	}
	out.WriteString("\n")
	columns(out, rows, 2)
	if more := len(found) - terminalRows; more > 0 {
		fmt.Fprintf(out, "and %s more\n", report.Number(int64(more)))
	}
}

func (v view) terminalOutcomes(out *strings.Builder) {
	if len(v.Outcomes) == 0 {
		return
	}
	rows := [][]string{{"repository", "before", "after"}}
	for _, o := range v.Outcomes[:min(len(v.Outcomes), terminalRows)] {
		rows = append(rows, []string{plain(o.Key), plain(o.Before), plain(o.After)})
	}
	out.WriteString("\n")
	columns(out, rows, len(rows[0]))
	if more := len(v.Outcomes) - terminalRows; more > 0 {
		fmt.Fprintf(out, "and %s more\n", report.Number(int64(more)))
	}
}

// columns prints rows whose cells stand below each other, those from a column
// on to the right.
func columns(out *strings.Builder, rows [][]string, right int) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if i >= right {
				line.WriteString(space + cell)
			} else {
				line.WriteString(cell + space)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
