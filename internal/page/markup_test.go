package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

func parse(t testing.TB, page []byte) *xhtml.Node {
	t.Helper()
	root, err := xhtml.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// elements are all of a page.
func elements(root *xhtml.Node) (found []*xhtml.Node) {
	for n := range root.Descendants() {
		if n.Type == xhtml.ElementNode {
			found = append(found, n)
		}
	}
	return found
}

// TestRender_Markup: whatever the report, the page is well formed and all that
// it leads to is there.
func TestRender_Markup(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 4))
	reports := []*gromav1.Report{reporttest.Fixture(), large(40)}
	for range 20 {
		reports = append(reports, reporttest.Random(random))
	}
	for _, r := range reports {
		r.Survey.Spec.Languages = []string{"Rust", "Go"}
		several := report.Analyses(r, report.Settings{})
		checkMarkup(t, render(t, several...))
		checkMarkup(t, render(t, report.Analyse(r, report.Settings{})))
		if t.Failed() {
			t.FailNow()
		}
	}
}

func checkMarkup(t *testing.T, page []byte) {
	t.Helper()
	root := parse(t, page)
	checkRoundTrip(t, page, root)
	ids := map[string]int{}
	for _, n := range elements(root) {
		if id := attribute(n, "id"); id != "" {
			ids[id]++
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q stands %d times", id, n)
		}
	}
	for _, n := range elements(root) {
		checkReferences(t, n, ids)
		switch n.Data {
		case "table":
			checkTable(t, n)
		case "svg":
			checkPicture(t, n)
		}
	}
	for _, r := range string(page) {
		if !unicode.IsPrint(r) && r != '\n' && string(r) != nonBreaking {
			t.Errorf("%U is on the page", r)
		}
	}
}

// checkRoundTrip: the parser has repaired nothing. Rendering what it read and
// reading it again would change nothing; every open tag is closed as written.
func checkRoundTrip(t *testing.T, page []byte, root *xhtml.Node) {
	t.Helper()
	var again bytes.Buffer
	if err := xhtml.Render(&again, root); err != nil {
		t.Fatal(err)
	}
	if got, want := tags(page), tags(again.Bytes()); !slices.Equal(got, want) {
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("tag %d is %s, which is read as %s", i, got[i], want[i])
			}
		}
		t.Fatalf("%d tags, read as %d", len(got), len(want))
	}
}

// tags are the names of a page's tags as they are written, each with what it
// is. An element that closes itself counts as opened and closed.
func tags(page []byte) (found []string) {
	for z := xhtml.NewTokenizer(bytes.NewReader(page)); z.Next() != xhtml.ErrorToken; {
		token := z.Token()
		switch token.Type {
		case xhtml.StartTagToken:
			found = append(found, token.Data)
			if token.DataAtom == atom.Meta { // is never closed
				found = append(found, "/"+token.Data)
			}
		case xhtml.SelfClosingTagToken:
			found = append(found, token.Data, "/"+token.Data)
		case xhtml.EndTagToken:
			found = append(found, "/"+token.Data)
		}
	}
	return found
}

func checkReferences(t *testing.T, n *xhtml.Node, ids map[string]int) {
	t.Helper()
	for _, a := range n.Attr {
		switch {
		case a.Key == "href" && strings.HasPrefix(a.Val, "#"), a.Key == "aria-labelledby", a.Key == "aria-describedby":
			if ids[strings.TrimPrefix(a.Val, "#")] == 0 {
				t.Errorf("%s %s=%q leads nowhere", n.Data, a.Key, a.Val)
			}
		case a.Key == "href" && !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "http://"):
			t.Errorf("a link leads to %q", a.Val)
		case a.Key == "style" || a.Key == "src" || strings.HasPrefix(a.Key, "on"):
			t.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
		}
	}
}

// checkTable: a table has a caption, heads of columns and rows, and rows of
// one length.
func checkTable(t *testing.T, table *xhtml.Node) {
	t.Helper()
	captions, columns, heads := 0, 0, 0
	for _, n := range elements(table) {
		switch {
		case n.Data == "caption":
			captions++
		case n.Data == "th" && attribute(n, "scope") == "col":
			heads++
		case n.Data == "tr":
			cells := 0
			for range n.ChildNodes() {
				cells++
			}
			if columns = max(columns, cells); columns != cells {
				t.Errorf("a row has %d cells, others %d", cells, columns)
			}
			if attribute(n.FirstChild, "scope") == "" {
				t.Error("a row has no head")
			}
		}
	}
	if captions != 1 || heads != columns || columns == 0 {
		t.Errorf("a table has %d captions, %d heads and %d columns", captions, heads, columns)
	}
}

// checkPicture: a picture has a title and words in its stead, or is hidden
// from those who do not see it.
func checkPicture(t *testing.T, svg *xhtml.Node) {
	t.Helper()
	has := map[string]bool{}
	for n := range svg.ChildNodes() {
		if n.Type == xhtml.ElementNode && n.FirstChild != nil {
			has[n.Data] = has[n.Data] || n.FirstChild.Data != ""
		}
	}
	if hidden := attribute(svg, "aria-hidden") == "true"; !hidden && (!has["title"] || !has["desc"] || attribute(svg, "role") != "img") {
		t.Errorf("a picture has %v, and the role %q", has, attribute(svg, "role"))
	}
}

// TestRender_Policy: what the page's policy allows is what the page has.
func TestRender_Policy(t *testing.T) {
	page := render(t, report.Analyse(reporttest.Fixture(), report.Settings{Language: "Rust"}))
	policy, inline := "", map[string]string{}
	for _, n := range elements(parse(t, page)) {
		if attribute(n, "http-equiv") == "Content-Security-Policy" {
			policy = attribute(n, "content")
		}
		if n.Data == "style" || n.Data == "script" {
			inline[n.Data] += n.FirstChild.Data
		}
	}
	sum := func(text string) string {
		digest := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
	}
	want := "default-src 'none'; style-src " + sum(inline["style"]) + "; script-src " + sum(inline["script"]) + "; base-uri 'none'; form-action 'none'"
	if policy != want {
		t.Errorf("the policy is %q, want %q", policy, want)
	}
}

// FuzzRender: whatever strangers write, the page has just the elements and
// attributes that it has for harmless words.
func FuzzRender(f *testing.F) {
	for _, text := range []string{
		"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</title></svg></style><b>", "javascript:alert(1)",
		"https://a.example/\"onclick=alert(1)", "data:text/html,x", "]]> <!-- -->", "{{.}}", "\x00\u202e\ufeff", "https://[::1", "//evil.example", "`${1}`", strings.Repeat("a", 300),
	} {
		f.Add(text)
	}
	analyses, harmless := []*gromav1.Analysis{}, [][]string{}
	for _, a := range []*gromav1.Analysis{full(f), report.Analyse(reporttest.Fixture(), report.Settings{})} {
		analyses, harmless = append(analyses, a), append(harmless, skeleton(f, reporttest.Rewritten(a, "words")))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text = strings.ToValidUTF8(text, "?"); text == "" {
			t.Skip("where there are no words, there is no place for them")
		}
		for i, a := range analyses {
			checkSkeleton(t, text, skeleton(t, reporttest.Rewritten(a, text)), harmless[i])
		}
	})
}

func checkSkeleton(t *testing.T, text string, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%q makes %s of %s", text, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%q makes %d elements of %d", text, len(got), len(want))
	}
}

// skeleton is a page's elements with their attributes, each in its place,
// without what may differ: texts, widths, and whether a text has a link.
func skeleton(t testing.TB, a *gromav1.Analysis) (found []string) {
	t.Helper()
	page := render(t, a)
	for _, n := range elements(parse(t, page)) {
		switch n.Data {
		case "a":
			if href := attribute(n, "href"); !strings.HasPrefix(href, "https://example.com/") && !strings.HasPrefix(href, "#") {
				t.Fatalf("a link leads to %q", href)
			}
			if strings.HasPrefix(attribute(n, "href"), "https://") {
				continue
			}
		case "style", "script":
			if text := n.FirstChild.Data; text != style && text != script {
				t.Fatalf("%s is %q", n.Data, text)
			}
		}
		names := n.Data
		for _, attribute := range n.Attr {
			names += " " + attribute.Key
		}
		found = append(found, names)
	}
	return found
}
