package tally

import (
	"bytes"

	"github.com/boyter/scc/v3/processor"
)

// This file is scc's CountStats again: the same result in less than half the
// time, and without its panics. Counting is most of what a census does besides
// receiving, and most of counting was looking for tokens where none can begin.
// scc's own languages, tries and oddities are kept; FuzzLikeSCC compares the
// two in every language.

// A grammar is what scc knows of a language's text, with tables of where its
// tokens can begin.
type grammar struct {
	features processor.LanguageFeature
	special  []processor.Quote // those that begin a documentation string or know no escapes
	leads    [1 << 16]lead     // what two bytes of code may begin, by first and second
	comments [256]bool         // first bytes of comments that may span lines
}

// A lead is what two bytes of code may begin.
type lead uint8

const (
	noToken    lead = iota
	branchWord      // only words that count as complexity, if a blank is before them
	anyToken
	stopByte // newline or zero, whatever comes second
)

// binaryBytes is how far scc looks for a zero byte.
const binaryBytes = 10_000

func newGrammar(features processor.LanguageFeature) *grammar {
	g := &grammar{features: features}
	for _, quote := range features.Quotes {
		if quote.DocString || quote.IgnoreEscape {
			g.special = append(g.special, quote)
		}
	}
	for first, node := range features.Tokens.Table {
		if node == nil {
			continue
		}
		for second, next := range node.Table {
			g.leads[first<<8|second] = max(leadOf(node.Type), leadsTo(next))
		}
	}
	for second := range 256 {
		g.leads['\n'<<8|second], g.leads[second] = stopByte, stopByte
	}
	for first, node := range features.MultiLineComments.Table {
		g.comments[first] = node != nil
	}
	return g
}

// leadOf is what a token of a kind is to readCode.
func leadOf(kind int) lead {
	switch kind {
	case 0:
		return noToken
	case processor.TComplexity:
		return branchWord
	}
	return anyToken
}

// leadsTo is the most that can come of a node of scc's tries.
func leadsTo(node *processor.Trie) lead {
	if node == nil {
		return noToken
	}
	most := leadOf(node.Type)
	for _, next := range node.Table {
		most = max(most, leadsTo(next))
	}
	return most
}

// A lineState is what the text is at a byte; at the end of a line it decides
// what the line counts as.
type lineState uint8

const (
	inBlank        lineState = iota
	inCode                   //
	inComment                // to the end of the line
	inCodeComment            // the same, after code
	inComments               // may span lines
	inCodeComments           // the same, after code
	afterComments            // behind the end of one, with nothing before it
	inString
	inDocString
)

// A scan is one reading of a content.
type scan struct {
	*grammar
	content []byte
	end     int // index of the last byte, which scc takes for no part of a token

	state        lineState
	closers      []uint8  // of the comments that are open, the innermost last: which of enders
	enders       [][]byte // that have closed comments here: a language has a few
	quote        []byte   // closes the string that is open
	ignoreEscape bool     // that string knows no escapes

	code, comment, blank, complexity int64
	binary                           bool
}

// run reads all lines, or up to a zero byte in code.
func (s *scan) run() {
	i := 0
	if bytes.HasPrefix(s.content, []byte(byteOrderMark)) {
		i = len(byteOrderMark)
	}
	for ; i < len(s.content); i++ {
		if !isBlank(s.content[i]) {
			i = s.step(i)
		}
		// An opening quote may have led behind the end: scc does not count
		// the line it is on.
		if i >= len(s.content) || s.binary && i < binaryBytes {
			return
		}
		if s.content[i] == '\n' || i >= s.end {
			s.endLine()
		}
	}
}

// step goes on from a byte that is not blank, and returns the last byte it has
// dealt with.
func (s *scan) step(i int) int {
	switch s.state {
	case inCode:
		return s.readCode(i)
	case inString:
		return s.readString(i)
	case inDocString:
		return s.readDocString(i)
	case inComments, inCodeComments:
		return s.readComments(i)
	case inBlank, afterComments:
		return s.readStart(i)
	}
	// A comment goes to the end of the line, whatever is in it.
	if length := bytes.IndexByte(s.content[i:], '\n'); length >= 0 {
		return i + length
	}
	return s.end
}

// endLine counts the line that ends.
func (s *scan) endLine() {
	switch s.state {
	case inCode, inString, inCodeComment, inCodeComments:
		s.code++
	case inBlank:
		s.blank++
	default:
		s.comment++
	}
	switch s.state {
	case inCodeComments:
		s.state = inComments
	case inComments, inString, inDocString:
	default:
		s.state = inBlank
	}
}

// readStart reads the first byte of a line, or the first after a comment.
func (s *scan) readStart(i int) int {
	kind, length, closer := s.features.Tokens.Match(s.content[i:])
	switch kind {
	case processor.TMlcomment:
		if s.open(closer) {
			s.state = inComments
			return i + max(length, 1) - 1 // at the last byte scc goes a byte back
		}
	case processor.TSlcomment:
		s.state = inComment
		return i
	case processor.TString:
		s.quote = closer
		s.state = inString
		if s.isDocumentation(closer) {
			s.state = inDocString
		}
		return s.openQuote(i)
	case processor.TComplexity:
		s.state = inCode
		s.countComplexity(i)
	default:
		s.state = inCode
	}
	s.ignoreEscape = false
	return i
}

// readCode reads code up to the end of the line or the beginning of anything
// else. This is where the time goes.
func (s *scan) readCode(i int) int {
	content, leads := s.content[:s.end+1], &s.leads
	last := i
	for ; i < len(content)-1; i++ {
		last = i
		switch leads[uint16(content[i])<<8|uint16(content[i+1])] {
		case noToken:
		case branchWord:
			if isBlank(content[i-1]) {
				s.readToken(i)
			}
		case anyToken:
			if next, done := s.readToken(i); done {
				return next
			}
		case stopByte:
			if content[i] == '\n' {
				return i
			}
			if i < binaryBytes {
				s.binary = true
				return i
			}
		}
	}
	return last
}

// readToken reads what may be a token within code; done says that something
// else than code begins.
func (s *scan) readToken(i int) (next int, done bool) {
	kind, length, closer := s.features.Tokens.Match(s.content[i:])
	switch kind {
	case processor.TString:
		s.quote = closer
		next = s.openQuote(i)
		if s.content[next-1] != '\\' { // else a character, such as '\"'
			s.state = inString
		}
		return next, true
	case processor.TSlcomment:
		s.state = inCodeComment
		return i, true
	case processor.TMlcomment:
		if s.open(closer) {
			s.state = inCodeComments
			return i + length - 1, true
		}
	case processor.TComplexity:
		s.countComplexity(i)
	}
	return i, false
}

// readString reads up to the closing quote or the end of the line.
func (s *scan) readString(i int) int {
	last := i
	for ; i < s.end; i++ {
		last = i
		c := s.content[i]
		if c == '\n' {
			return i
		}
		if c == s.quote[0] && s.has(i, s.quote) && (s.ignoreEscape || !s.isEscaped(i)) {
			s.state = inCode
			return i
		}
	}
	return last
}

// readDocString reads up to a quote of any kind or the end of the line. With
// nothing behind the quote, the string was documentation.
func (s *scan) readDocString(i int) int {
	last := i
	for ; i < s.end; i++ {
		last = i
		if s.content[i] == '\n' {
			return i
		}
		if s.content[i-1] == '\\' {
			continue
		}
		if kind, _, _ := s.features.Strings.Match(s.content[i:]); kind == 0 {
			continue
		}
		s.state = inCode
		rest := s.content[min(i+len(s.quote), len(s.content)):]
		if end := bytes.IndexByte(rest, '\n'); end >= 0 && len(bytes.Trim(rest[:end], " \t\r")) == 0 {
			s.state = inComment
		}
		return i
	}
	return last
}

// readComments reads up to where the innermost comment ends, another begins
// within it, or the line ends.
func (s *scan) readComments(i int) int {
	last := i
	closer := s.enders[s.closers[len(s.closers)-1]]
	for ; i < s.end; i++ {
		last = i
		c := s.content[i]
		if c == '\n' {
			return i
		}
		if c == closer[0] && s.has(i, closer) {
			s.close()
			return i + len(closer) - 1
		}
		if s.features.Nested && s.comments[c] {
			if kind, length, inner := s.features.MultiLineComments.Match(s.content[i:]); kind != 0 {
				s.push(inner)
				return i + length - 1
			}
		}
	}
	return last
}

// open opens a comment, unless one is open and they do not nest.
func (s *scan) open(closer []byte) bool {
	if !s.features.Nested && len(s.closers) > 0 {
		return false
	}
	s.push(closer)
	s.ignoreEscape = false
	return true
}

// push notes what closes a comment. As there may be one for every other byte, it
// notes as little as it can.
func (s *scan) push(closer []byte) {
	which := 0
	for which < len(s.enders) && !bytes.Equal(s.enders[which], closer) {
		which++
	}
	if which == len(s.enders) {
		s.enders = append(s.enders, closer)
	}
	s.closers = append(s.closers, uint8(which))
}

// close closes the innermost comment.
func (s *scan) close() {
	s.closers = s.closers[:len(s.closers)-1]
	switch {
	case len(s.closers) > 0:
	case s.state == inCodeComments:
		s.state = inCode
	default:
		s.state = afterComments
	}
}

// openQuote notes whether the string that begins at i knows escapes, and
// returns where scc goes on: behind each special quote that stands here, one
// after the other.
func (s *scan) openQuote(i int) int {
	s.ignoreEscape = false
	for _, quote := range s.special {
		if i <= len(s.content) && bytes.HasPrefix(s.content[i:], []byte(quote.Start)) {
			s.ignoreEscape = true
			i += len(quote.Start)
		}
	}
	return i
}

// isDocumentation reports whether a string with this end documents something,
// where it begins a line.
func (s *scan) isDocumentation(closer []byte) bool {
	for _, quote := range s.special {
		if quote.DocString && quote.End == string(closer) {
			return true
		}
	}
	return false
}

// countComplexity counts a branch, if a word begins at i.
func (s *scan) countComplexity(i int) {
	if i == 0 || isBlank(s.content[i-1]) {
		s.complexity++
	}
}

// has reports whether token stands at i, before the last byte.
func (s *scan) has(i int, token []byte) bool {
	return i+len(token) <= s.end && bytes.Equal(s.content[i:i+len(token)], token)
}

// isEscaped reports whether an odd number of backslashes is before i. The first
// byte of a file is not looked at.
func (s *scan) isEscaped(i int) bool {
	escapes := 0
	for j := i - 1; j > 0 && s.content[j] == '\\'; j-- {
		escapes++
	}
	return escapes%2 != 0
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r'
}
