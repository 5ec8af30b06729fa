//go:build !groma_noembed

package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
)

// setAside renames a database, so that another can be made in its place. Killed
// at any moment it is where it was, whole, and the next start sets it aside; or
// it is where it goes, whole, and the next start makes another.
func setAside(ctx context.Context, path, version string) (aside string, err error) {
	aside, err = asideOf(path, version)
	if err != nil {
		return "", err
	}
	for _, step := range settingAside(ctx, path, aside) {
		if err := step(); err != nil {
			return "", fmt.Errorf("set an old database aside: %w", err)
		}
	}
	return aside, nil
}

// settingAside are the steps. One of them moves all that there is: what SQLite
// kept beside the database is in it by then, and what says that it is ahead of the
// clock is at both places. See [forgetMarker] for what is left then.
func settingAside(ctx context.Context, path, aside string) []func() error {
	return []func() error{
		func() error { return gather(ctx, path) },
		func() error { return copyMarker(path, aside) },
		func() error { return os.Rename(path, aside) },
		func() error { return forgetMarker(path) },
	}
}

// asideOf is a name that no database has, nor what SQLite keeps beside one: it
// would take that for the database's own.
func asideOf(path, version string) (string, error) {
	base := strings.TrimSuffix(path, ".db") + "-" + url.PathEscape(version)
	aside := base + ".db"
	for n := 2; ; n++ {
		free, err := absent(aside, aside+"-wal", aside+"-shm", aside+"-journal")
		if free || err != nil {
			return aside, err
		}
		aside = fmt.Sprintf("%s-%d.db", base, n)
	}
}

func absent(names ...string) (bool, error) {
	for _, name := range names {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return true, nil
}

// gather writes into a database what SQLite keeps beside it. A disk that is full
// may keep it from that.
func gather(ctx context.Context, path string) error {
	db, done, err := lookAt(path)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `PRAGMA busy_timeout = 1000; PRAGMA wal_checkpoint(TRUNCATE)`) // nobody else has business here
	done()
	if err != nil {
		return fmt.Errorf("write %s-wal into it: %w", path, err)
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("what is in %s-wal cannot be written into it: somebody else reads it", path)
	}
	return nil
}

// copyMarker has a database be as much ahead of the clock at the other place.
func copyMarker(path, aside string) error {
	info, err := os.Stat(path + marker)
	if errors.Is(err, fs.ErrNotExist) {
		return forgetMarker(aside) // of who was killed here, of another database
	}
	if err != nil {
		return err
	}
	return markAhead(aside, info.ModTime())
}

// forgetMarker has nothing be ahead of the clock where there is no database.
func forgetMarker(path string) error {
	if err := os.Remove(path + marker); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
