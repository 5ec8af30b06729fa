package gitwire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"groma/internal/fault"
	"groma/internal/packstream"
	"groma/internal/world/worldtest"
)

// makeRepository makes a repository whose pack has long chains of deltas, and
// returns its folder and the listing that git has of it.
func makeRepository(t testing.TB) (dir string, want []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "r")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
		cmd.Env = append(localEnvironment(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	run("init", "-q", "-b", "main")
	var lines strings.Builder
	for i := range 40 {
		// Lines that differ throughout and are moved about, so that deltas
		// copy from places before those they have copied from.
		for j := range 40 {
			fmt.Fprintf(&lines, "line %d of block %d is %x\n", j, i, uint32(i*40+j)*2654435761)
		}
		text := lines.String()
		half := len(text) / 2
		name := filepath.Join(dir, fmt.Sprintf("d%d", i%7), fmt.Sprintf("f%02d.txt", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text[half:]+"turned\n"+text[:half]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run("add", ".")
	run("commit", "-q", "-m", "all")
	run("repack", "-adq", "--depth=50", "--window=50")
	for line := range strings.Lines(run("ls-tree", "-r", "-l", "HEAD")) {
		var mode, kind, blob, path string
		var size int64
		fmt.Sscan(line, &mode, &kind, &blob, &size, &path)
		want = append(want, fmt.Sprintf("%s %s %d", path, blob, size))
	}
	return dir, want
}

// listing reads every file of a snapshot and checks that its bytes have the name
// that the tree says.
func listing(s *Snapshot) (got []string, err error) {
	err = s.Files(context.Background(), func(f File) error {
		for _, read := range []func() ([]byte, error){f.Read, func() ([]byte, error) {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return io.ReadAll(r)
		}} {
			data, err := read()
			if err != nil {
				return err
			}
			if name := plumbing.ComputeHash(plumbing.BlobObject, data).String(); name != f.Blob {
				return fmt.Errorf("%s has the contents of %s, not %s", f.Path, name, f.Blob)
			}
		}
		got = append(got, fmt.Sprintf("%s %s %d", f.Path, f.Blob, f.Size))
		return nil
	})
	return got, err
}

// packOf packs everything; with offsets or names in its deltas.
func packOf(t testing.TB, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "pack-objects", "--stdout", "--revs", "--all", "-q", "--depth=50", "--window=50"}, args...)...)
	cmd.Env = localEnvironment()
	cmd.Stdin = strings.NewReader("")
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &complaint)
	}
	return out.Bytes()
}

// TestPack reads packs with budgets from ample to absurd: what comes out is
// what git has, or the budget means nothing.
func TestPack(t *testing.T) {
	dir, want := makeRepository(t)
	head := packstream.ParseHash(git(t, "-C", dir, "rev-parse", "HEAD"))
	for _, memory := range []int64{0, 256 << 10, 1} {
		for _, style := range []string{"--delta-base-offset", "--no-reuse-delta"} {
			t.Run(fmt.Sprint(memory, style), func(t *testing.T) {
				c := client(t, Config{MemoryBytes: memory})
				p, err := c.receive(t.Context(), bytes.NewReader(packOf(t, dir, style)), Limits{}.filled(), Blobs{})
				if err != nil {
					t.Fatal(err)
				}
				s, err := newSnapshot(p, head)
				if err != nil || s == nil {
					t.Fatal(s, err)
				}
				defer s.Close()
				s.entries = 1000
				got, err := listing(s)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("files =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		}
	}
}

// Many may ask one client, and read one snapshot, at a time.
func TestClient_Concurrent(t *testing.T) {
	dir, want := makeRepository(t)
	c := client(t, Config{MemoryBytes: 256 << 10})
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			r, err := c.Probe(t.Context(), Request{Address: dir})
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			s, err := r.Fetch(t.Context(), Limits{})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			var readers sync.WaitGroup
			defer readers.Wait()
			for range 3 {
				readers.Go(func() {
					got, err := listing(s)
					if err != nil || len(got) != len(want) {
						t.Errorf("%d files, %v; want %d", len(got), err, len(want))
					}
				})
			}
		})
	}
	work.Wait()
}

// A pack that broke on its way, wherever, is worth another try.
func TestPack_Error(t *testing.T) {
	dir, _ := makeRepository(t)
	whole := packOf(t, dir, "--delta-base-offset")
	c := client(t, Config{})
	receive := func(data []byte, limits Limits) fault.Kind {
		t.Helper()
		p, err := c.receive(t.Context(), bytes.NewReader(data), limits.filled(), Blobs{})
		if err == nil {
			p.Close()
			t.Fatal("it was taken for whole")
		}
		return fault.KindOf(trial{}.judge(t.Context(), err, evidence{}))
	}
	for n := 0; n < len(whole); n += 1 + len(whole)/97 {
		if got := receive(whole[:n], Limits{}); got != fault.Unavailable {
			t.Errorf("cut after %d bytes: %q", n, got)
		}
		broken := bytes.Clone(whole)
		broken[n] ^= 0x10
		if got := receive(broken, Limits{}); got == fault.NotFound || got == fault.Unknown {
			t.Errorf("broken at byte %d: %q", n, got)
		}
	}
	if got := receive(append(bytes.Clone(whole), 0), Limits{}); got != fault.Unavailable {
		t.Errorf("a byte too many: %q", got)
	}
	for name, limits := range map[string]Limits{
		"pack":    {PackBytes: int64(len(whole)) - 1},
		"object":  {ObjectBytes: 1000},
		"objects": {Objects: 10},
	} {
		if got := receive(whole, limits); got != fault.TooLarge {
			t.Errorf("limit of %s: %q", name, got)
		}
	}
}

// What a tree may hold and no checkout would survive.
func TestFiles_Names(t *testing.T) {
	s := worldtest.Serve(t, `
-- repos/o/odd/"..\\x" --
backslash
-- repos/o/odd/../escape --
climbs
-- repos/o/odd/.git/config --
[core]
-- repos/o/odd/"new\nline" --
two lines
-- repos/o/odd/"bad\xff.rs" --
no utf-8
-- repos/o/odd/"caf\u00e9" --
utf-8
-- repos/o/odd/a/b/c/d/e/f --
deep
-- repos/o/odd/link [symlink] --
/etc/passwd
`)
	_, got, err := take(t.Context(), client(t, Config{}), Request{Address: s.URL + "/o/odd"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"file ../escape climbs", "file ..\\x backslash", "file .git/config [core]", "file a/b/c/d/e/f deep",
		`file bad\xff.rs no utf-8`, "file café utf-8", "link link /etc/passwd", "file new\nline two lines",
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("files = %q\nwant    %q", got, want)
	}
}

func TestFiles_TooDeep(t *testing.T) {
	s := worldtest.Serve(t, "-- repos/o/deep/"+strings.Repeat("d/", deepest+1)+"f --\nx\n-- repos/o/long/"+strings.Repeat("d", longestPath)+"/f --\nx\n")
	for _, name := range []string{"deep", "long"} {
		_, _, err := take(t.Context(), client(t, Config{}), Request{Address: s.URL + "/o/" + name})
		if got := fault.KindOf(err); got != fault.TooLarge {
			t.Errorf("%s: %v (%q), want too-large", name, err, got)
		}
	}
}

// A few trees, each of which holds the next ten times, make a tree of ten
// billion files.
func TestFiles_Bomb(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bomb.git")
	git(t, "init", "-q", "--bare", dir)
	make := func(text string) string {
		cmd := exec.Command("git", "-C", dir, "mktree")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	cmd := exec.Command("git", "-C", dir, "hash-object", "-w", "--stdin")
	cmd.Stdin = strings.NewReader("boom")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	kind, hash := "100644 blob", strings.TrimSpace(string(out))
	for range 10 {
		var text strings.Builder
		for i := range 10 {
			fmt.Fprintf(&text, "%s %s\tn%d\n", kind, hash, i)
		}
		kind, hash = "040000 tree", make(text.String())
	}
	git(t, "-C", dir, "update-ref", "HEAD", git(t, "-C", dir, "commit-tree", "-m", "bomb", hash))
	r, err := client(t, Config{}).Probe(t.Context(), Request{Address: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := r.Fetch(t.Context(), Limits{Entries: 10000})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Files(t.Context(), func(File) error { return nil })
	if fault.KindOf(err) != fault.TooLarge {
		t.Errorf("%v (%q), want too-large", err, fault.KindOf(err))
	}
}

func TestSigned(t *testing.T) {
	for signature, want := range map[string]int64{
		"A <a@b> 1700000000 +0100":           1700000000,
		"A <a@b> -1 +0000":                   -1,
		"odd > name <a@b> 5 +0000":           5,
		"A <a@b>":                            0,
		"":                                   0,
		"A <a@b> 99999999999999999999 +0000": 0,
		"A <a@b> 9223372036854775807 +0000":  0,
		"no mail 1700000000 +0000":           0,
		"A <a@b> soon":                       0,
	} {
		got := signed(signature)
		if want == 0 && !got.IsZero() || want != 0 && got.Unix() != want {
			t.Errorf("signed(%q) = %v, want %d", signature, got, want)
		}
	}
}

// A tree of few objects is refused for what it would take before anybody goes
// through it: a million paths of 15 KB, ten million folders.
func TestFiles_Weighed(t *testing.T) {
	name := func(n int) packstream.Hash { return packstream.Hash{byte(n >> 8), byte(n)} }
	s := &scale{snapshot: &Snapshot{entries: 2 << 20}, stopped: func() error { return nil }, known: map[packstream.Hash]weight{}}
	for what, test := range map[string]struct {
		weight weight
		depth  int
		want   fault.Kind
	}{
		"as people have them": {weight{entries: 90_000, bytes: 4 << 20, depth: 10, longest: 200}, 3, ""},
		"entries":             {weight{entries: 2<<20 + 1}, 0, fault.TooLarge},
		"paths":               {weight{entries: 10, bytes: mostPathBytes + 1}, 0, fault.TooLarge},
		"depth":               {weight{depth: 500}, 13, fault.TooLarge},
		"a path":              {weight{longest: longestPath + 1}, 0, fault.TooLarge},
	} {
		s.known[name(1)] = test.weight
		if _, err := s.tree(name(1), test.depth); fault.KindOf(err) != test.want {
			t.Errorf("%s: %v, want %q", what, err, test.want)
		}
	}
}
