package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"groma/bench"
)

const heading = `| target | what holds, whatever comes | minutes | runs | new inputs | failures |
| --- | --- | --: | --: | --: | --- |
`

// facts has room for the day, the machine, its load, and the flags.
const facts = `Last run on %s, on %s, load %s, with -parallel %d and -minimize %s. %s

`

// A record is the table as it is in the document, or on the screen.
type record struct {
	settings
	all  []target
	rows map[string]string // by label
}

// open reads the table that there is. Its rows of the targets that are about to
// be run go, unless they are to be gone on from.
func (s settings) open(all []target) (*record, error) {
	r := &record{settings: s, all: all, rows: map[string]string{}}
	if s.write == "" {
		return r, nil
	}
	document, err := os.ReadFile(s.write)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	r.rows = rowsOf(string(document), all)
	before := len(r.rows)
	for _, t := range all {
		if !s.resume && s.chosen(t) {
			delete(r.rows, t.label())
		}
	}
	if len(r.rows) < before { // or -continue would take old rows for those of a run that was interrupted
		return r, r.save()
	}
	return r, nil
}

// rowsOf are the rows of targets in a document, by their label.
func rowsOf(document string, all []target) map[string]string {
	rows := map[string]string{}
	for line := range strings.Lines(document) {
		for _, t := range all {
			if strings.HasPrefix(line, "| "+t.label()+" | ") && len(cellsOf(line)) == len(cellsOf(heading)) {
				rows[t.label()] = strings.TrimSuffix(line, "\n")
			}
		}
	}
	return rows
}

// cellsOf are the cells of a row's first line.
func cellsOf(row string) []string {
	row, _, _ = strings.Cut(row, "\n")
	return strings.Split(strings.Trim(strings.ReplaceAll(row, `\|`, ""), "|"), "|")
}

// minutes is how long a target has run by the table.
func (r *record) minutes(t target) float64 {
	return figure(r.rows[t.label()], 2)
}

// figure is the number in a cell of a row, zero if there is none.
func figure(row string, cell int) float64 {
	cells := cellsOf(row)
	if cell >= len(cells) {
		return 0
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(cells[cell]), ",", ""), 64)
	if err != nil {
		return 0
	}
	return v
}

// put puts a target's row into the document, or prints it.
func (r *record) put(t target, came result) error {
	r.rows[t.label()] = row(t, came)
	if r.write == "" {
		fmt.Println(r.rows[t.label()])
		return nil
	}
	return r.save()
}

func (r *record) save() error {
	return bench.WriteSection(r.write, "fuzz", "# Reliability\n", r.text())
}

func (r *record) text() string {
	var b strings.Builder
	var minutes, runs float64
	for _, t := range r.all {
		if line := r.rows[t.label()]; line != "" {
			minutes, runs = minutes+figure(line, 2), runs+figure(line, 3)
			b.WriteString(line + "\n")
		}
	}
	sum := fmt.Sprintf("%d of %d targets, %.1f minutes, %s runs in all.", len(r.rows), len(r.all), minutes, grouped(int64(runs)))
	day := time.Now().UTC().Format("2 January 2006")
	return fmt.Sprintf(facts, day, bench.Machine(), bench.Load(), r.parallel, r.minimize, sum) + heading + b.String()
}

func row(t target, came result) string {
	failures := "none"
	if len(came.failures) > 0 {
		failures = strings.Join(came.failures, ", ")
	}
	cells := []string{
		t.label(), strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`).Replace(t.holds),
		strconv.FormatFloat(came.minutes, 'f', 1, 64), grouped(came.runs), grouped(came.fresh), failures,
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// grouped is a number with commas.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
