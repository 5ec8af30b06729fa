package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Plural prints a number and the word that goes with it.
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Number prints a number with a comma between thousands.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// escape makes text safe within a line of Markdown or a cell of its tables:
// characters with a meaning lose it, controls become spaces.
func escape(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '.' && i >= 3 && strings.EqualFold(text[i-3:i], "www"):
			b.WriteString("&#46;") // or it becomes a link without being asked
		case r == ':' && (i+1 == len(text) || text[i+1] == ' '):
			b.WriteRune(r) // neither an address nor an emoji
		case strings.ContainsRune("\\`*_{}[]<>#+!|~&@:$^=", r):
			// A character reference, since a backslash does not stop a code
			// host from finding mentions and bare addresses.
			fmt.Fprintf(&b, "&#%d;", r)
		case !unicode.IsPrint(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// paragraph makes text safe at the beginning of a line, too, where a hyphen, or
// a number with a full stop or a bracket, would begin a list.
func paragraph(text string) string {
	text = strings.TrimSpace(oneLine(text)) // or what a control stands before begins the line all the same
	number := strings.TrimLeft(text, "0123456789")
	switch {
	case strings.HasPrefix(text, "-"):
		return "&#45;" + escape(text[1:])
	case len(number) < len(text) && (strings.HasPrefix(number, ".") || strings.HasPrefix(number, ")")):
		return text[:len(text)-len(number)] + fmt.Sprintf("&#%d;", number[0]) + escape(number[1:])
	}
	return escape(text)
}

// plain keeps of a text what may stand between backticks.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '`' || r == '|' || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}

// oneLine makes text safe within a block of code: nothing in it can end the
// line.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// moment prints a time to the second.
func moment(t *timestamppb.Timestamp) string {
	if t == nil {
		return "unknown"
	}
	return t.AsTime().Format("2006-01-02 15:04:05 UTC")
}

// day prints the day of a time.
func day(t *timestamppb.Timestamp) string {
	if t == nil {
		return "unknown"
	}
	return t.AsTime().Format("2006-01-02")
}
