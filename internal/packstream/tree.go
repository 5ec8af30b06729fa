package packstream

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Mode is what kind of file an entry of a tree is, in git's numbers.
type Mode uint32

const (
	Regular    Mode = 0o100644
	Executable Mode = 0o100755
	Symlink    Mode = 0o120000 // its contents are its target
	Submodule  Mode = 0o160000 // it names a commit
	Directory  Mode = 0o040000
)

// An Entry is one line of a tree.
type Entry struct {
	Name []byte // within its folder: no slash, not empty, otherwise anything
	Mode Mode
	Hash Hash
}

var errTree = errors.New("malformed")

// ParseTree reads a tree, "MODE NAME\0HASH" as often as it stands there. The
// order is git's, made so where it is not. Names share memory with data.
func ParseTree(data []byte) ([]Entry, error) {
	var entries []Entry
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, spaced := bytes.Cut(head, []byte{' '})
		if !ok || !spaced || len(name) == 0 || bytes.IndexByte(name, '/') >= 0 || len(rest) < len(Hash{}) {
			return nil, errTree
		}
		e := Entry{Name: name}
		number, err := strconv.ParseUint(string(mode), 8, 32)
		if err != nil {
			return nil, errTree
		}
		if e.Mode, ok = canonicalMode(Mode(number)); !ok {
			return nil, fmt.Errorf("an entry has the mode %o", number)
		}
		data = rest[copy(e.Hash[:], rest):]
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
	case Directory, Symlink, Submodule:
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
func compareEntries(a, b Entry) int {
	n := min(len(a.Name), len(b.Name))
	if c := bytes.Compare(a.Name[:n], b.Name[:n]); c != 0 {
		return c
	}
	return int(a.after(n)) - int(b.after(n))
}

// after is the byte at n of a name that is at least so long, as it sorts.
func (e Entry) after(n int) byte {
	switch {
	case n < len(e.Name):
		return e.Name[n]
	case e.Mode == Directory:
		return '/'
	}
	return 0
}
