package census

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/gitwire"
	"groma/internal/tally"
	"groma/internal/telemetry"
	"groma/internal/words"
	gromav1 "groma/proto/groma/v1"
)

// A Counted is a census with the files it is the sum of.
type Counted struct {
	Census *gromav1.Census
	Files  []*gromav1.FileCount
	Words  *gromav1.Words // nil unless they were asked for and could be read
}

// Options are what is known of contents before they come, and what else to do
// with them.
type Options struct {
	Earlier  *Earlier  // from the same repository; nil for nothing
	Contents *Contents // from any repository; nil for nothing
	Words    bool      // read what the documents say
	// Metrics hear of the phases and of the contents; nil ones do not.
	Metrics *telemetry.Metrics
	// Log hears of panics that the count goes on after; nil does not.
	Log *slog.Logger
}

// Count fetches the commit that a remote was probed for and counts its files,
// without keeping anything. The census lacks its key, method and survey, the
// words lack their key.
//
// With an earlier census only contents that it does not know are brought, if
// the host can be asked so. What is known changes what travels and what is
// read, and nothing else of the census.
//
// Most contents are read while they arrive, under the names that they have by
// then. What they count as is decided at the end, when the whole tree is known;
// a content that turns out to have another name is read again.
func Count(ctx context.Context, remote *gitwire.Remote, limits *gromav1.Limits, options Options) (*Counted, error) {
	start := time.Now()
	c := newCounting(remote, limits, options)
	err := c.run(ctx)
	if err != nil {
		if c.snapshot != nil {
			c.snapshot.Close()
		}
		return nil, err
	}
	defer c.snapshot.Close()
	census := &gromav1.Census{
		Commit:       c.snapshot.Commit,
		CommittedAt:  timestamppb.New(c.snapshot.CommittedAt),
		Files:        c.sum.Files(),
		Tally:        c.sum.Tally(),
		Skipped:      c.sum.Skipped(),
		Packages:     c.packages.Count(),
		Wire:         &gromav1.Wire{},
		Seconds:      time.Since(start).Seconds(),
		BlobsCounted: c.fresh(),
		BuiltOn:      c.builtOn,
	}
	census.Wire.Requests, census.Wire.BytesReceived = remote.Wire()
	options.Metrics.Contents(c.readings.counted(), c.reused())
	counted := &Counted{Census: census, Files: c.counted}
	if options.Words {
		// The count stands whatever becomes of them: they can be asked for later.
		words, done := options.Metrics.Phase(ctx, telemetry.Words)
		counted.Words, err = c.readWords(words)
		done(err)
		logBug(ctx, options.Log, err)
	}
	return counted, nil
}

// counting is one tree being counted: first its names, since .gitattributes
// anywhere decide the class of files everywhere below, then its contents.
type counting struct {
	remote   *gitwire.Remote
	limits   gitwire.Limits
	options  Options
	counter  *tally.Counter
	readings *readings

	snapshot   *gitwire.Snapshot
	files      []*file
	attributes *tally.Attributes
	counted    []*gromav1.FileCount
	sum        tally.Sum
	packages   tally.Packages

	builtOn   string // the commit whose census knew the rest, or empty
	sameWords bool   // the documents are those of the earlier census
	leftOut   int64  // documents beyond the bound
}

// file is one file of the tree, and what decides how it counts.
type file struct {
	gitwire.File
	entry     tally.Entry
	overrides tally.Overrides
	key       key  // zero for a file that needs no reading
	document  bool // words are read from it
}

func newCounting(remote *gitwire.Remote, limits *gromav1.Limits, options Options) *counting {
	counter := tally.New(tally.Options{FileBytes: limits.GetFileBytes()})
	return &counting{
		remote: remote,
		limits: gitwire.Limits{
			PackBytes: cmp.Or(max(limits.GetRepositoryBytes(), 0), DefaultRepositoryBytes),
			FileBytes: max(counter.FileBytes(), words.LargestDocument), // or words would depend on it
		},
		options:    options,
		counter:    counter,
		readings:   newReadings(options),
		attributes: tally.NewAttributes(),
	}
}

// fresh is how many different contents the earlier census did not know. One that
// another repository has is among them, whether this worker has read it or not:
// the figure is the same wherever, and beside whatever, a repository is counted.
func (c *counting) fresh() int64 {
	fresh := map[string]bool{}
	for _, f := range c.files {
		if f.key == (key{}) {
			continue
		}
		if c.options.Earlier != nil {
			if _, known := c.options.Earlier.readings[f.key]; known {
				continue
			}
		}
		fresh[f.Blob] = true
	}
	return int64(len(fresh))
}

// reused is how many different contents were not read here, but known.
func (c *counting) reused() int64 {
	if c.options.Earlier == nil && c.options.Contents == nil {
		return 0
	}
	known := map[string]bool{}
	for _, f := range c.files {
		if f.key != (key{}) && !c.readings.blobs[f.Blob] {
			known[f.Blob] = true
		}
	}
	return int64(len(known))
}

// count counts the files of a snapshot that has been fetched.
func (c *counting) count(ctx context.Context) (err error) {
	ctx, done := c.options.Metrics.Phase(ctx, telemetry.Count)
	defer func() { done(err) }()
	if err := c.readAttributes(ctx); err != nil {
		return err
	}
	if err := c.applyAttributes(ctx); err != nil {
		return err
	}
	if err := c.bringRest(ctx); err != nil {
		return err
	}
	if err := c.readings.complete(ctx, c.files); err != nil {
		return err
	}
	for _, f := range c.files {
		c.add(f)
	}
	return nil
}

// readAttributes reads the files that say how others count.
func (c *counting) readAttributes(ctx context.Context) error {
	for _, f := range c.files {
		if !c.saysAttributes(f) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		content, err := f.Read()
		if err != nil {
			return err
		}
		c.attributes.Add(f.Path, content)
	}
	return nil
}

// applyAttributes finds out how each file is to be read.
func (c *counting) applyAttributes(ctx context.Context) (err error) {
	for _, f := range c.files {
		if _, skip := c.counter.Skip(f.entry); skip {
			continue
		}
		if f.overrides, err = c.attributes.ForUntil(ctx.Err, f.Path); err != nil {
			return err
		}
		f.key = keyOf(f.Blob, f.Path, f.overrides)
	}
	return nil
}

func (c *counting) saysAttributes(f *file) bool {
	_, skip := c.counter.Skip(f.entry)
	return !skip && tally.IsAttributes(f.Path)
}

func (c *counting) add(f *file) {
	read := c.readings.of(f.key)
	counted := c.counter.File(f.entry, f.overrides, read.content)
	counted.Ecosystem = read.ecosystem
	c.counted = append(c.counted, counted)
	c.sum.Add(counted)
	if read.ecosystem != "" && tally.Classify(f.Path, f.overrides, read.content) != tally.Vendored {
		c.packages.AddPackage(f.Path, read.ecosystem)
	}
}
