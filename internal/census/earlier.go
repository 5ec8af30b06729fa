package census

import (
	"context"
	"errors"

	"groma/internal/artefact"
	"groma/internal/tally"
	"groma/internal/words"
	gromav1 "groma/proto/groma/v1"
)

// Earlier is what the census of another commit of a repository tells of its
// contents.
type Earlier struct {
	commit    string
	sizes     map[string]int64 // of contents, by their hashes
	readings  map[key]reading
	documents map[string]string // paths that words are read from, to their hashes
	words     *gromav1.Words    // nil if they are not kept
}

// NewEarlier makes one of the packed file list of a census by the same method.
func NewEarlier(commit string, packed []byte) (*Earlier, error) {
	e := &Earlier{commit: commit, sizes: map[string]int64{}, readings: map[key]reading{}, documents: map[string]string{}}
	for file, err := range unpackFiles(packed) {
		if err != nil {
			return nil, err
		}
		e.add(file)
	}
	return e, nil
}

func (e *Earlier) add(f *gromav1.FileCount) {
	switch f.Skipped {
	case tally.Submodule:
		return
	case tally.Symlink, tally.TooLarge: // nobody reads those
		e.sizes[f.Blob] = f.Bytes
		return
	}
	e.sizes[f.Blob] = f.Bytes
	if _, wanted := words.Wanted(f.Path); wanted {
		e.documents[f.Path] = f.Blob
	}
	e.readings[keyOf(f.Blob, f.Path, tally.Overrides{Language: f.Override})] = reading{
		content: tally.Content{
			Skipped: f.Skipped, Language: f.Language,
			Lines: f.Lines, Code: f.Code, Comments: f.Comments, Blanks: f.Blanks, Complexity: f.Complexity,
			Generated: f.Generated,
		},
		ecosystem: f.Ecosystem,
	}
}

// mostLost is how many censuses without a readable file list are passed over.
const mostLost = 3

// earlier finds the census of a repository by a method whose commit is the
// youngest, or nil. A file list that is lost or damaged is passed over: it
// would only have saved work. So is that of the commit which is to be counted: who
// kept it was killed before the census, and built on it nothing would be new.
func (t *Taker) earlier(ctx context.Context, repository, commit, method string) (*Earlier, error) {
	lost := 0
	for key, err := range t.Store.List(ctx, artefact.CountedPrefix(repository, method)) {
		if err != nil {
			return nil, err
		}
		before := artefact.CountedCommit(key)
		if before == commit {
			continue
		}
		packed, err := t.Store.Get(ctx, artefact.FilesKey(repository, before, method))
		if err != nil && !errors.Is(err, artefact.ErrMissing) && !errors.Is(err, artefact.ErrDamaged) {
			return nil, err
		}
		if err == nil {
			if e, err := NewEarlier(before, packed); err == nil {
				e.words, err = t.keptWords(ctx, repository, before)
				return e, err
			}
		}
		if lost++; lost == mostLost {
			break
		}
	}
	return nil, nil
}
