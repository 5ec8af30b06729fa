package words

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// dialect is what a document is written in, as its ending says.
type dialect int

const (
	markdown dialect = iota
	restructuredText
	asciiDoc
	data // YAML or JSON
)

func dialectOf(name string) dialect {
	ending := strings.ToLower(path.Ext(name))
	switch {
	case ending == ".rst":
		return restructuredText
	case ending == ".adoc", ending == ".asciidoc":
		return asciiDoc
	case slices.Contains(listEndings, ending):
		return data
	}
	return markdown
}

// markdownOf turns a document into Markdown, line by line: each line stays
// where it is. Only what matters to sentences and lists is turned.
func markdownOf(name string, content []byte) string {
	text := firstLines(strings.ToValidUTF8(string(content), ""))
	switch dialectOf(name) {
	case restructuredText:
		return eachLine(text, (&restructured{}).line)
	case asciiDoc:
		return eachLine(text, (&asciidoc{}).line)
	}
	return text
}

func eachLine(text string, turn func(string) string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = turn(strings.TrimRight(shorten(line, longestBlock), "\r"))
	}
	return strings.Join(lines, "\n")
}

// restructured reads reStructuredText.
type restructured struct {
	skip bool // what is indented belongs to a directive, or is code
}

var (
	restLink      = regexp.MustCompile("`([^`<>]+?)\\s*<([^`<>\\s]+)>`__?")
	restRole      = regexp.MustCompile(":[a-z]+:`([^`]*)`")
	restNamed     = regexp.MustCompile("`([^`]+)`_")
	restMark      = regexp.MustCompile(`\|[A-Za-z][^|]*\|`)
	restUnderline = regexp.MustCompile("^([=\\-~^\"'#*+.:_])+$")
)

func (r *restructured) line(line string) string {
	trimmed := strings.TrimSpace(line)
	indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
	switch {
	case trimmed == "":
		return ""
	case r.skip && indented:
		return ""
	case strings.HasPrefix(trimmed, ".. "):
		r.skip = true
		return ""
	case len(trimmed) > 2 && restUnderline.MatchString(trimmed) && strings.Count(trimmed, trimmed[:1]) == len(trimmed):
		r.skip = false
		return "---"
	}
	r.skip = strings.HasSuffix(trimmed, "::")
	line = strings.TrimSuffix(line, ":")
	if !strings.ContainsAny(line, "`|") {
		return line
	}
	line = restLink.ReplaceAllString(line, "[$1]($2)")
	line = restRole.ReplaceAllString(line, "`$1`")
	line = restNamed.ReplaceAllString(line, "$1")
	return restMark.ReplaceAllString(line, "")
}

// asciidoc reads AsciiDoc.
type asciidoc struct{ fence string }

var (
	asciidocHeading = regexp.MustCompile(`^(={1,6})\s+(.*)$`)
	asciidocList    = regexp.MustCompile(`^(\*{1,5}|\.{1,5})\s+(.*)$`)
	asciidocLink    = regexp.MustCompile(`(?:link:)?(https?://[^\s\[\]]+)\[([^\]]*)\]`)
	asciidocOwn     = regexp.MustCompile(`^(:[A-Za-z0-9_-]+:|\[[^\]]*\]$|image::|include::|//|ifdef::|endif::|ifndef::)`)
)

func (a *asciidoc) line(line string) string {
	trimmed := strings.TrimSpace(line)
	fence := len(trimmed) >= 4 && (strings.Trim(trimmed, "-") == "" || strings.Trim(trimmed, ".") == "" || strings.Trim(trimmed, "+") == "") || trimmed == "|==="
	switch {
	case a.fence != "":
		if trimmed == a.fence {
			a.fence = ""
		}
		return ""
	case fence:
		a.fence = trimmed
		return ""
	case trimmed == "":
		return ""
	case strings.IndexByte(":[i/e", trimmed[0]) >= 0 && asciidocOwn.MatchString(trimmed):
		return ""
	case strings.IndexByte("=*.", trimmed[0]) < 0 && !strings.Contains(line, "http"):
		return line
	}
	if marks := asciidocHeading.FindStringSubmatch(trimmed); marks != nil {
		return strings.Repeat("#", len(marks[1])) + " " + marks[2]
	}
	if marks := asciidocList.FindStringSubmatch(trimmed); marks != nil {
		line = strings.Repeat("  ", len(marks[1])-1) + "- " + marks[2]
	}
	return asciidocLink.ReplaceAllString(line, "[$2]($1)")
}
