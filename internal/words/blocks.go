package words

import (
	"regexp"
	"strings"
)

// blockKind is what a block of a document is.
type blockKind int

const (
	paragraph blockKind = iota
	heading
	item  // of a list
	table // its header, the line below that, its rows
)

// block is a run of lines that belong together. Code is in no block.
type block struct {
	kind blockKind
	// level is a heading's; elsewhere how many items it stands in.
	level   int
	ordered bool // an item with a number
	quoted  bool
	line    int // of the first of the lines, which follow each other
	lines   []string
	size    int // of the lines together, except a table's
}

// longestBlock bounds the bytes of a block. What goes on beyond is not read.
const longestBlock = 16 << 10

// longestHeading bounds the bytes of a heading in one line.
const longestHeading = 1000

// mostLines bounds the lines of a document. Those beyond are not read.
const mostLines = 10_000

// firstLines are as many lines of a text as are read.
func firstLines(text string) string {
	end := 0
	for range mostLines {
		next := strings.IndexByte(text[end:], '\n')
		if next < 0 {
			return text
		}
		end += next + 1
	}
	return text[:end-1]
}

// document is the blocks of a text, and what its references stand for.
type document struct {
	blocks     []*block
	references map[string]string
}

// mostReferences bounds the references of a document.
const mostReferences = 5000

var (
	quoteMarks    = regexp.MustCompile(`^ {0,3}>[ ]?`)
	fenceOpens    = regexp.MustCompile("^ *(?:[-*+] +|[0-9]+[.)] +)?(```+|~~~+)")
	headingMarks  = regexp.MustCompile(`^ {0,3}(#{1,6})(?:\s+(.*?))??(?:\s+#+)?\s*$`)
	underline     = regexp.MustCompile(`^ {0,3}(=+|-+)\s*$`)
	rule          = regexp.MustCompile(`^ {0,3}([-*_] *){3,}$`)
	itemMarks     = regexp.MustCompile(`^( *)([-*+•]|[0-9]{1,9}[.)])( +|$)`)
	tableDivider  = regexp.MustCompile(`^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$`)
	referenceMark = regexp.MustCompile(`^ {0,3}\[([^\]\[]{1,200})\]:\s*<?([^\s<>]*)>?`)
)

// blocksOf reads a text in Markdown.
func blocksOf(text string) *document {
	s := scanner{document: &document{references: map[string]string{}}}
	text = strings.TrimPrefix(text, "\uFEFF")
	lines := strings.Split(withoutUnseen(withoutFrontMatter(text)), "\n")
	for i, line := range lines {
		s.number = i + 1
		next := ""
		if i+1 < len(lines) {
			next = lines[i+1]
		}
		s.line(strings.ReplaceAll(strings.TrimRight(shorten(line, longestBlock), " \t\r"), "\t", "    "), shorten(next, longestBlock))
	}
	s.close()
	return s.document
}

// withoutFrontMatter blanks what stands between two marks at the beginning.
func withoutFrontMatter(text string) string {
	at := strings.IndexByte(text, '\n') + 1
	if strings.TrimSuffix(text[:at], "\r\n") != "---" && text[:at] != "---\n" {
		return text
	}
	for number := 1; at < len(text); number++ {
		line, rest, _ := strings.Cut(text[at:], "\n")
		if mark := strings.TrimSuffix(line, "\r"); number > 1 && (mark == "---" || mark == "...") {
			begin := text[:len(text)-len(rest)]
			return blank(begin) + rest
		}
		at = len(text) - len(rest)
	}
	return text
}

// blank is a text's lines with nothing in them.
func blank(text string) string { return strings.Repeat("\n", strings.Count(text, "\n")) }

// unseen is what browsers do not show, or is no sentence: how it begins and
// how it ends.
var unseen = [][2]string{
	{"<!--", "-->"}, {"<pre", "</pre>"}, {"<script", "</script>"},
	{"<style", "</style>"}, {"<svg", "</svg>"}, {"<table", "</table>"},
}

// withoutUnseen takes out what is not seen, and leaves its lines.
func withoutUnseen(text string) string {
	if strings.IndexByte(text, '<') < 0 {
		return text
	}
	lower := asciiLower(text)
	var b strings.Builder
	endless := map[string]bool{} // what no longer ends
	at := 0
	for {
		begin := strings.IndexByte(lower[at:], '<')
		if begin < 0 {
			break
		}
		begin += at
		end := begin + 1
		for _, marks := range unseen {
			if !strings.HasPrefix(lower[begin:], marks[0]) || endless[marks[1]] {
				continue
			}
			if length := strings.Index(lower[begin:], marks[1]); length >= 0 {
				end = begin + length + len(marks[1])
				b.WriteString(text[at:begin])
				b.WriteString(blank(text[begin:end]))
				at = end
			} else {
				endless[marks[1]] = true
			}
			break
		}
		if at < end {
			b.WriteString(text[at:end])
			at = end
		}
	}
	return b.String() + text[at:]
}

// asciiLower leaves every other character as it is, so that each keeps its
// place.
func asciiLower(text string) string {
	lower := []byte(text)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

// scanner reads a document line by line.
type scanner struct {
	*document
	number int
	open   *block
	fence  string // what ends the code that is being passed over
	quoted bool
	items  []int // the columns where the text of the items begins that are open
	fresh  bool  // the line before was blank
}

func (s *scanner) close() {
	if s.open != nil {
		s.blocks = append(s.blocks, s.open)
		s.open = nil
	}
}

func (s *scanner) begin(kind blockKind, level int, text string) *block {
	s.close()
	s.open = &block{kind: kind, level: level, quoted: s.quoted, line: s.number}
	s.goOn(text)
	return s.open
}

// goOn appends a line to the block that is open. Each row of a table is a
// text of its own.
func (s *scanner) goOn(text string) {
	b := s.open
	if b.size > longestBlock {
		return
	}
	text = shorten(text, longestBlock-b.size)
	b.lines = append(b.lines, text)
	if b.kind != table {
		b.size += len(text) + 1
	}
}

// line reads one line. Next is the one that follows, as it stands.
func (s *scanner) line(line, next string) {
	line = s.unquote(line)
	if s.code(line) {
		return
	}
	trimmed := strings.TrimLeft(line, " ")
	if trimmed == "" {
		s.close()
		s.fresh = true
		return
	}
	fresh := s.fresh
	s.fresh = false
	first := trimmed[0] // most lines have no marks, which this tells sooner than a pattern
	switch {
	case s.open != nil && s.open.kind == table && strings.Contains(line, "|"):
		s.goOn(line)
	case first == '[' && s.refers(line):
	case strings.IndexByte("#=-", first) >= 0 && s.headed(line):
	case strings.IndexByte("-*_", first) >= 0 && rule.MatchString(line):
		s.close()
	case strings.Contains(line, "|") && strings.Contains(next, "-") && tableDivider.MatchString(next):
		s.begin(table, len(s.items), line)
	case (strings.IndexByte("-*+", first) >= 0 || first >= 0x80 || '0' <= first && first <= '9') && s.listed(line):
	default:
		s.text(line, trimmed, fresh)
	}
}

// unquote takes the marks of a quotation off a line.
func (s *scanner) unquote(line string) string {
	marks := ""
	if strings.HasPrefix(strings.TrimLeft(line, " "), ">") {
		marks = quoteMarks.FindString(line)
	}
	if quoted := marks != ""; quoted != s.quoted && (quoted || s.open == nil) {
		s.close()
		s.quoted = quoted
	}
	line = strings.TrimPrefix(line, marks)
	for range 3 {
		if !strings.HasPrefix(line, ">") {
			break
		}
		line = strings.TrimPrefix(line, quoteMarks.FindString(line))
	}
	return line
}

// code says whether a line belongs to fenced code.
func (s *scanner) code(line string) bool {
	if s.fence != "" {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, s.fence) && strings.Trim(trimmed, s.fence[:1]) == "" {
			s.fence = ""
		}
		return true
	}
	if !strings.Contains(line, "```") && !strings.Contains(line, "~~~") {
		return false
	}
	marks := fenceOpens.FindStringSubmatch(line)
	if marks == nil || strings.Contains(strings.TrimPrefix(strings.TrimSpace(line), marks[1]), "```") {
		return false
	}
	s.close()
	s.fence = marks[1]
	return true
}

// refers reads what a reference stands for, as in "[name]: address".
func (s *scanner) refers(line string) bool {
	found := referenceMark.FindStringSubmatch(line)
	if found == nil || s.open != nil && s.open.kind == item && !strings.Contains(found[2], "/") {
		return false
	}
	s.close()
	if label := strings.ToLower(found[1]); len(s.references) < mostReferences && s.references[label] == "" {
		s.references[label] = shorten(found[2], longestTarget)
	}
	return true
}

// headed reads a heading, or the line below one.
func (s *scanner) headed(line string) bool {
	if marks := headingMarks.FindStringSubmatch(line); marks != nil {
		s.begin(heading, len(marks[1]), shorten(marks[2], longestHeading))
		s.close()
		s.items = nil
		return true
	}
	if s.open == nil || s.open.kind != paragraph || s.open.level > 0 || !underline.MatchString(line) {
		return false
	}
	s.open.kind, s.open.level = heading, 2
	if strings.Contains(line, "=") {
		s.open.level = 1
	}
	s.close()
	s.items = nil
	return true
}

// listed reads the first line of an item.
func (s *scanner) listed(line string) bool {
	marks := itemMarks.FindStringSubmatch(line)
	if marks == nil || len(marks[1]) > 3 && len(s.items) == 0 {
		return false
	}
	indent := len(marks[1])
	for len(s.items) > 0 && s.items[len(s.items)-1] > indent {
		s.items = s.items[:len(s.items)-1]
	}
	b := s.begin(item, len(s.items), line[len(marks[0]):])
	b.ordered = !strings.ContainsAny(marks[2], "-*+•")
	if len(s.items) < 20 {
		s.items = append(s.items, indent+max(len(marks[2])+1, 2))
	}
	return true
}

// text reads a line that has no marks of its own.
func (s *scanner) text(line, trimmed string, fresh bool) {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if s.open != nil && s.open.kind != table {
		s.goOn(trimmed)
		return
	}
	s.close()
	if fresh && indent < 2 {
		s.items = nil
	}
	if indent >= 4 && len(s.items) == 0 {
		return // code
	}
	s.begin(paragraph, len(s.items), trimmed)
}

// shorten cuts a text to so many bytes, between its characters.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
