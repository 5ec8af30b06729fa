// Package source brings the bytes of a survey's source from wherever the user
// points, and says how they are to be read.
//
// A source is small, is read whole, and is read once: what comes back is all
// that a survey needs to plan, so that planning again needs neither network
// nor disk. The name and, where the source is one address, the bytes hold no
// credentials.
package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"groma/internal/fault"
	"groma/internal/landscape"
)

// Source is a document and how to read it.
type Source struct {
	Kind     landscape.Kind
	Document landscape.Document
}

// largest is the size beyond which a file is not taken for a source. CNCF's
// landscape is a hundredth of it.
const largest = 64 << 20

// Read brings the source that arg names:
//
//   - "-": a landscape or a list, from stdin;
//   - a file: a landscape or a list, told apart by what is in it;
//   - a folder: every git repository in it, or the repository it is;
//   - an http or https URL of a file, which is a landscape or a list;
//   - the address of one repository, in any form git takes.
//
// What exists on disk is taken for itself, whatever else its name may mean.
func Read(ctx context.Context, arg string, stdin io.Reader) (Source, error) {
	switch {
	case strings.TrimSpace(arg) == "":
		return Source{}, fault.Errorf(fault.Invalid, "no source is given: name a landscape file, a folder, a list or the address of a repository")
	case arg == "-":
		return readStdin(stdin)
	case isURL(arg):
		return readURL(ctx, plain(), arg)
	case strings.HasPrefix(arg, "file://"):
		a, err := landscape.ParseAddress(arg)
		if err != nil {
			return Source{}, fault.Errorf(fault.Invalid, "%s: %w", a.Spelling, err)
		}
		arg = a.Fetch
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return readFolder(ctx, arg)
	case err == nil:
		return readDocument(arg)
	case !notThere(err):
		return Source{}, diskError(arg, err)
	}
	// A relative path never reads as an address, except as host/owner/name.
	if strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, ".") {
		return Source{}, diskError(arg, err)
	}
	return oneRepository(arg)
}

// ReadFile brings a file or what an http or https URL names, whatever is in
// it.
func ReadFile(ctx context.Context, arg string) (landscape.Document, error) {
	if isURL(arg) {
		return get(ctx, plain(), arg)
	}
	return readPath(arg)
}

func readStdin(stdin io.Reader) (Source, error) {
	if stdin == nil {
		return Source{}, fault.Errorf(fault.Invalid, "there is no standard input to read")
	}
	const name = "standard input"
	data, err := readBounded(name, stdin)
	if err != nil {
		return Source{}, err
	}
	return Sniff(landscape.Document{Name: name, Data: data})
}

func readDocument(path string) (Source, error) {
	document, err := readPath(path)
	if err != nil {
		return Source{}, err
	}
	return Sniff(document)
}

func readPath(path string) (landscape.Document, error) {
	file, err := os.Open(path)
	if err != nil {
		return landscape.Document{}, diskError(path, err)
	}
	defer file.Close()
	switch info, err := file.Stat(); {
	case err == nil && info.IsDir():
		return landscape.Document{}, fault.Errorf(fault.Invalid, "%s is a folder, and a file is wanted", path)
	case err == nil && info.Size() > largest:
		return landscape.Document{}, tooLarge(path)
	}
	data, err := readBounded(path, file)
	if err != nil {
		return landscape.Document{}, err
	}
	return landscape.Document{Name: filepath.Base(path), Data: data}, nil
}

// readBounded reads all there is, or fails where that is too much.
func readBounded(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, largest+1))
	switch {
	case err != nil:
		return nil, fault.Errorf(kindOf(err), "reading %s: %w", name, err)
	case len(data) > largest:
		return nil, tooLarge(name)
	}
	return data, nil
}

func tooLarge(name string) error {
	return fault.Errorf(fault.TooLarge, "%s is larger than %d MiB: no landscape is, so this is likely another file", name, largest>>20)
}

// oneRepository is a source that is one address.
func oneRepository(address string) (Source, error) {
	a, err := landscape.ParseAddress(address)
	switch {
	case a.Host == "invalid":
		return Source{}, fault.Errorf(fault.NotFound, "%s is no file, no folder and no address of a repository (%w): check its spelling, or write the address in full", a.Spelling, err)
	case err != nil:
		return Source{}, fault.Errorf(fault.Unsupported, "%s: %w: write the addresses of the repositories you mean into a file, one a line, and name the file", a.Spelling, err)
	}
	// The spelling, not what was typed: it has no credentials and keeps the
	// branch.
	return Source{Kind: landscape.KindRepository, Document: landscape.Document{Name: a.Key, Data: []byte(a.Spelling)}}, nil
}

func diskError(path string, err error) error {
	kind := fault.Unknown
	switch {
	case notThere(err):
		return fault.Errorf(fault.NotFound, "%s does not exist: check the path", path)
	case os.IsPermission(err):
		kind = fault.Denied
	}
	return fault.Errorf(kind, "%w", err)
}

// notThere says whether nothing of that name can be.
func notThere(err error) bool {
	for _, why := range []error{fs.ErrNotExist, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.EINVAL} {
		if errors.Is(err, why) {
			return true
		}
	}
	return false
}
