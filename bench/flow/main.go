// Command flow measures what it costs to hand out many repositories: the real
// workflows on the embedded engine, and remotes that have nothing to say.
//
//	go run ./bench/flow -repositories 1000,10000
//
// Planning, shards, summaries and the report are the real ones, over a folder.
// Only a census is not: it answers at once that the repository has no commits,
// and tells its notice. What a census costs, and a report of repositories that
// have counts, is measured by bench/pass and bench/aggregate. Each size has a
// process of its own.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"groma/bench"
)

func main() {
	log.SetFlags(0)
	sizes := flag.String("repositories", "1000,10000", "how many repositories, separated by commas")
	one := flag.Int("one", 0, "survey so many in this process and print what it took as JSON, nothing else")
	concurrency := flag.Int("concurrency", 25, "how many censuses at once; the window is twice as much")
	document := flag.String("write", "", "write the figures into this document, too")
	note := flag.String("note", "", "what to say of the circumstances")
	flag.Parse()
	if err := run(*sizes, *one, *concurrency, *document, *note); err != nil {
		log.Fatal(err)
	}
}

func run(sizes string, one, concurrency int, document, note string) error {
	ctx := context.Background()
	if one > 0 {
		if os.Getenv("GOMEMLIMIT") == "" {
			debug.SetMemoryLimit(512 << 20) // as the command does with --memory
		}
		figures, err := surveyOnce(ctx, one, concurrency)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(figures)
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, heading, bench.Machine(), concurrency, bench.Load())
	if note != "" {
		fmt.Fprintf(&text, "- %s\n", note)
	}
	out := io.MultiWriter(os.Stdout, &text)
	fmt.Fprint(out, columns)
	for size := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n <= 0 {
			return fmt.Errorf("-repositories: %q is no number of repositories", size)
		}
		if err := measure(ctx, out, n, concurrency); err != nil {
			return err
		}
	}
	fmt.Fprintf(&text, limits, mostEvents, mostPending)
	if document == "" {
		return nil
	}
	return bench.WriteSection(document, "flow", "# Performance\n", text.String())
}

// measure surveys so many repositories in a process of its own.
func measure(ctx context.Context, out io.Writer, n, concurrency int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var said bytes.Buffer
	cmd := bench.Command(ctx, self, "-one", strconv.Itoa(n), "-concurrency", strconv.Itoa(concurrency))
	cmd.Stdout = &said
	sample, err := bench.Run(cmd)
	if err != nil {
		return err
	}
	var f figures
	if err := json.Unmarshal(said.Bytes(), &f); err != nil {
		return err
	}
	f.Memory = sample.Memory
	_, err = fmt.Fprintln(out, f.row())
	return err
}
