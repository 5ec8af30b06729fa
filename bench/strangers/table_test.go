package main

import (
	"strings"
	"testing"

	"groma/internal/stranger"
)

// TestLines: of a table, the rows that were measured anew are replaced, and the
// others stay, in the order of the corpus.
func TestLines(t *testing.T) {
	document, fresh, want := heading, map[string]string{}, 0
	seen := map[string]bool{}
	for i, c := range stranger.Corpus() {
		r := row{Name: rowOf(c), Count: 1 + i%2, Result: stranger.Result{Says: "a | b"}}
		if c.Heavy || seen[r.Name] {
			continue
		}
		seen[r.Name] = true
		want++
		document += r.line() + "\n"
		if i%3 == 0 {
			r.Result.Says = "anew"
			fresh[cell(r.Name)] = r.line()
		}
	}
	kept := keptIn(document)
	_, got := lines(kept, fresh, false)
	if n := strings.Count(got, "\n"); n != want || strings.Count(got, "| anew |") != len(fresh) {
		t.Errorf("%d rows, %d of them anew; want %d and %d", n, strings.Count(got, "| anew |"), want, len(fresh))
	}
	if _, again := lines(keptIn(heading+got), nil, false); again != got {
		t.Error("rows that are kept are not those that stood there")
	}
	if _, text := lines(kept, fresh, true); text != "" {
		t.Errorf("the other table has\n%s", text)
	}
}
