package tally

import (
	"path"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode/utf8"

	enrydata "github.com/go-enry/go-enry/v2/data"
)

// A pathname is a path with the set of ASCII characters in it. go-enry tries
// some two hundred regular expressions on a path, which takes longer than
// counting a file. Nearly all need a character, and nearly all others a
// string, that the path does not have; only what is left is tried.
type pathname struct {
	path string
	has  charset
}

func newPathname(path string) pathname {
	return pathname{path: path, has: charsOf(path)}
}

// A charset is a set of ASCII characters.
type charset [2]uint64

func charsOf(s string) (set charset) {
	for i := range len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			set[c>>6] |= 1 << (c & 63)
		}
	}
	return set
}

func (s charset) contains(other charset) bool {
	return other[0]&^s[0] == 0 && other[1]&^s[1] == 0
}

// A pathRule is a regular expression with a string that every match contains.
type pathRule struct {
	needs   charset
	literal string
	exp     *regexp.Regexp
}

type pathRules []pathRule

// newPathRules makes rules of regular expressions. go-enry has nil for those
// that Go cannot express.
func newPathRules(exps []*regexp.Regexp) pathRules {
	var rules pathRules
	for _, exp := range exps {
		if exp == nil {
			continue
		}
		literal := ""
		if parsed, err := syntax.Parse(exp.String(), syntax.Perl); err == nil {
			literal = requiredLiteral(parsed)
		}
		rules = append(rules, pathRule{needs: charsOf(literal), literal: literal, exp: exp})
	}
	return rules
}

// requiredLiteral is a string that is in everything re matches; it may be
// empty.
func requiredLiteral(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return string(re.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus:
		return requiredLiteral(re.Sub[0])
	case syntax.OpConcat:
		longest := ""
		for _, sub := range re.Sub {
			if literal := requiredLiteral(sub); len(literal) > len(longest) {
				longest = literal
			}
		}
		return longest
	}
	return ""
}

// match reports whether any rule matches.
func (rules pathRules) match(p pathname) bool {
	for i := range rules {
		rule := &rules[i]
		if p.has.contains(rule.needs) && strings.Contains(p.path, rule.literal) && rule.exp.MatchString(p.path) {
			return true
		}
	}
	return false
}

var (
	vendoredRules = sync.OnceValue(func() pathRules { return newPathRules(enrydata.VendorMatchers) })

	documentationRules = sync.OnceValue(func() pathRules { return newPathRules(enrydata.DocumentationMatchers) })

	// go-enry knows the tests of seven languages by their names, and Rust's
	// not at all; these are the habits of the others.
	testRules = sync.OnceValue(func() pathRules {
		return newPathRules(append([]*regexp.Regexp{
			regexp.MustCompile(`(^|/)tests?/`),
			regexp.MustCompile(`(^|/)__tests__/`),
			regexp.MustCompile(`(^|/)e2e/`),
			regexp.MustCompile(`(^|/)tests?\.[^./]+$`),
			regexp.MustCompile(`_tests?\.[^./]+$`),
			regexp.MustCompile(`_spec\.[^./]+$`),
			regexp.MustCompile(`\.(test|spec)\.[^./]+$`),
			regexp.MustCompile(`(^|/)conftest\.py$`),
			regexp.MustCompile(`(^|/)src/(test|androidTest|integrationTest)/`),
			regexp.MustCompile(`[a-z0-9]Tests?\.(java|kt|scala|groovy|swift|m|mm|cs|fs|vb|php)$`),
		}, enrydata.TestMatchers...))
	})
)

func (p pathname) vendored() bool      { return vendoredRules().match(p) }
func (p pathname) documentation() bool { return documentationRules().match(p) }
func (p pathname) test() bool          { return testRules().match(p) }

// generatedMarks has, in lower case, a part of every path that one of go-enry's
// rules for generated names matches. A test holds them together.
var generatedMarks = []string{
	".designer.", ".feature.cs", ".idea/", ".orig", ".pnp.", ".sqlx/", ".zep.", "__generated__/", "_tlb.pas",
	"carthage/", "godeps/", "htmlcov/", "lock", "node_modules/", "pods/", "shrinkwrap", "vendor/",
}

// generated reports whether the path alone says that a file is generated.
func (p pathname) generated() bool {
	lower := strings.ToLower(p.path)
	if _, ok := enrydata.GeneratedCodeExtensions[path.Ext(lower)]; ok {
		return true
	}
	if !mayBeGenerated(lower) {
		return false
	}
	for _, matches := range enrydata.GeneratedCodeNameMatchers {
		if matches(p.path) {
			return true
		}
	}
	return false
}

// mayBeGenerated is false only for paths that no rule matches. Rules that fold
// case fold letters beyond ASCII too, so that paths with any are always tried.
func mayBeGenerated(lower string) bool {
	for _, mark := range generatedMarks {
		if strings.Contains(lower, mark) {
			return true
		}
	}
	return strings.ContainsFunc(lower, func(r rune) bool { return r >= utf8.RuneSelf })
}
