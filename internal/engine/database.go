//go:build !groma_noembed

package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/schema/sqlite" // and with it database/sql's driver "sqlite"
)

// prepareDatabase leaves at path a database of exactly the server's version in
// this binary, since SQLite databases are not migrated between versions. It
// makes one if there is none. One of another version is set aside if all its
// surveys are finished, and refused otherwise.
func prepareDatabase(ctx context.Context, path string, logger *slog.Logger) error {
	version, unfinished, err := inspect(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return makeDatabase(ctx, path)
	case err != nil:
		return err
	case version == headers.ServerVersion:
		return nil
	case unfinished > 0:
		return newer(path, version, unfinished)
	}
	aside, err := setAside(path, version)
	if err != nil {
		return err
	}
	logger.Warn("database of another version of Temporal is set aside; all its surveys are finished",
		"file", aside, "version", version, "now", headers.ServerVersion)
	return makeDatabase(ctx, path)
}

// newer is why a database of another version stays where it is.
func newer(path, version string, unfinished int) error {
	return &Refusal{
		What: fmt.Sprintf("%s was made by Temporal %s, this groma has %s, and %d of its workflows are unfinished", path, version, headers.ServerVersion, unfinished),
		Next: "let the groma that began them finish; or move the file away and survey again, which counts nothing again that is counted",
	}
}

// AskEmbedded says which version of Temporal is embedded, and in words whether
// there is a database of it in the data folder, which nobody holds. It changes
// nothing in it; what would keep it from being started is a [Refusal].
func AskEmbedded(ctx context.Context, data string) (version, database string, err error) {
	path := filepath.Join(absolute(data), "temporal.db")
	made, unfinished, err := inspect(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return headers.ServerVersion, "no database yet", nil
	case err != nil:
		return headers.ServerVersion, "", &Refusal{What: "the embedded Temporal cannot use its database", Err: err,
			Next: "move " + path + " away: unfinished surveys are forgotten, and what they counted is reused"}
	case made != headers.ServerVersion && unfinished > 0:
		return headers.ServerVersion, "", newer(path, made, unfinished)
	case made != headers.ServerVersion:
		return headers.ServerVersion, "a finished database of " + made + " will be set aside", nil
	}
	return headers.ServerVersion, "it has a database", nil
}

// inspect says which version of the server made a database, and how many
// workflows in it are unfinished. It is fs.ErrNotExist if there is none, or
// one that was never completed.
func inspect(ctx context.Context, path string) (version string, unfinished int, err error) {
	if _, err := os.Stat(path); err != nil {
		return "", 0, err
	}
	db, err := openSQLite(path)
	if err != nil {
		return "", 0, err
	}
	defer db.Close()
	var tables, origins int
	err = db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'groma_origin') FROM sqlite_master WHERE type = 'table'`).
		Scan(&tables, &origins)
	switch {
	case err != nil:
		return "", 0, fmt.Errorf("read %s: %w", path, err)
	case tables == 0:
		return "", 0, fs.ErrNotExist
	case origins == 0:
		return "", 0, fmt.Errorf("%s is not a database that groma made: move it away, or take another folder with --data", path)
	}
	if err := db.QueryRowContext(ctx, `SELECT server FROM groma_origin`).Scan(&version); err != nil {
		return "", 0, fmt.Errorf("read %s: %w", path, err)
	}
	if version == headers.ServerVersion {
		return version, 0, nil
	}
	system := primitives.MustParseUUID(primitives.SystemNamespaceID)
	const completed = 3 // enumsspb.WORKFLOW_EXECUTION_STATE_COMPLETED
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM current_executions WHERE state <> ? AND namespace_id <> ?`, completed, []byte(system)).
		Scan(&unfinished)
	if err != nil {
		return "", 0, fmt.Errorf("%s was made by Temporal %s and cannot be read by this groma, which has %s; move it away: %w",
			path, version, headers.ServerVersion, err)
	}
	return version, unfinished, nil
}

// makeDatabase makes the tables in one transaction, with the version beside
// them: a process killed meanwhile leaves a database without any.
func makeDatabase(ctx context.Context, path string) (err error) {
	db, err := openSQLite(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	defer tx.Rollback() // after Commit, nothing
	if err := sqlite.SetupSchemaOnDB(schemaDB{tx: tx}); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	if _, err := tx.ExecContext(ctx, `CREATE TABLE groma_origin (server TEXT NOT NULL)`); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO groma_origin VALUES (?)`, headers.ServerVersion); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	return tx.Commit()
}

// schemaDB is as much of an AdminDB as it takes to make a schema.
type schemaDB struct {
	sqlplugin.AdminDB
	tx *sql.Tx
}

func (db schemaDB) Exec(statement string, args ...any) error {
	_, err := db.tx.Exec(statement, args...)
	return err
}

// openSQLite opens a database beside the server's own handle, with which it
// shares nothing, so that it can be closed.
func openSQLite(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+sqlitePath(path)+"?_pragma=journal_mode=wal&_pragma=busy_timeout=10000")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// sqlitePath is path as it stands in SQLite's addresses.
func sqlitePath(path string) string { return (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() }

// setAside renames a database and whatever SQLite keeps beside it.
func setAside(path, version string) (aside string, err error) {
	base := strings.TrimSuffix(path, ".db") + "-" + url.PathEscape(version)
	aside = base + ".db"
	for n := 2; ; n++ {
		if _, err := os.Stat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
		aside = fmt.Sprintf("%s-%d.db", base, n)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("set an old database aside: %w", err)
		}
	}
	return aside, nil
}
