package difference

import (
	"groma/internal/report"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// Counts are figures, or by how much figures differ.
type counts struct{ files, lines, code, comments, blanks, hostBytes int64 }

// plus is c and so many times more.
func (c counts) plus(more counts, times int64) counts {
	c.files += times * more.files
	c.lines += times * more.lines
	c.code += times * more.code
	c.comments += times * more.comments
	c.blanks += times * more.blanks
	c.hostBytes += times * more.hostBytes
	return c
}

func (c counts) message() *gromav1.Counts {
	return &gromav1.Counts{Files: c.files, Lines: c.lines, Code: c.code, Comments: c.comments, Blanks: c.blanks, HostBytes: c.hostBytes}
}

// ifAny is nil where there is nothing.
func (c counts) ifAny() *gromav1.Counts {
	if c == (counts{}) {
		return nil
	}
	return c.message()
}

// tallies are what a repository has of each language, in what reports count;
// none where it is nil.
func tallies(r *gromav1.Repository) map[string]counts {
	found := make(map[string]counts, len(r.GetTally()))
	f := &gromav1.Figures{}
	for _, t := range r.GetTally() {
		f.Reset()
		report.AddTally(f, t)
		found[t.Language] = found[t.Language].plus(counts{f.Files, f.Lines, f.Code, f.Comments, f.Blanks, f.HostBytes}, 1)
	}
	return found
}

// programs is what there is of programming languages.
func programs(tallies map[string]counts) (sum counts) {
	for language, c := range tallies {
		if tally.Programming(language) {
			sum = sum.plus(c, 1)
		}
	}
	return sum
}

// A cause is why a figure changed.
type cause int

const (
	code cause = iota
	method
	both
	coverage
	landscape
	unexplained
	causesCount
)

// String is what a difference calls a cause.
func (c cause) String() string {
	return [causesCount]string{"code", "method", "both", "coverage", "landscape", "unexplained"}[c]
}

// A change is what changed in one language, put down to causes.
type change struct {
	before, after counts
	parts         [causesCount]counts
	repeated      counts
}

// enter adds what was and is, and puts the difference down to a cause.
func (c *change) enter(was, is counts, why cause) {
	c.before, c.after = c.before.plus(was, 1), c.after.plus(is, 1)
	c.parts[why] = c.parts[why].plus(is, 1).plus(was, -1)
}

// by is by how much it changed.
func (c *change) by() counts { return c.after.plus(c.before, -1) }

// differs reports whether anything changed, be it that changes of several
// causes make up for each other.
func (c *change) differs() bool {
	return c.parts != [causesCount]counts{} || c.repeated != (counts{})
}

// message is the change of a language. Causes of nothing are absent.
func (c *change) message(language string) *gromav1.LanguageChange {
	return &gromav1.LanguageChange{
		Language: language, Before: c.before.message(), After: c.after.message(), Growth: c.growth(),
		Code: c.parts[code].ifAny(), Method: c.parts[method].ifAny(), Both: c.parts[both].ifAny(),
		Coverage: c.parts[coverage].ifAny(), Landscape: c.parts[landscape].ifAny(),
		Unexplained: c.parts[unexplained].ifAny(), Repeated: c.repeated.ifAny(),
	}
}

// growth is by how much lines of code grew.
func (c *change) growth() *gromav1.Growth {
	g := &gromav1.Growth{Part: c.by().code, Whole: c.before.code}
	if g.Whole > 0 {
		g.PerMille = 1000 * g.Part / g.Whole
	}
	return g
}
