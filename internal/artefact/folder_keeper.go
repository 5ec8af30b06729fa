package artefact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"
)

var (
	_ Keeper = (*Folder)(nil)
	_ Keeper = (*S3)(nil)
)

// Entries is List, with what the file system says of each file.
func (f *Folder) Entries(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for key, err := range f.List(ctx, prefix) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			info, err := os.Lstat(f.file(key))
			if errors.Is(err, fs.ErrNotExist) || err == nil && validKey(key) != nil {
				continue
			}
			if err != nil {
				yield(Entry{}, fmt.Errorf("artefact: look at %s: %w", key, err))
				return
			}
			if !yield(Entry{Key: key, Bytes: info.Size(), Kept: info.ModTime()}, nil) {
				return
			}
		}
	}
}

func (f *Folder) file(key string) string { return filepath.Join(f.root, filepath.FromSlash(key)) }

// Delete removes one file, and the folders that are empty then.
func (f *Folder) Delete(ctx context.Context, key string) error {
	if err := validKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	name := f.file(key)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("artefact: delete %s: %w", key, err)
	}
	for folder := filepath.Dir(name); folder != f.root; folder = filepath.Dir(folder) {
		if os.Remove(folder) == nil { // which it does to empty ones alone
			continue
		}
		if err := syncFolder(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("artefact: delete %s: %w", key, err)
		}
		return nil
	}
	return syncFolder(f.root)
}

// Leftovers are files that never got their name, since their process was killed
// or the machine stopped.
func (f *Folder) Leftovers(ctx context.Context, since time.Time, remove bool) (found Leftovers, err error) {
	entries, err := os.ReadDir(filepath.Join(f.root, incoming))
	if err != nil {
		return found, fmt.Errorf("artefact: look for leftovers: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && (!strings.HasPrefix(entry.Name(), partPrefix) || !info.Mode().IsRegular() || info.ModTime().After(since)) {
			continue
		}
		if err == nil && remove {
			err = os.Remove(filepath.Join(f.root, incoming, entry.Name()))
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return found, fmt.Errorf("artefact: leftovers: %w", err)
		}
		found.Parts++
		found.Bytes += info.Size()
	}
	return found, nil
}
