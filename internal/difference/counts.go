package difference

import (
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// tallies are what a repository has of each language, in what reports count.
func tallies(r *gromav1.Repository) map[string]*gromav1.Counts {
	figures := map[string]*gromav1.Figures{}
	if r != nil {
		for _, t := range r.Tally {
			if figures[t.Language] == nil {
				figures[t.Language] = &gromav1.Figures{}
			}
			report.AddTally(figures[t.Language], t)
		}
	}
	counts := make(map[string]*gromav1.Counts, len(figures))
	for language, f := range figures {
		counts[language] = &gromav1.Counts{Files: f.Files, Lines: f.Lines, Code: f.Code, Comments: f.Comments, Blanks: f.Blanks, HostBytes: f.HostBytes}
	}
	return counts
}

// add adds more to c, so many times.
func add(c, more *gromav1.Counts, times int64) {
	c.Files += times * more.GetFiles()
	c.Lines += times * more.GetLines()
	c.Code += times * more.GetCode()
	c.Comments += times * more.GetComments()
	c.Blanks += times * more.GetBlanks()
	c.HostBytes += times * more.GetHostBytes()
}

// minus is a less b.
func minus(a, b *gromav1.Counts) *gromav1.Counts {
	c := &gromav1.Counts{}
	add(c, a, 1)
	add(c, b, -1)
	return c
}

func isZero(c *gromav1.Counts) bool {
	return c.GetFiles() == 0 && c.GetLines() == 0 && c.GetCode() == 0 && c.GetComments() == 0 && c.GetBlanks() == 0 && c.GetHostBytes() == 0
}

// growth is by how much lines of code grew.
func growth(before, after *gromav1.Counts) *gromav1.Growth {
	g := &gromav1.Growth{Part: after.GetCode() - before.GetCode(), Whole: before.GetCode()}
	if g.Whole > 0 {
		g.PerMille = 1000 * g.Part / g.Whole
	}
	return g
}
