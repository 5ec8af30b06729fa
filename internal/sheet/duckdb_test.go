package sheet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"groma/internal/canonical"
	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// TestDuckDB: DuckDB opens every sheet as it is, and its sums are
// report.json's. GROMA_TEST_SHEETS may name a folder with all of them and
// report.json to use instead of ones made up: groma report writes one with
// --format csv,parquet,files,facts --language Rust.
func TestDuckDB(t *testing.T) {
	ask := duckDB(t)
	folder := os.Getenv("GROMA_TEST_SHEETS")
	if folder == "" {
		folder = t.TempDir()
		writeSheets(t, folder)
	}
	r := reporttest.Read(t, filepath.Join(folder, "report.json"))
	bySums := "sum(files), sum(lines), sum(code), sum(comments), sum(blanks), sum(bytes)"
	checks := []struct {
		name, query string
		want        []string
	}{
		{"languages in Parquet", "select language, class, " + bySums + " from 'report.parquet' where language is not null group by all order by all", languageSums(r)},
		{"languages in CSV", "select language, class, " + bySums + " from 'languages.csv' group by all order by all", languageSums(r)},
		{"languages of files", "select language, class, count(*), sum(lines), sum(code), sum(comments), sum(blanks), sum(bytes) from 'files.parquet' where language is not null group by all order by all", languageSums(r)},
		{"trees of files", "select repository, count(*) from 'files.parquet' group by all order by all", treeSums(r)},
		{"outcomes in Parquet", "select outcome, count(distinct repository) from 'report.parquet' group by all order by all", outcomeSums(r)},
		{"outcomes in CSV", "select outcome, count(*) from 'repositories.csv' group by all order by all", outcomeSums(r)},
		{"trees in Parquet", "select repository, sum(files) from 'report.parquet' group by all having sum(files) > 0 order by all", treeSums(r)},
		{"trees in CSV", "select key, tree_files from 'repositories.csv' where tree_files > 0 order by all", treeSums(r)},
		{"commits", "select repository, any_value(commit), epoch(any_value(committed_at))::bigint from 'report.parquet' where commit is not null and committed_at is not null group by all order by all", commits(r)},
		{"commits in CSV", "select key, commit, epoch(committed_at)::bigint from 'repositories.csv' where commit is not null and committed_at is not null order by all", commits(r)},
		{"Rust by project", "select slug, code from 'projects.csv' where language = 'Rust' and code > 0 order by all", projectCode(r)},
		{"a repository's projects", "select count(*) from 'report.parquet' where projects is null", []string{"0"}},
	}
	queries := make([]string, len(checks))
	for i, check := range checks {
		queries[i] = check.query
	}
	for i, got := range ask(folder, queries) {
		if !slices.Equal(got, checks[i].want) {
			t.Errorf("%s:\n got %v\nwant %v", checks[i].name, got, checks[i].want)
		}
	}
}

// duckDB returns what answers queries within a folder: for each its rows, with
// their cells after each other. The test is skipped where DuckDB is not there.
func duckDB(t *testing.T) func(folder string, queries []string) [][]string {
	t.Helper()
	tools, err := filepath.Abs("../../tools/duckdb")
	if err != nil {
		t.Fatal(err)
	}
	installed := os.Getenv("GROMA_TEST_DUCKDB")
	if installed == "" {
		t.Skip("GROMA_TEST_DUCKDB names no folder where tools/duckdb/package.json is installed (npm ci)")
	}
	return func(folder string, queries []string) (answers [][]string) {
		asked, err := json.Marshal(queries)
		if err != nil {
			t.Fatal(err)
		}
		node := exec.CommandContext(t.Context(), "node", filepath.Join(tools, "query.mjs"), installed)
		node.Dir, node.Stdin = folder, bytes.NewReader(asked)
		out, err := node.Output()
		if failed, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%v: %s", err, failed.Stderr)
		}
		if err != nil {
			t.Fatal(err)
		}
		var rows [][][]any
		if err := json.Unmarshal(out, &rows); err != nil {
			t.Fatal(err)
		}
		for _, answer := range rows {
			printed := []string{}
			for _, row := range answer {
				printed = append(printed, strings.Trim(fmt.Sprintln(row...), "\n"))
			}
			answers = append(answers, printed)
		}
		return answers
	}
}

// writeSheets writes a report made up and all of its sheets.
func writeSheets(t *testing.T, folder string) {
	t.Helper()
	r := fixtureWithSkipped()
	printed := sheets(t, r)
	var files bytes.Buffer
	if err := Files(&files, allFiles(r)); err != nil {
		t.Fatal(err)
	}
	facts, err := canonical.MarshalIndent(r)
	if err != nil {
		t.Fatal(err)
	}
	printed["files.parquet"], printed["report.json"] = files.Bytes(), facts
	for name, data := range printed {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// allFiles are made up so that they add up to the trees of a report: the first
// of a tally has all of its lines.
func allFiles(r *gromav1.Report) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for f := range files(r) {
			more := &gromav1.FileCount{Path: f.Path, Language: f.Language, Class: f.Class}
			for range filesIn(r, f) - 1 {
				if !yield(File{Repository: f.Repository, Commit: f.Commit, Method: f.Method, FileCount: more}, nil) {
					return
				}
			}
			if !yield(f, nil) {
				return
			}
		}
		for _, row := range r.Repositories {
			for _, s := range row.Skipped {
				for i := range s.Files {
					f := &gromav1.FileCount{Path: fmt.Sprint("skipped/", i), Skipped: s.Why}
					if !yield(File{Repository: row.Key, Commit: row.Commit, Method: row.Method, FileCount: f}, nil) {
						return
					}
				}
			}
		}
	}
}

// filesIn is how many files the tally has that a file was made of.
func filesIn(r *gromav1.Report, f File) int64 {
	for _, row := range r.Repositories {
		for _, t := range row.Tally {
			if row.Key == f.Repository && t.Language == f.Language && t.Class == f.Class {
				return t.Files
			}
		}
	}
	return 0
}

func fixtureWithSkipped() *gromav1.Report {
	r := reporttest.Fixture()
	for i, row := range r.Repositories {
		if report.HasCount(row) {
			row.Skipped = []*gromav1.Skipped{{Why: "binary", Files: int64(i) + 1, Bytes: 1 << 33}}
			row.Files += int64(i) + 1
		}
	}
	return r
}

// languageSums adds up a report's tallies, in the words of DuckDB's answer.
func languageSums(r *gromav1.Report) []string {
	sums := map[string][6]int64{}
	for _, row := range r.Repositories {
		for _, t := range row.Tally {
			s := sums[t.Language+"\x00"+t.Class]
			for i, n := range []int64{t.Files, t.Lines, t.Code, t.Comments, t.Blanks, t.Bytes} {
				s[i] += n
			}
			sums[t.Language+"\x00"+t.Class] = s
		}
	}
	var printed []string
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		line := strings.ReplaceAll(key, "\x00", " ")
		for _, n := range sums[key] {
			line += " " + strconv.FormatInt(n, 10)
		}
		printed = append(printed, line)
	}
	return printed
}

func outcomeSums(r *gromav1.Report) (printed []string) {
	for _, outcome := range slices.Sorted(maps.Keys(r.Totals.Outcomes)) {
		printed = append(printed, fmt.Sprint(outcome, " ", r.Totals.Outcomes[outcome]))
	}
	return printed
}

func treeSums(r *gromav1.Report) (printed []string) {
	for _, row := range byKey(r) {
		if row.Files > 0 {
			printed = append(printed, fmt.Sprint(row.Key, " ", row.Files))
		}
	}
	return printed
}

func commits(r *gromav1.Report) (printed []string) {
	for _, row := range byKey(r) {
		if row.Commit != "" && row.CommittedAt != nil {
			printed = append(printed, fmt.Sprint(row.Key, " ", row.Commit, " ", row.CommittedAt.Seconds))
		}
	}
	return printed
}

func projectCode(r *gromav1.Report) (printed []string) {
	a := report.Analyse(r, report.Settings{Language: "Rust"})
	for _, p := range a.Projects {
		if p.Figures.Code > 0 {
			printed = append(printed, fmt.Sprint(p.Project.Slug, " ", p.Figures.Code))
		}
	}
	for _, p := range a.Others {
		if p.Figures.Code > 0 {
			printed = append(printed, fmt.Sprint(p.Slug, " ", p.Figures.Code))
		}
	}
	slices.Sort(printed)
	return printed
}
