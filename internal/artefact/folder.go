package artefact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Folder keeps artefacts as files below a folder, one for each key.
type Folder struct {
	root string
}

// NewFolder makes the folder if it is not there.
func NewFolder(root string) (*Folder, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(root, incoming), 0o700); err != nil {
		return nil, fmt.Errorf("artefact: make the storage folder: %w", err)
	}
	return &Folder{root: root}, nil
}

// incoming is where a file is written before it gets its name. Its dot keeps
// it out of every key.
const incoming = ".incoming"

// Create writes a file of its own and then links it to its name, which fails
// if the name is taken: so nobody sees half a file, and the first one wins.
func (f *Folder) Create(ctx context.Context, key string, data []byte) error {
	return f.CreateFrom(ctx, key, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// CreateFrom is Create for what is written bit by bit.
func (f *Folder) CreateFrom(ctx context.Context, key string, write func(io.Writer) error) error {
	if err := validKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	name := filepath.Join(f.root, filepath.FromSlash(key))
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s: %w", key, ErrExists)
	}
	part, err := f.write(write)
	if err != nil {
		return fmt.Errorf("artefact: keep %s: %w", key, err)
	}
	defer os.Remove(part)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("artefact: keep %s: %w", key, err)
	}
	err = os.Link(part, name)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", key, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("artefact: keep %s: %w", key, err)
	}
	return syncFolder(filepath.Dir(name))
}

// write puts on disk for good what is written, under a name nobody looks for.
func (f *Folder) write(write func(io.Writer) error) (name string, err error) {
	part, err := os.CreateTemp(filepath.Join(f.root, incoming), "part-")
	if err != nil {
		return "", err
	}
	err = write(part)
	err = errors.Join(err, part.Sync(), part.Close())
	if err != nil {
		os.Remove(part.Name())
		return "", err
	}
	return part.Name(), nil
}

// syncFolder makes a new name survive a power cut.
func syncFolder(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Get reads one file.
func (f *Folder) Get(ctx context.Context, key string) ([]byte, error) {
	if err := validKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(f.root, filepath.FromSlash(key)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", key, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("artefact: read %s: %w", key, err)
	}
	return data, nil
}

// List walks the deepest folder that the prefix names whole. The walk is
// sorted by name within a folder, which is not the order of keys ("a-b" comes
// before "a/b" as a key), so keys are collected and sorted.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		keys, err := f.keys(ctx, prefix)
		if err != nil {
			yield("", fmt.Errorf("artefact: list %s: %w", prefix, err))
			return
		}
		slices.Sort(keys)
		for _, key := range keys {
			if !yield(key, nil) {
				return
			}
		}
	}
}

func (f *Folder) keys(ctx context.Context, prefix string) ([]string, error) {
	folder, _, _ := cutLast(prefix)
	if folder != "" {
		if err := validKey(folder); err != nil {
			return nil, err
		}
	}
	var keys []string
	err := filepath.WalkDir(filepath.Join(f.root, filepath.FromSlash(folder)), func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == incoming {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(f.root, name)
		if err != nil {
			return err
		}
		if key := filepath.ToSlash(rel); strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
		return nil
	})
	return keys, err
}

// cutLast cuts a prefix at its last slash.
func cutLast(prefix string) (folder, rest string, ok bool) {
	i := strings.LastIndexByte(prefix, '/')
	if i < 0 {
		return "", prefix, false
	}
	return prefix[:i], prefix[i+1:], true
}
