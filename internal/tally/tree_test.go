package tally

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

// A treeFile is one entry of a real tree with its content.
type treeFile struct {
	Entry
	content []byte
}

// readTree reads every file of a commit with git's own commands.
func readTree(t testing.TB, repository, commit string) []treeFile {
	t.Helper()
	list := git(t, repository, nil, "ls-tree", "-r", "-z", "--long", commit)
	var files []treeFile
	var ask bytes.Buffer
	for line := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		about, path, _ := strings.Cut(line, "\t")
		fields := strings.Fields(about)
		file := treeFile{Entry: Entry{Path: path, Blob: fields[2]}}
		switch fields[0] {
		case "160000":
			file.Mode = Gitlink
		case "120000":
			file.Mode = SymbolicLink
		case "100755":
			file.Mode = Executable
		}
		if file.Mode != Gitlink {
			fmt.Fprintln(&ask, file.Blob)
		}
		files = append(files, file)
	}
	answer := bufio.NewReader(bytes.NewReader(git(t, repository, &ask, "cat-file", "--batch")))
	for i := range files {
		if files[i].Mode != Gitlink {
			files[i].content = readBlob(t, answer)
			files[i].Size = int64(len(files[i].content))
		}
	}
	return files
}

// readBlob reads one answer of git cat-file --batch.
func readBlob(t testing.TB, r *bufio.Reader) []byte {
	t.Helper()
	line, err := r.ReadString('\n')
	fields := strings.Fields(line)
	if err != nil || len(fields) != 3 {
		t.Fatalf("git cat-file: %q, %v", line, err)
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, size+1)
	if _, err := io.ReadFull(r, content); err != nil {
		t.Fatal(err)
	}
	return content[:size]
}

func git(t testing.TB, dir string, stdin io.Reader, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stdin = stdin
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, stderr.Bytes())
	}
	return out
}

// countTree counts every file of a tree as a census does.
func countTree(files []treeFile) []*gromav1.FileCount {
	attributes := NewAttributes()
	for _, file := range files {
		if IsAttributes(file.Path) && file.Mode != SymbolicLink {
			attributes.Add(file.Path, file.content)
		}
	}
	counter := New(Options{})
	var counts []*gromav1.FileCount
	for _, file := range files {
		counts = append(counts, counter.Count(file.Entry, attributes.For(file.Path), file.content))
	}
	return counts
}

// outside is the path in an environment variable; without it the test is
// skipped, since what it needs does not ship with the project.
func outside(t testing.TB, variable, what string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Skipf("needs %s: set %s", what, variable)
	}
	return path
}

// An oracle is what other programs counted at a pinned commit.
type oracle struct {
	repository, commit, language                  string
	files, lines, code, comments, blanks, byteSum int64
}

func readOracles(t testing.TB) []oracle {
	t.Helper()
	f, err := os.Open(outside(t, "GROMA_TEST_ORACLES", "a table of counts taken by other programs"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = '\t'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var oracles []oracle
	for _, row := range rows[1:] {
		o := oracle{repository: row[0], commit: row[2], language: row[4]}
		for i, number := range []*int64{&o.files, &o.lines, &o.code, &o.comments, &o.blanks, &o.byteSum} {
			if *number, err = strconv.ParseInt(row[5+i], 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		oracles = append(oracles, o)
	}
	return oracles
}

// hostClasses is the classes whose sum is the files that are neither vendored
// nor documentation.
var hostClasses = map[string]bool{Source: true, Test: true, Generated: true}

func TestOracles(t *testing.T) {
	remotes := outside(t, "GROMA_TEST_REMOTES", "a folder of bare repositories, owner/name.git")
	for _, want := range readOracles(t) {
		t.Run(want.repository, func(t *testing.T) {
			got := oracle{repository: want.repository, commit: want.commit, language: want.language}
			for _, file := range countTree(readTree(t, filepath.Join(remotes, want.repository+".git"), want.commit)) {
				if file.Language == want.language && hostClasses[file.Class] {
					got.files++
					got.lines += file.Lines
					got.code += file.Code
					got.comments += file.Comments
					got.blanks += file.Blanks
					got.byteSum += file.Bytes
				}
			}
			if got != want {
				t.Errorf("%s:\n got %+v\nwant %+v", want.repository, got, want)
			}
		})
	}
}
