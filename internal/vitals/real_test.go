package vitals_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"groma/internal/gitwire"
	"groma/internal/vitals"
	"groma/internal/world"
	gromav1 "groma/proto/groma/v1"
)

// TestReal compares vitals with what git log, rev-list and for-each-ref say of
// the same repositories: all that are OWNER/NAME.git in the folder that
// GROMA_TEST_REMOTES names and are not shallow, asked by protocol v2 over http
// and by v0 as local paths. The windows are the last commit's year to date and
// the year before. It prints what travelled.
func TestReal(t *testing.T) {
	dir := os.Getenv("GROMA_TEST_REMOTES")
	if dir == "" {
		t.Skip("GROMA_TEST_REMOTES names no folder")
	}
	names := repositories(t, dir)
	text := ""
	for _, name := range names {
		text += "-- repos/" + name + ".repo --\nempty\n" // which is not looked at: it is there
	}
	w, err := world.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.ServeDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range names {
		path := filepath.Join(dir, name+".git")
		t.Run(name+"/http", func(t *testing.T) { testReal(t, path, s.URL+"/"+name) })
		t.Run(name+"/local", func(t *testing.T) { testReal(t, path, path) })
	}
}

// repositories are those in a folder that are not shallow, OWNER/NAME.
func repositories(t *testing.T, dir string) (names []string) {
	found, err := filepath.Glob(filepath.Join(dir, "*/*.git"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		name, err := filepath.Rel(dir, strings.TrimSuffix(path, ".git"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(path, "shallow")); err != nil {
			names = append(names, filepath.ToSlash(name))
		}
	}
	return names
}

func testReal(t *testing.T, path, address string) {
	at := time.Unix(number(t, git(t, path, "log", "-1", "--format=%ct")), 0).AddDate(0, 0, 1)
	windows := vitals.Windows(at)
	c := gitwire.New(gitwire.Config{TempDir: t.TempDir()})
	defer c.Close()
	r, err := c.Probe(t.Context(), gitwire.Request{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, before := r.Wire()
	v, err := vitals.Of(t.Context(), r, windows)
	if err != nil {
		t.Fatal(err)
	}
	requests, bytes := r.Wire()
	t.Logf("%s: %d commits since %s; %d requests, %d bytes, %d of them before the history",
		address, v.Spans[0].Commits+v.Spans[len(v.Spans)-1].Commits, windows[0].From.Format(time.DateOnly), requests, bytes, before)
	if len(v.Bounds) > 0 {
		t.Errorf("bounds %v", v.Bounds)
	}
	for i, w := range windows {
		compare(t, path, w, v.Spans[i])
		j := vitals.Judge(v, v.Spans[i])
		t.Logf("%s\n\tcommits %s\n\tcontributors %s\n\tcadence %s\n\thealth %s", w.Name, j.Commits, j.Contributors, j.Cadence, j.Health)
	}
}

// compare compares one window's figures with git's.
func compare(t *testing.T, path string, w vitals.Window, s *gromav1.Span) {
	want := gitCommits(t, path, w)
	got := fmt.Sprintf("commits %d, bots %d, merges %d, weekly %v, authors %d", s.Commits, s.BotCommits, s.Merges, s.Weekly, s.Authors)
	if got != want {
		t.Errorf("%s\n got %s\nwant %s", w.Name, got, want)
	}
	since, until := "--since="+w.From.Format(time.RFC3339), "--until="+w.Until.Add(-time.Second).Format(time.RFC3339)
	if n := git(t, path, "rev-list", "--count", since, until, "HEAD"); n != fmt.Sprint(s.Commits) {
		t.Logf("%s: git rev-list --since stops early: it has %s of %d commits", w.Name, n, s.Commits)
	}
	releases, prereleases := gitReleases(t, path, w)
	if s.Releases != releases || s.Prereleases != prereleases {
		t.Errorf("%s: %d releases and %d prereleases, want %d and %d", w.Name, s.Releases, s.Prereleases, releases, prereleases)
	}
}

// gitCommits has all commits of a history listed, and looks at their times
// itself.
func gitCommits(t *testing.T, path string, w vitals.Window) string {
	weekly := make([]int64, (int(w.Until.Sub(w.From).Hours()/24)+6)/7)
	authors := map[string]bool{}
	var commits, bots, merges int64
	for _, line := range strings.Split(git(t, path, "log", "--format=%ct%x00%P%x00%an%x00%ae%x00%aN%x00%aE", "HEAD"), "\n") {
		f := strings.Split(line, "\x00")
		at := time.Unix(number(t, f[0]), 0)
		if at.Before(w.From) || !at.Before(w.Until) {
			continue
		}
		commits++
		weekly[int(at.Sub(w.From).Hours())/24/7]++
		if strings.Contains(f[1], " ") {
			merges++
		}
		if vitals.IsBot(vitals.Person{Name: f[2], Mail: f[3]}) || vitals.IsBot(vitals.Person{Name: f[4], Mail: f[5]}) {
			bots++
			continue
		}
		mail := strings.ToLower(f[5])
		if strings.HasSuffix(mail, "@users.noreply.github.com") {
			mail = strings.TrimLeft(mail, "0123456789+")
		}
		authors[mail] = true
	}
	return fmt.Sprintf("commits %d, bots %d, merges %d, weekly %v, authors %d", commits, bots, merges, weekly, len(authors))
}

// gitReleases asks for the tags' times.
func gitReleases(t *testing.T, path string, w vitals.Window) (releases, prereleases int64) {
	final, early := map[string]int64{}, map[string]int64{} // by commit, the first time
	out := git(t, path, "for-each-ref", "--sort=-creatordate", "--format=%(creatordate:unix)%00%(objectname)%00%(*objectname)%00%(refname:strip=2)", "refs/tags")
	for _, line := range strings.Split(out, "\n") {
		if line == "" {
			continue
		}
		f := strings.Split(line, "\x00")
		ok, prerelease := vitals.ParseTag(f[3])
		commit := f[1]
		if f[2] != "" {
			commit = f[2]
		}
		switch {
		case ok && prerelease:
			early[commit] = number(t, f[0])
		case ok:
			final[commit] = number(t, f[0])
		}
	}
	in := func(at int64) bool { return w.From.Unix() <= at && at < w.Until.Unix() }
	for commit, at := range early {
		if _, ok := final[commit]; !ok && in(at) {
			prereleases++
		}
	}
	for _, at := range final {
		if in(at) {
			releases++
		}
	}
	return releases, prereleases
}

func git(t *testing.T, path string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", slices.Concat([]string{"-C", path}, args)...).Output()
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
