package tally

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"groma/internal/goldentest"
)

// readText reads the files of a txtar archive.
func readText(t testing.TB, name string) []treeFile {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var files []treeFile
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "-- "); ok && strings.HasSuffix(path, " --") {
			files = append(files, treeFile{Entry: Entry{Path: strings.TrimSuffix(path, " --")}})
			continue
		}
		if len(files) > 0 {
			last := &files[len(files)-1]
			last.content = append(last.content, line...)
			last.Size = int64(len(last.content))
		}
	}
	return files
}

// TestTree shows what becomes of each file of a tree, and what they sum to.
func TestTree(t *testing.T) {
	files := readText(t, "testdata/tree.txtar")
	var sum Sum
	var packages Packages
	var out bytes.Buffer
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "path\tlanguage\tclass\tlines\tcode\tcomments\tblanks\tcomplexity\tbytes\tpackage")
	for i, file := range countTree(files) {
		ecosystem, _ := Package(file.Path, Overrides{}, files[i].content)
		sum.Add(file)
		packages.Add(file.Path, Overrides{}, files[i].content)
		if file.Skipped != "" {
			fmt.Fprintf(table, "%s\t-\t(%s)\t\t\t\t\t\t%d\n", file.Path, file.Skipped, file.Bytes)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", file.Path, file.Language, file.Class,
			file.Lines, file.Code, file.Comments, file.Blanks, file.Complexity, file.Bytes, ecosystem)
	}
	fmt.Fprintf(table, "\n%d files\n", sum.Files())
	for _, each := range sum.Tally() {
		fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", each.Files, each.Language, each.Class,
			each.Lines, each.Code, each.Comments, each.Blanks, each.Complexity, each.Bytes)
	}
	for _, each := range sum.Skipped() {
		fmt.Fprintf(table, "%d\t-\t(%s)\t\t\t\t\t\t%d\n", each.Files, each.Why, each.Bytes)
	}
	count := packages.Count()
	for _, ecosystem := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(table, "%d\tpackages\t%s\n", count[ecosystem], ecosystem)
	}
	table.Flush()
	goldentest.Check(t, "testdata/tree.golden", trimLines(out.Bytes()))
}

// trimLines takes the padding off the ends of lines, which editors do too.
func trimLines(text []byte) []byte {
	lines := bytes.Split(text, []byte{'\n'})
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " ")
	}
	return bytes.Join(lines, []byte{'\n'})
}
