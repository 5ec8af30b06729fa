package landscape

import (
	"strconv"
	"strings"
)

// nameSlugs gives every entry a slug of its own. CNCF projects choose first,
// then the rest, each in the order of the source; whoever finds a slug taken
// gets it with a number. The filter comes later, so that a project has the
// same slug whatever else is surveyed.
func nameSlugs(entries []*entry) {
	taken := map[string]bool{}
	next := map[string]int{} // where to go on trying, or many namesakes cost a square
	name := func(e *entry) {
		base := Slug(e.name)
		e.slug = base
		for n := max(next[base], 2); taken[e.slug]; n++ {
			e.slug = base + "-" + strconv.Itoa(n)
			next[base] = n + 1
		}
		taken[e.slug] = true
	}
	for _, projects := range []bool{true, false} {
		for _, e := range entries {
			if e.project == projects {
				name(e)
			}
		}
	}
}

// longestSlug is short enough for links and the names of files.
const longestSlug = 80

// Slug spells a name in lower case letters, digits and single hyphens. A
// name that has neither letter nor digit of ASCII is "unnamed".
func Slug(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	slug := b.String()
	if slug = strings.TrimSuffix(slug[:min(len(slug), longestSlug)], "-"); slug != "" {
		return slug
	}
	return "unnamed"
}
