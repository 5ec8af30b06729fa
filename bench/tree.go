package bench

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// A File is an entry of a tree.
type File struct {
	Mode, Blob, Path string
	Size             int64 // zero for a submodule
}

// Files is the tree of the head of a repository, by path; folder is its bare
// repository, or the .git of a checkout.
func Files(ctx context.Context, folder string) ([]File, error) {
	cmd := Command(ctx, "git", "--git-dir", folder, "ls-tree", "-r", "-l", "-z", "HEAD")
	var listed bytes.Buffer
	cmd.Stdout = &listed
	if _, err := Run(cmd); err != nil {
		return nil, err
	}
	return parseTree(listed.String())
}

func parseTree(listed string) ([]File, error) {
	files := []File{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(listed, "\x00"), "\x00") {
		if entry == "" {
			continue
		}
		file, err := parseFile(entry)
		if err != nil {
			return nil, fmt.Errorf("entry %q of a tree: %w", entry, err)
		}
		files = append(files, file)
	}
	return files, nil
}

func parseFile(entry string) (File, error) {
	facts, path, _ := strings.Cut(entry, "\t")
	file := File{Path: path}
	var kind, size string
	if _, err := fmt.Sscan(facts, &file.Mode, &kind, &file.Blob, &size); err != nil {
		return File{}, err
	}
	if kind != "blob" {
		return file, nil
	}
	_, err := fmt.Sscan(size, &file.Size)
	return file, err
}
