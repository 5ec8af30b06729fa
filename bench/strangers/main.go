// Command strangers gives every hostile input of internal/stranger to a process
// of its own, and says what came of it, how much memory it took and how long.
//
//	go run ./bench/strangers                                # all that take a moment
//	go run ./bench/strangers -large                         # the others
//	go run ./bench/strangers -case refs                     # those whose name has this in it
//	go run ./bench/strangers -write docs/reliability.md     # and writes the table there
//	go run ./bench/strangers -large -write docs/reliability.md     # into a table of its own
//	go run ./bench/strangers -serve                         # serves them, and prints a list to survey
//
// With -case and -write, the table's other rows stay. It fails if anything came
// that should not have.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"groma/bench"
	"groma/internal/stranger"
)

func main() {
	only := flag.String("case", "", "the cases alone whose name has this in it")
	one := flag.String("one", "", "run the case of this name here, and print what came of it as JSON")
	write := flag.String("write", "", "the document that the table is written into")
	large := flag.Bool("large", false, "run those that take more than a moment, and no others")
	serve := flag.Bool("serve", false, "serve the repositories until interrupted, and print their addresses")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch {
	case *serve:
		stranger.Serve(ctx, os.Stdout, *only)
	case *one != "":
		err = runHere(ctx, *one)
	default:
		err = runAll(ctx, *only, *large, *write)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "strangers:", err)
		os.Exit(1)
	}
}

// runHere runs the cases of one row in this process.
func runHere(ctx context.Context, name string) error {
	folder, err := os.MkdirTemp("", "strangers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	r := row{Name: name}
	for i, c := range stranger.Corpus() {
		if rowOf(c) != name {
			continue
		}
		own := filepath.Join(folder, strconv.Itoa(i))
		if err := os.Mkdir(own, 0o700); err != nil {
			return err
		}
		r.add(c.Run(ctx, own))
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// row is one line of the table: a case, or several that are the same but for a
// number.
type row struct {
	Name   string
	Count  int
	Result stranger.Result
	Peak   int64 // of the process
}

var numbered = regexp.MustCompile(`ends after \d+$`)

// rowOf is the row that a case belongs to.
func rowOf(c *stranger.Case) string {
	return numbered.ReplaceAllString(c.Name, "ends after each of its bytes")
}

// add takes what came of one more case into the row.
func (r *row) add(next stranger.Result) {
	if r.Count++; r.Count == 1 {
		r.Result = next
		return
	}
	r.Result.Memory, r.Result.Time = max(r.Result.Memory, next.Memory), max(r.Result.Time, next.Time)
	r.Result.Wrong = append(r.Result.Wrong, next.Wrong...)
	if r.Result.Says != next.Says {
		r.Result.Says = ""
	}
}

func runAll(ctx context.Context, only string, large bool, write string) error {
	var rows []row
	wrong := 0
	for _, c := range stranger.Corpus() {
		known := slices.ContainsFunc(rows, func(r row) bool { return r.Name == rowOf(c) })
		if known || !strings.Contains(c.Name, only) || c.Heavy != large {
			continue
		}
		r, err := runApart(ctx, rowOf(c))
		if err != nil {
			return err
		}
		for _, text := range r.Result.Wrong {
			wrong++
			fmt.Fprintf(os.Stderr, "%s: %s\n", r.Name, text)
		}
		fmt.Fprintf(os.Stderr, "%-80s %-11s %9s %8s\n", r.Name, r.Result.Outcome, bench.Bytes(float64(r.Result.Memory)), bench.Seconds(r.Result.Time.Seconds()))
		rows = append(rows, r)
	}
	if err := publish(rows, only == "", large, write); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d things are not as they should be", wrong)
	}
	return nil
}

// runApart runs the cases of one row in a process of its own.
func runApart(ctx context.Context, name string) (r row, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	var out strings.Builder
	cmd := bench.Command(ctx, self, "-one", name)
	cmd.Stdout = &out
	sample, err := bench.Run(cmd)
	if err != nil {
		return r, err
	}
	err = json.Unmarshal([]byte(out.String()), &r)
	r.Peak = sample.Memory
	return r, err
}
