package gitwire

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"groma/internal/fault"
	"groma/internal/world/worldtest"
)

// commitAt adds a commit to a bare repository's main, with further parents.
func commitAt(t *testing.T, dir, when string, parents ...string) string {
	t.Helper()
	args := []string{"-C", dir, "-c", "user.name=a", "commit-tree", "-m", when, "main^{tree}"}
	for _, parent := range parents {
		args = append(args, "-p", parent)
	}
	t.Setenv("GIT_COMMITTER_DATE", when)
	t.Setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
	hash := git(t, args...)
	git(t, "-C", dir, "update-ref", "refs/heads/main", hash)
	return hash
}

const day = 24 * time.Hour

func TestAsOf(t *testing.T) { bothVersions(t, testAsOf) }

func testAsOf(t *testing.T, client newClient) {
	s := worldtest.Serve(t, history)
	dir := filepath.Join(s.Dir, "o/past.git")
	first := git(t, "-C", dir, "rev-parse", "main") // of world's epoch, 2 January 2024
	epoch := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	line := []string{first}
	for i := range 120 { // one a day
		line = append(line, commitAt(t, dir, epoch.Add(time.Duration(i+1)*day).Format(time.RFC3339), line[i]))
	}
	// A branch that was merged at the end: its commits are on no first parent.
	side := commitAt(t, dir, epoch.Add(119*day+time.Hour).Format(time.RFC3339), line[10])
	commitAt(t, dir, epoch.Add(121*day).Format(time.RFC3339), line[120], side)
	git(t, "-C", dir, "tag", "-a", "-m", "x", "v2", "main")
	for _, test := range []struct {
		asOf time.Time
		want string
	}{
		{epoch.Add(1000 * day), git(t, "-C", dir, "rev-parse", "main")},
		{epoch.Add(121 * day), line[120]},
		{epoch.Add(120*day + time.Second), line[120]},
		{epoch.Add(120 * day), line[119]},
		{epoch.Add(119*day + 2*time.Hour), line[119]},
		{epoch.Add(100*day + 1), line[100]},
		{epoch.Add(time.Second), first},
	} {
		for _, address := range []string{s.URL + "/o/past", dir} {
			for _, branch := range []string{"", "v2"} {
				c := client(t, Config{})
				r, err := c.Probe(t.Context(), Request{Address: address, AsOf: test.asOf, Branch: branch})
				if err != nil {
					t.Fatal(err)
				}
				if r.Head.Commit != test.want {
					t.Errorf("as of %v, %s is %s, want %s", test.asOf, branch, r.Head.Commit, test.want)
				}
				snapshot, err := r.Fetch(t.Context(), Limits{})
				if err != nil {
					t.Fatal(err)
				}
				if snapshot.Commit != test.want || !snapshot.CommittedAt.Before(test.asOf) {
					t.Errorf("it brings %s of %v, want %s before %v", snapshot.Commit, snapshot.CommittedAt, test.want, test.asOf)
				}
				snapshot.Close()
				r.Close()
			}
		}
	}
}

// Where clocks were wrong, the way back along first parents still ends at the
// first commit before the instant.
func TestAsOf_WrongClocks(t *testing.T) {
	s := worldtest.Serve(t, history)
	dir := filepath.Join(s.Dir, "o/past.git")
	at := git(t, "-C", dir, "rev-parse", "main")
	old := commitAt(t, dir, "2020-01-01T00:00:00Z", at)
	late := old
	for i := range 5 {
		late = commitAt(t, dir, fmt.Sprintf("2025-01-0%dT00:00:00Z", i+1), late)
	}
	older := commitAt(t, dir, "2019-01-01T00:00:00Z", old) // whose children are excluded with it
	commitAt(t, dir, "2026-01-01T00:00:00Z", late, older)
	for asOf, want := range map[string]string{
		"2024-06-01T00:00:00Z": old, "2025-01-05T00:00:00Z": late + "^", "2025-12-01T00:00:00Z": late, "2020-01-01T00:00:00Z": "",
	} {
		instant, err := time.Parse(time.RFC3339, asOf)
		if err != nil {
			t.Fatal(err)
		}
		r, err := client(t, Config{}).Probe(t.Context(), Request{Address: s.URL + "/o/past", AsOf: instant})
		if want == "" {
			if fault.KindOf(err) != fault.Empty || !strings.Contains(err.Error(), "before 2020-01-01T00:00:00Z") {
				t.Errorf("before all: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if want = git(t, "-C", dir, "rev-parse", want); r.Head.Commit != want {
			t.Errorf("as of %s it is %s, want %s", asOf, r.Head.Commit, want)
		}
		r.Close()
	}
}

// A shallow clone goes back as far as it has a history, and then says so.
func TestAsOf_Shallow(t *testing.T) { bothVersions(t, testAsOf_Shallow) }

func testAsOf_Shallow(t *testing.T, client newClient) {
	s, dir := lively(t)
	shallow := shallowClone(t, s, dir)
	for address, reason := range map[string]string{s.URL + "/o/lone": "shallow clone", shallow: "it is a shallow clone"} {
		c := client(t, Config{})
		r, err := c.Probe(t.Context(), Request{Address: address, AsOf: epochDay(98)})
		if err != nil {
			t.Fatal(err)
		}
		if want := git(t, "-C", dir, "rev-parse", "main~3"); r.Head.Commit != want {
			t.Errorf("as of day 98, it is %s, want %s", r.Head.Commit, want)
		}
		r.Close()
		_, err = c.Probe(t.Context(), Request{Address: address, AsOf: epochDay(40)})
		if fault.KindOf(err) != fault.Unsupported || !strings.Contains(err.Error(), reason) || !strings.Contains(err.Error(), "2024-02-11T03:04:05Z") {
			t.Errorf("as of day 40: %v", err)
		}
	}
}

func TestAsOf_Error(t *testing.T) {
	s := worldtest.Serve(t, history)
	plain := between(t, s, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.Method == "GET" {
			w.Header().Set("Content-Type", advertisement)
			fmt.Fprint(w, "000eversion 2\n000cls-refs\n0012fetch=shallow\n0000")
		}
		return r.Method == "GET"
	})
	early := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		request Request
		want    fault.Kind
	}{
		"before everything":  {Request{Address: s.URL + "/o/past", AsOf: early}, fault.Empty},
		"before 1970":        {Request{Address: s.URL + "/o/past", AsOf: time.Unix(-5, 0)}, fault.Empty},
		"with a commit":      {Request{Address: s.URL + "/o/past", AsOf: early, Commit: strings.Repeat("1", 40)}, fault.Invalid},
		"without filters":    {Request{Address: plain + "/o/past", AsOf: early}, fault.Unsupported},
		"without the branch": {Request{Address: s.URL + "/o/past", AsOf: early, Branch: "none"}, fault.NotFound},
	} {
		_, err := client(t, Config{}).Probe(t.Context(), test.request)
		if got := fault.KindOf(err); got != test.want || strings.Count(err.Error(), "127.0.0.1") != 1 {
			t.Errorf("%s: %v (%q), want %q", name, err, got, test.want)
		}
	}
}
