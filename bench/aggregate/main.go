// Command aggregate measures what it costs to make a report of many
// repositories: shard summaries in, report.json and report.md out.
//
//	go run ./bench/aggregate
//
// It is P6: 100,000 censuses in under a minute and 512 MiB, at a cost that
// grows as they do. The censuses are synthetic: a dozen tallies each, a
// project for every two repositories, each shard summary as a survey leaves
// it. Summaries are made by one process and read by another, whose peak
// memory is what is told.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"

	"groma/bench"
	"groma/internal/artefact"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

// aim is the memory that a report of the largest size may take.
const aim = 512 << 20

// sizes are how many repositories the reports have.
var sizes = []int{1_000, 10_000, 100_000}

func main() {
	log.SetFlags(0)
	made := flag.Int("make", 0, "make so many censuses in the folder, and nothing else")
	aggregate := flag.Int("aggregate", 0, "aggregate so many censuses from the folder, and nothing else")
	folder := flag.String("folder", "", "where to keep what is made (default: a temporary folder)")
	language := flag.String("language", "Rust", "language of the reports; empty for all")
	vitals := flag.Bool("vitals", false, "give every repository vitals")
	flag.Parse()
	var err error
	switch {
	case *made > 0:
		err = makeAll(*folder, *made, *language, *vitals)
	case *aggregate > 0:
		err = aggregateOnce(*folder, *aggregate)
	default:
		err = measure(*folder, *language, *vitals)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func aggregateOnce(folder string, n int) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(aim * 7 / 8) // as the command does with --memory
	}
	store, err := artefact.NewFolder(folder)
	if err != nil {
		return err
	}
	_, _, err = survey.Aggregate(context.Background(), store, &gromav1.AggregateRequest{Survey: surveyID, Shards: int64((n + shardSize - 1) / shardSize)})
	return err
}

// measure measures every size and prints a table.
func measure(folder, language string, vitals bool) error {
	if folder == "" {
		made, err := os.MkdirTemp("", "aggregate-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		folder = made
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Printf("- machine: %s\n- load average: %s\n\n", bench.Machine(), bench.Load())
	fmt.Println("| repositories | wall | CPU | CPU a repository | peak memory | report.json | report.md |\n| --: | --: | --: | --: | --: | --: | --: |")
	for _, n := range sizes {
		at := filepath.Join(folder, strconv.Itoa(n))
		if err := measureOne(self, at, n, language, vitals); err != nil {
			return err
		}
		os.RemoveAll(at)
	}
	return nil
}

func measureOne(self, folder string, n int, language string, vitals bool) error {
	ctx := context.Background()
	if _, err := bench.Run(bench.Command(ctx, self, "-make", strconv.Itoa(n), "-folder", folder, "-language", language, "-vitals="+strconv.FormatBool(vitals))); err != nil {
		return err
	}
	sample, err := bench.Run(bench.Command(ctx, self, "-aggregate", strconv.Itoa(n), "-folder", folder))
	if err != nil {
		return err
	}
	each := 1e6 * sample.CPU.Seconds() / float64(n)
	fmt.Printf("| %d | %s | %s | %.0f µs | %s | %s | %s |\n", n, bench.Seconds(sample.Wall.Seconds()), bench.Seconds(sample.CPU.Seconds()), each,
		bench.Bytes(float64(sample.Memory)), size(folder, "report.json"), size(folder, "report.md"))
	return nil
}

func size(folder, name string) string {
	info, err := os.Stat(filepath.Join(folder, filepath.FromSlash(artefact.EditionKey(surveyID, artefact.FirstEdition, name))))
	if err != nil {
		return "none"
	}
	return bench.Bytes(float64(info.Size()))
}
