package main

import (
	"fmt"
	"strings"
	"time"

	"groma/bench"
)

// aims are how many times as fast as one worker so many are to be.
var aims = map[int]float64{2: 1.9, 8: 6}

// figures is what a survey with so many workers took.
type figures struct {
	workers, slots int
	wall           time.Duration
	used           usage
	events         events
}

func (f *figures) String() string {
	return fmt.Sprintf("wall %s; censuses %s in %d slots, ideally %s; CPU of workers %s, of servers %s", bench.Seconds(f.wall.Seconds()),
		bench.Seconds(f.events.sum()), f.slots, bench.Seconds(f.ideal()), bench.Seconds(f.used.workers.Seconds()), bench.Seconds(f.used.servers.Seconds()))
}

// ideal is the shortest wall there could be with these censuses: all slots busy
// from the start to the end, and no repository split.
func (f *figures) ideal() float64 {
	return max(f.events.sum()/float64(f.slots), f.events.longest())
}

// faster is how many times as fast as with one worker a survey was; false where
// one worker was not measured.
func (f *figures) faster(rows []figures) (float64, bool) {
	for _, one := range rows {
		if one.workers == 1 {
			return one.wall.Seconds() / f.wall.Seconds(), true
		}
	}
	return 0, false
}

// verdict says what is aimed at, and whether it is met.
func (f *figures) verdict(rows []figures) (aim, met string) {
	want, aimed := aims[f.workers]
	got, compared := f.faster(rows)
	if !aimed || !compared {
		return "", ""
	}
	if aim = fmt.Sprintf("≥ %g", want); got < want {
		return aim, "missed"
	}
	return aim, "met"
}

func table(rows []figures) string {
	var table strings.Builder
	line := func(cells ...string) { table.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line("workers", "slots", "wall", "times one worker", "aim", "", "repositories a second", "CPU of workers", "CPU of servers", "censuses", "ideal wall", "longest census", "begun again")
	line("--:", "--:", "--:", "--:", "---", "---", "--:", "--:", "--:", "--:", "--:", "--:", "--:")
	for _, f := range rows {
		times := ""
		if faster, ok := f.faster(rows); ok {
			times = fmt.Sprintf("%.2f", faster)
		}
		aim, met := f.verdict(rows)
		line(fmt.Sprint(f.workers), fmt.Sprint(f.slots), bench.Seconds(f.wall.Seconds()), times, aim, met,
			fmt.Sprintf("%.2f", float64(f.events.repositories)/f.wall.Seconds()),
			bench.Seconds(f.used.workers.Seconds()), bench.Seconds(f.used.servers.Seconds()),
			bench.Seconds(f.events.sum()), bench.Seconds(f.ideal()), bench.Seconds(f.events.longest()), fmt.Sprint(len(f.events.again)))
	}
	return table.String()
}

// chapter has room for the facts, the load, how many repositories, the table.
const chapter = `## P7: more workers

One survey through a cluster's server, with so many worker processes: how to
measure it is in ` + "`go doc ./bench/scale`" + `.

%s, after %s
- repositories: %d, all counted in each run; every report is that of one process
  without a cluster, byte for byte, ids, times and attempts apart

%s
The wall is that of the whole command, from its start to the report on disk. A
slot is a repository being counted. The ideal wall is what all censuses of the
run took, divided by its slots, but no less than the longest, since a repository
is one census. Servers are Temporal, NATS, S3 and ` + "`groma serve`" + `; their CPU is
user and system time during the survey. Begun again are censuses that were lost or
failed at first.
`
