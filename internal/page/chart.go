package page

import (
	"strconv"

	"groma/internal/report"
)

// A chart is a picture with a title and a text in its stead. It is as wide as
// its place: what lies along it is measured in percent, what lies across it,
// and every letter, in pixels.
type chart struct {
	ID          string
	Title       string
	Description string // what the picture says, in words
	Height      int
	Split       bool // bars have several segments, with gaps between
	Rects       []rect
	Labels      []label
	Rules       []int // heights of lines from side to side
	Legend      []key
	Note        string
	Table       *table // of the chart's figures, where none stands beside it
}

// A rect is coloured by its class.
type rect struct {
	X, Width  string // percent
	Y, Height int
	Class     string
	Title     string // shown where one points
}

// A label is words at a place; they end there, or have their middle there, if
// the anchor says so.
type label struct {
	X      string
	Y      int
	Anchor string
	Text   string
}

// A key says what a colour means.
type key struct{ Class, Text string }

// A segment is a part of a bar.
type segment struct {
	part         int64
	class, title string
}

// Colours: c0 is for what is not told apart, c1 to c7 are for what is.
const (
	colours = 7
	rest    = "c0"
)

func colour(n int) string { return "c" + strconv.Itoa(n) }

// Sizes of bars, in pixels.
const (
	barPitch  = 40 // from one bar to the next
	barHeight = 14
	barTop    = 20 // room for the words above
	mostBars  = 25
	mostRunes = 34  // of a name, which then fits a narrow screen
	leastBar  = 300 // of the whole's length is what can still be seen
)

// bar adds a bar below the others: its words above it, its segments side by
// side, in parts of the whole.
func (c *chart) bar(name, value string, whole int64, segments []segment) {
	c.Labels = append(c.Labels,
		label{X: "0", Y: c.Height + barTop - 6, Text: shortened(name)},
		label{X: "100%", Y: c.Height + barTop - 6, Anchor: "end", Text: value})
	var before int64
	for _, s := range segments {
		if s.part <= 0 || whole <= 0 {
			continue
		}
		width := percent(s.part, whole)
		if !c.Split {
			width = percent(max(s.part, whole/leastBar), whole)
		}
		c.Rects = append(c.Rects, rect{
			X: percent(before, whole), Width: width, Y: c.Height + barTop, Height: barHeight,
			Class: s.class, Title: name + ", " + s.title,
		})
		before += s.part
	}
	c.Height += barPitch
}

// percent is where a part of a whole lies in a picture.
func percent(part, whole int64) string {
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 2, 64) + "%"
}

func shortened(name string) string {
	runes := []rune(name)
	if len(runes) <= mostRunes {
		return name
	}
	return string(runes[:mostRunes-1]) + "…"
}

// firstOf says how many of some are drawn, where that is not all.
func firstOf(drawn, all int, one, many, where string) string {
	if drawn == all {
		return ""
	}
	return "The first " + report.Number(int64(drawn)) + " of " + report.Plural(int64(all), one, many) + "; " + where + "."
}

// chart puts a chart where it stands; nil is none.
func (w *writer) chart(c *chart) {
	if c == nil {
		return
	}
	c.ID = w.id("chart")
	if c.Table != nil {
		c.Table.ID = w.id("table")
	}
	w.put(block{Chart: c})
}
