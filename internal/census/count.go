package census

import (
	"bytes"
	"cmp"
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
//
// Most contents are read while they arrive, under the names that they have by
// then. What they count as is decided at the end, when the whole tree is known;
// a content that turns out to have another name is read again.
func Count(ctx context.Context, remote *gitwire.Remote, limits *gromav1.Limits) (*Counted, error) {
	start := time.Now()
	read := newReadings()
	most := cmp.Or(max(limits.GetFileBytes(), 0), tally.DefaultFileBytes)
	snapshot, err := remote.FetchBlobs(ctx,
		gitwire.Limits{PackBytes: cmp.Or(max(limits.GetRepositoryBytes(), 0), DefaultRepositoryBytes), FileBytes: most},
		gitwire.Blobs{Most: most, Take: read.take})
	if err != nil {
		return nil, err
	}
	defer snapshot.Close()
	c := counting{
		counter:    tally.New(tally.Options{FileBytes: limits.GetFileBytes()}),
		attributes: tally.NewAttributes(),
		readings:   read,
	}
	if err := c.count(ctx, snapshot); err != nil {
		return nil, err
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
	readings   *readings
	files      []*file
	counted    []*gromav1.FileCount
	sum        tally.Sum
	packages   tally.Packages
}

// file is one file of the tree, and what decides how it counts.
type file struct {
	gitwire.File
	entry     tally.Entry
	overrides tally.Overrides
	key       key // zero for a file that needs no reading
}

func (c *counting) count(ctx context.Context, snapshot *gitwire.Snapshot) error {
	if err := snapshot.Files(ctx, c.collect); err != nil {
		return err
	}
	for _, f := range c.files {
		if _, skip := c.counter.Skip(f.entry); !skip {
			f.overrides = c.attributes.For(f.Path)
			f.key = keyOf(f.Blob, f.Path, f.overrides)
		}
	}
	if err := c.readings.complete(ctx, c.files); err != nil {
		return err
	}
	for _, f := range c.files {
		c.add(f)
	}
	return nil
}

func (c *counting) collect(given gitwire.File) error {
	f := &file{File: given, entry: entryOf(given)}
	c.files = append(c.files, f)
	if !tally.IsAttributes(f.Path) {
		return nil
	}
	if _, skip := c.counter.Skip(f.entry); skip {
		return nil
	}
	content, err := f.Read()
	if err != nil {
		return err
	}
	c.attributes.Add(f.Path, content)
	return nil
}

func (c *counting) add(f *file) {
	read := c.readings.of(f.key)
	counted := c.counter.File(f.entry, f.overrides, read.content)
	c.counted = append(c.counted, counted)
	c.sum.Add(counted)
	if read.ecosystem != "" && tally.Classify(f.Path, f.overrides, read.content) != tally.Vendored {
		c.packages.AddPackage(f.Path, read.ecosystem)
	}
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
