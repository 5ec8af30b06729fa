package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte("https://github.com/a/b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	script := "-cluster ../../deploy/local/cluster -list " + list
	s, err := parse(strings.Fields(script + " -mirror a=b -mirror c=d -workers 1,3"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"--mirror=a=b", "--mirror=c=d"}; !slices.Equal(s.mirrorFlags(), want) {
		t.Errorf("mirrors %q, want %q", s.mirrorFlags(), want)
	}
	if want := []int{1, 3}; !slices.Equal(s.workers, want) {
		t.Errorf("workers %v, want %v", s.workers, want)
	}
	for _, args := range []string{
		"", "-list /nowhere", script + " -workers 0", script + " -workers 1,1", script + " -workers 21",
		script + " -workers two", script + " -concurrency 0", script + " more",
	} {
		if s, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%q is read as %+v", args, s)
		}
	}
}

func TestParseStat(t *testing.T) {
	stat := "7 (a ) (b) S 1 7 7 0 -1 4194560 100 200 0 0 150 50 30 20 20 0 8 0 99 1 2"
	if got, err := parseStat(stat); got != 2500*time.Millisecond || err != nil {
		t.Errorf("%s, %v, want 2.5s", got, err)
	}
	for _, broken := range []string{"", "7", "7 (a) S 1 2", strings.Replace(stat, "150", "x", 1)} {
		if got, err := parseStat(broken); err == nil {
			t.Errorf("%q is read as %s", broken, got)
		}
	}
	if _, err := processorTime(os.Getpid()); err != nil {
		t.Skip(err) // not on Linux
	}
}

const notices = `{"planned":{"projects":1,"repositories":2}}
{"taken":{"key":"a","outcome":"counted","seconds":1}}
{"taken":{"key":"b","outcome":"failed","seconds":9}}
{"taken":{"key":"b","outcome":"counted","seconds":4}}
{"reported":{"outcomes":{"counted":2}}}
`

func TestEvents(t *testing.T) {
	e, err := parseEvents([]byte(notices))
	if err != nil || e.check() != nil || e.sum() != 5 || e.longest() != 4 {
		t.Errorf("events %+v, %v, %v", e, err, e.check())
	}
	for _, less := range []string{"", strings.Replace(notices, `{"counted":2}`, `{"counted":1,"reused":1}`, 1), strings.Replace(notices, `"a"`, `"b"`, 1)} {
		if e, err := parseEvents([]byte(less)); err == nil && e.check() == nil {
			t.Errorf("all are taken for counted in %s", less)
		}
	}
}

func TestVerdict(t *testing.T) {
	one := figures{workers: 1, slots: 2, wall: 60 * time.Second, events: events{repositories: 30, seconds: map[string]float64{"a": 70, "b": 40}}}
	eight, two := one, one
	eight.workers, eight.slots, eight.wall = 8, 16, 10*time.Second
	two.workers, two.wall = 2, 32*time.Second
	rows := []figures{one, two, eight}
	for _, test := range []struct {
		f    figures
		rows []figures
		want string
	}{{one, rows, ""}, {two, rows, "missed"}, {eight, rows, "met"}, {eight, rows[1:], ""}} {
		if _, got := test.f.verdict(test.rows); got != test.want {
			t.Errorf("%d workers: %q, want %q", test.f.workers, got, test.want)
		}
	}
	if one.ideal() != 70 || eight.ideal() != 70 {
		t.Errorf("ideally %v and %v, want the longest census", one.ideal(), eight.ideal())
	}
	if got := table(rows); !strings.Contains(got, "| 8 | 16 | 10.0 s | 6.00 | ≥ 6 | met | 3.00 |") {
		t.Error(got)
	}
}
