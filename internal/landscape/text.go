package landscape

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"groma/internal/fault"
)

var userInfo = regexp.MustCompile(`://[^/\s]*@`)

// clean makes a stranger's text fit to be kept: valid UTF-8, no control
// characters, no passwords in the addresses it quotes.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, text)
	return strings.TrimSpace(userInfo.ReplaceAllString(text, "://"))
}

// quoted is a stranger's text inside a message.
func quoted(text string) string { return strconv.Quote(fault.Clip(clean(text), 120)) }

// didYouMean is a hint for a word that is nearly one of those known, or
// nothing.
func didYouMean(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return " (did you mean " + strconv.Quote(near) + "?)"
	}
	return ""
}

// Nearest returns the known word that was probably meant by one that is not
// known, or nothing.
func Nearest(word string, known []string) string { return nearest(word, known) }

// nearest returns the known word that takes the fewest changes, one in five
// letters and two in nine; failing that, one that goes on with a hyphen where
// word ends; or nothing.
func nearest(word string, known []string) string {
	best, fewest := "", 3
	for _, candidate := range known {
		if d := distance(word, candidate, fewest); d < fewest && 4*d < len(candidate) {
			best, fewest = candidate, d
		}
	}
	if best != "" || len(word) < 3 {
		return best
	}
	i := slices.IndexFunc(known, func(candidate string) bool { return strings.HasPrefix(candidate, word+"-") })
	if i < 0 {
		return ""
	}
	return known[i]
}

// distance counts the letters to insert, delete or replace, up to a limit.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return min(row[len(b)], limit)
}
