package report

import "testing"

func TestColumns(t *testing.T) {
	c := NewColumns("na\tme", "lines", "change", "")
	c.Row("ä", int64(1234567), Right("+1"), "left")
	c.Row("evil\x1b[2J\n", int64(5), Right("-10\x07"), "")
	const want = "na\uFFFDme          lines  change\n" +
		"ä          1,234,567      +1  left\n" +
		"evil\uFFFD[2J\uFFFD          5    -10\uFFFD\n"
	if got := c.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if c.Len() != 2 {
		t.Errorf("it has %d rows, want 2", c.Len())
	}
}
