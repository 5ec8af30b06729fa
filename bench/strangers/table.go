package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"groma/bench"
	"groma/internal/stranger"
)

// publish prints the rows, or writes them into a document: those that take a
// moment and those that take more are tables of their own. If not all cases
// were run, the table keeps its rows of the others.
func publish(rows []row, all, large bool, write string) error {
	fresh := map[string]string{}
	for _, r := range rows {
		fresh[cell(r.Name)] = r.line()
	}
	if write == "" {
		fmt.Print(table(lines(nil, fresh, large)))
		return nil
	}
	kept := map[string]string{}
	if !all {
		document, err := os.ReadFile(write)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		kept = keptIn(string(document))
	}
	section := "strangers"
	if large {
		section = "strangers, large"
	}
	return bench.WriteSection(write, section, "# Reliability\n", table(lines(kept, fresh, large)))
}

// keptIn are a document's rows of our tables, by the name of their case.
func keptIn(document string) map[string]string {
	kept := map[string]string{}
	for line := range strings.Lines(document) {
		line = strings.TrimSuffix(line, "\n")
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), " | ")
		if name, found := strings.CutPrefix(cells[0], "| "); found && len(cells) == columns {
			name = several.ReplaceAllString(strings.ReplaceAll(name, "\x00", `\|`), "")
			kept[name] = line
		}
	}
	return kept
}

// several is what a row's name ends in that stands for more inputs than one.
var several = regexp.MustCompile(` \(\d+ inputs\)$`)

// lines are the rows of a table, in the order of the corpus, and how many inputs
// they are of.
func lines(kept, fresh map[string]string, large bool) (inputs int, text string) {
	var b strings.Builder
	done := map[string]bool{}
	for _, c := range stranger.Corpus() {
		name := cell(rowOf(c))
		line, ok := fresh[name]
		if !ok {
			line, ok = kept[name]
		}
		if !ok || c.Heavy != large {
			continue
		}
		if inputs++; !done[name] {
			done[name] = true
			b.WriteString(line + "\n")
		}
	}
	return inputs, b.String()
}

// columns is how many cells a row has.
const columns = 6

const heading = "| input | outcome | what is said | heap | peak | time |\n| --- | --- | --- | --: | --: | --: |\n"

// table is rows below what was measured, and on what.
func table(inputs int, lines string) string {
	return fmt.Sprintf("%s: %d inputs, on %s, load %s. Each had a process of its own. *Heap* is how much it\ngrew, garbage and the server of the input included; *peak* is the whole process, which begins with some 95 MB.\n\n",
		time.Now().UTC().Format(time.DateOnly), inputs, bench.Machine(), bench.Load()) + heading + lines
}

// line is the row in Markdown.
func (r row) line() string {
	name := cell(r.Name)
	if r.Count > 1 {
		name = fmt.Sprintf("%s (%d inputs)", name, r.Count)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", name, r.Result.Outcome, cell(r.Result.Says),
		bench.Bytes(float64(r.Result.Memory)), bench.Bytes(float64(r.Peak)), bench.Seconds(r.Result.Time.Seconds()))
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
