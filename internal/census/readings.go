package census

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"groma/internal/fault"
	"groma/internal/tally"
)

// readings are what contents were found to be, each under each name that makes
// a difference. They may be added from several goroutines.
type readings struct {
	contents *Contents // of other repositories

	mu    sync.Mutex
	byKey map[key]reading
	blobs map[string]bool // that were read here
}

// key is all that a reading depends on: a file of the same key reads the same,
// whatever its path.
type key struct {
	blob     string
	name     tally.Name
	manifest string // the file's own name, where it may define a package
}

// reading is what a content says under a key.
type reading struct {
	content   tally.Content
	ecosystem string // of the package it defines, if nobody vendored it
}

func newReadings(known Options) *readings {
	r := &readings{contents: known.Contents, byKey: map[key]reading{}, blobs: map[string]bool{}}
	if known.Earlier != nil {
		maps.Copy(r.byKey, known.Earlier.readings)
	}
	return r
}

func keyOf(blob, file string, overrides tally.Overrides) key {
	k := key{blob: blob, name: tally.NameOf(file, overrides)}
	if tally.Ecosystem(file) != "" {
		k.manifest = strings.Clone(path.Base(file)) // or the whole path would be kept
	}
	return k
}

func read(k key, content []byte) reading {
	r := reading{content: tally.Read(k.name, content)}
	if k.manifest != "" {
		r.ecosystem, _ = tally.Package(k.manifest, tally.Overrides{Vendored: tally.No}, content)
	}
	return r
}

// take reads a content that has just arrived, under the names it goes by, as
// if no attribute said otherwise.
func (r *readings) take(blob string, names []string, content []byte) {
	for _, name := range names {
		r.add(keyOf(blob, name, tally.Overrides{}), content)
	}
}

// add reads a content under a key, if nobody has.
func (r *readings) add(k key, content []byte) {
	if r.has(k) {
		return
	}
	found := read(k, content)
	r.contents.add(k, found)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byKey[k] = found
	r.blobs[k.blob] = true
}

// has reports whether a content has been read under a key, here or elsewhere.
func (r *readings) has(k key) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.byKey[k]; ok {
		return true
	}
	found, ok := r.contents.get(k)
	if ok {
		r.byKey[k] = found
	}
	return ok
}

// counted is how many contents were read here.
func (r *readings) counted() int64 { return int64(len(r.blobs)) }

// of returns a reading; it is zero for a file that needs none.
func (r *readings) of(k key) reading { return r.byKey[k] }

// complete reads what was not read on its way: contents that came before their
// names, and those that an attribute gives another language. Files of the same
// content are read together, in the order in which contents stand in the pack.
func (r *readings) complete(ctx context.Context, files []*file) error {
	var missing []*file
	for _, f := range files {
		if f.key != (key{}) && !r.has(f.key) {
			missing = append(missing, f)
		}
	}
	slices.SortStableFunc(missing, func(a, b *file) int {
		switch {
		case a.Before(b.File):
			return -1
		case b.Before(a.File):
			return 1
		}
		return cmp.Compare(a.Path, b.Path)
	})
	groups := slices.Collect(chunkByBlob(missing))
	return inParallel(len(groups), func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		content, err := groups[i][0].Read()
		if err != nil {
			return err
		}
		for _, f := range groups[i] { // of which there may be any number
			if err := ctx.Err(); err != nil {
				return err
			}
			r.add(f.key, content)
		}
		return nil
	})
}

// chunkByBlob yields runs of files with the same content.
func chunkByBlob(files []*file) iter.Seq[[]*file] {
	return func(yield func([]*file) bool) {
		for len(files) > 0 {
			n := 1
			for n < len(files) && files[n].Blob == files[0].Blob {
				n++
			}
			if !yield(files[:n]) {
				return
			}
			files = files[n:]
		}
	}
}

// inParallel calls f for 0 to n-1, on as many goroutines as there are
// processors, and stops after a failure.
func inParallel(n int, f func(int) error) error {
	var (
		next   atomic.Int64
		failed atomic.Bool
		work   sync.WaitGroup
	)
	errs := make([]error, min(n, runtime.GOMAXPROCS(0)))
	for worker := range errs {
		work.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !failed.Load(); i = int(next.Add(1)) - 1 {
				if errs[worker] = safely(f, i); errs[worker] != nil {
					failed.Store(true)
					return
				}
			}
		})
	}
	work.Wait()
	return cmp.Or(errs...)
}

func safely(f func(int) error, i int) (err error) {
	defer fault.Catch(&err)
	return f(i)
}
