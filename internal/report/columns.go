package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Columns are rows whose cells stand below each other on a terminal: words to
// the left, and columns with a number in them to the right. Strangers' control
// characters become replacement characters.
type Columns struct {
	rows  [][]string // the head first
	right []bool
}

// Right is a cell that stands to the right, as numbers do.
type Right string

// NewColumns are columns with a head.
func NewColumns(head ...string) *Columns {
	c := &Columns{rows: [][]string{make([]string, len(head))}, right: make([]bool, len(head))}
	for i, title := range head {
		c.rows[0][i] = Printable(title)
	}
	return c
}

// Row adds a row of as many cells as the head has.
func (c *Columns) Row(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		switch cell := cell.(type) {
		case int64:
			row[i], c.right[i] = Number(cell), true
		case Right:
			row[i], c.right[i] = Printable(string(cell)), true
		default:
			row[i] = Printable(fmt.Sprint(cell))
		}
	}
	c.rows = append(c.rows, row)
}

// Len is how many rows there are below the head.
func (c *Columns) Len() int { return len(c.rows) - 1 }

func (c *Columns) String() string {
	widths := make([]int, len(c.right))
	for _, row := range c.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for _, row := range c.rows {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if c.right[i] {
				line.WriteString(space + cell)
			} else {
				line.WriteString(cell + space)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

// Printable makes a stranger's text safe for a terminal and for one line:
// control characters, which could move the cursor or begin a sequence, become
// a replacement character.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}
