package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"groma/bench"
)

// A surveyed list is what one survey of it was like.
type surveyed struct {
	begun  time.Time     // the command
	wall   time.Duration // of the command
	events events
	report []byte // without ids and times
}

// alone surveys in one process, with all that a cluster has embedded in it.
func (s *scale) alone(ctx context.Context) (*surveyed, error) {
	at := s.concurrency * slices.Max(s.workers)
	flags := append(s.mirrorFlags(), "--concurrency", strconv.Itoa(at), "--data", filepath.Join(s.folder, "data"))
	return s.survey(ctx, "alone", flags...)
}

// through surveys through the server of a cluster.
func (s *scale) through(ctx context.Context, c *bench.Cluster) (*surveyed, error) {
	return s.survey(ctx, filepath.Base(c.Data), "--server", c.Server)
}

// survey surveys the list and fails unless all of it was counted.
func (s *scale) survey(ctx context.Context, name string, flags ...string) (*surveyed, error) {
	out := filepath.Join(s.folder, "report-"+name)
	cmd := bench.Command(ctx, s.groma, append([]string{"survey", s.list, "--no-vitals", "--json", "--format", "facts", "--out", out}, flags...)...)
	var said bytes.Buffer
	cmd.Stdout = &said
	begun := time.Now()
	sample, err := bench.Run(cmd)
	if err != nil {
		return nil, err
	}
	got := &surveyed{begun: begun, wall: sample.Wall}
	if got.events, err = parseEvents(said.Bytes()); err != nil {
		return nil, err
	}
	if err := got.events.check(); err != nil {
		return nil, err
	}
	report, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		return nil, err
	}
	got.report, err = bench.Timeless(report)
	bench.Say("%s", got.phases())
	return got, err
}

// events is what the notices of a survey say.
type events struct {
	repositories             int64
	outcomes                 map[string]int64
	seconds                  map[string]float64 // of each repository's last census, by its key
	again                    []string           // keys of those whose census was begun more than once
	planned, taken, reported time.Time          // taken is the last census's end
}

// phases says when what was done, from the start of the command.
func (g *surveyed) phases() string {
	at := func(t time.Time) string { return bench.Seconds(t.Sub(g.begun).Seconds()) }
	return fmt.Sprintf("planned at %s, last census at %s, reported at %s, ended at %s; begun again: %q",
		at(g.events.planned), at(g.events.taken), at(g.events.reported), at(g.begun.Add(g.wall)), g.events.again)
}

// parseEvents reads what groma prints with --json: a notice a line.
func parseEvents(data []byte) (events, error) {
	e := events{seconds: map[string]float64{}}
	for line := range bytes.Lines(data) {
		var notice struct {
			At       time.Time
			Planned  *struct{ Repositories int64 }
			Reported *struct{ Outcomes map[string]int64 }
			Taken    *struct {
				Key      string
				Seconds  float64
				Attempts int64
			}
		}
		if err := json.Unmarshal(line, &notice); err != nil {
			return events{}, fmt.Errorf("what the survey prints: %w", err)
		}
		switch {
		case notice.Planned != nil:
			e.repositories, e.planned = notice.Planned.Repositories, notice.At
		case notice.Taken != nil:
			e.seconds[notice.Taken.Key], e.taken = notice.Taken.Seconds, notice.At
			if notice.Taken.Attempts > 1 && !slices.Contains(e.again, notice.Taken.Key) {
				e.again = append(e.again, notice.Taken.Key)
			}
		case notice.Reported != nil:
			e.outcomes, e.reported = notice.Reported.Outcomes, notice.At
		}
	}
	return e, nil
}

// check fails unless every repository was counted, and each in this survey.
func (e events) check() error {
	if e.repositories == 0 || e.outcomes["counted"] != e.repositories || int64(len(e.seconds)) != e.repositories {
		return fmt.Errorf("of %d repositories %d were told of; outcomes are %v, want all counted", e.repositories, len(e.seconds), e.outcomes)
	}
	return nil
}

// sum is what all censuses took, one after another, in seconds.
func (e events) sum() (sum float64) {
	for _, seconds := range e.seconds {
		sum += seconds
	}
	return sum
}

// longest is what the longest census took, in seconds.
func (e events) longest() float64 { return slices.Max(slices.Collect(maps.Values(e.seconds))) }
