package words

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	gromav1 "groma/proto/groma/v1"
)

// adoptersIn returns the adopters that a document lists, each name once.
func adoptersIn(name string, content []byte) []*gromav1.Adopter {
	l := &list{seen: map[string]bool{}}
	if dialectOf(name) == data {
		l.readData(content)
	} else {
		l.document = blocksOf(markdownOf(name, content))
		l.readDocument()
	}
	return l.adopters
}

// list gathers adopters.
type list struct {
	document *document
	adopters []*gromav1.Adopter
	seen     map[string]bool // names by their letters
	// closed is the level of the heading whose section lists no adopters, or 0.
	closed int
}

// add takes a name that stands where adopters stand, if it is fit to be one.
func (l *list) add(name, address string, line int) {
	name = strings.Trim(strings.TrimSpace(name), "*_`:,;–—- ")
	if !likeName(name) {
		return
	}
	key := lettersOf(name)
	if l.seen[key] {
		return
	}
	l.seen[key] = true
	l.adopters = append(l.adopters, &gromav1.Adopter{Name: name, Link: webAddress(address), Line: int64(line)})
}

// lettersOf is the same for two spellings of a name: DE-CIX, De Cix.
func lettersOf(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, name)
}

// Bounds of a name.
const (
	longestName   = 100
	mostNameWords = 8
	// mostPlainWords is for names that nothing sets apart from their line.
	mostPlainWords = 6
)

// farTooLong tells sooner than counting what cannot be a name or a label.
func farTooLong(name string) bool { return len(name) > utf8.UTFMax*longestName }

// likeName says whether a text may be a name at all.
func likeName(name string) bool {
	return !farTooLong(name) && utf8.RuneCountInString(name) <= longestName && len(strings.Fields(name)) <= mostNameWords &&
		strings.ContainsFunc(name, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) &&
		!strings.Contains(name, "://") && !placeholders.MatchString(strings.ToLower(name))
}

var (
	// placeholders and labels stand where names do, and are none. The sites are
	// labels only before a colon: they may be adopters, too.
	placeholders = regexp.MustCompile(`^(tbd|tba|tbc|todo|n/?a|none|anonymous|undisclosed|others?|other (projects|users|companies|adopters)|and (many )?more|many more|\.\.\.|…|your[ -].*|\[?(organi[sz]ation|company|project|product|user|vendor)( name)?\]?|name|example( .*)?|acme|(company|organi[sz]ation|project) [abcx]|foo|bar|link|website|logo|image|here)$`)
	labels       = wordSet("application description usage links link contact contacts environment environments launched website homepage site use-case usecase operator backups type since status version industry location details name organization organisation company adopter note notes important warning tip disclaimer nb hint attention info about size scale maturity level blog talk video reference references documentation docs source logo email e-mail date requirements example uses features stage")
	sites        = wordSet("github gitlab twitter x slack linkedin mastodon youtube discord")
	labelPhrases = regexp.MustCompile(`^(use cases?|usage (level|scenario)|cluster size|order of .*|adopter type|end[- ]users?|service providers?|vendors?|integrations?|consultanc(y|ies)|another project|case stud(y|ies)|success stor(y|ies)|blog posts?|official sites?|how (we|they) use.*|please note|(our )?adopters?|users|organi[sz]ations|companies|products?|projects?|in production|production|testing|evaluation|evaluating|development|all .* users)$`)

	// closedHeadings begin sections that list something else.
	closedHeadings = regexp.MustCompile(`\b(add|adding|how|contribut\w*|join\w*|submit\w*|updat\w*|edit\w*|types?|definitions?|template|requirements?|guidelines?|instructions?|process|format|legend|notes?|references?|resources?|links|see also|further reading|ecosystem|integrations?|integrated|case stud(y|ies)|user stories|blogs?|talks?|presentations?|articles?|videos?|press|why|license|support|contact|about|criteria|faq|table of contents|contents|maintainers?|sponsors?|contributors?|benefits|logo|logos|what is|disclaimer|removal|privacy)\b`)
	openHeadings   = regexp.MustCompile(`\b(adopters?|users|customers|who (is using|uses))\b`)
	addingHeadings = regexp.MustCompile(`\b(add|adding|how|contribut\w*|join\w*|submit\w*|types?|definitions?|template|requirements?|become|becoming)\b`)
)

// readDocument reads what is in sections that list adopters.
func (l *list) readDocument() {
	blocks := l.document.blocks
	for i, b := range blocks {
		switch {
		case b.kind == heading:
			l.readHeading(b, blocks[i+1:])
		case l.closed > 0 || b.quoted:
		case b.kind == table:
			l.readTable(b)
		case b.kind == item && b.level == 0:
			l.readItem(b)
		case b.kind == paragraph && b.level == 0:
			l.readParagraph(b)
		}
	}
}

// readHeading opens or closes a section. A heading may be an adopter itself:
// where it is a link and nothing else, or where labels follow that say how
// the adopter uses the project.
func (l *list) readHeading(b *block, following []*block) {
	if l.closed > 0 && b.level > l.closed {
		return
	}
	p := l.prose(b)
	text := string(p.text)
	lower := strings.ToLower(text)
	l.closed = 0
	if closedHeadings.MatchString(lower) && (!openHeadings.MatchString(lower) || addingHeadings.MatchString(lower)) {
		l.closed = b.level
		return
	}
	if first, ok := leading(p); ok && first.end == len(p.text) && webAddress(first.address) != "" {
		l.add(text, first.address, b.line)
		return
	}
	if b.level > 1 && len(following) > 0 && l.labelled(following[0]) && !labelPhrases.MatchString(lower) {
		l.add(text, "", b.line)
	}
}

// labelled says whether a block is an item that begins with a label.
func (l *list) labelled(b *block) bool {
	if b.kind != item || b.quoted {
		return false
	}
	label, _, found := strings.Cut(string(l.prose(b).text), ":")
	return found && (isLabel(label) || sites[strings.ToLower(label)])
}

func isLabel(text string) bool {
	if farTooLong(text) {
		return false
	}
	lower := strings.ToLower(strings.Trim(text, " :*_"))
	return labels[lower] || labelPhrases.MatchString(lower)
}

func (l *list) prose(b *block) prose { return proseOf(b.lines, b.line, l.document.references) }

// leading returns the link that a text begins with. It may be a picture.
func leading(p prose) (link, bool) {
	for _, found := range p.links {
		if found.start == 0 && (found.end > 0 || found.picture != "") {
			return found, true
		}
	}
	return link{}, false
}

// bold returns the emphasis that a text begins with.
func bold(p prose) (span, bool) {
	for _, found := range p.strong {
		if found.start == 0 && found.end > 0 {
			return found, true
		}
	}
	return span{}, false
}

// readItem reads an item of a list: one that begins with a link or in bold,
// or is a name and perhaps what is said of it.
func (l *list) readItem(b *block) {
	p := l.prose(b)
	if len(p.text) == 0 {
		l.pictures(p)
		return
	}
	if first, ok := leading(p); ok {
		l.addLeading(p, first)
		return
	}
	if first, ok := bold(p); ok && separated(p.text[first.end:]) {
		l.addBold(p, first)
		return
	}
	name, rest := nameAndRest(string(p.text))
	if b.ordered && rest == "" || strings.HasPrefix(rest, ":") && sites[strings.ToLower(name)] || !likePlainName(name) {
		return
	}
	l.add(name, addressIn(p, len([]rune(name))), p.lines[0])
}

// addLeading adds what a leading link is named, unless it is a page about
// something else or only an address.
func (l *list) addLeading(p prose, first link) {
	name := first.picture
	if first.end > 0 {
		name = string(p.text[:first.end])
	}
	rest := strings.TrimSpace(string(p.text[first.end:]))
	if webAddress(name) != "" || isLabel(name) || first.end == 0 && rest != "" {
		return
	}
	l.add(plain(name), first.address, first.line)
}

// addBold adds what stands in bold at the beginning.
func (l *list) addBold(p prose, first span) {
	name := string(p.text[:first.end])
	if isLabel(name) || !likePlainName(strings.TrimRight(name, ": ")) && !anyLink(p, first.end) {
		return
	}
	address := ""
	if linked, ok := leading(p); ok {
		address = linked.address
	}
	l.add(name, address, p.lines[0])
}

func anyLink(p prose, before int) bool {
	return slices.ContainsFunc(p.links, func(l link) bool { return l.start < before })
}

// addressIn is the address of a bare link that stands a few characters after
// a name: the only one of its line.
func addressIn(p prose, after int) string {
	if len(p.links) != 1 || p.links[0].start > after+4 || string(p.text[p.links[0].start:p.links[0].end]) != p.links[0].address {
		return ""
	}
	return p.links[0].address
}

// separators stand between a name and what is said of it.
var separators = []string{" - ", " – ", " — ", " -- ", ": ", " | ", " ("}

// separated says whether a text is nothing, or begins with a separator.
func separated(rest []rune) bool {
	text := string(rest)
	return strings.TrimSpace(text) == "" || slices.ContainsFunc(separators, func(s string) bool {
		return strings.HasPrefix(text, s) || strings.HasPrefix(" "+text, s)
	})
}

// nameAndRest cuts a line at its first separator.
func nameAndRest(text string) (name, rest string) {
	at := len(text)
	for _, separator := range separators {
		if i := strings.Index(text, separator); i >= 0 && i < at {
			at = i
		}
	}
	for _, scheme := range []string{" http://", " https://"} {
		if i := strings.Index(text, scheme); i >= 0 && i < at {
			at = i
		}
	}
	return strings.TrimSpace(text[:at]), strings.TrimSpace(text[at:])
}

// doing are words that begin an instruction, not a name.
var doing = wordSet("add open fork create submit edit please use send fill include provide make run click see read join contact you we if your update follow sign ensure check raise file commit push visit refer do when to this these the note want feel let thanks thank list insert append put write describe new and or it they our all more many there some for in on by with using used uses")

// likePlainName says whether a text that nothing sets apart may be a name: a
// few words of which the first is no instruction, and a capital or a figure.
func likePlainName(name string) bool {
	if farTooLong(name) {
		return false
	}
	words := strings.Fields(name)
	if len(words) == 0 || len(words) > mostPlainWords || strings.ContainsAny(name[len(name)-1:], ".!?,;") && !company.MatchString(name) {
		return false
	}
	first := []rune(words[0])[0]
	capital := strings.ContainsFunc(name, func(c rune) bool { return unicode.IsUpper(c) || unicode.IsDigit(c) })
	caseless := unicode.IsLetter(first) && !unicode.IsLower(first) && !unicode.IsUpper(first) // as in Chinese
	return !doing[strings.ToLower(words[0])] && !isLabel(name) && (capital || caseless)
}

var company = regexp.MustCompile(`(?i)\b(inc|ltd|co|corp|llc|gmbh|s\.a|s\.r\.l|b\.v|pty|plc)\.$`)

// readParagraph reads a paragraph that begins with a name in bold, a line that
// is a name and an address, or pictures that lead to adopters.
func (l *list) readParagraph(b *block) {
	p := l.prose(b)
	if first, ok := bold(p); ok {
		rest := p.text[first.end:]
		if len(rest) > 0 && separated(rest) || p.text[first.end-1] == ':' {
			l.addBold(p, first)
		}
		return
	}
	l.pictures(p)
	if len(b.lines) != 1 || len(p.links) != 1 || p.links[0].end != len(p.text) || p.links[0].start == 0 {
		return
	}
	name := strings.TrimSpace(string(p.text[:p.links[0].start]))
	if first, rest, found := strings.Cut(name, ", "); found && !company.MatchString(rest+".") {
		name = first
	}
	if addressIn(p, len(p.text)) != "" && likePlainName(name) {
		l.add(name, p.links[0].address, b.line)
	}
}

// pictures adds the links of a text that is made of pictures that lead
// somewhere and nothing else, as walls of logos are.
func (l *list) pictures(p prose) {
	left := len(p.text)
	hasPicture := false
	for _, found := range p.links {
		left -= found.end - found.start
		hasPicture = hasPicture || found.picture != ""
	}
	if left > len(p.links)+1 || !hasPicture {
		return
	}
	for _, found := range p.links {
		name := plain(found.picture)
		if found.end > found.start {
			name = string(p.text[found.start:found.end])
		}
		if likeName(name) && !badges.MatchString(strings.ToLower(found.address+" "+name)) {
			l.add(name, found.address, found.line)
		}
	}
}

var (
	badges = regexp.MustCompile(`badge|shields\.io|codecov|/actions|goreportcard|bestpractices|scorecard|build|licen[cs]e|slack|twitter`)
	// logos is what the text for a picture says of the picture itself.
	logos = regexp.MustCompile(`(?i)[ _-]*\b(logo|icon|image)( ?type)?$|\.(png|svg|jpe?g|gif|webp)$`)
)

// plain is a name without markup, and without what only says that a picture
// of it is a picture.
func plain(name string) string {
	p := proseOf([]string{shorten(name, longestBlock)}, 1, nil)
	return strings.TrimSpace(logos.ReplaceAllString(string(p.text), ""))
}
