package census

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/gitwire"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A Counted is a census with the files it is the sum of.
type Counted struct {
	Census *gromav1.Census
	Files  []*gromav1.FileCount // sorted by path
}

// Count fetches the commit that a remote was probed for and counts its files,
// without keeping anything. The census lacks its key, method and survey.
func Count(ctx context.Context, remote *gitwire.Remote, limits *gromav1.Limits) (*Counted, error) {
	start := time.Now()
	pack := limits.GetRepositoryBytes()
	if pack <= 0 {
		pack = DefaultRepositoryBytes
	}
	snapshot, err := remote.Fetch(ctx, gitwire.Limits{PackBytes: pack})
	if err != nil {
		return nil, err
	}
	defer snapshot.Close()
	c := counting{counter: tally.New(tally.Options{FileBytes: limits.GetFileBytes()}), attributes: tally.NewAttributes()}
	if err := snapshot.Files(ctx, c.collect); err != nil {
		return nil, err
	}
	for _, file := range c.files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := c.count(file); err != nil {
			return nil, err
		}
	}
	census := &gromav1.Census{
		Commit:      snapshot.Commit,
		CommittedAt: timestamppb.New(snapshot.CommittedAt),
		Files:       c.sum.Files(),
		Tally:       c.sum.Tally(),
		Skipped:     c.sum.Skipped(),
		Packages:    c.packages.Count(),
		Wire:        &gromav1.Wire{},
		Seconds:     time.Since(start).Seconds(),
	}
	census.Wire.Requests, census.Wire.BytesReceived = remote.Wire()
	return &Counted{Census: census, Files: c.counted}, nil
}

// counting is one tree being counted: first its names, since .gitattributes
// anywhere decide the class of files everywhere below, then its contents.
type counting struct {
	counter    *tally.Counter
	attributes *tally.Attributes
	files      []gitwire.File
	counted    []*gromav1.FileCount
	sum        tally.Sum
	packages   tally.Packages
}

func (c *counting) collect(file gitwire.File) error {
	c.files = append(c.files, file)
	if !tally.IsAttributes(file.Path) {
		return nil
	}
	if _, skip := c.counter.Skip(entryOf(file)); skip {
		return nil
	}
	content, err := file.Read()
	if err != nil {
		return err
	}
	c.attributes.Add(file.Path, content)
	return nil
}

func (c *counting) count(file gitwire.File) error {
	entry := entryOf(file)
	counted := &gromav1.FileCount{Path: file.Path, Blob: file.Blob, Bytes: file.Size}
	if why, skip := c.counter.Skip(entry); skip {
		counted.Skipped = why
	} else {
		content, err := file.Read()
		if err != nil {
			return err
		}
		overrides := c.attributes.For(file.Path)
		counted = c.counter.Count(entry, overrides, content)
		c.packages.Add(file.Path, overrides, content)
	}
	c.counted = append(c.counted, counted)
	c.sum.Add(counted)
	return nil
}

// packFiles packs a file list: zstd over one JSON object a line.
func packFiles(files []*gromav1.FileCount) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b *gromav1.FileCount) int { return strings.Compare(a.Path, b.Path) })
	var out bytes.Buffer
	packer, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	lines := json.NewEncoder(packer)
	lines.SetEscapeHTML(false)
	for _, file := range files {
		if err := lines.Encode(file); err != nil { // its fields are plain, and 64-bit integers stay numbers
			return nil, err
		}
	}
	if err := packer.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
