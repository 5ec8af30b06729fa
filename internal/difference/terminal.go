package difference

import (
	"fmt"
	"strings"

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
	sides := report.NewColumns("", "before", "after")
	for _, f := range facts(d) {
		if f.what == "survey" || f.what == "ended" || f.before != f.after {
			sides.Row(f.what, f.before, f.after)
		}
	}
	out.WriteString(sides.String())
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
	rows := report.NewColumns("lines of code", "", "before", "after", "change", "%")
	for _, l := range found[:min(len(found), terminalRows)] {
		cells := []any{plain(l.project.Name), plain(l.change.Language)}
		for _, figure := range figureCells(l.change, nil) {
			cells = append(cells, report.Right(figure))
		}
		rows.Row(cells...)
	}
	out.WriteString("\n" + rows.String())
	if more := len(found) - terminalRows; more > 0 {
		fmt.Fprintf(out, "and %s more\n", report.Number(int64(more)))
	}
}

func (v view) terminalOutcomes(out *strings.Builder) {
	if len(v.Outcomes) == 0 {
		return
	}
	rows := report.NewColumns("repository", "before", "after")
	for _, o := range v.Outcomes[:min(len(v.Outcomes), terminalRows)] {
		rows.Row(plain(o.Key), plain(o.Before), plain(o.After))
	}
	out.WriteString("\n" + rows.String())
	if more := len(v.Outcomes) - terminalRows; more > 0 {
		fmt.Fprintf(out, "and %s more\n", report.Number(int64(more)))
	}
}
