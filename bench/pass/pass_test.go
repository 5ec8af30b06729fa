package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"groma/bench"
)

func TestChoose(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte("a/b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	here := t.TempDir()
	for _, test := range []struct {
		args string
		want []string
	}{
		{"-memory " + here, []string{"P1", "P5"}},
		{"-memory /nowhere -repositories " + list, []string{"P1", "P2", "P3"}},
		{"-memory /nowhere -repositories " + list + " -remotes " + here, []string{"P1", "P2", "P3", "P4"}},
		{"-only p3,P1 -repositories " + list, []string{"P3", "P1"}},
	} {
		s, err := parse(strings.Fields("-host http://127.0.0.1:1/ " + test.args))
		if err != nil || !slices.Equal(s.only, test.want) {
			t.Errorf("%s: %v, %v, want %v", test.args, s, err, test.want)
		}
	}
}

func TestParse_Error(t *testing.T) {
	for _, args := range []string{
		"", "-host h extra", "-host h -only P6", "-host h -only P2", "-host h -only P4 -remotes /",
		"-host h -pairs 0", "-host h -repository x", "-host h -repositories /nowhere", "-host h -only P5 -memory /nowhere",
	} {
		if s, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%q is read as %+v", args, s)
		}
	}
}

func TestDiscard(t *testing.T) {
	for _, whole := range []string{"000dpackfile\nsome bytes0000", "0011shallow-info0035shallow x0001…0000"} {
		if err := discard(strings.NewReader(whole)); err != nil {
			t.Errorf("%q: %v", whole, err)
		}
	}
	for _, broken := range []string{"", "0000", "000dpackfile\nsome bytes", "0020ERR upload-pack: not our ref0000"} {
		if err := discard(strings.NewReader(broken)); err == nil {
			t.Errorf("%q is taken for a pack", broken)
		}
	}
}

func TestEnding(t *testing.T) {
	var e ending
	for _, part := range []string{"abc", "", "defgh", "i", "j"} {
		if n, err := e.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("wrote %d, %v of %q", n, err, part)
		}
	}
	if string(e) != "ghij" {
		t.Errorf("ending %q, want ghij", e)
	}
}

// TestRemote commits to a clone that shares its objects and receives from it, with the git of this machine.
func TestRemote(t *testing.T) {
	ctx := t.Context()
	root := t.TempDir()
	original := remote{filepath.Join(root, "original.git")}
	made(t, ctx, original)
	before := head(t, ctx, original)

	shared, err := share(ctx, original.folder, filepath.Join(root, "served", "o", "n.git"))
	if err != nil {
		t.Fatal(err)
	}
	if err := shared.commit(ctx); err != nil {
		t.Fatal(err)
	}
	if after := head(t, ctx, shared); after == before || head(t, ctx, original) != before {
		t.Errorf("the commit went from %s to %s, the original is at %s", before, after, head(t, ctx, original))
	}
	changed, err := shared.git(ctx, nil, "diff", "--name-only", "HEAD^", "HEAD")
	if err != nil || changed != "b.go\n" {
		t.Errorf("changed %q, %v, want the text in the middle", changed, err)
	}

	backend, err := gitBackend(ctx, filepath.Join(root, "served"))
	if err != nil {
		t.Fatal(err)
	}
	host, err := bench.NewMeter(backend)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	if err := receive(ctx, host.URL+"/o/n"); err != nil {
		t.Error(err)
	}
	if sent, requests := host.Take(); sent < 500 || requests != 3 {
		t.Errorf("%d bytes in %d requests, want some in 3", sent, requests)
	}
	if err := receive(ctx, host.URL+"/o/none"); err == nil {
		t.Error("a pack came from a repository that is not there")
	}
}

// made is a repository of two files of Go and a binary one between them.
func made(t *testing.T, ctx context.Context, r remote) {
	t.Helper()
	if _, err := r.git(ctx, nil, "init", "--quiet", "--bare", "-b", "main"); err != nil {
		t.Fatal(err)
	}
	index := ""
	for path, content := range map[string]string{"a.go": "package a\n\n// A\n", "a.png": "\x89PNG\x00", "b.go": "package a\n"} {
		blob, err := r.git(ctx, []byte(content), "hash-object", "-w", "--stdin")
		if err != nil {
			t.Fatal(err)
		}
		index += "100644 " + strings.TrimSpace(blob) + "\t" + path + "\x00"
	}
	if _, err := r.git(ctx, []byte(index), "update-index", "-z", "--index-info"); err != nil {
		t.Fatal(err)
	}
	tree, err := r.git(ctx, nil, "write-tree")
	if err != nil {
		t.Fatal(err)
	}
	commit, err := r.git(ctx, nil, "commit-tree", "-m", "first", strings.TrimSpace(tree))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.git(ctx, nil, "update-ref", "refs/heads/main", strings.TrimSpace(commit)); err != nil {
		t.Fatal(err)
	}
}

func head(t *testing.T, ctx context.Context, r remote) string {
	t.Helper()
	hash, err := r.git(ctx, nil, "rev-parse", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(hash)
}
