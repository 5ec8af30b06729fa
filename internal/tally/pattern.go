package tally

import "strings"

// A pattern is a path pattern of a .gitattributes file. Matching takes time in
// proportion to pattern times path, whatever stands in them.
type pattern struct {
	segments []string
	anywhere bool   // one segment that names files in any folder
	suffix   string // of "*suffix", the commonest kind, else empty
	literal  string // a whole path without wildcards, else empty
}

// newPattern reads a pattern; false means that no file can match it. git knows
// no negation here, and a pattern with a slash at its end names folders, which
// have no attributes.
func newPattern(s string) (pattern, bool) {
	if s == "" || s[0] == '!' || s[len(s)-1] == '/' {
		return pattern{}, false
	}
	p := pattern{anywhere: !strings.Contains(s, "/")}
	if rest, ok := strings.CutPrefix(s, "*"); ok && p.anywhere && !strings.ContainsAny(rest, `*?[\`) {
		p.suffix = rest
	}
	s = strings.TrimPrefix(s, "/")
	if !p.anywhere && !strings.ContainsAny(s, `*?[\`) {
		p.literal = s
	}
	p.segments = strings.Split(s, "/")
	for i, segment := range p.segments {
		if len(segment) > 2 && strings.Trim(segment, "*") == "" {
			p.segments[i] = "**" // as git takes more stars
		}
	}
	return p, true
}

// match reports whether the pattern matches name, a path from the folder of
// the pattern's file.
func (p *pattern) match(name string) bool {
	switch {
	case p.suffix != "":
		return strings.HasSuffix(name, p.suffix)
	case p.literal != "":
		return name == p.literal
	case p.anywhere:
		return glob(p.segments[0], base(name))
	}
	return globPath(p.segments, name)
}

// globPath matches segment by segment; a segment ** stands for any number of
// folders, at the end for one or more of anything. As with any star, going back
// to the last one is enough.
func globPath(segments []string, name string) bool {
	retry, retryName := -1, ""
	i, rest, more := 0, name, true
	for more {
		for i < len(segments) && segments[i] == "**" {
			if i++; i == len(segments) {
				return true
			}
			retry, retryName = i, rest
		}
		segment, after, left := strings.Cut(rest, "/")
		if i < len(segments) && glob(segments[i], segment) {
			i, rest, more = i+1, after, left
			if more || i == len(segments) {
				continue
			}
		}
		if retry < 0 {
			return false
		}
		// Let ** take one folder more.
		_, retryName, more = strings.Cut(retryName, "/")
		i, rest = retry, retryName
	}
	return i == len(segments)
}

// glob matches one segment: * is any characters, ? one, [a-z] one of a set, and
// \ takes the next literally. Characters are bytes, as git has them.
func glob(pattern, name string) bool {
	retry, retryName := -1, 0
	i, j := 0, 0
	for j < len(name) || i < len(pattern) {
		if i < len(pattern) && pattern[i] == '*' {
			i++
			retry, retryName = i, j
			continue
		}
		if j < len(name) {
			if next, ok := globByte(pattern, i, name[j]); ok {
				i, j = next, j+1
				continue
			}
		}
		if retry < 0 || retryName >= len(name) {
			return false
		}
		retryName++
		i, j = retry, retryName
	}
	return true
}

// globByte matches one byte by what stands at pattern[i:], and returns where
// the pattern goes on.
func globByte(pattern string, i int, c byte) (next int, ok bool) {
	if i >= len(pattern) {
		return i, false
	}
	switch pattern[i] {
	case '?':
		return i + 1, true
	case '[':
		return globSet(pattern, i+1, c)
	case '\\':
		if i+1 < len(pattern) {
			return i + 2, pattern[i+1] == c
		}
		return i, false
	}
	return i + 1, pattern[i] == c
}

// globSet matches c by the set whose inside begins at pattern[i:]. A set
// without an end matches nothing; a ] that comes first is a member.
func globSet(pattern string, i int, c byte) (next int, ok bool) {
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	matched := false
	previous, hasPrevious := byte(0), false
	for first := true; i < len(pattern) && (first || pattern[i] != ']'); first = false {
		if class, after, ok := posixClass(pattern, i); ok {
			member, known := inClass(class, c)
			if !known {
				return i, false
			}
			matched = matched || member
			i, hasPrevious = after, false
			continue
		}
		if pattern[i] == '-' && hasPrevious && i+1 < len(pattern) && pattern[i+1] != ']' {
			last, after, ok := setMember(pattern, i+1)
			if !ok {
				return i, false
			}
			matched = matched || previous <= c && c <= last
			i, hasPrevious = after, false
			continue
		}
		member, after, ok := setMember(pattern, i)
		if !ok {
			return i, false
		}
		matched = matched || member == c
		previous, hasPrevious, i = member, true, after
	}
	if i >= len(pattern) {
		return i, false
	}
	return i + 1, matched != negated
}

// setMember reads one character of a set.
func setMember(pattern string, i int) (member byte, next int, ok bool) {
	if pattern[i] != '\\' {
		return pattern[i], i + 1, true
	}
	if i+1 == len(pattern) {
		return 0, i, false
	}
	return pattern[i+1], i + 2, true
}

// posixClass reads a class such as [:alpha:] within a set.
func posixClass(pattern string, i int) (class string, next int, ok bool) {
	rest, ok := strings.CutPrefix(pattern[i:], "[:")
	if !ok {
		return "", i, false
	}
	end := strings.IndexByte(rest, ']')
	if end < 1 || rest[end-1] != ':' {
		return "", i, false
	}
	return rest[:end-1], i + len("[:") + end + 1, true
}

// inClass reports whether c is in a class, and whether there is such a class.
func inClass(class string, c byte) (member, known bool) {
	lower, upper := 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z'
	digit := '0' <= c && c <= '9'
	graph := '!' <= c && c <= '~'
	switch class {
	case "alnum":
		return lower || upper || digit, true
	case "alpha":
		return lower || upper, true
	case "blank":
		return c == ' ' || c == '\t', true
	case "cntrl":
		return c < ' ' || c == 0x7f, true
	case "digit":
		return digit, true
	case "graph":
		return graph, true
	case "lower":
		return lower, true
	case "print":
		return graph || c == ' ', true
	case "punct":
		return graph && !lower && !upper && !digit, true
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r', true
	case "upper":
		return upper, true
	case "xdigit":
		return digit || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F', true
	}
	return false, false
}

// unquote reads a C string at the beginning of s, as git writes paths with
// characters that need it, and returns what follows it.
func unquote(s string) (unquoted, rest string, ok bool) {
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return out.String(), s[i+1:], true
		case '\\':
			c, length, ok := unescape(s[i+1:])
			if !ok {
				return "", s, false
			}
			out.WriteByte(c)
			i += length
		default:
			out.WriteByte(s[i])
		}
	}
	return "", s, false
}

// unescape reads what follows a backslash in a C string.
func unescape(s string) (c byte, length int, ok bool) {
	if s == "" {
		return 0, 0, false
	}
	if i := strings.IndexByte(`abfnrtv"\`, s[0]); i >= 0 {
		return "\a\b\f\n\r\t\v\"\\"[i], 1, true
	}
	if len(s) < 3 || s[0] > '3' {
		return 0, 0, false
	}
	for _, digit := range []byte(s[:3]) {
		if digit < '0' || digit > '7' {
			return 0, 0, false
		}
		c = c<<3 | (digit - '0')
	}
	return c, 3, true
}
