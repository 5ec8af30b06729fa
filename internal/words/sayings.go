package words

import (
	"slices"
	"strings"
	"unicode"

	gromav1 "groma/proto/groma/v1"
)

// Bounds of a sentence, in characters and words.
const (
	longestSaying   = 300
	longestSentence = 2000
	fewestWords     = 3
)

// sayingsIn returns the sentences of a document that name a language, each
// once.
func sayingsIn(path string, content []byte) []*gromav1.Saying {
	document := blocksOf(markdownOf(path, content))
	var all []*gromav1.Saying
	seen := map[string]bool{}
	for _, b := range document.blocks {
		if b.kind != paragraph && b.kind != item || !mayName(b.lines) {
			continue
		}
		p := proseOf(b.lines, b.line, document.references)
		for _, part := range sentencesOf(p.text) {
			saying := sayingOf(p, part)
			if saying != nil && !seen[saying.Text] {
				seen[saying.Text] = true
				all = append(all, saying)
			}
		}
	}
	return all
}

// mayName says whether a word of some lines is one that languages have. Most
// lines have none, and need no closer look.
func mayName(lines []string) bool {
	for _, line := range lines {
		for word := range strings.FieldsFuncSeq(line, func(c rune) bool { return !isWord(c) && c != '+' && c != '#' }) {
			if spellings[word] != nil || spellings[strings.Trim(word, "+#_")] != nil || strings.ContainsAny(word, "+#_") {
				return true
			}
		}
	}
	return false
}

// sentencesOf splits a text into its sentences.
func sentencesOf(text []rune) []span {
	var all []span
	start := 0
	for i := range text {
		if end := sentenceEnd(text, i); end > 0 {
			all = append(all, trimmed(text, span{start, end}))
			start = end
		}
	}
	return append(all, trimmed(text, span{start, len(text)}))
}

// trimmed leaves out what stands before the first word of a sentence, except
// what opens it, and the spaces after it.
func trimmed(text []rune, s span) span {
	for s.start < s.end && !isWord(text[s.start]) && !strings.ContainsRune(`"“‘'([.@#`, text[s.start]) {
		s.start++
	}
	for s.end > s.start && unicode.IsSpace(text[s.end-1]) {
		s.end--
	}
	return s
}

// sentenceEnd is where a sentence ends whose last sign stands at i, or 0.
func sentenceEnd(text []rune, i int) int {
	if strings.ContainsRune("。！？", text[i]) {
		return i + 1
	}
	if !strings.ContainsRune(".!?", text[i]) {
		return 0
	}
	end := i + 1
	for end < len(text) && strings.ContainsRune(`"”’')]`, text[end]) {
		end++
	}
	if end < len(text) && text[end] != ' ' {
		return 0
	}
	if next := end + 1; next < len(text) && unicode.IsLower(text[next]) && text[i] == '.' {
		return 0
	}
	if text[i] == '.' && abbreviated(text[:i]) {
		return 0
	}
	return end
}

var abbreviations = wordSet("e.g eg i.e ie etc vs cf approx resp incl no fig sec ver mr mrs ms dr prof st jr sr inc ltd co corp dept est jan feb mar apr jun jul aug sep sept oct nov dec")

// abbreviated says whether a text ends with a word that is cut short. A single
// capital is one in a name, and none where it stands for a language.
func abbreviated(text []rune) bool {
	start := len(text)
	for start > 0 && len(text)-start < 12 && (unicode.IsLetter(text[start-1]) || text[start-1] == '.') {
		start--
	}
	word := string(text[start:])
	if len(word) == 1 && unicode.IsUpper(rune(word[0])) {
		before := strings.TrimRight(string(text[max(0, start-12):start]), " ")
		last := before[strings.LastIndexByte(before, ' ')+1:]
		return last == "" || unicode.IsUpper([]rune(last)[0])
	}
	return abbreviations[strings.ToLower(word)]
}

// sayingOf returns a sentence as it is kept, or nil where it names no
// language or is none.
func sayingOf(p prose, part span) *gromav1.Saying {
	length := part.end - part.start
	if length == 0 || length > longestSentence {
		return nil
	}
	text := p.text[part.start:part.end]
	if !likeSentence(text) {
		return nil
	}
	mentions := mentionsIn(text, p.code[part.start:part.end])
	heaviest := mention{}
	for _, m := range mentions {
		if m.weight > heaviest.weight {
			heaviest = m
		}
	}
	if heaviest.weight == 0 || text[len(text)-1] == ':' && heaviest.weight < weightMade {
		return nil
	}
	window := windowOf(text, heaviest.span)
	var languages []string
	for _, m := range mentions {
		if m.start >= window.start && m.end <= window.end {
			languages = append(languages, m.language)
		}
	}
	slices.Sort(languages)
	return &gromav1.Saying{
		Languages: slices.Compact(languages),
		Text:      cut(text, window),
		Line:      int64(p.lines[part.start+window.start]),
		Weight:    int64(heaviest.weight),
	}
}

// likeSentence says whether a text has enough words to say something.
func likeSentence(text []rune) bool {
	letters := 0
	for _, c := range text {
		if unicode.IsLetter(c) || c == ' ' {
			letters++
		}
	}
	return 3*letters >= 2*len(text) && len(strings.Fields(string(text))) >= fewestWords
}

// windowOf is the piece of a long sentence that is kept: its beginning, or
// what is around the name that matters.
func windowOf(text []rune, name span) span {
	if len(text) <= longestSaying {
		return span{0, len(text)}
	}
	w := span{0, longestSaying - 1}
	if name.end > w.end-10 {
		w.start = max(0, name.start-longestSaying/2)
		for w.start > 0 && w.start < name.start && text[w.start-1] != ' ' {
			w.start++
		}
		w.end = min(len(text), w.start+longestSaying-2)
	}
	for end := w.end; w.end < len(text) && end > name.end; end-- {
		if text[end] == ' ' {
			w.end = end
			break
		}
	}
	return w
}

// cut is a piece of a sentence, with "…" for what is missing.
func cut(text []rune, w span) string {
	kept := strings.TrimRight(string(text[w.start:w.end]), " ,;")
	if w.start > 0 {
		kept = "…" + kept
	}
	if w.end < len(text) {
		kept += "…"
	}
	return kept
}
