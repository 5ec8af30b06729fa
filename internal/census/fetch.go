package census

import (
	"context"
	"errors"

	"groma/internal/fault"
	"groma/internal/gitwire"
	"groma/internal/tally"
	"groma/internal/telemetry"
)

// run brings the tree and counts it: only what nobody knows is brought, if there
// is an earlier census and the host can be asked so, else all of it. Whatever
// goes wrong with the first way, the second does not depend on.
func (c *counting) run(ctx context.Context) (err error) {
	defer fault.Catch(&err)
	if c.options.Earlier != nil && c.remote.HandsOutBlobs() {
		err := c.goOn(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		logBug(ctx, c.options.Log, err)
		c.forget()
	}
	if err := c.fetchAll(ctx); err != nil {
		return err
	}
	return c.count(ctx)
}

// goOn counts on from the earlier census.
func (c *counting) goOn(ctx context.Context) (err error) {
	defer fault.Catch(&err)
	if err := c.fetchNew(ctx); err != nil {
		return err
	}
	if err := c.count(ctx); err != nil {
		return errors.Join(err, c.snapshot.Close())
	}
	c.builtOn = c.options.Earlier.commit
	return nil
}

// forget makes a fresh start, but for what contents were found to be.
func (c *counting) forget() {
	*c = counting{
		remote: c.remote, limits: c.limits, options: c.options, counter: c.counter, readings: c.readings,
		attributes: tally.NewAttributes(),
	}
}

// fetchAll brings everything in one go, and reads what it can on its way.
func (c *counting) fetchAll(ctx context.Context) (err error) {
	ctx, done := c.options.Metrics.Phase(ctx, telemetry.Fetch)
	defer func() { done(err) }()
	snapshot, err := c.remote.FetchBlobs(ctx, c.limits, gitwire.Blobs{Most: c.counter.FileBytes(), Take: c.readings.take})
	if err != nil {
		return err
	}
	return c.list(ctx, snapshot)
}

// list lists the files of a snapshot, which is closed after a failure.
func (c *counting) list(ctx context.Context, snapshot *gitwire.Snapshot) error {
	c.snapshot, c.files = snapshot, nil
	err := snapshot.Files(ctx, func(given gitwire.File) error {
		c.files = append(c.files, &file{File: given, entry: entryOf(given)})
		return nil
	})
	if err != nil {
		snapshot.Close()
	}
	return err
}

var errMuchNew = errors.New("most of the contents are new")

// fetchNew brings the folders, then the contents that the earlier census does
// not know, and those that are read whenever they can be: .gitattributes, and
// documents unless all of them are as they were. Where most are new, asking for
// each by its name costs more than asking for everything.
func (c *counting) fetchNew(ctx context.Context) (err error) {
	ctx, done := c.options.Metrics.Phase(ctx, telemetry.Fetch)
	defer func() { done(err) }()
	if err := c.fetchFolders(ctx); err != nil {
		return err
	}
	c.knowSizes()
	if c.options.Words {
		c.chooseDocuments()
	}
	wanted, all := c.unknown()
	err = errMuchNew
	if len(wanted) <= max(all/2, fewBlobs) {
		err = c.bring(ctx, wanted)
	}
	if err != nil {
		c.snapshot.Close()
	}
	return err
}

func (c *counting) fetchFolders(ctx context.Context) error {
	snapshot, err := c.remote.FetchFolders(ctx, c.limits)
	if err != nil {
		return err
	}
	return c.list(ctx, snapshot)
}

// fewBlobs may be asked for by their names, however small the repository.
const fewBlobs = 100

// knowSizes gives files the sizes that the earlier census knows.
func (c *counting) knowSizes() {
	for _, f := range c.files {
		if f.Absent {
			f.Size = c.options.Earlier.sizes[f.Blob]
			f.entry.Size = f.Size
		}
	}
}

// unknown returns the contents that have to be brought before anything can be
// decided, and how many different ones there are.
func (c *counting) unknown() (wanted []string, all int) {
	seen := map[string]bool{} // whether it is wanted
	for _, f := range c.files {
		if !f.Absent {
			continue
		}
		_, known := c.options.Earlier.sizes[f.Blob]
		want := !known || c.saysAttributes(f) || f.document
		if want && !seen[f.Blob] {
			wanted = append(wanted, f.Blob)
		}
		seen[f.Blob] = seen[f.Blob] || want
	}
	return wanted, len(seen)
}

// bringRest brings contents whose reading under the name they have now is not
// known: those of files that were renamed, or that an attribute gives another
// language.
func (c *counting) bringRest(ctx context.Context) error {
	var wanted []string
	seen := map[string]bool{}
	for _, f := range c.files {
		if f.key != (key{}) && f.Absent && !seen[f.Blob] && !c.readings.has(f.key) {
			seen[f.Blob] = true
			wanted = append(wanted, f.Blob)
		}
	}
	return c.bring(ctx, wanted)
}

// bring brings contents, and finds the files that have them.
func (c *counting) bring(ctx context.Context, wanted []string) error {
	if err := c.remote.Bring(ctx, c.limits, c.snapshot, wanted); err != nil {
		return err
	}
	for _, f := range c.files {
		if size := f.Size; f.Absent {
			f.File = c.snapshot.Find(f.File)
			if f.Absent {
				f.Size = size
			}
			f.entry = entryOf(f.File)
		}
	}
	return nil
}
