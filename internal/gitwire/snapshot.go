package gitwire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"

	"groma/internal/fault"
)

// A Snapshot is the tree of one commit, ready to be read. Its files may be
// read from many goroutines until it is closed.
type Snapshot struct {
	// Commit is the full hash of what was fetched.
	Commit string
	// CommittedAt is the committer's time; zero if that is no time between
	// the years 1 and 9999.
	CommittedAt time.Time

	pack    *pack
	tree    plumbing.Hash
	entries int64 // how many the tree may have
}

// Mode is what kind of file an entry of a tree is, in git's numbers.
type Mode uint32

const (
	Regular    Mode = 0o100644
	Executable Mode = 0o100755
	Symlink    Mode = 0o120000 // its contents are its target
	Submodule  Mode = 0o160000 // its Blob is the commit it names
)

const directory Mode = 0o040000

// File is one file of a snapshot.
type File struct {
	// Path is where it stands in the tree, with slashes. It is valid UTF-8:
	// bytes that are not are written \xHH. It is a stranger's text otherwise,
	// and may hold anything but NUL: "..", line feeds, .git.
	Path string
	Mode Mode
	// Blob is the full hash of its contents.
	Blob string
	// Size is how many bytes they are; zero for a submodule.
	Size int64

	snapshot *Snapshot
	index    int32
}

var errNoContents = fault.Errorf(fault.Unsupported, "a submodule has no contents here")

// Open returns the file's contents.
func (f File) Open() (io.ReadCloser, error) {
	if f.Mode == Submodule {
		return nil, errNoContents
	}
	return f.snapshot.pack.open(f.index)
}

// Read returns the file's contents, Size bytes. They must not be changed.
func (f File) Read() ([]byte, error) {
	if f.Mode == Submodule {
		return nil, errNoContents
	}
	return f.snapshot.pack.readAll(f.index)
}

// newSnapshot finds a commit in a pack, behind any number of tags. It returns
// nil if it is not there.
func newSnapshot(p *pack, want plumbing.Hash) (*Snapshot, error) {
	for range 10 {
		i, ok := p.find(want)
		if !ok {
			return nil, nil
		}
		kind := p.objects[i].kind
		if kind != plumbing.CommitObject && kind != plumbing.TagObject {
			return nil, fault.Errorf(fault.Invalid, "%s is a %s, not a commit", want, kind)
		}
		text, err := p.bytes(want, kind)
		if err != nil {
			return nil, err
		}
		if kind == plumbing.CommitObject {
			tree := plumbing.NewHash(field(text, "tree"))
			return &Snapshot{Commit: want.String(), CommittedAt: signed(field(text, "committer")), pack: p, tree: tree}, nil
		}
		want = plumbing.NewHash(field(text, "object"))
	}
	return nil, fault.Errorf(fault.Invalid, "it is a tag of a tag of a tag, without end")
}

// field returns the value of a header line of a commit or a tag.
func field(text []byte, name string) string {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte(name+" ")); ok {
			return string(value)
		}
	}
	return ""
}

// signed reads the time of a signature, "Name <mail> SECONDS ZONE".
func signed(signature string) time.Time {
	words := strings.Fields(signature[strings.LastIndexByte(signature, '>')+1:])
	if len(words) == 0 {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return time.Time{}
	}
	t := time.Unix(seconds, 0).UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Time{}
	}
	return t
}

// Close lets go of everything that was kept.
func (s *Snapshot) Close() error { return s.pack.close() }

// What a tree may be; those that people make stay far below.
const (
	deepest     = 512
	longestPath = 16 << 10
)

// Files calls f for every file of the tree, in the order of their paths as git
// sorts them. An error of f ends it and is returned.
func (s *Snapshot) Files(ctx context.Context, f func(File) error) error {
	w := walk{ctx: ctx.Err, snapshot: s, f: f}
	return w.tree(s.tree, nil, 0)
}

// walk is one pass over a tree.
type walk struct {
	ctx      func() error
	snapshot *Snapshot
	f        func(File) error
	seen     int64
}

func (w *walk) tree(name plumbing.Hash, prefix []byte, depth int) error {
	if depth > deepest {
		return fault.Errorf(fault.TooLarge, "its folders are more than %d deep", deepest)
	}
	data, err := w.snapshot.pack.bytes(name, plumbing.TreeObject)
	if err != nil {
		return err
	}
	entries, err := parseTree(data)
	if err != nil {
		return fault.Errorf(fault.Invalid, "tree %s: %w", name, err)
	}
	for _, e := range entries {
		path := append(slices.Clip(prefix), e.name...)
		if len(path) > longestPath {
			return fault.Errorf(fault.TooLarge, "a path has more than %d bytes", longestPath)
		}
		if w.seen++; w.seen > w.snapshot.entries {
			return fault.Errorf(fault.TooLarge, "it has more than %d files and folders", w.snapshot.entries)
		}
		if err := w.entry(e, path, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(e treeEntry, path []byte, depth int) error {
	if e.mode == directory {
		return w.tree(e.hash, append(path, '/'), depth+1)
	}
	if err := w.ctx(); err != nil {
		return err
	}
	file := File{Path: text(path), Mode: e.mode, Blob: e.hash.String(), snapshot: w.snapshot}
	if e.mode != Submodule {
		i, ok := w.snapshot.pack.find(e.hash)
		if !ok || w.snapshot.pack.objects[i].kind != plumbing.BlobObject {
			return fault.Errorf(fault.Invalid, "it did not send the contents of %s", printable(file.Path))
		}
		file.index, file.Size = i, w.snapshot.pack.objects[i].size
	}
	return w.f(file)
}

type treeEntry struct {
	name []byte
	mode Mode
	hash plumbing.Hash
}

var errTree = errors.New("malformed")

// parseTree reads "MODE NAME\0HASH" as often as it stands there. The order is
// git's, made so where it is not.
func parseTree(data []byte) ([]treeEntry, error) {
	var entries []treeEntry
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, spaced := bytes.Cut(head, []byte{' '})
		if !ok || !spaced || len(name) == 0 || bytes.IndexByte(name, '/') >= 0 || len(rest) < len(plumbing.ZeroHash) {
			return nil, errTree
		}
		e := treeEntry{name: name}
		number, err := strconv.ParseUint(string(mode), 8, 32)
		if err != nil {
			return nil, errTree
		}
		if e.mode, ok = canonicalMode(Mode(number)); !ok {
			return nil, fmt.Errorf("an entry has the mode %o", number)
		}
		data = rest[copy(e.hash[:], rest):]
		entries = append(entries, e)
	}
	if !slices.IsSortedFunc(entries, compareEntries) {
		slices.SortStableFunc(entries, compareEntries)
	}
	return entries, nil
}

// canonicalMode makes one of five of the modes that git wrote over the years.
func canonicalMode(m Mode) (Mode, bool) {
	switch m &^ 0o7777 {
	case directory, Symlink, Submodule:
		return m &^ 0o7777, true
	case 0o100000:
		if m&0o111 != 0 {
			return Executable, true
		}
		return Regular, true
	}
	return 0, false
}

// compareEntries compares names as git does: a folder's as if it ended in a
// slash.
func compareEntries(a, b treeEntry) int {
	n := min(len(a.name), len(b.name))
	if c := bytes.Compare(a.name[:n], b.name[:n]); c != 0 {
		return c
	}
	return int(a.after(n)) - int(b.after(n))
}

// after is the byte at n of a name that is at least so long, as it sorts.
func (e treeEntry) after(n int) byte {
	switch {
	case n < len(e.name):
		return e.name[n]
	case e.mode == directory:
		return '/'
	}
	return 0
}

// text makes valid UTF-8 of a path: each byte that is none becomes \xHH. A
// path that is valid stays as it is.
func text(path []byte) string {
	if utf8.Valid(path) {
		return string(path)
	}
	var b strings.Builder
	for len(path) > 0 {
		r, n := utf8.DecodeRune(path)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, path[0])
		} else {
			b.Write(path[:n])
		}
		path = path[n:]
	}
	return b.String()
}
