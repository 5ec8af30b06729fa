package landscape

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// mostWarnings is how many oddities of one landscape are told: nobody reads more,
// and each is kept with every edition.
const mostWarnings = 10_000

// notes collects warnings.
type notes struct {
	warnings []*gromav1.Warning
	untold   int64            // how many there are beyond the most
	last     *gromav1.Warning // stands at the first of those
	// repeated are the lines of what is told once however often it stands.
	repeated map[repeat][]int
	order    []repeat
}

// repeat is an oddity that one warning tells of, with all its lines.
type repeat struct{ source, message string }

// add tells of one oddity.
func (n *notes) add(source string, line int, format string, args ...any) {
	if n.full(source, line) {
		return
	}
	n.warnings = append(n.warnings, &gromav1.Warning{
		Source: source, Line: int64(line), Message: clean(fmt.Sprintf(format, args...)),
	})
}

// gather tells of an oddity once, at its first line, and names the others.
func (n *notes) gather(source string, line int, message string) {
	key := repeat{source, message}
	if n.repeated == nil {
		n.repeated = map[repeat][]int{}
	}
	if n.repeated[key] == nil {
		if n.full(source, line) {
			return
		}
		n.order = append(n.order, key)
	}
	n.repeated[key] = append(n.repeated[key], line)
}

// full counts what there is no room for.
func (n *notes) full(source string, line int) bool {
	if len(n.warnings)+len(n.order) < mostWarnings {
		return false
	}
	if n.untold == 0 {
		n.last = &gromav1.Warning{Source: source, Line: int64(line)}
	}
	n.untold++
	return true
}

// sorted returns every warning once, by source, line and message.
func (n *notes) sorted() []*gromav1.Warning {
	order := n.order
	n.order = nil // each makes room for itself
	for _, key := range order {
		lines := n.repeated[key]
		n.add(key.source, lines[0], "%s%s", key.message, others(lines[1:]))
	}
	n.repeated = nil
	if n.untold > 0 {
		n.last.Message = fmt.Sprintf("from here on there is more that is odd, %d times, and is not told", n.untold)
		n.warnings = append(n.warnings, n.last)
	}
	slices.SortStableFunc(n.warnings, compareWarnings)
	n.warnings = slices.CompactFunc(n.warnings, func(a, b *gromav1.Warning) bool { return compareWarnings(a, b) == 0 })
	return n.warnings
}

func compareWarnings(a, b *gromav1.Warning) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
}

// fewLines is how many lines a warning names before it only counts them.
const fewLines = 10

func others(lines []int) string {
	if len(lines) == 0 {
		return ""
	}
	named := lines[:min(len(lines), fewLines)]
	text := " (also at line " + strings.Trim(strings.ReplaceAll(fmt.Sprint(named), " ", ", "), "[]")
	if more := len(lines) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + ")"
}
