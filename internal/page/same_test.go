package page

import (
	"html"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"

	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// TestRender_SaysWhatMarkdownSays: the same words and figures in the same
// order, whatever the report.
func TestRender_SaysWhatMarkdownSays(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	reports := []*gromav1.Report{reporttest.Fixture(), reporttest.Bare()}
	for range 20 {
		reports = append(reports, reporttest.Random(random))
	}
	checkSame(t, full(t))
	for _, r := range reports {
		for _, s := range []report.Settings{{Language: "Rust"}, {}, {Language: "Go", Measure: "bytes"}, {Language: "no such language"}} {
			checkSame(t, report.Analyse(r, s))
		}
	}
}

func checkSame(t *testing.T, a *gromav1.Analysis) {
	t.Helper()
	got, want := linesOfPage(t, render(t, a)), linesOfMarkdown(report.Markdown(a))
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("language %q: line %d of the page is\n%q, of Markdown\n%q", a.Language, i, at(got, i), at(want, i))
		}
	}
}

// full is an analysis that says something in every field, so that a new one is
// not forgotten here.
func full(t testing.TB) *gromav1.Analysis {
	a := report.Analyse(reporttest.Fixture(), report.Settings{Language: "Rust"})
	if len(a.Claims) == 0 {
		a.Claims = []*gromav1.CheckedClaim{{
			Slug: "viaduct", Name: "Viaduct", Says: "LOC", Figure: 1_750_000, About: true, Repositories: []string{"github.com/viaduct/proxy"},
			Figures: a.Projects[1].Figures, Is: "bytes", Verdict: "bytes",
		}}
	}
	if len(a.Changelog) == 0 {
		a.Changelog = []*gromav1.Change{{Date: "2025-06-30", Survey: "foundation-20250630", Text: []string{"1 project came.", "Rust: +5 %."}}}
	}
	if len(a.ExcludedRepositories) == 0 {
		a.ExcludedRepositories = []*gromav1.ExcludedFromProject{{Slug: "viaduct", Key: "github.com/viaduct/old", Reason: "a fork"}}
	}
	fields := a.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if field := fields.Get(i); !a.ProtoReflect().Has(field) && field.Name() != "languages" {
			t.Errorf("the full analysis has no %s: give it one", field.Name())
		}
	}
	return a
}

func at(lines []string, i int) string {
	return strings.Join(lines[min(i, len(lines)):min(i+1, len(lines))], "")
}

var (
	markdownLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	markdownRule = regexp.MustCompile(`^\|(-+:?\|)+$`)
	markdownMark = regexp.MustCompile(`^(#+ |- |> ?|    )`)
	spaces       = regexp.MustCompile(`\s+`)
)

// linesOfMarkdown are the words of each line and row, without what makes them
// markup and without the contents.
func linesOfMarkdown(text []byte) (lines []string) {
	contents := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		contents = strings.HasPrefix(line, "# ") || contents && !strings.HasPrefix(line, "## ")
		if contents && strings.HasPrefix(line, "- [") || markdownRule.MatchString(line) {
			continue
		}
		line = markdownMark.ReplaceAllString(line, "")
		line = markdownLink.ReplaceAllString(line, "$1")
		line = strings.NewReplacer("**", "", "`", "").Replace(line)
		if line = words(html.UnescapeString(line), strings.HasPrefix(line, "|")); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// words are words with one space between them. Of a row they are its cells.
func words(line string, row bool) string {
	if row {
		line = strings.ReplaceAll(line, "|", " ")
	}
	return strings.TrimSpace(spaces.ReplaceAllString(line, " "))
}

// linesOfPage are the words of each element that is a line or a row, without
// what the page has beyond Markdown: contents, charts and captions.
func linesOfPage(t *testing.T, page []byte) (lines []string) {
	t.Helper()
	root := parse(t, page)
	var visit func(n *xhtml.Node)
	visit = func(n *xhtml.Node) {
		switch n.Data {
		case "nav", "figure", "head", "caption", "script", "svg":
			if n.Type == xhtml.ElementNode {
				return
			}
		case "table":
			if slices.ContainsFunc(n.Attr, func(a xhtml.Attribute) bool { return a.Key == "data-drawn" }) {
				return
			}
		case "h1", "h2", "h3", "p", "li", "blockquote", "tr":
			if line := words(textOf(n), n.Data == "tr"); line != "" {
				lines = append(lines, line)
			}
			return
		case "pre":
			for line := range strings.Lines(textOf(n)) {
				lines = append(lines, words(line, false))
			}
			return
		}
		for child := range n.ChildNodes() {
			visit(child)
		}
	}
	visit(root)
	return lines
}

// textOf is what an element says, cells and drawings apart.
func textOf(n *xhtml.Node) string {
	if n.Type == xhtml.TextNode {
		return strings.ReplaceAll(n.Data, nonBreaking, " ")
	}
	if class(n) == drawings {
		return ""
	}
	var text string
	for child := range n.ChildNodes() {
		text += textOf(child)
	}
	if n.Data == "td" || n.Data == "th" {
		text += " | "
	}
	return text
}

func class(n *xhtml.Node) string { return attribute(n, "class") }

func attribute(n *xhtml.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
