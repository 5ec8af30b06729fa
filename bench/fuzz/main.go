// Command fuzz runs every fuzz target of this module for a time, at the lowest
// priority, and writes what came of it into a document.
//
//	go run ./bench/fuzz -minutes 10 -write docs/reliability.md
//	go run ./bench/fuzz -minutes 10 -write docs/reliability.md -continue   # those that it had no time for
//	go run ./bench/fuzz -minutes 0.5 -target 'packstream|FuzzMailmap'      # some, on the screen
//	go run ./bench/fuzz -list
//
// Targets are found in the sources; what one holds is the first sentence of its
// comment. An input that fails is kept by go test beside the target, and the
// others are run all the same; then the command ends with 1. After an interrupt
// what has been run is in the document.
package main

import (
	"context"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"time"

	"groma/bench"
)

// settings are what the flags say.
type settings struct {
	root     string // of the module
	minutes  float64
	parallel int
	minimize string
	write    string
	resume   bool
	target   *regexp.Regexp
}

func main() {
	s := settings{root: "."}
	flag.Float64Var(&s.minutes, "minutes", 1, "how long each target runs")
	flag.IntVar(&s.parallel, "parallel", 1, "how many processes try inputs at once")
	flag.StringVar(&s.minimize, "minimize", "10x", "tries, or time, to make an input smaller that is of interest; go test's own minute is all that most targets would do")
	flag.StringVar(&s.write, "write", "", "the document that the table is written into")
	flag.BoolVar(&s.resume, "continue", false, "leave out the targets that the document has with as many minutes")
	target := flag.String("target", "", "the targets alone whose folder and name this expression matches")
	list := flag.Bool("list", false, "print the targets, and run none")
	flag.Parse()
	bench.Main("fuzz", func(ctx context.Context, _ []string) (err error) {
		if s.target, err = regexp.Compile(*target); err != nil {
			return err
		}
		return s.run(ctx, *list)
	})
}

// run runs the chosen targets, one after the other.
func (s settings) run(ctx context.Context, list bool) error {
	all, err := targets(s.root)
	if err != nil {
		return err
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(t target) bool { return !s.chosen(t) })
	if len(chosen) == 0 {
		return fmt.Errorf("no target matches %q: -list prints them", s.target)
	}
	if list {
		for _, t := range chosen {
			fmt.Printf("%-28s %-18s %s\n", t.folder, t.name, t.holds)
		}
		return nil
	}
	d, err := s.open(all)
	if err != nil {
		return err
	}
	failed := 0
	for _, t := range chosen {
		if s.resume && d.minutes(t)+rounded >= s.minutes {
			continue
		}
		r, err := s.fuzz(ctx, t)
		if err != nil {
			return err
		}
		failed += len(r.failures)
		if err := d.put(t, r); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d inputs failed: they are seeds now, beside their targets", failed)
	}
	return nil
}

// chosen says whether a target is to be run.
func (s settings) chosen(t target) bool { return s.target.MatchString(t.folder + " " + t.name) }

// rounded is how much of its minutes a row may not say.
const rounded = 0.06

// time is how long a target runs.
func (s settings) time() time.Duration {
	return time.Duration(s.minutes * float64(time.Minute)).Round(time.Second / 10)
}
