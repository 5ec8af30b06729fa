package bench

import (
	"fmt"
	"slices"
	"strings"
)

// A Unit prints a figure; one below zero is not known.
type Unit func(float64) string

// Seconds prints a duration.
func Seconds(v float64) string {
	switch {
	case v < 0:
		return unknown
	case v < 0.9995:
		return fmt.Sprintf("%.0f ms", v*1000)
	case v < 9.995:
		return fmt.Sprintf("%.2f s", v)
	}
	return fmt.Sprintf("%.1f s", v)
}

// Bytes prints a size in powers of 1,000.
func Bytes(v float64) string {
	if v < 0 {
		return unknown
	}
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "KB"}} {
		if v >= unit.size {
			return fmt.Sprintf("%.1f %s", v/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%.0f B", v)
}

// Count prints a number.
func Count(v float64) string {
	if v < 0 {
		return unknown
	}
	return fmt.Sprintf("%.0f", v)
}

const unknown = "n/a"

// A Comparison is one row of a table: our figures beside another's.
type Comparison struct {
	Screen string // P1
	What   string // wall
	Unit   Unit
	Ours   []float64
	Than   string    // whom we are compared with
	Theirs []float64 // round by round with Ours; may be none
	Aim    Aim
}

// Compare compares two series by one measure.
func Compare(screen string, m Measure, ours, theirs Series, aim Aim) Comparison {
	return Comparison{
		Screen: screen, What: m.Name, Unit: m.Unit, Aim: aim,
		Ours: ours.Values(m), Than: theirs.Name, Theirs: theirs.Values(m),
	}
}

// An Aim is what is aimed at; its zero value is nothing.
type Aim struct {
	text   string
	figure func(float64) bool // what it asks of our figure, if anything
	ratio  func(float64) bool // what it asks of the ratio, if anything
}

// AtMost aims at a figure of ours, written as text.
func AtMost(most float64, text string) Aim {
	return Aim{text: text, figure: func(v float64) bool { return v <= most }}
}

// RatioAtMost aims at a ratio.
func RatioAtMost(most float64) Aim {
	return Aim{text: fmt.Sprintf("ratio ≤ %g", most), ratio: func(v float64) bool { return v <= most }}
}

// Equal aims at the very figure that ours is compared with.
func Equal() Aim {
	return Aim{text: "equal", ratio: func(v float64) bool { return v == 1 }}
}

// verdict says whether a comparison has met the aim.
func (a Aim) verdict(c Comparison) string {
	met := false
	switch {
	case a.figure != nil:
		if Median(c.Ours) < 0 || len(c.Ours) == 0 {
			return unknown
		}
		met = a.figure(Median(c.Ours))
	case a.ratio != nil:
		ratio, ok := Ratio(c.Ours, c.Theirs)
		if !ok {
			return unknown
		}
		met = a.ratio(ratio)
	default:
		return ""
	}
	if met {
		return "met"
	}
	return "missed"
}

// Table is the comparisons in Markdown.
func Table(comparisons []Comparison) string {
	var table strings.Builder
	row := func(cells ...string) { table.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	row("", "measured", "groma", "compared with", "", "ratio", "aim", "")
	row("---", "---", "--:", "---", "--:", "--:", "---", "---")
	for _, c := range comparisons {
		row(c.cells()...)
	}
	return table.String()
}

func (c Comparison) cells() []string {
	ratio := ""
	if v, ok := Ratio(c.Ours, c.Theirs); ok {
		ratio = fmt.Sprintf("%.3g", v)
	}
	return []string{c.Screen, c.What, c.figure(c.Ours), c.Than, c.figure(c.Theirs), ratio, c.Aim.text, c.Aim.verdict(c)}
}

// figure is a median, with its range if there is one.
func (c Comparison) figure(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	text := c.Unit(Median(values))
	least, most := c.Unit(slices.Min(values)), c.Unit(slices.Max(values))
	if least == most {
		return text
	}
	return fmt.Sprintf("%s (%s–%s)", text, least, most)
}
