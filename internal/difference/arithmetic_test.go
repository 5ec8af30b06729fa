package difference

import gromav1 "groma/proto/groma/v1"

// Sums of messages, in another way than the package's own.

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
