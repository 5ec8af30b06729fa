package bench

import (
	"strings"
	"testing"
)

func TestUnits(t *testing.T) {
	for _, test := range []struct {
		unit  Unit
		value float64
		want  string
	}{
		{Seconds, 0.0621, "62 ms"},
		{Seconds, 0.9996, "1.00 s"},
		{Seconds, 9.996, "10.0 s"},
		{Seconds, -1, "n/a"},
		{Bytes, 0, "0 B"},
		{Bytes, 999, "999 B"},
		{Bytes, 7_812_000, "7.8 MB"},
		{Bytes, 2e9, "2.0 GB"},
		{Bytes, -1, "n/a"},
		{Count, 38, "38"},
	} {
		if got := test.unit(test.value); got != test.want {
			t.Errorf("%v is printed as %q, want %q", test.value, got, test.want)
		}
	}
}

func TestTable(t *testing.T) {
	got := Table([]Comparison{
		{"P1", "wall", Seconds, []float64{0.4, 0.5, 0.3}, "clone, scc", []float64{2, 2, 2}, RatioAtMost(0.3)},
		{"P1", "peak memory", Bytes, []float64{300e6}, "clone, scc", []float64{50e6}, AtMost(256<<20, "≤ 256 MiB")},
		{"P1", "written", Bytes, []float64{0}, "clone, scc", []float64{-1}, AtMost(0, "0")},
		{"P4", "blobs counted", Count, []float64{-1}, "new blobs", []float64{5}, Equal()},
		{"P4", "blobs counted", Count, []float64{6}, "new blobs", []float64{5}, Equal()},
		{"P5", "wall", Seconds, []float64{1}, "", nil, Aim{}},
	})
	want := `
|  | measured | groma | compared with |  | ratio | aim |  |
| --- | --- | --: | --- | --: | --: | --- | --- |
| P1 | wall | 400 ms (300 ms–500 ms) | clone, scc | 2.00 s | 0.2 | ratio ≤ 0.3 | met |
| P1 | peak memory | 300.0 MB | clone, scc | 50.0 MB | 6 | ≤ 256 MiB | missed |
| P1 | written | 0 B | clone, scc | n/a |  | 0 | met |
| P4 | blobs counted | n/a | new blobs | 5 |  | equal | n/a |
| P4 | blobs counted | 6 | new blobs | 5 | 1.2 | equal | missed |
| P5 | wall | 1.00 s |  |  |  |  |  |
`
	if got != strings.TrimPrefix(want, "\n") {
		t.Errorf("got\n%s\nwant%s", got, want)
	}
}
