package words

import (
	"slices"
	"strings"
	"unicode"
)

// Weights of what a sentence says of a language.
const (
	weightNamed = 1 // it names it
	weightHas   = 2 // there is something of it, or something uses it
	weightMade  = 3 // something is made in it
)

// mention is a language's name in a sentence.
type mention struct {
	language string
	span
	weight int
}

// word is one of a sentence's words. Names keep their signs, as in C++.
type word struct {
	span
	text, lower string
	code        bool
}

// sentence is a text taken to pieces.
type sentence struct {
	text  []rune
	words []word
}

// candidate is a word, or two, that may name a language.
type candidate struct {
	first, last int // words
	spelling
}

// mentionsIn finds the languages that a sentence names.
func mentionsIn(text []rune, code []bool) []mention {
	s := sentence{text: text, words: wordsOf(text, code)}
	var found []mention
	for _, chain := range s.chains(s.candidates()) {
		weight, sure := s.judge(chain)
		for _, c := range chain {
			if believed(c, weight, sure) {
				at := span{s.words[c.first].start, s.words[c.last].end}
				found = append(found, mention{c.language.name, at, max(weight, weightNamed)})
			}
		}
	}
	return found
}

// believed says whether a candidate names a language, given the weight of the
// evidence around its chain and whether the chain has a name that is clear.
func believed(c candidate, weight int, sure bool) bool {
	switch {
	case c.lower, c.language.kind == made:
		return weight == weightMade
	case c.language.kind == clear:
		return true
	}
	return weight > 0 || sure
}

// wordsOf splits a text into words.
func wordsOf(text []rune, code []bool) []word {
	words := make([]word, 0, len(text)/4)
	for i := 0; i < len(text); {
		if !isWord(text[i]) {
			i++
			continue
		}
		end := i
		for end < len(text) && isWord(text[end]) {
			end++
		}
		end += signs(text, end)
		w := word{span: span{i, end}, text: string(text[i:end])}
		w.lower = strings.ToLower(w.text)
		// Code counts where it is the name and nothing else.
		w.code = code[i] && (i > 0 && code[i-1] || end < len(text) && code[end])
		words = append(words, w)
		i = end
	}
	return words
}

// signs is the length of the signs that belong to the word before: ++ or #.
func signs(text []rune, at int) int {
	for _, sign := range []string{"++", "#"} {
		next := at + len(sign)
		if startsWith(text[at:], sign) && (next >= len(text) || !unicode.IsLetter(text[next]) && !strings.ContainsRune("+#", text[next])) {
			return len(sign)
		}
	}
	return 0
}

// gap is what stands between two words.
func (s *sentence) gap(left, right int) string {
	if left < 0 || right >= len(s.words) {
		return ""
	}
	between := s.text[s.words[left].end:s.words[right].start]
	if len(between) == 1 && between[0] == ' ' {
		return " " // nearly always, so it is not made anew
	}
	return string(between)
}

// candidates are the words that may name a language and are no part of
// something longer, such as a file's name.
func (s *sentence) candidates() []candidate {
	var found []candidate
	for i := 0; i < len(s.words); i++ {
		if s.words[i].code {
			continue
		}
		for _, spelling := range spellings[s.words[i].text] {
			last := i
			if spelling.second != "" {
				last++
				if gap := s.gap(i, last); last >= len(s.words) || s.words[last].text != spelling.second || gap != " " && gap != "-" {
					continue
				}
			}
			if s.apart(i, last, spelling.language.kind) {
				found = append(found, candidate{i, last, spelling})
			}
			i = last
			break
		}
	}
	return found
}

// apart says whether words stand by themselves.
func (s *sentence) apart(first, last int, kind ambiguity) bool {
	before, after := s.around(first, last)
	if strings.ContainsRune(".@\\-_#$~=:+", before) || before == '/' && !s.isName(first-1) {
		return false
	}
	start := s.words[first].start
	if before == '/' && s.words[first-1].end != start-1 {
		return false
	}
	next := last + 1
	closeBy := next < len(s.words) && s.words[next].start == s.words[last].end+1
	switch {
	case after == '/':
		return closeBy && (s.isName(next) || kind == clear && unicode.IsUpper(s.text[s.words[next].start]))
	case strings.ContainsRune(".=:@\\", after):
		return !closeBy
	case after == '-':
		return closeBy && (kind == clear || ofMade[s.words[next].lower])
	}
	return !strings.ContainsRune("+#_$", after)
}

// around is what stands right before and right after some words.
func (s *sentence) around(first, last int) (before, after rune) {
	before, after = ' ', ' '
	if at := s.words[first].start; at > 0 {
		before = s.text[at-1]
	}
	if at := s.words[last].end; at < len(s.text) {
		after = s.text[at]
	}
	return before, after
}

// isName says whether a word may be the name of a language.
func (s *sentence) isName(i int) bool {
	if i < 0 || i >= len(s.words) || s.words[i].code {
		return false
	}
	of := spellings[s.words[i].text]
	return len(of) > 0 && !of[0].lower
}

// chains groups candidates that are listed together: Go, Java and Rust.
func (s *sentence) chains(candidates []candidate) [][]candidate {
	var chains [][]candidate
	for i, c := range candidates {
		if i > 0 && s.listed(candidates[i-1].last, c.first) {
			last := len(chains) - 1
			chains[last] = append(chains[last], c)
			continue
		}
		chains = append(chains, []candidate{c})
	}
	return chains
}

// listed says whether two words are listed together.
func (s *sentence) listed(left, right int) bool {
	if right == left+1 {
		return slices.Contains([]string{", ", "/", " / ", " & ", " + ", "+", ","}, s.gap(left, right))
	}
	if right != left+2 {
		return false
	}
	between := s.words[left+1].lower
	return (between == "and" || between == "or") && s.gap(left+1, right) == " " && (s.gap(left, left+1) == " " || s.gap(left, left+1) == ", ")
}

// judge weighs the words around a chain. Sure says that one of its names is
// clear.
func (s *sentence) judge(chain []candidate) (weight int, sure bool) {
	kind := clear
	for _, c := range chain {
		kind = max(kind, c.language.kind)
		if c.lower {
			kind = made // in lower case only what stands before it counts
		}
		sure = sure || c.language.kind == clear && !c.lower
	}
	if sure {
		kind = clear
	}
	if len(chain) > 1 && kind == ambiguous && chain[0].language.kind == common {
		kind = common
	}
	first, last := chain[0].first, chain[len(chain)-1].last
	weight = s.before(first, last, kind)
	if weight == weightMade && !s.ends(last) {
		weight = 0 // what is made is made in something that is only named after it
	}
	return max(weight, s.after(last, kind)), sure
}

// ends says whether a name is the last of what it belongs to: in Rust, not in
// Rust macros.
func (s *sentence) ends(last int) bool {
	next := last + 1
	if next >= len(s.words) {
		return true
	}
	switch gap := s.gap(last, next); gap {
	case "'", "’":
		return false // it owns what follows
	case " ":
		w := s.words[next].lower
		return goingOn[w] || !inHand[w] && !talk[w] && !unicode.IsUpper(s.text[s.words[next].start])
	}
	return true
}

// before weighs the words before a name.
func (s *sentence) before(first, last int, kind ambiguity) int {
	i := first - 1
	if i < 0 || strings.ContainsAny(s.gap(i, first), ".;:!?") {
		return 0
	}
	for range 3 {
		if i > 0 && modifiers[s.words[i].lower] {
			i--
		}
	}
	switch w := s.words[i].lower; w {
	case "in":
		return s.beforeIn(i, kind)
	case "with", "using", "to", "by":
		return s.beforeWith(i, last, w, kind)
	case "for":
		return either(s.anyBefore(i, 2, makings), weightHas)
	case "than", "requires", "require", "requiring", "install":
		return either(kind <= common && s.gap(i, first) == " ", weightNamed)
	case "language", "languages":
		return weightNamed
	default:
		return either(usingWords[w] && kind <= common && i == first-1, weightHas)
	}
}

// beforeWith weighs the words before another preposition. What is built with
// something is made in it only where nothing more is said of what that is.
func (s *sentence) beforeWith(i, last int, preposition string, kind ambiguity) int {
	next := last + 1
	alone := s.gap(last, next) != " " || goingOn[s.words[next].lower]
	verb := i
	if verb > 1 && strings.HasSuffix(s.words[verb-1].lower, "ly") {
		verb-- // built entirely with
	}
	switch {
	case preposition == "to" && s.anyBefore(i, 4, porting),
		preposition != "to" && alone && s.anyBefore(verb, 1, making):
		return weightMade
	case preposition == "using" && kind <= common,
		preposition == "by" && s.words[max(0, i-1)].lower == "powered":
		return weightHas
	}
	return 0
}

var porting = wordSet("ported port porting rewrite rewritten moved migrated")

// beforeIn weighs the words before "in".
func (s *sentence) beforeIn(in int, kind ambiguity) int {
	far, near := 4, 2
	if kind == letter {
		far, near = 2, 1
	}
	switch {
	case s.anyBefore(in, far, making), s.anyBefore(in, near, makings):
		return weightMade
	case kind == common:
		return weightNamed
	}
	return 0
}

// anyBefore says whether one of the few words before i is in a set, without
// the end of a clause between.
func (s *sentence) anyBefore(i, few int, set map[string]bool) bool {
	for j := i - 1; j >= max(0, i-few); j-- {
		if strings.ContainsAny(s.gap(j, j+1), ".;:!?,") {
			return false
		}
		if set[s.words[j].lower] {
			return true
		}
	}
	return false
}

// after weighs the words after a name.
func (s *sentence) after(last int, kind ambiguity) int {
	next := last + 1
	gap := s.gap(last, next)
	if next < len(s.words) && (gap == "'" || gap == "’") && s.words[next].lower == "s" {
		last, next = next, next+1
		gap = s.gap(last, next)
	}
	if next >= len(s.words) || gap != " " && gap != "-" {
		return 0
	}
	w := s.words[next].lower
	switch {
	case kind == made:
		return 0
	case ofMade[w] && (gap == "-" || w == "based"):
		return weightMade
	case kind == letter:
		return either(ofLetter[w], weightHas)
	case kind >= ambiguous && notLanguage[w]:
		return 0
	case inHand[w]:
		return weightHas
	case talk[w], kind == common && s.version(next):
		return weightNamed
	case kind == clear && next+1 < len(s.words) && s.gap(next, next+1) == " " && inHand[s.words[next+1].lower]:
		return weightHas
	}
	return 0
}

func either(yes bool, weight int) int {
	if yes {
		return weight
	}
	return 0
}

// version says whether a word begins a number such as 1.26.
func (s *sentence) version(i int) bool {
	return unicode.IsDigit(s.text[s.words[i].start]) && i+1 < len(s.words) && s.gap(i, i+1) == "." && unicode.IsDigit(s.text[s.words[i+1].start])
}
