// Package bench compares programs that do the same work.
//
// Contenders take turns, A B A B …, so that whatever else the machine does
// falls on all of them. A figure is the median of its rounds, and a ratio is
// the median of the rounds' ratios. A program costs what its whole tree of
// processes costs; what the host it asks costs is the host's.
//
// The commands below share what they are made of: how they begin, say what they
// do, build programs, start clusters, compare reports and write documents.
package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Sample is what one run cost.
type Sample struct {
	Wall    time.Duration
	CPU     time.Duration // user and system
	Memory  int64         // peak of the largest process, in bytes
	Written int64         // bytes written to disk, -1 if the system does not tell
}

func (s Sample) String() string {
	return fmt.Sprintf("wall %s, CPU %s, peak %s, written %s",
		Seconds(s.Wall.Seconds()), Seconds(s.CPU.Seconds()), Bytes(float64(s.Memory)), Bytes(float64(s.Written)))
}

// A Measure is one side of samples.
type Measure struct {
	Name string
	Unit Unit
	Of   func(Sample) float64
}

// What a [Sample] tells.
var (
	Wall    = Measure{"wall", Seconds, func(s Sample) float64 { return s.Wall.Seconds() }}
	CPU     = Measure{"client CPU", Seconds, func(s Sample) float64 { return s.CPU.Seconds() }}
	Memory  = Measure{"peak memory", Bytes, func(s Sample) float64 { return float64(s.Memory) }}
	Written = Measure{"written to disk", Bytes, func(s Sample) float64 { return float64(s.Written) }}
)

// A Contender is one way of doing the work.
type Contender struct {
	Name string
	Run  func(context.Context) (Sample, error)
}

// A Series is the samples of one contender, one a round.
type Series struct {
	Name    string
	Samples []Sample
}

// Values is one side of every sample.
func (s Series) Values(m Measure) []float64 {
	values := []float64{}
	for _, sample := range s.Samples {
		values = append(values, m.Of(sample))
	}
	return values
}

// Interleave lets the contenders take turns and tells each sample to say as it
// comes. It stops at the first failure.
func Interleave(ctx context.Context, rounds int, say func(string), contenders ...Contender) ([]Series, error) {
	series := make([]Series, len(contenders))
	for round := range rounds {
		for i, contender := range contenders {
			sample, err := contender.Run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", contender.Name, err)
			}
			say(fmt.Sprintf("round %d of %d, %s: %s", round+1, rounds, contender.Name, sample))
			series[i].Name = contender.Name
			series[i].Samples = append(series[i].Samples, sample)
		}
	}
	return series, nil
}

// Median is the middle of values, or the mean of the two in the middle; zero
// if there is none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Ratio is the median of ours to theirs, round by round; false if there is
// nothing to divide by.
func Ratio(ours, theirs []float64) (float64, bool) {
	ratios := []float64{}
	for i := range min(len(ours), len(theirs)) {
		if ours[i] < 0 || theirs[i] <= 0 {
			return 0, false
		}
		ratios = append(ratios, ours[i]/theirs[i])
	}
	return Median(ratios), len(ratios) > 0
}
