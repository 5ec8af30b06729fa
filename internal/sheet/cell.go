package sheet

import (
	"bufio"
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// A column is one of a CSV file: its name, and what a row has there.
type column[T any] struct {
	name string
	cell func(T) string
}

// write prints a head and a line for each row.
func write[T any](w io.Writer, columns []column[T], rows iter.Seq[T]) error {
	buffered := bufio.NewWriter(w)
	lines := csv.NewWriter(buffered)
	record := make([]string, len(columns))
	for i, c := range columns {
		record[i] = c.name
	}
	if err := lines.Write(record); err != nil {
		return err
	}
	for row := range rows {
		for i, c := range columns {
			record[i] = c.cell(row)
		}
		if err := lines.Write(record); err != nil {
			return err
		}
	}
	lines.Flush()
	if err := lines.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}

// text is a cell of words, which may be a stranger's.
func text[T any](of func(T) string) func(T) string {
	return func(row T) string { return guard(of(row)) }
}

// texts is a cell of several words.
func texts[T any](of func(T) []string) func(T) string {
	return func(row T) string { return guard(strings.Join(of(row), separator)) }
}

// separator stands between several words of one cell. It is no comma and no
// semicolon, at which some spreadsheets begin another cell.
const separator = " | "

// number is a cell of digits.
func number[T any](of func(T) int64) func(T) string {
	return func(row T) string { return strconv.FormatInt(of(row), 10) }
}

// decided is a cell that says true or false.
func decided[T any](of func(T) bool) func(T) string {
	return func(row T) string { return strconv.FormatBool(of(row)) }
}

// moment is a cell of a time in UTC; it is empty where there is none.
func moment[T any](of func(T) *timestamppb.Timestamp) func(T) string {
	return func(row T) string {
		if at := of(row); at != nil {
			return at.AsTime().Format("2006-01-02T15:04:05Z")
		}
		return ""
	}
}

// where leaves a cell empty in rows of which nothing is known: an unknown
// figure is not zero.
func where[T any](known func(T) bool, cell func(T) string) func(T) string {
	return func(row T) string {
		if known(row) {
			return cell(row)
		}
		return ""
	}
}

// longestCell is what the common spreadsheets take, in bytes.
const longestCell = 32_000

// guard makes text safe in a spreadsheet: an apostrophe stands before whatever
// would begin a formula, and what cannot be printed becomes a space. A
// formula can begin where the text does and, in a spreadsheet that splits
// lines at semicolons, after each of these; quotes and spaces before it change
// nothing.
func guard(text string) string {
	var b strings.Builder
	begins := true
	for _, r := range text {
		if b.Len() >= longestCell {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		if begins && strings.ContainsRune("=+-@＝＋－＠", r) {
			b.WriteByte('\'')
		}
		begins = r == ';' || begins && (r == ' ' || r == '"' || r == '\u00a0')
		b.WriteRune(r)
	}
	return b.String()
}
