package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"groma/bench"
)

// settings is what the command is told.
type settings struct {
	host         string   // without a slash at its end
	liveHost     string   // the same; empty for none
	repository   string   // of P1 and P5
	repositories []string // of P2, P3 and P4; may be none
	remotes      string   // folder of OWNER/NAME.git, for P4; empty for none
	groma, scc   string   // programs; an empty groma is built
	counter      string   // bench/count; built if empty
	only         []string // screens
	pairs        int
	width        int    // of the loop
	temp         string // on a disk
	memory       string // in memory, for P5
	write        string // document; empty for none
}

func parse(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("pass", flag.ContinueOnError)
	flags.StringVar(&s.host, "host", "", "address of a git host; best one that answers from memory (needed)")
	flags.StringVar(&s.liveHost, "live-host", "", "address of a host that makes every pack anew: P1 is measured against it, too")
	flags.StringVar(&s.repository, "repository", "tikv/tikv", "the OWNER/NAME of P1 and P5")
	list := flags.String("repositories", "", "file with one OWNER/NAME or address a line: the landscape of P2, P3 and P4")
	flags.StringVar(&s.remotes, "remotes", "", "folder with those repositories as OWNER/NAME.git; P4 commits to clones of them that share their objects")
	flags.StringVar(&s.groma, "groma", "", "the groma to measure (default: built from the source in the working directory)")
	flags.StringVar(&s.counter, "counter", "", "the bench/count to measure (default: built, as groma)")
	flags.StringVar(&s.scc, "scc", "scc", "the scc to measure")
	only := flags.String("only", "", "screens, as in P1,P3 (default: all that the other flags allow)")
	flags.IntVar(&s.pairs, "pairs", 5, "how many rounds")
	flags.IntVar(&s.width, "width", 2, "how many repositories the loop clones and counts at once")
	flags.StringVar(&s.temp, "temp", os.TempDir(), "folder for clones and data, on a disk")
	flags.StringVar(&s.memory, "memory", "/dev/shm", "folder for the checkout of P5, in memory")
	flags.StringVar(&s.write, "write", "", "document to write the table into, between its markers")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q: want flags only", flags.Arg(0))
	}
	if err := s.complete(*list, *only); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *settings) complete(list, only string) error {
	s.host, s.liveHost = strings.TrimRight(s.host, "/"), strings.TrimRight(s.liveHost, "/")
	if s.host == "" {
		return errors.New("-host is needed")
	}
	if s.pairs < 1 || s.width < 1 {
		return errors.New("-pairs and -width: want at least 1")
	}
	repository, err := bench.ParseRepository(s.repository)
	if err != nil {
		return err
	}
	s.repository = repository
	if list != "" {
		data, err := os.ReadFile(list)
		if err != nil {
			return err
		}
		if s.repositories, err = bench.ParseList(data); err != nil {
			return fmt.Errorf("%s: %w", list, err)
		}
	}
	return s.choose(only)
}

// choose sets the screens to show: those asked for, or all that there is
// enough for.
func (s *settings) choose(only string) error {
	if only == "" {
		for _, screen := range screens {
			if screen.lacks(s) == "" {
				s.only = append(s.only, screen.name)
			}
		}
		return nil
	}
	for name := range strings.SplitSeq(only, ",") {
		name = strings.ToUpper(strings.TrimSpace(name))
		i := slices.IndexFunc(screens, func(screen screen) bool { return screen.name == name })
		if i < 0 {
			return fmt.Errorf("-only %s: want some of P1 to P5", name)
		}
		if lack := screens[i].lacks(s); lack != "" {
			return fmt.Errorf("%s needs %s", name, lack)
		}
		s.only = append(s.only, name)
	}
	return nil
}
