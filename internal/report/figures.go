package report

import (
	"fmt"
	"math/bits"

	gromav1 "groma/proto/groma/v1"
)

// hosted reports whether the host's own statistics would hold files of a
// class: all that are neither vendored nor documentation.
func hosted(class string) bool { return Headline(class) || class == "generated" }

// addTally adds what one tally says of its language.
func addTally(f *gromav1.Figures, t *gromav1.Tally) {
	if Headline(t.Class) {
		f.Files += t.Files
		f.Lines += t.Lines
		f.Code += t.Code
		f.Comments += t.Comments
		f.Blanks += t.Blanks
	}
	if hosted(t.Class) {
		f.HostBytes += t.Bytes
	}
}

func addFigures(f, more *gromav1.Figures) {
	f.Files += more.GetFiles()
	f.Lines += more.GetLines()
	f.Code += more.GetCode()
	f.Comments += more.GetComments()
	f.Blanks += more.GetBlanks()
	f.HostBytes += more.GetHostBytes()
}

// negative is figures to be taken away.
func negative(f *gromav1.Figures) *gromav1.Figures {
	return &gromav1.Figures{Files: -f.Files, Lines: -f.Lines, Code: -f.Code, Comments: -f.Comments, Blanks: -f.Blanks, HostBytes: -f.HostBytes}
}

// Measured is the one of some figures that decides.
func Measured(f *gromav1.Figures, measure string) int64 {
	switch measure {
	case "lines":
		return f.GetLines()
	case "bytes":
		return f.GetHostBytes()
	}
	return f.GetCode()
}

// Unit is what a measure counts, for people.
func Unit(measure string) string {
	switch measure {
	case "lines":
		return "lines"
	case "bytes":
		return "bytes"
	}
	return "lines of code"
}

func shareOf(part, whole int64) *gromav1.Share {
	return &gromav1.Share{Part: part, Whole: whole, PerMille: perParts(part, whole, 1000)}
}

// perParts is parts * part / whole, cut, whatever the size of the numbers; 0
// where there is no whole.
func perParts(part, whole, parts int64) int64 {
	if part <= 0 || whole <= 0 {
		return 0
	}
	high, low := bits.Mul64(uint64(part), uint64(parts))
	if high >= uint64(whole) {
		return parts // a part beyond its whole is no share of it
	}
	quotient, _ := bits.Div64(high, low, uint64(whole))
	return int64(quotient)
}

// Percent prints a share: 89.0 %. What is there and does not reach a tenth of
// a percent is said to be below it, and no share where there is no whole is a
// dash.
func Percent(s *gromav1.Share) string {
	switch {
	case s.GetWhole() == 0:
		return "–"
	case s.Part > 0 && s.PerMille == 0:
		return "<0.1 %"
	}
	return fmt.Sprintf("%d.%d %%", s.PerMille/10, s.PerMille%10)
}
