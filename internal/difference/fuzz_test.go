package difference

import (
	"strings"
	"testing"
	"unicode"

	"groma/internal/report/reporttest"
)

// FuzzForms: whatever strangers write, a difference has the lines that it has
// for harmless words, no markup of theirs and nothing that drives a terminal.
func FuzzForms(f *testing.F) {
	for _, text := range []string{
		"\x1b[2J<script>\n| a | b |\n# @x [l](javascript:1)\u202e", "`", "|", "- a", "1. b", "a\r\nb", "\\", "\u2028", "https://a.example/<b>",
	} {
		f.Add(text)
	}
	d := Between(reporttest.Fixture(), nextYear())
	harmless := reporttest.Rewritten(d, "words")
	want := []int{strings.Count(string(Document(harmless)), "\n"), strings.Count(Terminal(harmless), "\n")}
	f.Fuzz(func(t *testing.T, text string) {
		if text = strings.ToValidUTF8(text, "?"); strings.TrimSpace(text) == "" {
			t.Skip("where there are no words, there is no place for them")
		}
		hostile := reporttest.Rewritten(d, text)
		document := string(Document(hostile))
		for i, form := range []string{document, Terminal(hostile)} {
			if n := strings.Count(form, "\n"); n != want[i] {
				t.Errorf("%q makes %d lines of %d", text, n, want[i])
			}
			if strings.ContainsFunc(strings.ReplaceAll(form, "\n", ""), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q prints control characters in\n%q", text, form)
			}
		}
		if strings.ContainsAny(document, "<>") {
			t.Errorf("%q makes markup in\n%s", text, document)
		}
	})
}
