// Package world makes git repositories from text and serves them on loopback.
//
// A world is a txtar archive. The same text gives the same commits, byte for
// byte and hash for hash, on any machine and on any day; nothing in it needs a
// network, a git configuration or a clock.
//
//	-- repos/groma-tour/aqueduct/src/main.rs --
//	fn main() {}
//	-- repos/groma-tour/aqueduct/tools/run.sh [executable] --
//	#!/bin/sh
//	-- repos/groma-tour/old-name.repo --
//	moved groma-tour/aqueduct
//	-- landscape.yml --
//	landscape: []
//
// A file repos/OWNER/NAME/PATH stands in the first commit of OWNER/NAME. What
// is in brackets after a path says what kind of file it is: executable,
// symlink (the text is the target), submodule (the text is a commit), base64,
// "repeat N" (the text N times over), or deleted (in [Commit] only). A path in
// double quotes is unquoted as Go does, for names no text file could hold.
//
// A file repos/OWNER/NAME.repo has directives, one on a line: see [Server.Set]
// for those that say how the repository is served, and
//
//	empty                  it exists and has no commit
//	branch NAME            the branch of the commits, and HEAD; main if not said
//	head NAME              HEAD names this branch, which need not exist
//	detached               HEAD is the commit itself
//	tag NAME               an annotated tag of the last commit
//	date TIME              the first commit's time, RFC 3339
//
// Every other file of the archive is there for [World.File].
package world

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Epoch is when the first commit of every repository was made, unless its
// text says otherwise; each further one is made an hour later.
var Epoch = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// A World is a parsed archive. It does not change.
type World struct {
	files map[string][]byte
	repos map[string]*repository
}

// repository is what the text says of one repository.
type repository struct {
	entries  []entry
	empty    bool
	branch   string
	head     string
	detached bool
	tag      string
	date     time.Time
	manners  manners
}

// entry is one file of a tree.
type entry struct {
	path    string
	mode    mode
	data    []byte
	deleted bool
}

// mode is a file's mode as git writes it in a tree.
type mode string

const (
	regular    mode = "100644"
	executable mode = "100755"
	symlink    mode = "120000"
	submodule  mode = "160000"
	directory  mode = "40000"
)

// Parse reads a world from a txtar archive.
func Parse(archive []byte) (*World, error) {
	w := &World{files: map[string][]byte{}, repos: map[string]*repository{}}
	for _, f := range split(archive) {
		if err := w.add(f); err != nil {
			return nil, fmt.Errorf("world: %s: %w", f.name, err)
		}
	}
	for name, r := range w.repos {
		if len(r.entries) == 0 && !r.empty && !r.manners.absent() {
			return nil, fmt.Errorf("world: %s: no files; say empty, missing, denied or moved", name)
		}
	}
	return w, nil
}

// File returns a file of the archive that belongs to no repository.
func (w *World) File(name string) ([]byte, bool) {
	data, ok := w.files[name]
	return data, ok
}

// Repositories returns the names of all repositories, OWNER/NAME, sorted.
func (w *World) Repositories() []string {
	var names []string
	for name := range w.repos {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (w *World) add(f textFile) error {
	rest, ok := strings.CutPrefix(f.name, "repos/")
	if !ok {
		w.files[f.name] = f.data
		return nil
	}
	if name, ok := strings.CutSuffix(rest, ".repo"); ok && strings.Count(name, "/") == 1 {
		r, err := w.repository(name)
		if err != nil {
			return err
		}
		return r.direct(string(f.data))
	}
	parts := strings.SplitN(rest, "/", 3)
	if len(parts) < 3 {
		return fmt.Errorf("want repos/OWNER/NAME/PATH or repos/OWNER/NAME.repo")
	}
	r, err := w.repository(parts[0] + "/" + parts[1])
	if err != nil {
		return err
	}
	e, err := parseEntry(parts[2], f.data)
	if err != nil {
		return err
	}
	if e.deleted {
		return fmt.Errorf("nothing to delete in a first commit")
	}
	r.entries = append(r.entries, e)
	return nil
}

// repository returns the repository of a name, which becomes a folder's.
func (w *World) repository(name string) (*repository, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if w.repos[name] == nil {
		w.repos[name] = &repository{branch: "main", date: Epoch}
	}
	return w.repos[name], nil
}

func checkName(name string) error {
	owner, repo, ok := strings.Cut(name, "/")
	if !ok || path.Clean("/"+name) != "/"+name || owner == "" || repo == "" || strings.ContainsAny(name, "\\\x00\n") {
		return fmt.Errorf("%q is no OWNER/NAME", name)
	}
	return nil
}

// direct follows the directives of a .repo file.
func (r *repository) direct(text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		verb, arg, _ := strings.Cut(line, " ")
		var err error
		switch verb {
		case "":
		case "empty":
			r.empty = true
		case "branch":
			r.branch = arg
		case "head":
			r.head = arg
		case "detached":
			r.detached = true
		case "tag":
			r.tag = arg
		case "date":
			r.date, err = time.Parse(time.RFC3339, arg)
		default:
			err = r.manners.set(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// parseEntry reads "PATH [KIND]" and the text beneath it.
func parseEntry(name string, data []byte) (entry, error) {
	e := entry{path: name, mode: regular, data: data}
	kind := ""
	if i := strings.LastIndex(name, " ["); i >= 0 && strings.HasSuffix(name, "]") {
		e.path, kind = name[:i], name[i+2:len(name)-1]
	}
	if strings.HasPrefix(e.path, `"`) {
		unquoted, err := strconv.Unquote(e.path)
		if err != nil {
			return entry{}, fmt.Errorf("path %s: %w", e.path, err)
		}
		e.path = unquoted
	}
	if slices.Contains(strings.Split(e.path, "/"), "") || strings.Contains(e.path, "\x00") {
		return entry{}, fmt.Errorf("path %q has an empty part or a NUL", e.path)
	}
	return e, e.become(kind)
}

// mostRepeated bounds what "repeat" makes.
const mostRepeated = 64 << 20

// become makes the entry the kind of file that its brackets say.
func (e *entry) become(kind string) error {
	verb, arg, _ := strings.Cut(kind, " ")
	trimmed := strings.TrimSpace(string(e.data))
	switch verb {
	case "":
	case "executable":
		e.mode = executable
	case "symlink":
		e.mode, e.data = symlink, []byte(trimmed)
	case "submodule":
		hash, err := hex.DecodeString(trimmed)
		if err != nil || len(hash) != 20 {
			return fmt.Errorf("a submodule's text is a commit, not %q", trimmed)
		}
		e.mode, e.data = submodule, hash
	case "base64":
		data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(trimmed, "\n", ""))
		if err != nil {
			return err
		}
		e.data = data
	case "repeat":
		n, err := strconv.Atoi(arg)
		if err != nil || n < 0 || n > mostRepeated/max(1, len(e.data)) {
			return fmt.Errorf("repeat %q: want a number, and no more than %d bytes of it", arg, mostRepeated)
		}
		e.data = []byte(strings.Repeat(string(e.data), n))
	case "deleted":
		e.deleted = true
	default:
		return fmt.Errorf("no kind of file is called %q", kind)
	}
	return nil
}
