// Package tally counts and classifies one file of a tree, and sums.
//
// Every line of a counted file is code, comment or blank, so for any file and
// any sum of files
//
//	code + comments + blanks == lines
//
// and lines is what a reader would count: the newlines, and one more for a
// tail without one. Every file of a tree is accounted for: it is counted in
// exactly one language and one class, or it is skipped for exactly one reason.
//
// What a file counts as depends on its path, the overrides that the tree's
// .gitattributes give that path, its content and the options, and on nothing
// else; [Method] names this function, so that equal methods mean equal counts.
// It is taken in three steps, so that each can be kept and used again:
//
//  1. [NameOf] says what the name allows: candidate languages, in a key that
//     can be compared.
//  2. [Read] counts a content under that key, without knowing the path.
//  3. [Classify] gives the class from path, overrides and what was read.
//
// scc decides the language and the lines, go-enry what the host would leave
// out of its statistics. docs/decisions/0003-differences-from-scc.md lists
// where a count differs from scc's over a checkout, and why.
//
// Everything here is safe for concurrent use, but for [Attributes] while files
// are being added, [Sum] and [Packages].
package tally

import (
	"fmt"

	gromav1 "groma/proto/groma/v1"
)

// Reasons why the lines of a file are not counted.
const (
	Binary          = "binary"           // bytes that are no text
	Symlink         = "symlink"          // its content is a path
	Submodule       = "submodule"        // its content is in another repository
	LFSPointer      = "lfs-pointer"      // its content is in Git LFS
	TooLarge        = "too-large"        // beyond Options.FileBytes
	UnknownLanguage = "unknown-language" // scc has no language for it
)

// DefaultFileBytes is the size up to which a file is counted. What is larger
// is data that somebody generated or recorded; reading it costs memory.
const DefaultFileBytes = 10 << 20

// Versions of what decides a count. A test holds them to go.mod's.
const (
	rules       = "g1" // to be raised with any change of this package that can change a count
	sccVersion  = "3.7.0"
	enryVersion = "2.9.6"
)

// Method names everything that decides a tally, so that the same commit
// counted by the same method has the same tally. It is one segment of the keys
// under which censuses are kept: letters, digits, dots and hyphens.
//
// Its first part stands for this package. Raise it (g1, g2, …) with any change
// after which some file of some tree may be counted otherwise: rules of class,
// languages, attributes, packages, reasons to skip. Raising it counts every
// repository anew; not raising it mixes two truths under one name.
//
// Zero fileBytes means [DefaultFileBytes].
func Method(fileBytes int64) string {
	return fmt.Sprintf("%s-scc%s-enry%s-f%s", rules, sccVersion, enryVersion, size(limit(fileBytes)))
}

// size writes n in the largest unit that holds it exactly.
func size(n int64) string {
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "g"}, {1 << 20, "m"}, {1 << 10, "k"}} {
		if n%unit.bytes == 0 {
			return fmt.Sprintf("%d%s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%db", n)
}

// limit is the size up to which a file is counted, for fileBytes asked for.
func limit(fileBytes int64) int64 {
	if fileBytes <= 0 {
		return DefaultFileBytes
	}
	return fileBytes
}

// Options is what a tally can be told.
type Options struct {
	// FileBytes is the size in bytes up to which a file is counted; zero
	// means [DefaultFileBytes].
	FileBytes int64
}

// A Counter counts files by one method.
type Counter struct {
	fileBytes int64
}

// New makes a Counter.
func New(options Options) *Counter {
	return &Counter{fileBytes: limit(options.FileBytes)}
}

// FileBytes is the size in bytes up to which it counts files.
func (c *Counter) FileBytes() int64 { return c.fileBytes }

// Method is the method this Counter counts by.
func (c *Counter) Method() string { return Method(c.fileBytes) }

// A Mode is the kind of a tree's entry.
type Mode uint8

const (
	Regular Mode = iota
	Executable
	SymbolicLink
	Gitlink // a submodule
)

// An Entry is one file of a tree, as the tree names it.
type Entry struct {
	Path string // slash-separated, from the root of the tree
	Mode Mode
	Blob string // object id; for a submodule, the commit it names
	Size int64  // bytes of the blob; zero for a submodule
}

// Skip reports why e needs no reading, from its mode and size alone.
func (c *Counter) Skip(e Entry) (why string, skip bool) {
	switch {
	case e.Mode == Gitlink:
		return Submodule, true
	case e.Mode == SymbolicLink:
		return Symlink, true
	case e.Size > c.fileBytes:
		return TooLarge, true
	}
	return "", false
}

// Count counts one file. The content of an entry that [Counter.Skip] skips is
// not looked at; any other must be whole.
func (c *Counter) Count(e Entry, overrides Overrides, content []byte) *gromav1.FileCount {
	if _, skip := c.Skip(e); skip {
		return c.File(e, overrides, Content{})
	}
	return c.File(e, overrides, Read(NameOf(e.Path, overrides), content))
}

// File is the count of a file whose content was read before, perhaps under
// another path of the same [Name].
func (c *Counter) File(e Entry, overrides Overrides, content Content) *gromav1.FileCount {
	file := &gromav1.FileCount{Path: e.Path, Blob: e.Blob, Bytes: e.Size, Skipped: content.Skipped}
	if why, skip := c.Skip(e); skip {
		file.Skipped = why
		return file
	}
	file.Override, file.Generated = overrides.Language, content.Generated
	if file.Skipped != "" {
		return file
	}
	file.Language = content.Language
	file.Class = Classify(e.Path, overrides, content)
	file.Lines = content.Lines
	file.Code = content.Code
	file.Comments = content.Comments
	file.Blanks = content.Blanks
	file.Complexity = content.Complexity
	return file
}
