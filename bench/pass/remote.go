package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"

	"groma/bench"
)

// A remote is a bare repository that shares the objects of another, so that it
// is made in no time and can be committed to without harm.
type remote struct{ folder string }

func share(ctx context.Context, from, to string) (remote, error) {
	_, err := bench.Output(bench.Command(ctx, "git", "clone", "--quiet", "--bare", "--shared", from, to))
	return remote{to}, err
}

// git runs a git command on the remote. Its commits have the same hash in every
// run.
func (r remote) git(ctx context.Context, stdin []byte, args ...string) (string, error) {
	cmd := bench.Command(ctx, "git", append([]string{"--git-dir", r.folder}, args...)...)
	cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+r.folder+"/bench-index",
		"GIT_AUTHOR_NAME=bench", "GIT_AUTHOR_EMAIL=bench@example.org", "GIT_AUTHOR_DATE=2026-01-01T00:00:00Z",
		"GIT_COMMITTER_NAME=bench", "GIT_COMMITTER_EMAIL=bench@example.org", "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z")
	cmd.Stdin = bytes.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout = &out
	_, err := bench.Run(cmd)
	return out.String(), err
}

// commit adds a commit to the default branch in which one file is changed: one
// new blob, and the trees above it.
func (r remote) commit(ctx context.Context) error {
	defer os.Remove(r.folder + "/bench-index")
	file, content, err := r.choose(ctx)
	if err != nil {
		return err
	}
	blob, err := r.git(ctx, append(content, "\nchanged\n"...), "hash-object", "-w", "--stdin")
	if err != nil {
		return err
	}
	if _, err := r.git(ctx, nil, "read-tree", "HEAD"); err != nil {
		return err
	}
	entry := file.Mode + " " + strings.TrimSpace(blob) + "\t" + file.Path + "\x00"
	if _, err := r.git(ctx, []byte(entry), "update-index", "-z", "--index-info"); err != nil {
		return err
	}
	tree, err := r.git(ctx, nil, "write-tree")
	if err != nil {
		return err
	}
	commit, err := r.git(ctx, nil, "commit-tree", "-p", "HEAD", "-m", "a change", strings.TrimSpace(tree))
	if err != nil {
		return err
	}
	_, err = r.git(ctx, nil, "update-ref", "HEAD", strings.TrimSpace(commit))
	return err
}

// choose returns the file in the middle of the tree, or the next after it that
// is text of an ordinary size: a change as people make them.
func (r remote) choose(ctx context.Context) (bench.File, []byte, error) {
	files, err := bench.Files(ctx, r.folder)
	if err != nil {
		return bench.File{}, nil, err
	}
	for i := range files {
		file := files[(len(files)/2+i)%len(files)]
		if !strings.HasPrefix(file.Mode, "100") || file.Size == 0 || file.Size > 64<<10 {
			continue
		}
		content, err := r.git(ctx, nil, "cat-file", "blob", file.Blob)
		if err != nil {
			return bench.File{}, nil, err
		}
		if !strings.Contains(content, "\x00") {
			return file, []byte(content), nil
		}
	}
	return bench.File{}, nil, errors.New(r.folder + " has no file to change")
}
