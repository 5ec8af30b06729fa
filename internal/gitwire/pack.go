package gitwire

import (
	"cmp"
	"context"
	"io"
	"os"

	"groma/internal/packstream"
)

// Blobs says what to do with the contents of files while they arrive.
type Blobs struct {
	// Most is how large a content may be that is handed out.
	Most int64
	// Take is handed a content, the name it has in git, and names of files
	// (the last elements of their paths) that have it; there may be others.
	// Whatever has come in a lucky order is handed out once, anything else
	// can be read from the snapshot. Take is called from several goroutines,
	// until the fetch returns, and must not keep or change what it is given.
	Take func(blob string, names []string, content []byte)
}

// FetchBlobs is [Remote.Fetch], handing out blobs while they arrive.
func (r *Remote) FetchBlobs(ctx context.Context, limits Limits, blobs Blobs) (*Snapshot, error) {
	r.blobs = blobs
	defer func() { r.blobs = Blobs{} }()
	return r.Fetch(ctx, limits)
}

// receive reads a pack as it arrives.
func (c *Client) receive(ctx context.Context, from io.Reader, limits Limits, blobs Blobs) (*packstream.Pack, error) {
	config := packstream.Config{
		Memory: cmp.Or(limits.memory, c.config.MemoryBytes),
		Temp:   func() (packstream.File, error) { return unnamed(c.config.TempDir) },
		Limits: packstream.Limits{Pack: limits.PackBytes, Object: limits.ObjectBytes, Objects: limits.Objects},
	}
	if blobs.Take != nil {
		config.Most = blobs.Most
		config.Take = func(name packstream.Hash, names []string, content []byte) {
			blobs.Take(name.String(), names, content)
		}
	}
	return packstream.Read(ctx, from, config)
}

// temporary is a file without a name, which goes away with the process
// whatever happens.
type temporary struct{ *os.File }

// unnamed makes a temporary file and takes its name away, where the system
// lets it; Close does so at the latest.
func unnamed(dir string) (temporary, error) {
	f, err := os.CreateTemp(dir, "groma-pack-")
	if err != nil {
		return temporary{}, err
	}
	os.Remove(f.Name())
	return temporary{f}, nil
}

func (t temporary) Close() error {
	err := t.File.Close()
	os.Remove(t.Name()) // where a file in use keeps its name
	return err
}
