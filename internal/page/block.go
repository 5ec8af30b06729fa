package page

import (
	"fmt"
	"strings"

	"groma/internal/report"
)

// A part is one analysis.
type part struct {
	Title, ID string
	Sections  []*section
}

// A section is a heading that the contents name, and what stands below it.
type section struct {
	Title, ID string
	Blocks    []block
}

// A block is one thing below another: just one of its fields is set.
type block struct {
	Heading *heading
	Words   line
	List    []line
	Quotes  []line
	Table   *table
	Chart   *chart
	Lines   []string // of a shell
}

type heading struct{ Title, ID string }

// A line is words of which some lead somewhere.
type line []span

// A span is words that look alike. A link that does not lead to the web leads
// nowhere.
type span struct {
	Text         string
	Link         string // an address of the web
	Place        string // an id on this page
	Code, Strong bool
}

func text(format string, args ...any) line {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return line{{Text: format}}
}

// link leads to an address of the web, by the address itself where nobody would
// see the words.
func link(text, address string) line {
	return line{{Text: seen(text, address), Link: address}}
}

// seen is a text, or another where nobody would see it.
func seen(text, other string) string {
	if strings.TrimSpace(plain(text)) == "" {
		return other
	}
	return text
}

func code(text string) line { return line{{Text: text, Code: true}} }

func strong(text string) line { return line{{Text: text, Strong: true}} }

// joined is lines one after the other.
func joined(lines ...line) (all line) {
	for _, l := range lines {
		all = append(all, l...)
	}
	return all
}

// listed is lines with something between them.
func listed(lines []line, between string) (all line) {
	for i, l := range lines {
		if i > 0 {
			all = append(all, span{Text: between})
		}
		all = append(all, l...)
	}
	return all
}

// A table has a caption for those who do not see what stands above it. The
// rows of its foot are sums and stay where they are.
type table struct {
	ID      string
	Caption string
	Columns []column
	Rows    [][]cell
	Foot    [][]cell
	Long    bool // may be sorted and filtered
	Drawn   bool // stands for its drawings: the figures stand elsewhere, too
	Quiet   bool // has its caption as a heading above it
}

// A column is named for the style sheet by what it holds.
type column struct {
	Title string
	Class string
}

// What columns hold: words, numbers, which stand to the right, drawings, or a
// few words that stay on one line.
const (
	numbers  = "n"
	drawings = "d"
	fewWords = "t"
)

// A cell is what stands in a row and column.
type cell struct {
	Words line
	Sort  string // sorts instead of the words; empty means them
	Spark *spark
	Class string // of its column
}

// columns are made of titles; one that ends in ":" is of numbers.
func columns(titles ...string) []column {
	made := make([]column, len(titles))
	for i, title := range titles {
		made[i].Title = title
		if number, ok := strings.CutSuffix(title, ":"); ok {
			made[i] = column{number, numbers}
		}
	}
	return made
}

// holds says what some columns hold, by their places.
func (t *table) holds(class string, places ...int) {
	for _, i := range places {
		t.Columns[i].Class = class
	}
}

// row makes cells of numbers, strings, lines and cells.
func (t *table) row(values ...any) { t.Rows = append(t.Rows, t.cells(values)) }

func (t *table) foot(values ...any) { t.Foot = append(t.Foot, t.cells(values)) }

func (t *table) cells(values []any) []cell {
	made := make([]cell, len(values))
	for i, value := range values {
		switch v := value.(type) {
		case int64:
			made[i].Words = text(report.Number(v))
		case string:
			made[i].Words = line{{Text: v}}
		case line:
			made[i].Words = v
		case cell:
			made[i] = v
		}
		made[i].Class = t.Columns[i].Class
	}
	return made
}

// anchors are the ids of a page, each of which stands once.
type anchors map[string]bool

// take makes an id of a text: letters, digits and hyphens, with a number where
// it is taken.
func (a anchors) take(base string) string {
	base = strings.Map(func(r rune) rune {
		if r == '-' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(base))
	id := base
	for n := 2; a[id]; n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	a[id] = true
	return id
}
