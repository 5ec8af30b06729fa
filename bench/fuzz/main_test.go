package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTargets_Module: every fuzz target of this module is found, and says what
// holds.
func TestTargets_Module(t *testing.T) {
	found, err := targets("../..")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]bool{}
	for _, target := range found {
		if labels[target.label()] {
			t.Errorf("%s stands twice", target.label())
		}
		labels[target.label()] = true
	}
	for _, want := range []string{"`packstream` FuzzRead", "`gitwire` FuzzWeigh", "`workflows` FuzzQueue"} {
		if !labels[want] {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestTargets(t *testing.T) {
	root := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("package p\n\nimport \"testing\"\n\n"+text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("b/b_test.go", "// FuzzB: whatever comes, a.b | c\n// holds. So it is.\nfunc FuzzB(f *testing.F) {}\n\nfunc TestB(t *testing.T) {}\n")
	put("internal/a/a_test.go", "// What is read is read.\nfunc FuzzA(f *testing.F) {}\n")
	put("testdata/c_test.go", "func FuzzC(f *testing.F) {}\n")
	put("b/b.go", "func FuzzD(f *testing.F) {}\n")
	got, err := targets(root)
	want := []target{{"b", "FuzzB", "whatever comes, a.b | c holds"}, {"internal/a", "FuzzA", "What is read is read"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	put("b/e_test.go", "func FuzzE(f *testing.F) {}\n")
	if _, err := targets(root); err == nil || !strings.Contains(err.Error(), "b/FuzzE") {
		t.Errorf("without a comment: %v", err)
	}
}

const said = `fuzz: elapsed: 0s, gathering baseline coverage: 0/4 completed
fuzz: elapsed: 3s, execs: 509 (169/sec), new interesting: 1 (total: 5)
fuzz: elapsed: 1m30s, execs: 12609 (169/sec), new interesting: 12 (total: 16)
--- FAIL: FuzzB (1.01s)
    --- FAIL: FuzzB (0.00s)
        b_test.go:1: wrong
    
    Failing input written to testdata/fuzz/FuzzB/0a1b
    To re-run:
`

func TestRead(t *testing.T) {
	r := read([]byte(said), "b")
	if r.minutes != 1.5 || r.runs != 12609 || r.fresh != 12 || !slices.Equal(r.failures, []string{"b/testdata/fuzz/FuzzB/0a1b"}) {
		t.Errorf("got %+v", r)
	}
	if r := read([]byte("fuzz: elapsed: 22s, gathering baseline coverage: 210/422 completed\n"), "b"); r.minutes != 0 || len(r.failures) > 0 {
		t.Errorf("got %+v of one that tried what was known alone", r)
	}
	if r := read([]byte("failure while testing seed corpus entry: FuzzB/0a1b\n"), "b"); !slices.Equal(r.failures, []string{"b/testdata/fuzz/FuzzB/0a1b"}) {
		t.Errorf("got %+v of a seed that fails", r)
	}
}

// TestRecord: a run replaces the rows of its own targets, and -continue leaves
// out those that have had their time.
func TestRecord(t *testing.T) {
	all := []target{{"b", "FuzzB", "a | b"}, {"internal/a", "FuzzA", "c"}}
	s := settings{write: filepath.Join(t.TempDir(), "d.md"), minutes: 2, target: regexp.MustCompile(""), resume: true}
	d, err := s.open(all)
	if err != nil {
		t.Fatal(err)
	}
	for i, target := range all {
		if err := d.put(target, result{minutes: float64(i) + 1, runs: 1_234_567}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(s.write)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| `b` FuzzB | a \\| b | 1.0 | 1,234,567 | 0 | none |\n", "2 of 2 targets, 3.0 minutes, 2,469,134 runs"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the document has no %q:\n%s", want, text)
		}
	}
	d, err = s.open(all)
	if err != nil || d.minutes(all[0]) != 1 || d.minutes(all[1]) != 2 {
		t.Errorf("going on: %v and %v minutes, %v", d.minutes(all[0]), d.minutes(all[1]), err)
	}
	s.resume, s.target = false, regexp.MustCompile("FuzzA")
	d, err = s.open(all)
	if err != nil || d.minutes(all[0]) != 1 || d.minutes(all[1]) != 0 {
		t.Errorf("beginning FuzzA anew: %v and %v minutes, %v", d.minutes(all[0]), d.minutes(all[1]), err)
	}
}
