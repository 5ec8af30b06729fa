package main

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"groma/bench"
)

// settings is what the command is told.
type settings struct {
	list    string   // file
	from    string   // beginning of the list's addresses
	to      *url.URL // where they are taken from
	only    []string // names of scenarios; none means all
	made    int      // repositories to make and serve instead
	short   bool
	kills   int           // of scenario killed
	longest time.Duration // life in it
	measure
	latency  time.Duration
	seed     uint64
	groma    string // program; built if empty
	script   string // deploy/local/cluster
	portBase int
	temp     string
	note     string
	write    string // document; empty for none
}

// A measure is how much of each fault there is.
type measure struct {
	workers, lives, queue, restarts int           // kills of workers, of a server in two ways, of a cluster's servers
	away, full                      time.Duration // how long those servers are away, and a disk is full
}

var (
	whole = measure{workers: 6, lives: 3, queue: 4, restarts: 2, away: 5 * time.Second, full: 20 * time.Second}
	// brief is for every day: each fault is there, and no longer than it takes.
	brief = measure{workers: 2, lives: 1, queue: 1, restarts: 1, away: 2 * time.Second, full: 5 * time.Second}
)

func parse(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("storm", flag.ContinueOnError)
	flags.StringVar(&s.list, "list", "", "file with the addresses of repositories, one a line")
	mirror := flags.String("mirror", "", "FROM=TO: take addresses that begin with FROM from TO, which is http")
	flags.IntVar(&s.made, "made", 0, "instead of -list and -mirror: make so many repositories, and serve them")
	flags.BoolVar(&s.short, "short", false, "less of each fault, as for every day")
	only := flags.String("only", "", "scenarios to run, with commas between them (default: all)")
	flags.IntVar(&s.kills, "kills", 50, "how many times scenario killed kills, unless the survey ends before")
	flags.DurationVar(&s.longest, "longest", 8*time.Second, "how long a life lasts at most in scenario killed, after its first sign")
	flags.DurationVar(&s.latency, "latency", 100*time.Millisecond, "how long the host waits before each answer")
	flags.Uint64Var(&s.seed, "seed", 1, "of all that is random")
	flags.StringVar(&s.groma, "groma", "", "the groma to test (default: built from the source in the working directory)")
	flags.StringVar(&s.script, "cluster", "deploy/local/cluster", "the script that starts a cluster")
	flags.IntVar(&s.portBase, "port-base", 21000, "first of the clusters' ports; the server's of its own is the last of 50")
	flags.StringVar(&s.temp, "temp", os.TempDir(), "folder for the data")
	flags.StringVar(&s.note, "note", "", "what to say of the host and the repositories")
	flags.StringVar(&s.write, "write", "", "document to write the table into, between its markers")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q: want flags only", flags.Arg(0))
	}
	return s, s.complete(*mirror, *only)
}

func (s *settings) complete(mirror, only string) (err error) {
	if s.made > 0 && s.list == "" && mirror == "" {
		return s.completeRest(only)
	}
	from, to, ok := strings.Cut(mirror, "=")
	if s.made != 0 || s.list == "" || !ok {
		return errors.New("want -list and -mirror FROM=TO, or -made and a number")
	}
	if s.to, err = url.Parse(strings.TrimSuffix(to, "/")); err != nil || s.to.Scheme != "http" || s.to.Host == "" {
		return fmt.Errorf("-mirror %s: want TO to be an http address", mirror)
	}
	s.from = strings.TrimSuffix(from, "/") + "/"
	return s.completeRest(only)
}

func (s *settings) completeRest(only string) error {
	s.measure = whole
	if s.short {
		s.measure = brief
	}
	if s.kills < 1 || s.longest <= shortest {
		return fmt.Errorf("-kills %d, -longest %s: want at least 1, and more than %s", s.kills, s.longest, shortest)
	}
	for name := range strings.SplitSeq(only, ",") {
		if name == "" {
			continue
		}
		if !slices.ContainsFunc(scenarios, func(sc scenario) bool { return sc.name == name }) {
			return fmt.Errorf("-only %s: there is no such scenario", name)
		}
		s.only = append(s.only, name)
	}
	return bench.Absolute(&s.list, &s.script, &s.groma)
}
