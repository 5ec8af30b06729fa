package census

import (
	"context"
	"errors"
	"maps"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	"groma/internal/gitwire"
	"groma/internal/telemetry"
	"groma/internal/words"
	gromav1 "groma/proto/groma/v1"
)

// chooseDocuments marks the files that words are read from, unless all that
// could be are as they were at the earlier census: then its words are the same.
func (c *counting) chooseDocuments() {
	var files []words.File
	found := map[string]string{}
	for _, f := range c.files {
		f.document = false
		if _, wanted := words.Wanted(f.Path); wanted && (f.Mode == gitwire.Regular || f.Mode == gitwire.Executable) {
			files = append(files, words.File{Path: f.Path, Blob: f.Blob, Size: f.Size})
			found[f.Path] = f.Blob
		}
	}
	if e := c.options.Earlier; e != nil && e.words != nil && maps.Equal(found, e.documents) {
		c.sameWords = true
		return
	}
	chosen, leftOut := words.Chosen(files)
	marked := map[string]bool{}
	for _, path := range chosen {
		marked[path] = true
	}
	c.leftOut = leftOut
	for _, f := range c.files {
		f.document = marked[f.Path]
	}
}

// readWords reads what the documents say.
func (c *counting) readWords(ctx context.Context) (_ *gromav1.Words, err error) {
	defer fault.Catch(&err)
	c.chooseDocuments()
	if c.sameWords {
		same := proto.CloneOf(c.options.Earlier.words)
		same.Commit = c.snapshot.Commit
		return same, nil
	}
	// By now all sizes are known, and what is chosen may be something else.
	if err := c.bring(ctx, c.absentDocuments()); err != nil {
		return nil, err
	}
	var read words.Collection
	for _, f := range c.files {
		if !f.document {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		content, err := f.Read()
		if err != nil {
			return nil, err
		}
		read.Add(f.Path, f.Blob, content)
	}
	w := read.Words("", c.snapshot.Commit)
	w.LeftOut += c.leftOut
	return w, nil
}

// absentDocuments are the contents of documents that are not here.
func (c *counting) absentDocuments() (wanted []string) {
	seen := map[string]bool{}
	for _, f := range c.files {
		if f.document && f.Absent && !seen[f.Blob] {
			seen[f.Blob] = true
			wanted = append(wanted, f.Blob)
		}
	}
	return wanted
}

// keptWords are the words that are kept of a commit, or nil. Those that are
// damaged are as good as none.
func (t *Taker) keptWords(ctx context.Context, repository, commit string) (*gromav1.Words, error) {
	data, err := t.Store.Get(ctx, artefact.WordsKey(repository, commit, words.Rules))
	if errors.Is(err, artefact.ErrMissing) || errors.Is(err, artefact.ErrDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	w := &gromav1.Words{}
	if canonical.Unmarshal(data, w) != nil {
		return nil, nil
	}
	return w, nil
}

// keepWords keeps what the documents of a commit say, unless it is kept: for a
// census that was counted before anybody asked, or by other rules.
func (t *Taker) keepWords(ctx context.Context, remote *gitwire.Remote, request Request, home string, taken *gromav1.Taken) (err error) {
	defer fault.Catch(&err)
	if !request.Words {
		return nil
	}
	key := artefact.WordsKey(home, taken.Commit, words.Rules)
	_, err = t.Store.Get(ctx, key)
	if errors.Is(err, artefact.ErrMissing) {
		err = t.readLate(ctx, remote, request, home, key)
	}
	if err == nil {
		taken.Words = words.Rules
	}
	return err
}

// readLate reads the words of a commit that is counted, and keeps them under key.
func (t *Taker) readLate(ctx context.Context, remote *gitwire.Remote, request Request, home, key string) error {
	ctx, done := t.Metrics.Phase(ctx, telemetry.Words)
	w, err := readWords(ctx, remote, request.Limits)
	if err == nil {
		w.Key = home
		err = t.create(ctx, key, w)
	}
	done(err)
	return err
}

// readWords brings the documents alone, where the host can be asked so.
func readWords(ctx context.Context, remote *gitwire.Remote, limits *gromav1.Limits) (*gromav1.Words, error) {
	c := newCounting(remote, limits, Options{})
	if remote.HandsOutBlobs() {
		err := c.fetchDocuments(ctx)
		if err == nil {
			defer c.snapshot.Close()
			return c.readWords(ctx)
		}
		if ctx.Err() != nil {
			return nil, err
		}
		c.forget()
	}
	if err := c.fetchAll(ctx); err != nil {
		return nil, err
	}
	defer c.snapshot.Close()
	return c.readWords(ctx)
}

func (c *counting) fetchDocuments(ctx context.Context) error {
	if err := c.fetchFolders(ctx); err != nil {
		return err
	}
	c.chooseDocuments()
	err := c.bring(ctx, c.absentDocuments())
	if err != nil {
		c.snapshot.Close()
	}
	return err
}
