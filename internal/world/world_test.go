package world

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const small = `A comment.
-- landscape.yml --
landscape: []
-- repos/o/plain/src/main.rs --
fn main() {}
-- repos/o/plain/src.txt --
sorts before the folder src/
-- repos/o/plain/run.sh [executable] --
#!/bin/sh
-- repos/o/plain/link [symlink] --
src/main.rs
-- repos/o/plain/sub [submodule] --
0123456789012345678901234567890123456789
-- repos/o/plain/image.png [base64] --
iVBORw0KGgo=
-- repos/o/plain/long.txt [repeat 3] --
again
-- repos/o/plain/"odd\nname\xff" --
odd
-- repos/o/void.repo --
empty
-- repos/o/gone.repo --
missing
-- repos/o/secret.repo --
denied
-- repos/o/old.repo --
moved o/plain
-- repos/o/tagged.repo --
branch trunk
tag v1
date 2020-02-02T02:02:02Z
-- repos/o/tagged/README --
hello
`

func parse(t *testing.T, text string) *World {
	t.Helper()
	w, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// git runs git free of the machine's settings and returns its output.
func git(t *testing.T, args ...string) string {
	t.Helper()
	out, err := tryGit(args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func tryGit(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Env = append(environment(""), "GIT_TERMINAL_PROMPT=0")
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func TestBuild(t *testing.T) {
	dir := t.TempDir()
	w := parse(t, small)
	if err := w.Build(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	repo := filepath.Join(dir, "o", "plain.git")
	git(t, "-C", repo, "fsck", "--strict")
	// The hash is literal: it must not depend on the machine or the day.
	if got, want := git(t, "-C", repo, "rev-parse", "HEAD"), "1104a41c607ea13d54f1b28c0ecaffcf6383cfbc"; got != want {
		t.Errorf("commit = %s, want %s", got, want)
	}
	want := strings.Join([]string{
		`100644 blob image.png 8`, `120000 blob link 11`, `100644 blob long.txt 18`,
		`100644 blob "odd\nname\377" 4`, `100755 blob run.sh 10`, `100644 blob src.txt 29`,
		`100644 blob src/main.rs 13`, `160000 commit sub -`,
	}, "\n")
	if got := git(t, "-C", repo, "ls-tree", "-r", "--format=%(objectmode) %(objecttype) %(path) %(objectsize)", "HEAD"); got != want {
		t.Errorf("tree =\n%s\nwant\n%s", got, want)
	}
	tagged := filepath.Join(dir, "o", "tagged.git")
	if got, want := git(t, "-C", tagged, "log", "-1", "--format=%cI %D", "v1"), "2020-02-02T02:02:02+00:00 HEAD -> trunk, tag: v1"; got != want {
		t.Errorf("log = %q, want %q", got, want)
	}
	for name, want := range map[string]bool{"void": true, "gone": false, "secret": false, "old": false} {
		_, err := os.Stat(filepath.Join(dir, "o", name+".git"))
		if got := err == nil; got != want {
			t.Errorf("built %s = %v, want %v", name, got, want)
		}
	}
	if got, ok := w.File("landscape.yml"); !ok || string(got) != "landscape: []\n" {
		t.Errorf("File = %q, %v", got, ok)
	}
}

func TestCommit(t *testing.T) {
	dir := t.TempDir()
	if err := parse(t, small).Build(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	hash, err := Commit(dir, "o/plain", "-- src/lib.rs --\npub fn f() {}\n-- src/main.rs [deleted] --\n-- run.sh --\nplain now\n")
	if err != nil {
		t.Fatal(err)
	}
	repo := filepath.Join(dir, "o", "plain.git")
	git(t, "-C", repo, "fsck", "--strict")
	if got := git(t, "-C", repo, "rev-parse", "HEAD"); got != hash {
		t.Errorf("HEAD = %s, Commit said %s", got, hash)
	}
	if got, want := git(t, "-C", repo, "diff", "--name-status", "HEAD~1", "HEAD"), "M\trun.sh\nA\tsrc/lib.rs\nD\tsrc/main.rs"; got != want {
		t.Errorf("changes =\n%s\nwant\n%s", got, want)
	}
	if got, want := git(t, "-C", repo, "log", "-1", "--format=%cI"), "2024-01-02T04:04:05+00:00"; got != want {
		t.Errorf("time = %s, want %s", got, want)
	}
	first, err := Commit(dir, "o/void", "-- a --\na\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := git(t, "-C", filepath.Join(dir, "o", "void.git"), "rev-parse", "HEAD"); got != first {
		t.Errorf("first commit of an empty repository = %s, want %s", got, first)
	}
}

func TestServe(t *testing.T) {
	s, err := parse(t, small).Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	want := git(t, "-C", filepath.Join(s.Dir, "o", "plain.git"), "rev-parse", "HEAD")
	for _, version := range []string{"0", "2"} {
		for _, name := range []string{"plain", "plain.git", "old", "old.git"} {
			t.Run("v"+version+" "+name, func(t *testing.T) {
				to := filepath.Join(t.TempDir(), "clone")
				git(t, "-c", "protocol.version="+version, "clone", "-q", "--bare", "--depth=1", s.URL+"/o/"+name, to)
				if got := git(t, "-C", to, "rev-parse", "HEAD"); got != want {
					t.Errorf("cloned %s, want %s", got, want)
				}
			})
		}
	}
	if got := git(t, "ls-remote", s.URL+"/o/void"); got != "" {
		t.Errorf("an empty repository has refs:\n%s", got)
	}
}

func TestServe_Misbehaviour(t *testing.T) {
	s, err := parse(t, small).Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	get := func(name string) (status int, header http.Header, body string) {
		t.Helper()
		resp, err := http.Get(s.URL + "/o/" + name + "/info/refs?service=git-upload-pack")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header, string(data)
	}
	for name, want := range map[string]int{"gone": 404, "never-named": 404, "secret": 401, "plain": 200, "old": 200} {
		if got, _, _ := get(name); got != want {
			t.Errorf("%s: status %d, want %d", name, got, want)
		}
	}
	set := func(directive string) {
		t.Helper()
		if err := s.Set("o/plain", directive); err != nil {
			t.Fatal(err)
		}
	}
	set("busy 1 7")
	if status, header, _ := get("plain"); status != 503 || header.Get("Retry-After") != "7" {
		t.Errorf("busy: status %d, Retry-After %q", status, header.Get("Retry-After"))
	}
	if status, _, _ := get("plain"); status != 200 {
		t.Errorf("no longer busy: status %d", status)
	}
	set("html")
	if _, header, body := get("plain"); !strings.HasPrefix(header.Get("Content-Type"), "text/html") || !strings.Contains(body, "sign in") {
		t.Errorf("html: %v %q", header, body)
	}
	set("well")
	set("cut 100")
	if out, err := tryGit("clone", "-q", s.URL+"/o/plain", filepath.Join(t.TempDir(), "c")); err == nil {
		t.Errorf("a pack cut off was cloned:\n%s", out)
	}
	if log := s.Requests(); !slices.Contains(log, "GET /o/gone/info/refs 404") {
		t.Errorf("requests = %q", log)
	}
}

func TestServer_Close(t *testing.T) {
	s, err := parse(t, small).Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set("o/plain", "hang"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		resp, err := http.Post(s.URL+"/o/plain/git-upload-pack", "application/x-git-upload-pack-request", nil)
		if err == nil {
			resp.Body.Close()
		}
		done <- err
	}()
	for !busy(s) {
		runtime.Gosched()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
	if _, err := os.Stat(s.Dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// busy reports whether a request is being answered.
func busy(s *Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inside > 0
}

func TestParse_Error(t *testing.T) {
	for name, text := range map[string]string{
		"no path":          "-- repos/o/n --\n",
		"climbing":         "-- repos/../n/f --\n",
		"climbing name":    "-- repos/o/../f --\n",
		"unknown kind":     "-- repos/o/n/f [hologram] --\n",
		"bad submodule":    "-- repos/o/n/f [submodule] --\nabc\n",
		"bad base64":       "-- repos/o/n/f [base64] --\n!\n",
		"bad repeat":       "-- repos/o/n/f [repeat x] --\n",
		"repeats for ever": "-- repos/o/n/f [repeat 9000000000000] --\nx\n",
		"bad quote":        "-- repos/o/n/\"f --\n",
		"empty part":       "-- repos/o/n/a//b --\n",
		"bad directive":    "-- repos/o/n.repo --\nfly\n",
		"nothing to say":   "-- repos/o/n.repo --\n",
		"nothing to drop":  "-- repos/o/n/f [deleted] --\n",
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: parsed", name)
		}
	}
}

// FuzzParse: whatever a world says, each of its repositories is built within the
// folder it is built in.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, text []byte) {
		w, err := Parse(text)
		if err != nil {
			return
		}
		for _, name := range w.Repositories() {
			if rel, err := filepath.Rel("/r", repoDir("/r", name)); err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
				t.Errorf("%q is built at %q", name, rel)
			}
		}
	})
}
