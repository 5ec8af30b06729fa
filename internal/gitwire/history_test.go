package gitwire

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"groma/internal/fault"
	"groma/internal/packstream"
	"groma/internal/vitals"
	"groma/internal/world"
	"groma/internal/world/worldtest"
)

// epochDay is a day of the histories here: their first commit is of day 0.
func epochDay(n int) time.Time { return world.Epoch.Add(time.Duration(n) * day) }

// lively makes a history of one commit a day, days 0 to 100. A branch that was
// begun on day 5 and has commits of days 6 and 95 is merged on day 96; another,
// of days 8 and 9, on day 99.
func lively(t *testing.T) (s *world.Server, dir string) {
	t.Helper()
	s = worldtest.Serve(t, history)
	dir = filepath.Join(s.Dir, "o/past.git")
	var stream strings.Builder
	at := func(mark, n int, from string, merged ...string) string {
		fmt.Fprintf(&stream, "commit refs/heads/main\nmark :%d\ncommitter a <a@x.org> %d +0000\ndata 0\nfrom %s\n", mark, epochDay(n).Unix(), from)
		for _, parent := range merged {
			fmt.Fprintf(&stream, "merge %s\n", parent)
		}
		return fmt.Sprintf(":%d", mark)
	}
	line := []string{git(t, "-C", dir, "rev-parse", "main")}
	for i := 1; i <= 95; i++ {
		line = append(line, at(i, i, line[i-1]))
	}
	long := at(202, 95, at(201, 6, line[5]))
	old := at(204, 9, at(203, 8, line[7]))
	line = append(line, at(96, 96, line[95], long))
	line = append(line, at(97, 97, line[96]))
	line = append(line, at(98, 98, line[97]))
	line = append(line, at(99, 99, line[98], old))
	at(100, 100, line[99])
	cmd := exec.Command("git", "-C", dir, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(stream.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return s, dir
}

// since lists the times of the commits that git finds since an instant, without
// its shortcuts.
func since(t *testing.T, dir string, from time.Time) (times []int64) {
	for _, text := range strings.Fields(git(t, "-C", dir, "log", "--format=%ct", "main")) {
		var at int64
		if _, err := fmt.Sscan(text, &at); err != nil {
			t.Fatal(err)
		}
		if at >= from.Unix() {
			times = append(times, at)
		}
	}
	slices.Sort(times)
	return times
}

func ask(t *testing.T, c *Client, address string, a vitals.Ask) (*vitals.History, error) {
	t.Helper()
	r, err := c.Probe(t.Context(), Request{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.History(t.Context(), a)
}

func TestHistory(t *testing.T) { bothVersions(t, testHistory) }

func testHistory(t *testing.T, client newClient) {
	s, dir := lively(t)
	head := git(t, "-C", dir, "rev-parse", "main")
	for _, days := range []int{-1, 0, 20, 38, 50, 96, 100, 101, 131} {
		from := epochDay(days)
		if days < 0 {
			from = time.Time{}
		}
		want := since(t, dir, from)
		for _, address := range []string{s.URL + "/o/past", dir} {
			h, err := ask(t, client(t, Config{}), address, vitals.Ask{Since: from})
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, c := range h.Commits {
				got = append(got, c.Committed.Unix())
			}
			slices.Sort(got)
			if !slices.Equal(got, want) || len(h.Bounds) > 0 {
				t.Errorf("since day %d, %s has %d commits %v, want %d", days, address, len(got), h.Bounds, len(want))
			}
			if h.Head != head || !h.HeadAt.Equal(epochDay(100)) || len(h.Tags) != 1 || !h.Tags[0].At.IsZero() {
				t.Errorf("its head is %s of %v, its tags %v", h.Head, h.HeadAt, h.Tags)
			}
			if whole := days <= 30; whole != h.First.Equal(epochDay(0)) || !whole && !h.First.IsZero() {
				t.Errorf("since day %d, the first commit is of %v", days, h.First)
			}
		}
	}
}

// What can only be reached through commits that say they are much older stays
// unseen, as it does for git log --since; thirty days make no difference.
func TestHistory_WrongClocks(t *testing.T) {
	s := worldtest.Serve(t, history)
	dir := filepath.Join(s.Dir, "o/past.git")
	at := git(t, "-C", dir, "rev-parse", "main")
	for _, n := range []int{100, 75, 101, 69, 102} {
		at = commitAt(t, dir, epochDay(n).Format(time.RFC3339), at)
	}
	for from, want := range map[int]int{99: 3, 100: 1} {
		h, err := ask(t, client(t, Config{}), s.URL+"/o/past", vitals.Ask{Since: epochDay(from)})
		if err != nil {
			t.Fatal(err)
		}
		if len(h.Commits) != want {
			t.Errorf("since day %d: %d commits, want %d", from, len(h.Commits), want)
		}
	}
}

func TestHistory_Tags(t *testing.T) { bothVersions(t, testHistory_Tags) }

func testHistory_Tags(t *testing.T, client newClient) {
	s, dir := lively(t)
	mid := git(t, "-C", dir, "rev-parse", "main~3")
	t.Setenv("GIT_COMMITTER_DATE", "2030-01-01T00:00:00Z")
	git(t, "-C", dir, "-c", "user.name=a", "tag", "-a", "-m", "x", "annotated", mid)
	git(t, "-C", dir, "-c", "user.name=a", "tag", "-a", "-m", "x", "twice", "annotated")
	git(t, "-C", dir, "tag", "light", mid)
	git(t, "-C", dir, "tag", "unwanted", mid)
	git(t, "-C", dir, "tag", "blob", mid+":one")
	git(t, "-C", dir, "-c", "user.name=a", "tag", "-a", "-m", "x", "tree", mid+"^{tree}")
	main := git(t, "-C", dir, "rev-parse", "main")
	side := commitAt(t, dir, "2029-01-01T00:00:00Z", mid) // on no branch
	git(t, "-C", dir, "tag", "side", side)
	git(t, "-C", dir, "update-ref", "refs/heads/main", main)
	blob, tree := git(t, "-C", dir, "rev-parse", mid+":one"), git(t, "-C", dir, "rev-parse", mid+"^{tree}")
	want := []string{
		"annotated " + mid + " 2030-01-01", "blob " + blob + " 0001-01-01", "light " + mid + " 2024-04-08",
		"side " + side + " 2029-01-01", "tree " + tree + " 2030-01-01", "twice " + mid + " 2030-01-01",
		"unwanted " + mid + " 0001-01-01", "v1 " + git(t, "-C", dir, "rev-parse", "v1^{}") + " 2024-01-02",
	}
	var names []string
	choose := func(all []string) []string {
		names = all
		return slices.DeleteFunc(append(slices.Clone(all), "none"), func(name string) bool { return name == "unwanted" })
	}
	for _, address := range []string{s.URL + "/o/past", dir} {
		h, err := ask(t, client(t, Config{}), address, vitals.Ask{Since: epochDay(1000), Tags: choose})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, tag := range h.Tags {
			got = append(got, tag.Name+" "+tag.Commit+" "+tag.At.Format(time.DateOnly))
			if names[i] != tag.Name {
				t.Errorf("the tags to choose from are %q", names)
			}
		}
		if !slices.Equal(got, want) || len(h.Commits) > 0 || len(h.Bounds) > 0 {
			t.Errorf("%s has the tags\n%s\nwant\n%s", address, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// The history of a commit of the past is that commit's.
func TestHistory_AsOf(t *testing.T) {
	s, dir := lively(t)
	r, err := client(t, Config{}).Probe(t.Context(), Request{Address: s.URL + "/o/past", AsOf: epochDay(97)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h, err := r.History(t.Context(), vitals.Ask{Since: epochDay(90)})
	if err != nil {
		t.Fatal(err)
	}
	if want := git(t, "-C", dir, "rev-parse", "main~4"); h.Head != want || len(h.Commits) != 8 {
		t.Errorf("as of day 97, it is %s with %d commits since day 90, want %s and 8", h.Head, len(h.Commits), want)
	}
}

// A limit that is reached is said, and what came before it is kept: two commits
// of the first answer, since the merge below them hides the main line from git.
func TestHistory_Bounds(t *testing.T) {
	s, dir := lively(t)
	c := client(t, Config{})
	c.few = true
	h, err := ask(t, c, s.URL+"/o/past", vitals.Ask{Since: epochDay(50)})
	if err != nil || len(h.Commits) != 2 || !slices.Equal(h.Bounds, []vitals.Bound{{What: "commits", Limit: 10}}) {
		t.Errorf("%d commits, %v: %v", len(h.Commits), h.Bounds, err)
	}
	names := make([]string, mostHistoryTags+1)
	for i := range names {
		names[i] = fmt.Sprintf("v1.%d", i)
	}
	git(t, "-C", dir, "tag", names[0], "main")
	h, err = ask(t, client(t, Config{}), s.URL+"/o/past", vitals.Ask{Tags: func([]string) []string { return names }})
	if err != nil || !slices.Equal(h.Bounds, []vitals.Bound{{What: "tags", Limit: mostHistoryTags}}) || h.Tags[1].At.IsZero() {
		t.Errorf("%v, %v: %v", h.Bounds, h.Tags, err)
	}
}

// A commit too large to be read ends the history; the head alone cannot be.
func TestHistory_LargeCommit(t *testing.T) {
	s, dir := lively(t)
	large := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(large, []byte(strings.Repeat("word ", largestCommit/5+1)), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_COMMITTER_DATE", epochDay(101).Format(time.RFC3339))
	at := git(t, "-C", dir, "commit-tree", "-F", large, "-p", "main", "main^{tree}")
	git(t, "-C", dir, "update-ref", "refs/heads/main", at)
	if _, err := ask(t, client(t, Config{}), s.URL+"/o/past", vitals.Ask{Since: epochDay(50)}); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("a large head: %v", err)
	}
	commitAt(t, dir, epochDay(102).Format(time.RFC3339), at)
	h, err := ask(t, client(t, Config{}), s.URL+"/o/past", vitals.Ask{Since: epochDay(50)})
	if err != nil || !slices.Equal(h.Bounds, []vitals.Bound{{What: "commits", Limit: mostHistoryCommits}}) {
		t.Errorf("a large commit: %v, %v", h, err)
	}
}

// shallowClone serves a clone of the last ten commits as o/lone.
func shallowClone(t *testing.T, s *world.Server, dir string) (shallow string) {
	t.Helper()
	shallow = filepath.Join(s.Dir, "o/lone.git")
	if err := os.RemoveAll(shallow); err != nil {
		t.Fatal(err)
	}
	git(t, "clone", "-q", "--bare", "--depth", "10", "file://"+dir, shallow)
	git(t, "-C", shallow, "config", "uploadpack.allowFilter", "true")
	git(t, "-C", shallow, "config", "uploadpack.allowAnySHA1InWant", "true")
	return shallow
}

// A remote that is a shallow clone has the history that it has, and no more.
func TestHistory_Shallow(t *testing.T) { bothVersions(t, testHistory_Shallow) }

func testHistory_Shallow(t *testing.T, client newClient) {
	s, dir := lively(t)
	shallow := shallowClone(t, s, dir)
	bound := []vitals.Bound{{What: "shallow"}}
	for _, test := range []struct {
		since  int
		bounds []vitals.Bound
	}{{-1, bound}, {0, bound}, {50, bound}, {99, bound}, {125, nil}, {150, nil}} {
		for _, address := range []string{s.URL + "/o/lone", shallow} {
			from := epochDay(test.since)
			h, err := ask(t, client(t, Config{}), address, vitals.Ask{Since: from})
			if err != nil {
				t.Fatal(err)
			}
			if want := len(since(t, shallow, from)); len(h.Commits) != want || !slices.Equal(h.Bounds, test.bounds) || !h.First.IsZero() {
				t.Errorf("since day %d, %s has %d commits, bounds %v, the first of %v, want %d and %v", test.since, address, len(h.Commits), h.Bounds, h.First, want, test.bounds)
			}
		}
	}
}

// A repository that goes away while its history is read is no shallow clone.
func TestHistory_Gone(t *testing.T) {
	s, _ := lively(t)
	fetches := 0
	flaky := between(t, s, func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if bytes.Contains(body, []byte(isPack)) {
			fetches++
		}
		if fetches > 2 { // the head and the commits since have come
			http.NotFound(w, r)
		}
		return fetches > 2
	})
	h, err := ask(t, client(t, Config{}), flaky+"/o/past", vitals.Ask{Since: epochDay(50)})
	if fault.KindOf(err) != fault.NotFound || strings.Contains(fmt.Sprint(err), "shallow") {
		t.Errorf("%v, %v", h, err)
	}
}

// However many parents commits say they have, what waits to be read is never
// more than came.
func TestWalk_ManyParents(t *testing.T) {
	const commits, most = 40, 2 * mostParents
	for name, test := range map[string]struct {
		parent  func(commit, n int, last string) string
		missing int
	}{
		"known":   {func(_, _ int, last string) string { return last }, 1},
		"missing": {func(_, _ int, last string) string { return strings.Repeat("1", 40) }, 2},
		"others":  {func(commit, n int, last string) string { return fmt.Sprintf("%040x", 100+commit*most+n) }, commits*(mostParents-1) + 1},
	} {
		t.Run(name, func(t *testing.T) {
			p, head := manyParents(t, commits, most, test.parent)
			h := &reading{remote: &Remote{client: New(Config{})}, known: map[packstream.Hash]bool{}, missing: map[packstream.Hash]bool{}, texts: map[string]string{}}
			if err := h.walk(t.Context(), p, head); err != nil {
				t.Fatal(err)
			}
			if len(h.Commits) != commits || h.taken != commits || cap(h.todo) > commits {
				t.Errorf("%d commits, %d taken, room for %d", len(h.Commits), h.taken, cap(h.todo))
			}
			if len(h.missing) != test.missing || !slices.Equal(h.Bounds, []vitals.Bound{{What: "parents", Limit: mostParents}}) || !h.ended {
				t.Errorf("%d are missing, bounds %v", len(h.missing), h.Bounds)
			}
		})
	}
	p, head := manyParents(t, 2, 1, func(_, _ int, last string) string { return last })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := &reading{remote: &Remote{client: New(Config{})}, known: map[packstream.Hash]bool{}, missing: map[packstream.Hash]bool{}}
	if err := h.walk(ctx, p, head); err == nil || len(h.Commits) > 0 {
		t.Errorf("cancelled, it takes %d commits: %v", len(h.Commits), err)
	}
}

// manyParents makes a pack of commits, each of which has the one before it as
// its first parent, and many more.
func manyParents(t *testing.T, commits, most int, parent func(commit, n int, last string) string) (*packstream.Pack, packstream.Hash) {
	t.Helper()
	dir := t.TempDir()
	git(t, "init", "-q", "--bare", dir)
	last := strings.Repeat("0", 39) + "f"
	var names strings.Builder
	for i := range commits {
		var text strings.Builder
		fmt.Fprintf(&text, "tree %040d\nparent %s\n", 0, last)
		for n := 1; n < most; n++ {
			fmt.Fprintf(&text, "parent %s\n", parent(i, n, last))
		}
		text.WriteString("author A <a@x.org> 1 +0000\ncommitter A <a@x.org> 1 +0000\n\nx\n")
		cmd := exec.Command("git", "-C", dir, "hash-object", "-w", "-t", "commit", "--literally", "--stdin")
		cmd.Stdin = strings.NewReader(text.String())
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		last = strings.TrimSpace(string(out))
		fmt.Fprintln(&names, last)
	}
	cmd := exec.Command("git", "-C", dir, "pack-objects", "--stdout", "-q", "--window=0")
	cmd.Stdin = strings.NewReader(names.String())
	pack, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	p, err := client(t, Config{}).receive(t.Context(), bytes.NewReader(pack), Limits{}.filled(), Blobs{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p, packstream.ParseHash(last)
}

func TestHistory_Error(t *testing.T) {
	s, _ := lively(t)
	plain := between(t, s, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.Method == "GET" {
			w.Header().Set("Content-Type", advertisement)
			fmt.Fprint(w, "000eversion 2\n000cls-refs\n0012fetch=shallow\n0000")
		}
		return r.Method == "GET"
	})
	r, err := client(t, Config{}).Probe(t.Context(), Request{Address: plain + "/o/past"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.History(t.Context(), vitals.Ask{}); fault.KindOf(err) != fault.Unsupported || strings.Count(err.Error(), plain) != 1 {
		t.Errorf("without filters: %v", err)
	}
	if _, err := r.RootFile(t.Context(), "one", 10); fault.KindOf(err) != fault.Unsupported || strings.Count(err.Error(), plain) != 1 {
		t.Errorf("without filters: %v", err)
	}
	if _, err := ask(t, client(t, Config{}), "git://"+gitDaemon(t, s.Dir)+"/o/past.git", vitals.Ask{}); fault.KindOf(err) != fault.Unsupported {
		t.Errorf("a git daemon: %v", err)
	}
	r, err = client(t, Config{}).Probe(t.Context(), Request{Address: s.URL + "/o/past"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.History(ctx, vitals.Ask{}); !strings.Contains(fmt.Sprint(err), "canceled") {
		t.Errorf("cancelled: %v", err)
	}
	set(t, s, "o/past", "cut 600")
	if _, err := r.History(t.Context(), vitals.Ask{}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("cut off: %v", err)
	}
}

const mailmaps = `
-- repos/o/with/.mailmap --
A <a@x.org> <b@x.org>
-- repos/o/with/src/.mailmap --
another
-- repos/o/with/large.txt [repeat 1000] --
line
-- repos/o/with/link [symlink] --
.mailmap
-- repos/o/with/run [executable] --
#!/bin/sh
-- repos/o/with.repo --
tag v1
`

func TestRootFile(t *testing.T) { bothVersions(t, testRootFile) }

func testRootFile(t *testing.T, client newClient) {
	s := worldtest.Serve(t, mailmaps)
	for _, address := range []string{s.URL + "/o/with", filepath.Join(s.Dir, "o/with.git")} {
		for _, branch := range []string{"", "v1"} {
			r, err := client(t, Config{}).Probe(t.Context(), Request{Address: address, Branch: branch})
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]string{".mailmap": "A <a@x.org> <b@x.org>\n", "run": "#!/bin/sh\n", "link": "", "src": "", "src/.mailmap": "", "none": ""} {
				got, err := r.RootFile(t.Context(), name, 1000)
				if err != nil || string(got) != want {
					t.Errorf("%s: %q, %v, want %q", name, got, err, want)
				}
			}
			if got, err := r.RootFile(t.Context(), "large.txt", 1000); fault.KindOf(err) != fault.TooLarge {
				t.Errorf("too large: %d bytes, %v", len(got), err)
			}
			r.Close()
		}
	}
}

// TestIdentity: whoever signed is who git says it was.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	git(t, "init", "-q", dir)
	tree := git(t, "-C", dir, "hash-object", "-w", "-t", "tree", os.DevNull)
	for _, signature := range []string{
		"A <a@x.org> 1 +0000", "<a@x.org> 1 +0000", " A  B <a@x.org> 1 +0000", "A <> 1 +0000", "A < a@x.org > 1 +0000",
		"A <a@x.org <b>> 1 +0000", "A <a>b> 1 +0000", "Ünï <ü@x.org> 1 +0000", `"A" B. <a@x.org> 1 +0000`, "A\t<a@x.org> 1 +0000",
	} {
		file := filepath.Join(dir, "commit")
		text := "tree " + tree + "\nauthor " + signature + "\ncommitter C <c> 1 +0000\n\nx\n"
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		commit := git(t, "-C", dir, "hash-object", "-w", "-t", "commit", "--literally", file)
		want := git(t, "-C", dir, "log", "-1", "--format=%an|%ae|", commit)
		name, mail := identity(signature)
		if got := name + "|" + mail + "|"; got != want {
			t.Errorf("%q is %q, want %q", signature, got, want)
		}
	}
}

// FuzzCommit: whatever a commit says, what is kept of it is short and text.
func FuzzCommit(f *testing.F) {
	f.Add([]byte("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a> 1 +0000\ncommitter C <c> 1 +0000\n\nx\n"))
	f.Add([]byte("parent \nauthor >< 99999999999999999999\ncommitter"))
	f.Fuzz(func(t *testing.T, text []byte) {
		h := &reading{texts: map[string]string{}}
		parents := h.take(text)
		if len(parents) > len(text)/40 || len(parents) > mostParents {
			t.Errorf("%d parents in %d bytes", len(parents), len(text))
		}
		for _, c := range h.Commits {
			for _, s := range []string{c.Author.Name, c.Author.Mail} {
				if !utf8.ValidString(s) || len(s) > 3*longestName {
					t.Errorf("kept %q", s)
				}
			}
		}
	})
}
