package workflows

import (
	"math/rand/v2"
	"slices"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

func targetsOf(keys ...string) []*gromav1.CensusTarget {
	targets := make([]*gromav1.CensusTarget, len(keys))
	for i, key := range keys {
		targets[i] = &gromav1.CensusTarget{Key: key}
	}
	return targets
}

func never(int) bool  { return false }
func always(int) bool { return true }

func TestQueue(t *testing.T) {
	for _, test := range []struct {
		name string
		keys []string
		slow func(int) bool
		want []int // as long as nothing ends
	}{
		{"one host", []string{"a/1", "a/2", "a/3"}, never, []int{0, 1, 2}},
		{"one slow host", []string{"a/1", "a/2", "a/3"}, always, []int{0, 1}},
		{"in turn", []string{"a/1", "a/2", "a/3", "b/1", "b/2"}, never, []int{0, 3, 1, 4}},
		{"one of two is slow", []string{"a/1", "a/2", "a/3", "b/1", "b/2"}, func(i int) bool { return i < 3 }, []int{0, 3, 1, 4}},
		{"a quarter each", []string{"a/1", "a/2", "a/3", "a/4", "b/1"}, never, []int{0, 4, 1}},
		{"all are slow", []string{"a/1", "a/2", "b/1", "b/2"}, always, []int{0, 2, 1, 3}},
		{"none", nil, never, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := newQueue(targetsOf(test.keys...))
			var got []int
			for h := q.next(8, test.slow); h != nil; h = q.next(8, test.slow) {
				got = append(got, q.take(h))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("hands out %v, want %v", got, test.want)
			}
			if rest := q.rest(); len(got)+len(rest) != len(test.keys) || q.waiting != 0 {
				t.Errorf("the rest is %v, and %d wait", rest, q.waiting)
			}
		})
	}
}

// FuzzQueue: whatever hosts there are, and whatever ends when, each repository is
// handed out once, and that host is next that has the fewest in flight.
func FuzzQueue(f *testing.F) {
	f.Add(uint64(1), uint8(20), uint8(3))
	f.Add(uint64(2), uint8(200), uint8(1))
	f.Fuzz(func(t *testing.T, seed uint64, repositories, hosts uint8) {
		random := rand.New(rand.NewPCG(seed, 0))
		keys := make([]string, repositories)
		for i := range keys {
			keys[i] = string(rune('a'+random.IntN(max(int(hosts), 1)))) + "/r"
		}
		q := newQueue(targetsOf(keys...))
		var running []int
		seen := map[int]bool{}
		for q.waiting > 0 || len(running) > 0 {
			if n := len(running); n > 0 && (random.IntN(2) == 0 || q.waiting == 0) {
				i := random.IntN(n)
				q.end(running[i])
				running = slices.Delete(running, i, i+1)
				continue
			}
			h := q.next(1000, never)
			for _, other := range q.hosts {
				if len(other.waiting) > 0 && len(other.running) < len(h.running) {
					t.Fatal("a host with fewer in flight waits")
				}
			}
			i := q.take(h)
			if seen[i] {
				t.Fatalf("%d is handed out twice", i)
			}
			seen[i] = true
			running = append(running, i)
		}
		if len(seen) != len(keys) {
			t.Fatalf("%d of %d are handed out", len(seen), len(keys))
		}
	})
}
