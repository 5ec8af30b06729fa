package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	gromav1 "groma/proto/groma/v1"
)

// Markdown prints analyses, one after the other, as a code host renders them.
// Whatever strangers wrote (names, sentences, reasons, addresses) is escaped:
// it cannot become markup.
func Markdown(analyses ...*gromav1.Analysis) []byte {
	var out bytes.Buffer
	anchors := map[string]int{}
	for _, a := range analyses {
		m := &markdown{Analysis: a, unit: Unit(a.GetRule().GetMeasure()), names: namesOf(a), anchors: anchors}
		m.title(&out)
		m.body()
		m.contents(&out)
		out.Write(m.out.Bytes())
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n')
}

// Bounds of one document, beyond which no host renders it; what is left out is
// summed up in one row, and stands in report.json.
const (
	mostRows = 2000 // of a table
	mostTold = 500  // projects with a chapter of their own
)

type markdown struct {
	*gromav1.Analysis
	unit     string
	names    map[string]string // of projects, by slug
	anchors  map[string]int    // how often each stands in the document
	sections []section
	size     map[string]string
	out      bytes.Buffer
}

// A section is a heading and where it can be found.
type section struct{ title, anchor string }

func namesOf(a *gromav1.Analysis) map[string]string {
	names := map[string]string{}
	for _, p := range a.GetProjects() {
		names[p.Project.Slug] = p.Project.Name
	}
	for _, p := range a.GetOthers() {
		names[p.Slug] = p.Name
	}
	return names
}

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(&m.out, format, args...) }

// title and contents come first, though the anchors are known last.
func (m *markdown) title(out *bytes.Buffer) {
	fmt.Fprintf(out, "# %s\n\n", escape(m.Title))
	m.anchor(m.Title)
}

func (m *markdown) contents(out *bytes.Buffer) {
	for _, s := range m.sections {
		fmt.Fprintf(out, "- [%s](#%s)\n", escape(s.title), s.anchor)
	}
	out.WriteString("\n")
}

func (m *markdown) body() {
	m.summary()
	m.overview()
	m.findings()
	if m.Language == "" {
		m.byLanguage()
		m.byProject()
	} else {
		m.lines()
		m.shared()
		m.chapters()
	}
	m.analysis()
	m.growth()
	m.health()
	m.coverage()
	m.references()
	m.changelog()
	m.methodology()
}

// section begins a section that the contents name.
func (m *markdown) section(title string) {
	m.sections = append(m.sections, section{title, m.anchor(title)})
	m.printf("## %s\n\n", escape(title))
}

func (m *markdown) heading(title string) {
	m.anchor(title)
	m.printf("### %s\n\n", escape(title))
}

// anchor is where code hosts let a heading be found: its letters and digits,
// with hyphens for spaces, and a number where it stands again.
func (m *markdown) anchor(title string) string {
	anchor := strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-':
			return '-'
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
	n := m.anchors[anchor]
	m.anchors[anchor]++
	if n > 0 {
		return fmt.Sprintf("%s-%d", anchor, n)
	}
	return anchor
}

// table begins a table, as [TableHead] does.
func (m *markdown) table(head ...string) { m.out.WriteString(TableHead(head...)) }

// TableHead is the head of a table in Markdown; a column whose title ends in ":"
// holds numbers.
func TableHead(titles ...string) string {
	head, rule := make([]string, len(titles)), make([]string, len(titles))
	for i, title := range titles {
		name, number := strings.CutSuffix(title, ":")
		if head[i], rule[i] = name, "---"; number {
			rule[i] += ":"
		}
	}
	return fmt.Sprintf("| %s |\n|%s|\n", strings.Join(head, " | "), strings.Join(rule, "|"))
}

// row prints cells that are markup already, or numbers.
func (m *markdown) row(cells ...any) {
	m.printf("|")
	for _, cell := range cells {
		if n, ok := cell.(int64); ok {
			cell = Number(n)
		}
		m.printf(" %v |", cell)
	}
	m.printf("\n")
}

// link is a text that leads somewhere, or the text alone. Addresses keep only
// characters that cannot end them.
func link(text, address string) string {
	if address == "" {
		return escape(text)
	}
	return "[" + escape(text) + "](" + escapeLink(address) + ")"
}

// escapeLink writes an address so that it ends where it ends: in angle
// brackets nothing would be gained, since tables split at bars there, too.
func escapeLink(address string) string {
	var b strings.Builder
	for i := range len(address) {
		switch c := address[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("()<>[]|\\`\"'*_~^{}", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// name is a project's, by slug.
func (m *markdown) name(slug string) string {
	if name, ok := m.names[slug]; ok {
		return escape(name)
	}
	return escape(slug)
}

func (m *markdown) nameAll(slugs []string) string {
	names := make([]string, len(slugs))
	for i, slug := range slugs {
		names[i] = m.name(slug)
	}
	return strings.Join(names, ", ")
}
