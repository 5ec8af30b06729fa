// Command strangers gives every hostile input of internal/stranger to a process
// of its own, and says what came of it, how much memory it took and how long.
//
//	go run ./bench/strangers                                # all of them
//	go run ./bench/strangers -case refs                     # those whose name has this in it
//	go run ./bench/strangers -write docs/reliability.md     # and writes the table there
//	go run ./bench/strangers -serve                         # serves them, and prints a list to survey
//
// It fails if anything came that should not have.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"time"

	"groma/bench"
	"groma/internal/stranger"
)

func main() {
	only := flag.String("case", "", "the cases alone whose name has this in it")
	one := flag.String("one", "", "run the case of this name here, and print what came of it as JSON")
	write := flag.String("write", "", "the document that the table is written into")
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
		err = runAll(ctx, *only, *write)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "strangers:", err)
		os.Exit(1)
	}
}

// runHere runs one case in this process.
func runHere(ctx context.Context, name string) error {
	for _, c := range stranger.Corpus() {
		if c.Name != name {
			continue
		}
		folder, err := os.MkdirTemp("", "strangers-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		return json.NewEncoder(os.Stdout).Encode(c.Run(ctx, folder))
	}
	return fmt.Errorf("no case is called %q", name)
}

// row is one line of the table: a case, or several that are the same but for a
// number.
type row struct {
	name   string
	count  int
	result stranger.Result
	peak   int64 // of the process
}

func runAll(ctx context.Context, only, write string) error {
	var rows []*row
	wrong := 0
	for _, c := range stranger.Corpus() {
		if !strings.Contains(c.Name, only) {
			continue
		}
		r, peak, err := runApart(ctx, c.Name)
		if err != nil {
			return err
		}
		for _, text := range r.Wrong {
			wrong++
			fmt.Fprintf(os.Stderr, "%s: %s\n", c.Name, text)
		}
		fmt.Fprintf(os.Stderr, "%-80s %-11s %9s %8s\n", c.Name, r.Outcome, bench.Bytes(float64(r.Memory)), bench.Seconds(r.Time.Seconds()))
		rows = add(rows, c.Name, r, peak)
	}
	text := table(rows)
	if write == "" {
		fmt.Print(text)
	} else if err := bench.WriteSection(write, "strangers", "", text); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d things are not as they should be", wrong)
	}
	return nil
}

// runApart runs one case in a process of its own.
func runApart(ctx context.Context, name string) (r stranger.Result, peak int64, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, 0, err
	}
	var out strings.Builder
	cmd := bench.Command(ctx, self, "-one", name)
	cmd.Stdout = &out
	sample, err := bench.Run(cmd)
	if err != nil {
		return r, 0, err
	}
	return r, sample.Memory, json.Unmarshal([]byte(out.String()), &r)
}

var numbered = regexp.MustCompile(`ends after \d+$`)

// add appends a row, or takes it together with the one before.
func add(rows []*row, name string, r stranger.Result, peak int64) []*row {
	name = numbered.ReplaceAllString(name, "ends after each of its bytes")
	if last := len(rows) - 1; last < 0 || rows[last].name != name {
		return append(rows, &row{name, 1, r, peak})
	}
	last := rows[len(rows)-1]
	last.count++
	last.result.Memory, last.result.Time = max(last.result.Memory, r.Memory), max(last.result.Time, r.Time)
	last.peak = max(last.peak, peak)
	if last.result.Says != r.Says {
		last.result.Says = ""
	}
	return rows
}

func table(rows []*row) string {
	cases := 0
	for _, r := range rows {
		cases += r.count
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d inputs, on %s, load %s. Each had a process of its own. *Heap* is how much it\ngrew, garbage and the server of the input included; *peak* is the whole process, which begins with some 95 MB.\n\n",
		time.Now().UTC().Format(time.DateOnly), cases, bench.Machine(), bench.Load())
	b.WriteString("| input | outcome | what is said | heap | peak | time |\n|---|---|---|--:|--:|--:|\n")
	for _, r := range rows {
		name := r.name
		if r.count > 1 {
			name = fmt.Sprintf("%s (%d inputs)", name, r.count)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", cell(name), r.result.Outcome, cell(r.result.Says),
			bench.Bytes(float64(r.result.Memory)), bench.Bytes(float64(r.peak)), bench.Seconds(r.result.Time.Seconds()))
	}
	return b.String()
}

// cell is a text within a table of Markdown.
func cell(text string) string {
	text = temporary.ReplaceAllString(text, "")
	if line, _, more := strings.Cut(text, "\n"); more {
		text = line + " …"
	}
	if len(text) > 110 {
		text = strings.ToValidUTF8(text[:110], "") + "…"
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "[", `\[`, "_", `\_`).Replace(text)
}

// temporary is the folder of a case, which is another each time.
var temporary = regexp.MustCompile(`/\S*/strangers-\d+/`)
