package report_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// hostile are words that would be something else in one form or another.
var hostile = []string{
	"a | b\n# c <script> [x](y) `z` @me https://x", "\x1b]0;title\x07\x1b[2J", "- [ ] x", "1. y", "```\nrm -rf\n```", "\u202ecba", "&lt;b&gt;",
	"![x](javascript:alert(1))", "\\", "|", "www.example.org", "https://[::1", ")", "a\r\nb", "x\u2028y", "\xff", "\x00- x", "\x00\x01\x02\x03x", "\x001. y",
}

func analyses() []*gromav1.Analysis {
	r := reporttest.Fixture()
	return []*gromav1.Analysis{report.Analyse(r, report.Settings{Language: "Rust"}), report.Analyse(r, report.Settings{})}
}

// FuzzMarkdown: whatever strangers write, a whole report in Markdown has the
// lines, cells and headings that it has for harmless words.
func FuzzMarkdown(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	all := analyses()
	var want [][]string
	for _, a := range all {
		want = append(want, bones(report.Markdown(reporttest.Rewritten(a, "words"))))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text = strings.ToValidUTF8(text, "?"); !strings.ContainsFunc(text, unicode.IsGraphic) || strings.TrimSpace(text) == "" {
			t.Skip("where there are no words, there is no place for them")
		}
		for i, a := range all {
			got := bones(report.Markdown(reporttest.Rewritten(a, text)))
			for j := range min(len(got), len(want[i])) {
				if got[j] != want[i][j] {
					t.Fatalf("%q makes line %d %q of %q", text, j+1, got[j], want[i][j])
				}
			}
			if len(got) != len(want[i]) {
				t.Fatalf("%q makes %d lines of %d", text, len(got), len(want[i]))
			}
		}
	})
}

var (
	codeSpan = regexp.MustCompile("`[^`\n]*`")
	link     = regexp.MustCompile(`\[[^\[\]]*\]\((#|https://example\.com/)[^\s()<>]*\)`)
	harmless = regexp.MustCompile("[^|<>\\[\\]*`\t\x00-\x1f]+")
	begin    = regexp.MustCompile(`^(#+ |- |[0-9]+[.)] |> |\t)?`)
)

// bones are the lines of a document, each with how it begins, and the characters
// of it that mean something in Markdown, less those of our links and code.
func bones(document []byte) (lines []string) {
	inCode := false
	for line := range strings.Lines(string(document)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "```") {
			inCode = !inCode
			lines = append(lines, "```")
			continue
		}
		if inCode || strings.HasPrefix(line, "    ") {
			lines = append(lines, "code")
			continue
		}
		begins := begin.FindString(line)
		line = codeSpan.ReplaceAllString(line, "") // an address that is none stands in one, instead of a link
		line = link.ReplaceAllString(line, "")
		lines = append(lines, begins+harmless.ReplaceAllString(line, ""))
	}
	return lines
}

// FuzzTerminal: whatever strangers write, what is printed on a terminal has the
// lines that it has for harmless words, and no character that drives it.
func FuzzTerminal(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	all := analyses()
	want := strings.Count(report.Terminal(reporttest.Rewritten(all[0], "words"), reporttest.Rewritten(all[1], "words")), "\n")
	f.Fuzz(func(t *testing.T, text string) {
		if text = strings.ToValidUTF8(text, "?"); text == "" {
			t.Skip("where there are no words, there is no place for them")
		}
		got := report.Terminal(reporttest.Rewritten(all[0], text), reporttest.Rewritten(all[1], text))
		if n := strings.Count(got, "\n"); n != want {
			t.Errorf("%q makes %d lines of %d", text, n, want)
		}
		for _, r := range got {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("%q prints %U", text, r)
			}
		}
	})
}
