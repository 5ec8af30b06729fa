package source

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"groma/internal/fault"
	"groma/internal/landscape"
)

// deepest is how many folders below the first are looked into.
const deepest = 16

// search collects the repositories below a folder.
type search struct {
	found   []string
	remarks []string // what could not be looked into
}

// readFolder brings the list of the repositories in a folder. A folder that is
// a repository, with no other below it, is one.
func readFolder(ctx context.Context, arg string) (Source, error) {
	folder, err := filepath.Abs(arg)
	if err != nil {
		return Source{}, fault.Errorf(fault.Unknown, "%s: %w", arg, err)
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return Source{}, diskError(arg, err)
	}
	var s search
	if err := s.walk(ctx, folder, 0); err != nil {
		return Source{}, err
	}
	slices.Sort(s.found)
	switch {
	case len(s.found) == 0:
		return Source{}, fault.Errorf(fault.NotFound, "there is no git repository in %s%s: name another folder, or a landscape file", arg, because(s.remarks))
	case len(s.found) == 1 && s.found[0] == folder && len(s.remarks) == 0:
		return Source{landscape.KindRepository, landscape.Document{Name: filepath.Base(folder), Data: []byte(writable(folder))}}, nil
	}
	var list bytes.Buffer
	fmt.Fprintf(&list, "# folder %s\n", oneLine(folder))
	for _, path := range s.found {
		fmt.Fprintln(&list, writable(path))
	}
	for _, remark := range s.remarks {
		fmt.Fprintln(&list, "# "+oneLine(remark))
	}
	if list.Len() > largest {
		return Source{}, fault.Errorf(fault.TooLarge, "the list of the %d repositories in %s is larger than %d MiB: survey a part of it", len(s.found), arg, largest>>20)
	}
	return Source{landscape.KindFolder, landscape.Document{Name: filepath.Base(folder), Data: list.Bytes()}}, nil
}

func because(remarks []string) string {
	if len(remarks) == 0 {
		return ""
	}
	return " (" + remarks[0] + ")"
}

// walk looks for repositories in a folder and in the folders below it.
// Symbolic links are not followed: they may lead back, or out.
func (s *search) walk(ctx context.Context, folder string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		s.remarks = append(s.remarks, fmt.Sprintf("%s is not looked into: %v", folder, reason(err)))
		return nil
	}
	bare := isBare(entries)
	if bare || isWorkTree(folder) {
		s.found = append(s.found, folder)
	}
	if bare {
		return nil
	}
	for _, entry := range entries {
		below := filepath.Join(folder, entry.Name())
		switch {
		case !entry.IsDir() || entry.Name() == ".git":
		case depth == deepest:
			s.remarks = append(s.remarks, fmt.Sprintf("%s is not looked into: it is more than %d folders deep", below, deepest))
		default:
			if err := s.walk(ctx, below, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// reason is what went wrong, without the path that is named already.
func reason(err error) error {
	if pathErr, ok := err.(*os.PathError); ok {
		return pathErr.Err
	}
	return err
}

// isWorkTree says whether a folder is a checkout. Its .git is a folder, or in
// worktrees and submodules a file that says where the folder is.
func isWorkTree(folder string) bool {
	git := filepath.Join(folder, ".git")
	info, err := os.Stat(git)
	switch {
	case err != nil:
		return false
	case info.IsDir():
		_, err := os.Lstat(filepath.Join(git, "HEAD"))
		return err == nil
	case !info.Mode().IsRegular() || info.Size() > 8192:
		return false
	}
	data, err := os.ReadFile(git)
	return err == nil && bytes.HasPrefix(data, []byte("gitdir: "))
}

// isBare says whether a folder is a repository without a checkout.
func isBare(entries []os.DirEntry) bool {
	has := func(name string, folder bool) bool {
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == name && e.IsDir() == folder })
	}
	return has("HEAD", false) && has("objects", true) && has("refs", true)
}

// writable is a path that can stand on a line of its own.
func writable(path string) string {
	if oneLine(path) == path && strings.TrimSpace(path) == path {
		return path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func oneLine(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
