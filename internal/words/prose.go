package words

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// prose is a text without its markup.
type prose struct {
	text   []rune
	lines  []int  // of each character of the text
	code   []bool // whether it stood in code or in an address
	links  []link
	strong []span
}

// span is a piece of a text.
type span struct{ start, end int }

// link is a piece of a text that leads somewhere.
type link struct {
	span
	address string
	line    int
	// picture is what stands for the picture in it, if there is one.
	picture string
}

// reader makes prose of Markdown with HTML in it.
type reader struct {
	prose
	source     []rune
	lineOf     []int // of each character of the source
	closing    []int // where the bracket or parenthesis closes that opens here, or 0
	greater    ahead // the end of a tag
	braces     ahead // the end of a template
	references map[string]string
	emphasis   []mark
	anchor     *link // the HTML link that is open
	picture    string
}

// mark is emphasis that is open.
type mark struct {
	sign rune
	at   int
}

// Bounds on markup, so that what is never closed costs little.
const (
	deepestMarkup = 4
	longestTarget = 2000
	longestTag    = 1000
	// longestMailbox is for an address of e-mail.
	longestMailbox = 100
	longestCode    = 300
	mostEmphasis   = 16
)

// proseOf reads lines, the first of which stands at the line given.
func proseOf(lines []string, line int, references map[string]string) prose {
	r := newReader(lines, line)
	r.references = references
	r.closing = closingOf(r.source)
	r.read(0, len(r.source), 0)
	for len(r.text) > 0 && r.text[len(r.text)-1] == ' ' {
		r.cut(len(r.text) - 1)
	}
	return r.prose
}

// newReader has room for all of the text, as most of it is emitted.
func newReader(lines []string, line int) *reader {
	size := 0
	for _, text := range lines {
		size += utf8.RuneCountInString(text) + 1
	}
	numbers := make([]int, 2*size)
	r := &reader{source: make([]rune, 0, size), lineOf: numbers[:0:size]}
	r.prose = prose{text: make([]rune, 0, size), lines: numbers[size:size], code: make([]bool, 0, size)}
	for i, text := range lines {
		for _, c := range text {
			r.source = append(r.source, c)
			r.lineOf = append(r.lineOf, line+i)
		}
		r.source = append(r.source, '\n')
		r.lineOf = append(r.lineOf, line+i)
	}
	return r
}

// ahead is where something comes next. It is asked from places that only grow,
// so that each place is looked at once.
type ahead struct{ at int }

// next returns a place at or after another, beyond the end where there is none.
func (a *ahead) next(source []rune, from int, mark string) int {
	if a.at >= from && from > 0 {
		return a.at
	}
	for a.at = from; a.at < len(source) && !startsWith(source[a.at:], mark); a.at++ {
	}
	return a.at
}

// cut ends a text there, and with it what stood beyond.
func (p *prose) cut(end int) {
	p.text, p.lines, p.code = p.text[:end], p.lines[:end], p.code[:end]
	for i := range p.links {
		p.links[i].span = p.links[i].within(end)
	}
	for i := range p.strong {
		p.strong[i] = p.strong[i].within(end)
	}
}

func (s span) within(end int) span { return span{min(s.start, end), min(s.end, end)} }

// closingOf finds for each bracket and parenthesis the one that closes it.
func closingOf(source []rune) []int {
	closing := make([]int, len(source))
	var brackets, parentheses []int
	close := func(open []int, at int) []int {
		if len(open) == 0 {
			return open
		}
		closing[open[len(open)-1]] = at
		return open[:len(open)-1]
	}
	for i := 0; i < len(source); i++ {
		switch source[i] {
		case '\\':
			i++
		case '[':
			brackets = append(brackets, i)
		case '(':
			parentheses = append(parentheses, i)
		case ']':
			brackets = close(brackets, i)
		case ')':
			parentheses = close(parentheses, i)
		}
	}
	return closing
}

func (r *reader) read(from, to, depth int) {
	for at := from; at < to; {
		at = r.step(at, to, depth)
	}
}

// step reads what stands at a place and returns where to go on.
func (r *reader) step(at, to, depth int) int {
	switch c := r.source[at]; c {
	case '\\':
		if at+1 < to && unicode.IsPunct(r.source[at+1]) || at+1 < to && unicode.IsSymbol(r.source[at+1]) {
			r.emit(r.source[at+1], at, false)
			return at + 2
		}
	case '`':
		return r.codeSpan(at, to)
	case '!':
		if at+1 < to && r.source[at+1] == '[' && r.closing[at+1] > 0 && r.closing[at+1] < to {
			return r.image(at, to)
		}
	case '[':
		if end := r.closing[at]; end > 0 && end < to && depth < deepestMarkup {
			return r.bracket(at, end, to, depth)
		}
	case '<':
		if end := r.tag(at, to); end > 0 {
			return end
		}
	case '&':
		return r.entity(at, to)
	case '*', '_', '~':
		return r.emphasise(at, to)
	case ':':
		if end := shortcodeEnd(r.source, at, to); end > 0 {
			return end
		}
	case '{':
		if end := r.templateEnd(at, to); end > 0 {
			return end
		}
	case 'h':
		if end := addressEnd(r.source, at, to); end > 0 {
			r.address(at, end)
			return end
		}
	}
	r.emit(r.source[at], at, false)
	return at + 1
}

// emit appends a character of the source. Spaces become one, and what cannot
// be seen is left out.
func (r *reader) emit(c rune, at int, code bool) {
	switch {
	case unicode.IsSpace(c):
		if len(r.text) == 0 || r.text[len(r.text)-1] == ' ' {
			return
		}
		c = ' '
	case !unicode.IsGraphic(c) || c == unicode.ReplacementChar:
		return
	}
	r.text = append(r.text, c)
	r.lines = append(r.lines, r.lineOf[at])
	r.code = append(r.code, code)
}

func (r *reader) codeSpan(at, to int) int {
	run := runOf(r.source, at, to)
	for i := at + run; i < min(to, at+longestCode); i++ {
		if r.source[i] != '`' {
			continue
		}
		if other := runOf(r.source, i, to); other != run {
			i += other - 1
			continue
		}
		for j := at + run; j < i; j++ {
			r.emit(r.source[j], j, true)
		}
		return i + run
	}
	return at + run
}

// runOf is how often a character stands there.
func runOf(source []rune, at, to int) int {
	end := at
	for end < to && source[end] == source[at] {
		end++
	}
	return end - at
}

// image passes over a picture and remembers what stands for it.
func (r *reader) image(at, to int) int {
	end := r.closing[at+1]
	r.picture = strings.TrimSpace(string(r.source[at+2 : min(end, at+longestCode)]))
	if _, after, ok := r.target(end, to); ok {
		return after
	}
	return end + 1
}

// target reads where a link leads whose text ends at a bracket, and returns
// where it ends.
func (r *reader) target(end, to int) (address string, after int, ok bool) {
	next := end + 1
	if next >= to {
		return "", next, false
	}
	switch r.source[next] {
	case '(':
		if closing := r.closing[next]; closing > 0 && closing < min(to, next+longestTarget) {
			return addressOf(string(r.source[next+1 : closing])), closing + 1, true
		}
	case '[':
		if closing := r.closing[next]; closing > 0 && closing < to {
			label := string(r.source[next+1 : closing])
			if label == "" && end > 0 {
				return "", closing + 1, true
			}
			return r.references[strings.ToLower(label)], closing + 1, true
		}
	}
	return "", next, false
}

// addressOf is the address in what stands in parentheses, without its title.
func addressOf(inside string) string {
	address, _, _ := strings.Cut(strings.TrimSpace(inside), " ")
	return strings.Trim(address, "<>")
}

// alert is what a quotation is, as in [!NOTE].
var alert = regexp.MustCompile(`^![A-Za-z]+$`)

// bracket reads a link, or what only looks like one.
func (r *reader) bracket(at, end, to, depth int) int {
	label := string(r.source[at+1 : end])
	switch {
	case strings.HasPrefix(label, "^"): // a footnote
		return end + 1
	case len(r.text) == 0 && (label == " " || label == "x" || label == "X" || alert.MatchString(label)):
		return end + 1 // a box to tick, or what a quotation is
	}
	address, after, ok := r.target(end, to)
	if address == "" {
		address = r.references[strings.ToLower(label)]
		ok = ok || address != ""
	}
	if !ok {
		r.emit('[', at, false)
		r.read(at+1, end, depth+1)
		r.emit(']', end, false)
		return end + 1
	}
	r.picture = ""
	start := len(r.text)
	r.read(at+1, end, depth+1)
	r.link(start, address, at)
	return after
}

// link ends a link whose text begins at start, and which stands at a place of
// the source.
func (r *reader) link(start int, address string, at int) {
	l := link{span: span{min(start, len(r.text)), len(r.text)}, address: address, line: r.lineOf[at]}
	if l.start == l.end {
		l.picture = r.picture
	}
	r.links = append(r.links, l)
}

var tagName = regexp.MustCompile(`^</?[A-Za-z][A-Za-z0-9-]*`)

// tag passes over an HTML tag, or reads an address in angle brackets. It
// returns 0 for what is neither.
func (r *reader) tag(at, to int) int {
	end := r.greater.next(r.source, at+1, ">")
	if end >= min(to, at+longestTag) || end > at+longestMailbox && !mayBeTag(r.source[at+1:end]) {
		return 0
	}
	inside := string(r.source[at+1 : end])
	if strings.HasPrefix(inside, "http://") || strings.HasPrefix(inside, "https://") {
		r.address(at+1, end)
		return end + 1
	}
	if strings.Contains(inside, "@") && !strings.ContainsAny(inside, " =") {
		return end + 1 // an address of e-mail
	}
	name := strings.ToLower(tagName.FindString("<" + inside))
	switch name {
	case "":
		return 0
	case "<a":
		r.picture = ""
		r.anchor = &link{span: span{len(r.text), 0}, address: attribute(inside, hrefAttribute)}
	case "</a":
		if r.anchor != nil {
			r.link(r.anchor.start, r.anchor.address, at)
			r.anchor = nil
		}
	case "<img":
		r.picture = attribute(inside, altAttribute)
	case "<br", "<p", "</p", "<div", "</div", "<li", "</li", "<h1", "</h1", "<h2", "</h2", "</summary":
		r.emit(' ', at, false)
	}
	return end + 1
}

// mayBeTag tells by few characters what is no tag and no address.
func mayBeTag(inside []rune) bool {
	first := inside[0]
	if first == '/' {
		first = inside[1]
	}
	return 'a' <= first && first <= 'z' || 'A' <= first && first <= 'Z'
}

var (
	hrefAttribute = regexp.MustCompile(`(?i)\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')`)
	altAttribute  = regexp.MustCompile(`(?i)\balt\s*=\s*(?:"([^"]*)"|'([^']*)')`)
)

func attribute(tag string, pattern *regexp.Regexp) string {
	found := pattern.FindStringSubmatch(tag)
	if found == nil {
		return ""
	}
	return strings.TrimSpace(html.UnescapeString(found[1] + found[2]))
}

func (r *reader) entity(at, to int) int {
	for i := at + 1; i < min(to, at+12); i++ {
		if r.source[i] != ';' {
			continue
		}
		written := string(r.source[at : i+1])
		if meant := html.UnescapeString(written); meant != written {
			for _, c := range meant {
				r.emit(c, at, false)
			}
			return i + 1
		}
		break
	}
	r.emit('&', at, false)
	return at + 1
}

// emphasise reads the marks that open or close emphasis; other ones are text.
func (r *reader) emphasise(at, to int) int {
	run := runOf(r.source, at, to)
	sign, before, after := r.source[at], ' ', ' '
	if at > 0 {
		before = r.source[at-1]
	}
	if at+run < len(r.source) {
		after = r.source[at+run]
	}
	opens, closes := !unicode.IsSpace(after), !unicode.IsSpace(before)
	if sign == '_' {
		opens, closes = opens && !isWord(before), closes && !isWord(after)
	}
	if sign == '~' && run != 2 || !opens && !closes {
		for i := at; i < at+run; i++ {
			r.emit(sign, i, false)
		}
		return at + run
	}
	if opened := r.opened(sign); closes && opened >= 0 {
		r.strong = append(r.strong, span{min(r.emphasis[opened].at, len(r.text)), len(r.text)})
		r.emphasis = r.emphasis[:opened]
	} else if opens && len(r.emphasis) < mostEmphasis {
		r.emphasis = append(r.emphasis, mark{sign, len(r.text)})
	}
	return at + run
}

// opened is the last emphasis of a sign that is open, or -1.
func (r *reader) opened(sign rune) int {
	for i := len(r.emphasis) - 1; i >= 0; i-- {
		if r.emphasis[i].sign == sign {
			return i
		}
	}
	return -1
}

func isWord(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// address reads an address that stands in the text as it is.
func (r *reader) address(at, end int) {
	start := len(r.text)
	for i := at; i < end; i++ {
		r.emit(r.source[i], i, true)
	}
	r.links = append(r.links, link{span: span{start, len(r.text)}, address: string(r.source[at:end]), line: r.lineOf[at]})
}

// addressEnd is where an address ends that begins there, or 0.
func addressEnd(source []rune, at, to int) int {
	if at > 0 && isWord(source[at-1]) || !startsWith(source[at:to], "http://") && !startsWith(source[at:to], "https://") {
		return 0
	}
	end := at
	for end < min(to, at+longestTarget) && !unicode.IsSpace(source[end]) && !strings.ContainsRune("<>\"`)]|", source[end]) {
		end++
	}
	for strings.ContainsRune(".,;:!?*_'", source[end-1]) {
		end--
	}
	return end
}

// startsWith looks for a text in ASCII.
func startsWith(source []rune, text string) bool {
	if len(source) < len(text) {
		return false
	}
	for i := range len(text) {
		if source[i] != rune(text[i]) {
			return false
		}
	}
	return true
}

// shortcodeEnd is where a picture by its name, as in :rocket:, ends, or 0.
func shortcodeEnd(source []rune, at, to int) int {
	if at > 0 && isWord(source[at-1]) {
		return 0
	}
	for i := at + 1; i < min(to, at+40); i++ {
		switch c := source[i]; {
		case c == ':' && i > at+1 && (i+1 >= to || !isWord(source[i+1])):
			return i + 1
		case !isWord(c) && c != '-' && c != '+':
			return 0
		}
	}
	return 0
}

// templateEnd is where something in double braces ends, or 0.
func (r *reader) templateEnd(at, to int) int {
	if !startsWith(r.source[at:to], "{{") {
		return 0
	}
	end := r.braces.next(r.source, at+2, "}}")
	if end+1 >= min(to, at+longestTag) {
		return 0
	}
	return end + 2
}

// longestLink bounds an address that is kept.
const longestLink = 500

// webAddress is an http or https address that is fit to be kept, or empty.
func webAddress(address string) string {
	if len(address) > longestLink || strings.ContainsFunc(address, func(c rune) bool { return !unicode.IsGraphic(c) || unicode.IsSpace(c) }) {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || !strings.Contains(u.Hostname(), ".") {
		return ""
	}
	return u.String()
}
