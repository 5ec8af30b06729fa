package artefact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"groma/internal/fault"
)

// Folder keeps artefacts as files below a folder, one for each key. What is no
// file, and lies where one belongs, is damage.
type Folder struct {
	root     string
	swapping chan struct{} // holds one
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
	return &Folder{root: root, swapping: make(chan struct{}, 1)}, nil
}

// incoming is where a file is written before it gets its name. Its dot keeps
// it out of every key.
const incoming = ".incoming"

// partPrefix is what the names of such files begin with.
const partPrefix = "part-"

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
	err = link(part, name)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", key, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("artefact: keep %s: %w", key, err)
	}
	return nil
}

// link gives a file its name, for good. The folder may be removed as empty
// between its making and the file's coming, by who deletes its last artefact:
// then it is made again.
func link(part, name string) (err error) {
	for range 10 {
		if err = os.MkdirAll(filepath.Dir(name), 0o700); err == nil {
			err = os.Link(part, name)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// Swap compares and replaces under a lock that only one process and one
// goroutine can hold, in one step of the file system: renaming.
func (f *Folder) Swap(ctx context.Context, key string, before, data []byte) error {
	if before == nil {
		err := f.Create(ctx, key, data)
		if errors.Is(err, ErrExists) {
			return fmt.Errorf("%s: %w", key, ErrChanged)
		}
		return err
	}
	if err := validKey(key); err != nil {
		return err
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return fmt.Errorf("artefact: swap %s: %w", key, err)
	}
	defer unlock()
	kept, err := f.Get(ctx, key)
	if errors.Is(err, ErrMissing) || err == nil && !bytes.Equal(kept, before) {
		return fmt.Errorf("%s: %w", key, ErrChanged)
	}
	if err != nil {
		return err
	}
	if err := f.replace(key, data); err != nil {
		return fmt.Errorf("artefact: swap %s: %w", key, err)
	}
	return nil
}

func (f *Folder) replace(key string, data []byte) error {
	part, err := f.write(func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	name := filepath.Join(f.root, filepath.FromSlash(key))
	if err := os.Rename(part, name); err != nil {
		os.Remove(part)
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// lock waits for the right to swap. The goroutines of this process wait in
// line, so that at most one of them waits for the kernel's lock, which others
// hold for as long as it takes to write a file and which ends with them. An
// unlocked file stays: to delete it would let two hold locks of one name.
func (f *Folder) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case f.swapping <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	file, err := os.OpenFile(filepath.Join(f.root, incoming, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
	}
	unlock = func() {
		file.Close() // ends the lock
		<-f.swapping
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// write puts on disk for good what is written, with its checksum, under a name
// nobody looks for.
func (f *Folder) write(write func(io.Writer) error) (name string, err error) {
	part, err := os.CreateTemp(filepath.Join(f.root, incoming), partPrefix)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	if err = write(io.MultiWriter(part, sum)); err == nil {
		err = setSum(part, hex.EncodeToString(sum.Sum(nil)))
	}
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

// Get reads one file, and compares it with its checksum.
func (f *Folder) Get(ctx context.Context, key string) ([]byte, error) {
	data, _, err := f.checked(ctx, key)
	return data, err
}

func (f *Folder) checked(ctx context.Context, key string) (data []byte, checked bool, err error) {
	if err := validKey(key); err != nil {
		return nil, false, err
	}
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	data, sum, err := readSummed(filepath.Join(f.root, filepath.FromSlash(key)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, fmt.Errorf("%s: %w", key, ErrMissing)
	case errors.Is(err, ErrDamaged):
		return nil, false, fault.Errorf(fault.Invalid, "%s: %w; %s", key, err, Remedy(key))
	case err != nil:
		return nil, false, fmt.Errorf("artefact: read %s: %w", key, err)
	case !sound(data, sum):
		return nil, true, damaged(key, sum, data)
	}
	return data, sum != "", nil
}

// readSummed reads a file and the checksum that is kept of it, both of the same
// file whoever swaps it meanwhile.
func readSummed(name string) (data []byte, sum string, err error) {
	file, info, err := openFile(name)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	whole := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := whole.ReadFrom(file); err != nil {
		return nil, "", err
	}
	return whole.Bytes(), getSum(file), nil
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
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // nothing lies below a file
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
