package vitals

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// version finds the number in a tag: numbers with dots or underscores between
// them, a date, or a v and at least three digits; behind the begin of the tag,
// letters that it begins with, or whatever separates names.
var version = regexp.MustCompile(`(?i)(?:^[a-z]*|[^a-z0-9.](?:v|ver|version|rel|release|r)?)[._-]?` +
	`([0-9]+(?:[._][0-9]+)+|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}|(?:19|20)[0-9]{6}|v[0-9]{3,}$)(?:$|[^0-9])`)

var (
	letters = regexp.MustCompile(`[a-z]+`)
	short   = regexp.MustCompile(`^[-._]?[abcm][0-9]+`) // 1.0b2, v2-m3
	digits  = regexp.MustCompile(`[0-9]+`)
)

// Words that make a prerelease of a version: behind its number, or before it.
var (
	unripe = words("alpha beta rc cr pre preview prerelease dev devel development nightly snapshot canary milestone ea test testing unstable experimental exp next wip insiders draft candidate")
	early  = words("nightly snapshot canary preview unstable")
)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		set[word] = true
	}
	return set
}

// longestTag is how long the name of a release may be.
const longestTag = 200

// ParseTag reports whether a tag looks like a version, and whether that is a
// prerelease. A version has a number of two parts or more, or is a date, or a v
// and at least three digits: v1.2.3, 1.2, edge-24.11.1, name-v1.2.3, name/v1.2,
// name@1.2.3, go1.21, 2024-05-01, v255. One with a word such as rc, alpha, beta
// or dev behind its number is a prerelease; so is 1.0b1, and nightly-2024.05.01.
// What follows a plus sign is no matter.
func ParseTag(name string) (ok, prerelease bool) {
	if len(name) > longestTag {
		return false, false
	}
	at := version.FindStringSubmatchIndex(name)
	if at == nil {
		return false, false
	}
	before, _, _ := strings.Cut(strings.ToLower(name[at[3]:]), "+")
	if short.MatchString(before) {
		return true, true
	}
	return true, has(before, unripe) || has(strings.ToLower(name[:at[2]]), early)
}

func has(text string, set map[string]bool) bool {
	return slices.ContainsFunc(letters.FindAllString(text, -1), func(word string) bool { return set[word] })
}

// Releases chooses the tags that look like versions; where there are very many,
// those with the highest numbers. It is for [Ask].
func Releases(names []string) []string {
	type numbered struct {
		name    string
		numbers []int
	}
	var tags []numbered
	for _, name := range names {
		if ok, _ := ParseTag(name); ok {
			tags = append(tags, numbered{name, numbers(name)})
		}
	}
	if len(tags) > mostTags {
		slices.SortFunc(tags, func(a, b numbered) int {
			return cmp.Or(slices.Compare(b.numbers, a.numbers), cmp.Compare(a.name, b.name))
		})
		tags = tags[:mostTags]
	}
	chosen := make([]string, len(tags))
	for i, tag := range tags {
		chosen[i] = tag.name
	}
	return chosen
}

// numbers are those of a version tag, from the version on.
func numbers(name string) (all []int) {
	at := version.FindStringSubmatchIndex(name)
	for _, text := range digits.FindAllString(name[at[2]:], -1) {
		n, _ := strconv.Atoi(text) // one that is too large is the largest
		all = append(all, n)
	}
	return all
}
