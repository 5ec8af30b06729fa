package cli

import (
	"strings"
	"testing"
)

func TestInColumn(t *testing.T) {
	below := "\n" + strings.Repeat(" ", seenColumn)
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one two three", 100, "one two three"},
		{"one two three", 7, "one two" + below + "three"},
		{"a-word-that-is-wide is left", 7, "a-word-that-is-wide" + below + "is left"},
		{"one\ntwo", 100, "one" + below + "two"},
		{"\x1b[31mred", 100, "\uFFFD[31mred"},
	} {
		if got := inColumn(test.text, test.width); got != test.want {
			t.Errorf("inColumn(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}
