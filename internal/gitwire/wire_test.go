package gitwire

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"groma/internal/fault"
	"groma/internal/world"
	"groma/internal/world/worldtest"
)

const text1 = `
-- repos/o/plain/README.md --
# Plain
-- repos/o/plain/src/main.rs --
fn main() {}
-- repos/o/plain/src.txt --
before the folder src/
-- repos/o/plain/run.sh [executable] --
#!/bin/sh
-- repos/o/plain/link [symlink] --
src/main.rs
-- repos/o/plain/sub [submodule] --
0123456789012345678901234567890123456789
-- repos/o/plain.repo --
tag v1
-- repos/o/void.repo --
empty
-- repos/o/blank.repo --
empty
-- repos/o/gone.repo --
missing
-- repos/o/secret.repo --
denied
-- repos/o/old.repo --
moved o/plain
-- repos/o/older.repo --
moved o/old
-- repos/o/round.repo --
moved o/round
-- repos/o/unborn.repo --
branch side
head main
-- repos/o/unborn/a --
a
-- repos/o/loose.repo --
detached
-- repos/o/loose/a --
a
`

func client(t *testing.T, config Config) *Client {
	t.Helper()
	if config.TempDir == "" {
		config.TempDir = t.TempDir()
	}
	c := New(config)
	t.Cleanup(func() {
		c.Close()
		left, err := os.ReadDir(config.TempDir)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
	return c
}

type newClient func(*testing.T, Config) *Client

// bothVersions runs a test with clients of protocol v0 and of v2.
func bothVersions(t *testing.T, test func(*testing.T, newClient)) {
	for version, first := range map[string]bool{"v0": true, "v2": false} {
		t.Run(version, func(t *testing.T) {
			test(t, func(t *testing.T, config Config) *Client {
				t.Helper()
				c := client(t, config)
				c.first = first
				return c
			})
		})
	}
}

// impatient has a client wait for long until an answer begins, as the machine may
// be busy, and hardly for what follows.
func impatient(c *Client) *Client {
	c.config.IdleTimeout = 200 * time.Millisecond // what was made of it before has a minute
	return c
}

func set(t *testing.T, s *world.Server, name, directive string) {
	t.Helper()
	if err := s.Set(name, directive); err != nil {
		t.Fatal(err)
	}
}

// take probes, fetches and lists: "MODE PATH SIZE" and, for small files, what
// is in them.
func take(ctx context.Context, c *Client, request Request) (head Head, listing []string, err error) {
	r, err := c.Probe(ctx, request)
	if err != nil {
		return Head{}, nil, err
	}
	defer r.Close()
	s, err := r.Fetch(ctx, Limits{})
	if err != nil {
		return r.Head, nil, err
	}
	defer s.Close()
	return r.Head, listing, s.Files(ctx, func(f File) error {
		line := strings.Join([]string{modeName[f.Mode], f.Path}, " ")
		if f.Mode != Submodule {
			data, err := f.Read()
			if err != nil {
				return err
			}
			stream, err := f.Open()
			if err != nil {
				return err
			}
			defer stream.Close()
			again, err := io.ReadAll(stream)
			if err != nil {
				return err
			}
			if string(again) != string(data) || int64(len(data)) != f.Size {
				return fault.Errorf(fault.Invalid, "Read and Open of %s differ, or Size", f.Path)
			}
			line += " " + strings.TrimSpace(string(data))
		}
		listing = append(listing, line)
		return nil
	})
}

var modeName = map[Mode]string{Regular: "file", Executable: "program", Symlink: "link", Submodule: "module"}

var plainListing = []string{
	"file README.md # Plain", "link link src/main.rs", "program run.sh #!/bin/sh",
	"file src.txt before the folder src/", "file src/main.rs fn main() {}", "module sub",
}

func git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Env = append(localEnvironment(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestHTTP(t *testing.T) { bothVersions(t, testHTTP) }

func testHTTP(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	want := git(t, "-C", filepath.Join(s.Dir, "o/plain.git"), "rev-parse", "main")
	c := client(t, Config{})
	for _, name := range []string{"o/plain", "o/plain.git", "o/plain/", "o/old", "o/older.git"} {
		t.Run(name, func(t *testing.T) {
			head, listing, err := take(t.Context(), c, Request{Address: s.URL + "/" + name})
			if err != nil {
				t.Fatal(err)
			}
			if head != (Head{Commit: want, Branch: "main"}) {
				t.Errorf("head = %v, want %s on main", head, want)
			}
			if !slices.Equal(listing, plainListing) {
				t.Errorf("files =\n%s\nwant\n%s", strings.Join(listing, "\n"), strings.Join(plainListing, "\n"))
			}
		})
	}
}

func TestLocal(t *testing.T) {
	s := worldtest.Serve(t, text1)
	c := client(t, Config{})
	dir := filepath.Join(s.Dir, "o/plain.git")
	for _, address := range []string{dir, "file://" + dir, strings.TrimSuffix(dir, ".git")} {
		head, listing, err := take(t.Context(), c, Request{Address: address})
		if err != nil {
			t.Fatal(err)
		}
		if head.Branch != "main" || !slices.Equal(listing, plainListing) {
			t.Errorf("%s: head %v, files\n%s", address, head, strings.Join(listing, "\n"))
		}
	}
}

func TestSnapshot_CommittedAt(t *testing.T) { bothVersions(t, testSnapshot_CommittedAt) }

func testSnapshot_CommittedAt(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	c := client(t, Config{})
	r, err := c.Probe(t.Context(), Request{Address: s.URL + "/o/plain"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	snapshot, err := r.Fetch(t.Context(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	if want := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC); !snapshot.CommittedAt.Equal(want) {
		t.Errorf("CommittedAt = %v, want %v", snapshot.CommittedAt, want)
	}
	if snapshot.Commit != r.Head.Commit {
		t.Errorf("Commit = %s, want %s", snapshot.Commit, r.Head.Commit)
	}
	want := int64(3) // what the host can do, its refs, a pack
	if c.first {
		want = 2
	}
	if requests, bytes := r.Wire(); requests != want || bytes < 500 {
		t.Errorf("Wire = %d, %d", requests, bytes)
	}
}
