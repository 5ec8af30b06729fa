package sheet

import (
	"bytes"
	"encoding/csv"
	"io"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"groma/internal/goldentest"
	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// sheets are all files made of a report, by name.
func sheets(t *testing.T, r *gromav1.Report) map[string][]byte {
	t.Helper()
	analyses := []*gromav1.Analysis{report.Analyse(r, report.Settings{Language: "Rust"}), report.Analyse(r, report.Settings{})}
	printed := map[string][]byte{}
	for name, print := range map[string]func(io.Writer) error{
		"repositories.csv": func(w io.Writer) error { return Repositories(w, r) },
		"languages.csv":    func(w io.Writer) error { return Languages(w, r) },
		"projects.csv":     func(w io.Writer) error { return Projects(w, r, analyses...) },
		"report.parquet":   func(w io.Writer) error { return Tallies(w, r) },
		"files.parquet":    func(w io.Writer) error { return Files(w, files(r)) },
	} {
		var out bytes.Buffer
		if err := print(&out); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		printed[name] = out.Bytes()
	}
	return printed
}

// files are made up so that they add up to the tallies of a report.
func files(r *gromav1.Report) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for _, row := range r.Repositories {
			for _, t := range row.Tally {
				f := &gromav1.FileCount{
					Path: t.Language + "/" + t.Class, Blob: row.Commit, Language: t.Language, Class: t.Class,
					Lines: t.Lines, Code: t.Code, Comments: t.Comments, Blanks: t.Blanks, Complexity: t.Complexity, Bytes: t.Bytes,
				}
				if !yield(File{Repository: row.Key, Commit: row.Commit, Method: row.Method, FileCount: f}, nil) {
					return
				}
			}
		}
	}
}

func TestGolden(t *testing.T) {
	for name, got := range sheets(t, reporttest.Fixture()) {
		if filepath.Ext(name) != ".csv" {
			continue
		}
		goldentest.Check(t, filepath.Join("testdata", name), got)
	}
}

// TestOrder: a report in another order gives the same bytes.
func TestOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		r := reporttest.Random(random)
		want := sheets(t, r)
		shuffled := proto.CloneOf(r)
		random.Shuffle(len(shuffled.Repositories), func(i, j int) {
			shuffled.Repositories[i], shuffled.Repositories[j] = shuffled.Repositories[j], shuffled.Repositories[i]
		})
		random.Shuffle(len(shuffled.Projects), func(i, j int) {
			shuffled.Projects[i], shuffled.Projects[j] = shuffled.Projects[j], shuffled.Projects[i]
		})
		got := sheets(t, shuffled)
		for name := range want {
			if name != "files.parquet" && !bytes.Equal(got[name], want[name]) { // its order is the caller's
				t.Errorf("%s depends on the order of the report", name)
			}
		}
	}
}

// TestProjects_EveryProjectOnceALanguage: whatever the report, each project
// has one row for each analysis.
func TestProjects_EveryProjectOnceALanguage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r := reporttest.Random(random)
		rows := parse(t, sheets(t, r)["projects.csv"])
		seen := map[[2]string]bool{}
		for _, row := range rows {
			seen[[2]string{row["language"], row["slug"]}] = true
		}
		if len(rows) != 2*len(r.Projects) || len(seen) != len(rows) {
			t.Errorf("%d rows, %d different, want 2 for each of %d projects", len(rows), len(seen), len(r.Projects))
		}
	}
}

// TestHostile: what strangers write stays in its cell and begins no formula,
// in whichever spreadsheet.
func TestHostile(t *testing.T) {
	r := reporttest.Fixture()
	const attack = "=HYPERLINK(\"http://x\")\n\"\r\n;\t=1+1;\" @SUM(1)\x00\u202e,+2"
	for _, row := range r.Repositories {
		row.Reason, row.Branch, row.Address, row.Aliases = attack, attack, attack, []string{attack}
	}
	for _, p := range r.Projects {
		p.Name, p.Homepage, p.Category = attack, "\t"+attack, "＝1"
	}
	printed := sheets(t, r)
	for _, name := range []string{"repositories.csv", "projects.csv"} {
		if lines, rows := bytes.Count(printed[name], []byte("\n")), len(parse(t, printed[name])); lines != rows+1 {
			t.Errorf("%s: %d lines for %d rows and a head", name, lines, rows)
		}
		for _, comma := range []rune{',', ';'} {
			checkCells(t, name, printed[name], comma)
		}
	}
}

func checkCells(t *testing.T, name string, data []byte, comma rune) {
	lines := csv.NewReader(bytes.NewReader(data))
	lines.Comma, lines.LazyQuotes, lines.FieldsPerRecord = comma, true, -1
	records, err := lines.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		for _, cell := range record {
			if cell = strings.TrimLeft(cell, " \""); cell != "" && strings.ContainsRune("=+-@\t\r", []rune(cell)[0]) {
				t.Errorf("%s, split at %q: the cell %q is a formula", name, comma, cell)
			}
		}
	}
}

// FuzzGuard: whatever strangers write, a cell is one line of text, not too long,
// that begins no formula, not where a spreadsheet splits it at semicolons either.
func FuzzGuard(f *testing.F) {
	for _, text := range []string{"", "a", "=1", " =1", "a;=1", "a;\" -1", "\t@x", "－1", "-", "'=1", "\xff=1", strings.Repeat("=", longestCell)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := guard(text)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\t\x00") || len(got) > longestCell+8 {
			t.Errorf("guard(%q) = %q: not one line of text", text, got)
		}
		for _, cell := range strings.Split(got, ";") {
			if cell = strings.TrimLeft(cell, " \"\u00a0"); cell != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(cell)[0]) {
				t.Errorf("guard(%q) = %q begins a formula", text, got)
			}
		}
	})
}

// FuzzTables: whatever strangers write, a whole table has the rows and columns
// that it has for harmless words, no formula, and nothing that drives a terminal.
func FuzzTables(f *testing.F) {
	for _, text := range []string{"=1", "a;=1", "\"\n=1,2", "\t@x", "－1", "'=1", "\xff=1", "\x1b[2J", "\u202e", "a\r\nb", ",", "\\"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := reporttest.Bare()
		for _, row := range r.Repositories {
			row.Reason, row.Branch, row.Address, row.Aliases = text, text, text, []string{text}
		}
		for _, p := range r.Projects {
			p.Name, p.Homepage, p.Category = text, text, text
		}
		var out bytes.Buffer
		if err := Repositories(&out, r); err != nil {
			t.Fatal(err)
		}
		if rows := len(parse(t, out.Bytes())); rows != len(r.Repositories) || bytes.Count(out.Bytes(), []byte("\n")) != rows+1 {
			t.Errorf("%q makes %d rows of %d, in %d lines", text, rows, len(r.Repositories), bytes.Count(out.Bytes(), []byte("\n")))
		}
		for _, c := range out.String() {
			if c != '\n' && !unicode.IsPrint(c) && c != '\u00a0' {
				t.Errorf("%q prints %U", text, c)
			}
		}
		for _, comma := range []rune{',', ';'} {
			checkCells(t, "repositories.csv", out.Bytes(), comma)
		}
	})
}

// parse reads a CSV file as spreadsheets do: rows by the names of the head.
func parse(t *testing.T, data []byte) (rows []map[string]string) {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, cell := range record {
			row[records[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}
