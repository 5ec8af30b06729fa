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
	"sync/atomic"
	"time"
	"unicode/utf8"

	"groma/internal/fault"
	"groma/internal/packstream"
)

// A Snapshot is the tree of one commit, ready to be read. Its files may be
// read from many goroutines until it is closed.
type Snapshot struct {
	// Commit is the full hash of what was fetched.
	Commit string
	// CommittedAt is the committer's time; zero if that is no time between
	// the years 1 and 9999.
	CommittedAt time.Time

	packs   []*packstream.Pack // the first has the commit and its folders
	tree    packstream.Hash
	large   map[packstream.Hash]int64 // sizes of what was left out
	entries int64                     // how many the tree may have
	partial bool                      // contents need not be here
	weighed atomic.Bool               // the tree is known to be within bounds
}

// Mode is what kind of file an entry of a tree is, in git's numbers.
type Mode = packstream.Mode

const (
	Regular    = packstream.Regular
	Executable = packstream.Executable
	Symlink    = packstream.Symlink   // its contents are its target
	Submodule  = packstream.Submodule // its Blob is the commit it names
)

// File is one file of a snapshot.
type File struct {
	// Path is where it stands in the tree, with slashes. It is valid UTF-8:
	// bytes that are not are written \xHH. It is a stranger's text otherwise,
	// and may hold anything but NUL: "..", line feeds, .git.
	Path string
	Mode Mode
	// Blob is the full hash of its contents.
	Blob string
	// Size is how many bytes they are; zero for a submodule, and for what was
	// not brought.
	Size int64
	// Absent says that the contents did not travel: they are larger than
	// [Limits] want them, or nobody brought them; see [Remote.FetchFolders].
	Absent bool

	pack  *packstream.Pack // with the contents; nil if they are not here
	index int32
}

var errNoContents = fault.Errorf(fault.Unsupported, "a submodule has no contents here, nor what did not travel")

// Open returns the file's contents.
func (f File) Open() (io.ReadCloser, error) {
	if f.pack == nil {
		return nil, errNoContents
	}
	return f.pack.Open(f.index)
}

// Read returns the file's contents, Size bytes. They must not be changed.
func (f File) Read() ([]byte, error) {
	if f.pack == nil {
		return nil, errNoContents
	}
	return f.pack.ReadAll(f.index)
}

// Before reports whether f's contents came before g's: read in that order, they
// are read fastest.
func (f File) Before(g File) bool { return f.index < g.index }

// newSnapshot finds a commit in a pack, behind any number of tags. It returns
// nil if it is not there.
func newSnapshot(p *packstream.Pack, want packstream.Hash) (*Snapshot, error) {
	for range 10 {
		o, ok := p.Find(want)
		if !ok {
			return nil, nil
		}
		if o.Kind != packstream.Commit && o.Kind != packstream.Tag {
			return nil, fault.Errorf(fault.Invalid, "%s is a %s, not a commit", want, o.Kind)
		}
		text, err := p.Text(want, o.Kind)
		if err != nil {
			return nil, err
		}
		if o.Kind == packstream.Commit {
			tree := packstream.ParseHash(field(text, "tree"))
			return &Snapshot{Commit: want.String(), CommittedAt: signed(field(text, "committer")), packs: []*packstream.Pack{p}, tree: tree}, nil
		}
		want = packstream.ParseHash(field(text, "object"))
	}
	return nil, fault.Errorf(fault.Invalid, "it is a tag of a tag of a tag, without end")
}

// sentSnapshot is newSnapshot where the commit has to be there.
func sentSnapshot(p *packstream.Pack, want packstream.Hash) (*Snapshot, error) {
	s, err := newSnapshot(p, want)
	if err == nil && s == nil {
		err = fault.Errorf(fault.Invalid, "it did not send the commit %s", want)
	}
	return s, err
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
func (s *Snapshot) Close() error {
	var err error
	for _, p := range s.packs {
		err = errors.Join(err, p.Close())
	}
	return err
}

// What a tree may be; those that people make stay far below. Linux has 90,000
// files, whose paths take 4 MB.
const (
	deepest       = 512
	longestPath   = 16 << 10
	mostPathBytes = 256 << 20 // of all paths together
)

// Files calls f for every file of the tree, in the order of their paths as git
// sorts them. An error of f ends it and is returned.
func (s *Snapshot) Files(ctx context.Context, f func(File) error) error {
	return s.walk(&walk{ctx: ctx.Err, snapshot: s, f: f})
}

// walk weighs the tree before anybody goes through it.
func (s *Snapshot) walk(w *walk) error {
	if !s.weighed.Load() {
		scale := scale{stopped: w.ctx, snapshot: s, known: map[packstream.Hash]weight{}}
		if _, err := scale.tree(s.tree, 0); err != nil {
			return err
		}
		s.weighed.Store(true)
	}
	return w.tree(s.tree, nil, 0)
}

// walk is one pass over a tree.
type walk struct {
	ctx      func() error
	snapshot *Snapshot
	f        func(File) error
	blob     func(packstream.Hash) // instead of f, for those who need no more
}

func (w *walk) tree(name packstream.Hash, prefix []byte, depth int) error {
	if err := w.ctx(); err != nil {
		return err
	}
	entries, err := w.snapshot.folder(name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := w.entry(e, append(slices.Clip(prefix), e.Name...), depth); err != nil {
			return err
		}
	}
	return nil
}

// folder is what stands in one tree.
func (s *Snapshot) folder(name packstream.Hash) ([]packstream.Entry, error) {
	data, err := s.packs[0].Text(name, packstream.Tree)
	if err != nil {
		return nil, err
	}
	entries, err := packstream.ParseTree(data)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "tree %s: %w", name, err)
	}
	return entries, nil
}

func (w *walk) entry(e packstream.Entry, path []byte, depth int) error {
	if e.Mode == packstream.Directory {
		return w.tree(e.Hash, append(path, '/'), depth+1)
	}
	if err := w.ctx(); err != nil {
		return err
	}
	if w.blob != nil {
		if e.Mode != Submodule {
			w.blob(e.Hash)
		}
		return nil
	}
	file := File{Path: text(path), Mode: e.Mode, Blob: e.Hash.String()}
	if e.Mode != Submodule && !w.snapshot.find(e.Hash, &file) {
		size, large := w.snapshot.large[e.Hash]
		if !large && !w.snapshot.partial {
			return fault.Errorf(fault.Invalid, "it did not send the contents of %s", printable(file.Path))
		}
		file.Size, file.Absent = size, true
	}
	return w.f(file)
}

// Find returns a file of the snapshot with the contents that were brought since
// it was listed, if they were.
func (s *Snapshot) Find(file File) File {
	if file.Absent && s.find(packstream.ParseHash(file.Blob), &file) {
		file.Absent = false
	}
	return file
}

// find finds the contents of a file.
func (s *Snapshot) find(blob packstream.Hash, file *File) bool {
	for _, p := range s.packs {
		if o, ok := p.Find(blob); ok && o.Kind == packstream.Blob {
			file.pack, file.index, file.Size = p, o.Index, o.Size
			return true
		}
	}
	return false
}

// missing are the contents that are not here.
func (s *Snapshot) missing(ctx context.Context) ([]packstream.Hash, error) {
	var names []packstream.Hash
	seen := map[packstream.Hash]bool{}
	w := walk{ctx: ctx.Err, snapshot: s, blob: func(name packstream.Hash) {
		if seen[name] || s.find(name, &File{}) {
			return
		}
		seen[name] = true
		names = append(names, name)
	}}
	return names, s.walk(&w)
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
