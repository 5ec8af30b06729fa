package bench

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		before := slices.Clone(test.values)
		if got := Median(test.values); got != test.want {
			t.Errorf("Median(%v) = %v, want %v", before, got, test.want)
		}
		if !slices.Equal(test.values, before) {
			t.Errorf("Median has changed %v to %v", before, test.values)
		}
	}
}

func TestRatio(t *testing.T) {
	for _, test := range []struct {
		name         string
		ours, theirs []float64
		want         float64
		ok           bool
	}{
		{"a slow round for both changes nothing", []float64{1, 10, 1}, []float64{2, 20, 2}, 0.5, true},
		{"nothing to compare with", []float64{1}, nil, 0, false},
		{"nothing to divide by", []float64{1}, []float64{0}, 0, false},
		{"ours is not known", []float64{-1}, []float64{5}, 0, false},
		{"ours is nothing", []float64{0}, []float64{5}, 0, true},
	} {
		got, ok := Ratio(test.ours, test.theirs)
		if got != test.want || ok != test.ok {
			t.Errorf("%s: Ratio = %v, %t, want %v, %t", test.name, got, ok, test.want, test.ok)
		}
	}
}

func TestInterleave(t *testing.T) {
	turns := ""
	contender := func(name string, wall time.Duration) Contender {
		return Contender{name, func(context.Context) (Sample, error) {
			turns += name
			return Sample{Wall: wall}, nil
		}}
	}
	said := 0
	series, err := Interleave(t.Context(), 3, func(string) { said++ }, contender("A", time.Second), contender("B", 2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if turns != "ABABAB" || said != 6 {
		t.Errorf("turns %s, %d said, want ABABAB and 6", turns, said)
	}
	if got := series[1].Values(Wall); series[1].Name != "B" || !slices.Equal(got, []float64{2, 2, 2}) {
		t.Errorf("series of %s: %v, want B's, 2 each", series[1].Name, got)
	}
}

func TestInterleave_Error(t *testing.T) {
	broken := errors.New("broken")
	fails := Contender{"A", func(context.Context) (Sample, error) { return Sample{}, broken }}
	if _, err := Interleave(t.Context(), 2, func(string) {}, fails); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}
