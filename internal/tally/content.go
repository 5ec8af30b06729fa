package tally

import (
	"bytes"
	"path"
	"sync"

	"github.com/boyter/scc/v3/processor"
	enrydata "github.com/go-enry/go-enry/v2/data"
)

// Content is what a content says under a [Name], whatever its path. Where
// Skipped is set, the rest is not.
type Content struct {
	Skipped    string // why it was not counted, or empty
	Language   string
	Lines      int64
	Code       int64
	Comments   int64
	Blanks     int64
	Complexity int64
	// Generated says that the content looks generated. The path may say so
	// too, and overrides may deny it.
	Generated bool
}

// Read counts a content under what its name allows. It keeps nothing of
// content and does not change it.
func Read(name Name, content []byte) Content {
	if isLFSPointer(content) {
		return Content{Skipped: LFSPointer}
	}
	l := determine(name.candidates, content)
	if l == nil {
		return Content{Skipped: unknown(content)}
	}
	read, ok := countLines(l, content)
	if !ok {
		return Content{Skipped: Binary}
	}
	read.Generated = looksGenerated(name.suffix, content)
	return read
}

// unknown is why a content without a language is skipped.
func unknown(content []byte) string {
	if bytes.IndexByte(content[:min(len(content), unknownBytes)], 0) >= 0 {
		return Binary
	}
	return UnknownLanguage
}

// unknownBytes is how far git and go-enry look for a zero byte.
const unknownBytes = 8000

// lfsVersion begins every pointer, and lfsBytes is more than any has.
const (
	lfsVersion = "version https://git-lfs.github.com/spec/v1\n"
	lfsBytes   = 1024
)

func isLFSPointer(content []byte) bool {
	return len(content) < lfsBytes && bytes.HasPrefix(content, []byte(lfsVersion))
}

// sheBangBytes and keywordBytes are how far scc looks for a language.
const (
	sheBangBytes = 200
	keywordBytes = 20_000
)

// determine picks the language of a content among candidates, or nil.
func determine(c *candidates, content []byte) *language {
	switch {
	case c == nil:
		return nil
	case c.sheBang:
		name, err := processor.DetectSheBang(string(head(content, sheBangBytes)))
		if err != nil {
			return nil
		}
		return languages().languages[name]
	case len(c.languages) == 1:
		return c.languages[0]
	}
	return guess(c.languages, head(content, keywordBytes))
}

// guess picks the candidate with the most keywords in content, and of equals
// the first. A candidate without keywords, such as YAML beside CloudFormation,
// wins over less than three of them. It is scc's rule without its copies of the
// content; where scc would pick among several without keywords as its maps
// fall, this takes the first.
func guess(candidates []*language, content []byte) *language {
	const enough = 3
	var primary, best *language
	most := -1
	for _, l := range candidates {
		found := 0
		for _, keyword := range l.keywords {
			if bytes.Contains(content, keyword) {
				found++
			}
		}
		if len(l.keywords) == 0 && primary == nil {
			primary = l
		}
		if found > most {
			best, most = l, found
		}
	}
	if primary != nil && most < enough {
		return primary
	}
	return best
}

// countLines counts content in a language; false means that scc would take it
// for binary.
func countLines(l *language, content []byte) (Content, bool) {
	s := scans.Get().(*scan)
	defer scans.Put(s)
	*s = scan{grammar: l.ready(), content: content, end: len(content) - 1, closers: s.closers[:0], enders: s.enders[:0]}
	s.run()
	read := Content{
		Language:   l.name,
		Lines:      physicalLines(content),
		Code:       s.code,
		Comments:   s.comment,
		Blanks:     s.blank,
		Complexity: s.complexity,
	}
	s.content = nil // let go of it

	// scc forgets the last line where a file ends within the quote that opens
	// a string, and does not count a line of only a byte order mark.
	if lost := read.Lines - read.Code - read.Comments - read.Blanks; lost > 0 {
		if bytes.Equal(content, []byte(byteOrderMark)) {
			read.Blanks += lost
		} else {
			read.Code += lost
		}
	}
	return read, !s.binary
}

var scans = sync.Pool{New: func() any { return new(scan) }}

const byteOrderMark = "\xef\xbb\xbf"

// physicalLines is the newlines of content, and one more for a tail.
func physicalLines(content []byte) int64 {
	lines := int64(bytes.Count(content, []byte{'\n'}))
	if len(content) > 0 && content[len(content)-1] != '\n' {
		lines++
	}
	return lines
}

// looksGenerated asks go-enry's rules for content. suffix stands for the path,
// of which they look at nothing else.
func looksGenerated(suffix string, content []byte) bool {
	extension := path.Ext(suffix)
	for _, matches := range enrydata.GeneratedCodeMatchers {
		if matches(suffix, extension, content) {
			return true
		}
	}
	return false
}

// head is the first n bytes of content, or all.
func head(content []byte, n int) []byte {
	return content[:min(n, len(content))]
}
