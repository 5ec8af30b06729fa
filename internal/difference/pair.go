package difference

import (
	"net/url"
	"slices"
	"strings"
)

// Pairs say which of two lists belong together.
type pairs[T comparable] struct {
	both        []pair[T] // in the order of the first list
	first, last []T       // what stands alone in each, in its order
	partner     map[T]T   // both ways
}

// A pair is one thing in both lists, and the number of the reason.
type pair[T comparable] struct {
	before, after T
	by            int
}

// pairUp pairs what has the same mark in both lists and stands alone with it
// in each: by the first kind of mark, then what is left by the second, and so
// on. An empty mark says nothing.
func pairUp[T comparable](before, after []T, marks ...func(T) string) *pairs[T] {
	p := &pairs[T]{partner: map[T]T{}}
	by := map[T]int{}
	for i, mark := range marks {
		mine, theirs := p.alone(before, mark), p.alone(after, mark)
		for text, x := range mine {
			y, ok := theirs[text]
			if !ok || len(x) != 1 || len(y) != 1 {
				continue
			}
			p.partner[x[0]], p.partner[y[0]], by[x[0]] = y[0], x[0], i
		}
	}
	for _, x := range before {
		if y, ok := p.partner[x]; ok {
			p.both = append(p.both, pair[T]{x, y, by[x]})
		} else {
			p.first = append(p.first, x)
		}
	}
	p.last = slices.DeleteFunc(slices.Clone(after), func(y T) bool { _, ok := p.partner[y]; return ok })
	return p
}

// alone is what has no partner yet, by a mark.
func (p *pairs[T]) alone(list []T, mark func(T) string) map[string][]T {
	found := map[string][]T{}
	for _, x := range list {
		if _, ok := p.partner[x]; ok {
			continue
		}
		if text := mark(x); text != "" {
			found[text] = append(found[text], x)
		}
	}
	return found
}

// What projects are known by, in the order in which it is tried.
var knownBy = []string{"slug", "repository", "repositories", "homepage"}

func slug(h *holding) string     { return h.Project.Slug }
func primary(h *holding) string  { return h.primary }
func homepage(h *holding) string { return h.homepage }

// everything is where all repositories of a project are.
func everything(h *holding) string {
	var places []string
	for _, row := range h.Named {
		places = append(places, now(row))
	}
	slices.Sort(places)
	return strings.Join(slices.Compact(places), "\x00")
}

// page is an address of the web without what does not matter, or empty.
func page(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Host), "www.") + strings.TrimRight(u.EscapedPath(), "/")
}
