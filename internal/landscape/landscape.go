// Package landscape reads sources into one landscape: the projects, every
// repository behind them, and whatever was odd about the source.
//
// A repository that a source names is in the landscape, or a warning says why
// it is not. So, for any landscape that [Read] returns:
//
//   - each repository of a project stands in the repositories, and each
//     repository there belongs to a project;
//   - projects are sorted by slug, repositories by key, each standing once;
//   - the items of the source are the projects and those left out;
//   - no address, alias, key or message holds a user's password or token;
//   - warnings are about the source, and the filter does not change them.
//
// The package computes and does nothing else. The same documents and the same
// filter give the same landscape.
package landscape

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	gromav1 "groma/proto/groma/v1"
)

// Document is the bytes of a source and a short name for people.
type Document struct {
	Name string
	Data []byte
}

// Kind is how a document is to be read.
type Kind string

const (
	// KindLandscape is YAML as CNCF's landscape has it: categories,
	// subcategories, items.
	KindLandscape Kind = "landscape"
	// KindList is text: the address of a repository on each line, with
	// comments that begin with # and blank lines.
	KindList Kind = "list"
	// KindFolder is text: "# folder PATH" on the first line, then the absolute
	// path of a repository found in that folder on each line. Any other line
	// that begins with # is something the search has to tell.
	KindFolder Kind = "folder"
	// KindRepository is the address of one repository.
	KindRepository Kind = "repository"
)

// Read reads a source, joins CLOMonitor's file into it where there is one, and
// keeps what the filter keeps. A nil filter keeps the CNCF projects that are
// not archived; where a source has no such notion, all of it.
//
// An error lies in the documents or in the filter, so that reading them again
// cannot help. An address that is no repository is not an error: it stays in,
// with its outcome.
func Read(kind Kind, source Document, clomonitor *Document, filter *gromav1.Filter) (*gromav1.Landscape, error) {
	if clomonitor != nil && kind != KindLandscape {
		return nil, fmt.Errorf("%s is joined to a landscape by its items' clomonitor_name, and a %s has none: leave it out", clomonitor.Name, kind)
	}
	s, err := survey(kind, source, clomonitor)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source.Name, err)
	}
	sieve, err := newSieve(kind, filter, s.entries)
	if err != nil {
		return nil, err
	}
	nameSlugs(s.entries)
	kept, leftOut := sieve.sift(s.entries)
	projects, repositories := plan(kept)
	sum := sha256.Sum256(source.Data)
	return &gromav1.Landscape{
		Name:         clean(source.Name),
		Sha256:       hex.EncodeToString(sum[:]),
		Projects:     projects,
		Repositories: repositories,
		Warnings:     s.notes.sorted(),
		LeftOut:      leftOut,
		Items:        int64(len(s.entries)),
	}, nil
}

// reading is what the documents say, before any filter.
type reading struct {
	entries []*entry
	notes   *notes
}

// entry is one item of a source.
type entry struct {
	name        string
	slug        string
	maturity    string
	project     bool // the source says it is a CNCF project
	dates       dates
	category    string
	subcategory string
	homepage    string
	description string
	// clomonitor is the name of the project in CLOMonitor's file.
	clomonitor field
	line       int
	// specification is set where the source says that the item is one.
	specification bool
	references    []reference
}

type dates struct{ accepted, incubating, graduated, archived string }

// reference is one address that an entry names.
type reference struct {
	address Address
	// unsupported says why the address is no repository; nil if it is one.
	unsupported error
	branch      string
	role        string
	source      string
	line        int
}

// Roles say why a repository is in a landscape.
const (
	rolePrimary    = "primary"
	roleAdditional = "additional"
	roleClomonitor = "clomonitor"
	roleListed     = "listed"
	roleFound      = "found"
	roleGiven      = "given"
)

// Sources of warnings.
const (
	sourceLandscape  = "landscape"
	sourceClomonitor = "clomonitor"
)

// survey reads the documents.
func survey(kind Kind, source Document, clomonitor *Document) (*reading, error) {
	s := &reading{notes: &notes{}}
	var err error
	switch kind {
	case KindLandscape:
		err = s.readLandscape(source.Data)
	case KindList:
		err = s.readList(source.Data)
	case KindFolder:
		err = s.readFolder(source.Data)
	case KindRepository:
		err = s.readRepository(source.Data)
	default:
		err = fmt.Errorf("kind %q is none of %s, %s, %s, %s", kind, KindLandscape, KindList, KindFolder, KindRepository)
	}
	if err != nil {
		return nil, err
	}
	if clomonitor != nil {
		if err := s.join(clomonitor.Data); err != nil {
			return nil, fmt.Errorf("joining %s: %w", clomonitor.Name, err)
		}
	}
	return s, nil
}

// refer adds an address to an entry. Any text will do: what is no repository
// is kept with the reason.
func (e *entry) refer(address, branch, role, source string, line int) reference {
	parsed, err := ParseAddress(address)
	ref := reference{address: parsed, unsupported: err, branch: branch, role: role, source: source, line: line}
	e.references = append(e.references, ref)
	return ref
}
