package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"groma/bench"
)

// settings is what the command is told.
type settings struct {
	list        string   // file
	mirrors     []string // FROM=TO
	workers     []int    // in the order to measure
	concurrency int      // of one worker
	groma       string   // program; built if empty
	script      string   // deploy/local/cluster
	portBase    int
	temp        string
	note        string
	logs        string // folder; empty for none
	write       string // document; empty for none
}

// mostWorkers is how many ports the script has for them.
const mostWorkers = 20

func parse(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.StringVar(&s.list, "list", "", "file with the addresses of repositories, one a line (needed)")
	flags.Func("mirror", "FROM=TO: take addresses that begin with FROM from TO; may be repeated", func(text string) error {
		s.mirrors = append(s.mirrors, text)
		return nil
	})
	workers := flags.String("workers", "1,2,8", "how many worker processes, one cluster for each")
	flags.IntVar(&s.concurrency, "concurrency", 2, "how many repositories a worker counts at once")
	flags.StringVar(&s.groma, "groma", "", "the groma to measure (default: built from the source in the working directory)")
	flags.StringVar(&s.script, "cluster", "deploy/local/cluster", "the script that starts a cluster")
	flags.IntVar(&s.portBase, "port-base", 20000, "first of the cluster's ports")
	flags.StringVar(&s.temp, "temp", os.TempDir(), "folder for the clusters' data")
	flags.StringVar(&s.note, "note", "", "what to say of the host and the repositories")
	flags.StringVar(&s.logs, "logs", "", "folder to keep the clusters' logs in (default: they are deleted)")
	flags.StringVar(&s.write, "write", "", "document to write the table into, between its markers")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q: want flags only", flags.Arg(0))
	}
	return s, s.complete(*workers)
}

func (s *settings) complete(workers string) error {
	if s.list == "" {
		return errors.New("-list is needed")
	}
	if s.concurrency < 1 {
		return errors.New("-concurrency: want at least 1")
	}
	for text := range strings.SplitSeq(workers, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > mostWorkers || slices.Contains(s.workers, n) {
			return fmt.Errorf("-workers %s: want numbers from 1 to %d, each once", workers, mostWorkers)
		}
		s.workers = append(s.workers, n)
	}
	return bench.Absolute(&s.list, &s.script, &s.groma)
}

// mirrorFlags are the mirrors, as groma is told them.
func (s *settings) mirrorFlags() []string {
	flags := []string{}
	for _, mirror := range s.mirrors {
		flags = append(flags, "--mirror="+mirror)
	}
	return flags
}
