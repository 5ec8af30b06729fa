package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"groma/internal/report"
)

// table prints rows in columns: words to the left, numbers to the right.
type table struct {
	head  []string
	rows  [][]string
	right []bool
}

func newTable(head ...string) *table {
	return &table{head: head, right: make([]bool, len(head))}
}

// row adds a row of strings and int64s.
func (t *table) row(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		switch value := cell.(type) {
		case int64:
			row[i], t.right[i] = report.Number(value), true
		default:
			row[i] = printable(fmt.Sprint(value))
		}
	}
	t.rows = append(t.rows, row)
}

func (t *table) print(out io.Writer) {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range append([][]string{t.head}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if t.right[i] {
				line.WriteString(space + cell)
			} else {
				line.WriteString(cell + space)
			}
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
	}
}

// printable makes a stranger's text safe for a terminal and for one line:
// control characters, which could move the cursor or begin a sequence, become
// a replacement character.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

// printableLines is printable for text of several lines: an error that joins
// others.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable(strings.ReplaceAll(line, "\t", "  "))
	}
	return strings.Join(lines, "\n")
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
