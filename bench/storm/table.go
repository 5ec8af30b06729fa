package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"groma/bench"
)

// An outcome is what became of a survey that met a fault. There is none unless
// its report was the undisturbed one, and nothing that was kept was asked for
// again; so of what was lost there is nothing to tell.
type outcome struct {
	scenario string
	fault    string
	times    string // how often
	again    string // what was counted again, and why
	wall     time.Duration
	calm     time.Duration // undisturbed; zero where there is nothing to compare
}

func (o outcome) row() string {
	wall := bench.Seconds(o.wall.Seconds())
	if o.calm > 0 {
		wall += fmt.Sprintf(" (undisturbed %s)", bench.Seconds(o.calm.Seconds()))
	}
	return "| " + strings.Join([]string{o.scenario, o.fault, o.times, "nothing", o.again, wall}, " | ") + " |"
}

const heading = `| scenario | fault | how often | lost | counted again | wall |
| --- | --- | --- | --- | --- | --: |
`

// chapter has room for the facts, how many repositories, and the table.
const chapter = `%s- repositories: %d real ones; undisturbed all are counted

%s%s`

// writeRows puts the rows of a scenario into the document, in place of those
// that it has.
func (s *storm) writeRows(name string, outcomes []outcome) error {
	document, err := os.ReadFile(s.write)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := []string{}
	for _, o := range outcomes {
		fresh = append(fresh, o.row())
	}
	facts := fmt.Sprintf("- measured: %s\n- machine: %s\n", time.Now().UTC().Format("2 January 2006, 15:04 MST"), bench.Machine())
	if s.note != "" {
		facts += "- " + s.note + "\n"
	}
	text := fmt.Sprintf(chapter, facts, len(s.names), heading, merge(string(document), name, fresh))
	return bench.WriteSection(s.write, "storm", "# Reliability\n", text)
}

// merge is a table's rows: the fresh ones of one scenario, those of all others
// as they stand in a document, in the order of scenarios.
func merge(document, name string, fresh []string) string {
	var rows strings.Builder
	for _, scenario := range scenarios {
		if scenario.name == name {
			for _, row := range fresh {
				rows.WriteString(row + "\n")
			}
			continue
		}
		for line := range strings.Lines(document) {
			if strings.HasPrefix(line, "| "+scenario.name+" | ") {
				rows.WriteString(line)
			}
		}
	}
	return rows.String()
}
