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
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/server/api/persistence/v1"
	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/schema/sqlite" // and with it database/sql's driver "sqlite"
	"google.golang.org/protobuf/proto"

	"groma/workflows"
)

// prepareDatabase leaves at path a database of exactly the server's version in
// this binary, since SQLite databases are not migrated between versions. It
// makes one if there is none. One of another version is set aside if all its
// surveys are finished, and refused otherwise. For one that is ahead of the clock
// see [prepareAhead].
func prepareDatabase(ctx context.Context, path string, anew bool, logger *slog.Logger) error {
	ahead := aheadOf(time.Now(), path) // before it is opened, which may write to it
	if ahead > 0 {                     // or who is killed after that leaves nothing that says so
		if err := markAhead(path, time.Now().Add(ahead)); err != nil {
			return err
		}
	}
	version, left, err := inspect(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := forgetMarker(path); err != nil { // of one that was set aside, or moved away
			return err
		}
		return makeDatabase(ctx, path)
	case err != nil:
		return err
	case version == headers.ServerVersion && ahead == 0:
		return nil
	case version == headers.ServerVersion:
		return prepareAhead(ctx, path, ahead, anew, logger)
	case left.any():
		return newer(path, version, left)
	}
	aside, err := setAside(ctx, path, version)
	if err != nil {
		return err
	}
	logger.Warn("database of another version of Temporal is set aside; all its surveys are finished",
		"file", aside, "version", version, "now", headers.ServerVersion)
	return makeDatabase(ctx, path)
}

// leftovers are what a database has that would be lost with it.
type leftovers struct {
	workflows int      // that are unfinished
	asked     int      // those of them that a server was asked for
	schedules []string // their names, sorted
}

func (l leftovers) any() bool { return l.workflows > 0 || len(l.schedules) > 0 }

// newer is why a database of another version stays where it is.
func newer(path, version string, left leftovers) error {
	made := fmt.Sprintf("%s was made by Temporal %s, this groma has %s, and ", path, version, headers.ServerVersion)
	if left.workflows > 0 {
		return &Refusal{
			What: made + fmt.Sprintf("%d of its workflows are unfinished", left.workflows),
			Next: "let the groma that began them finish; or move the file away and survey again, which counts nothing again that is counted",
		}
	}
	names := left.schedules[:min(len(left.schedules), 10)]
	return &Refusal{
		What: made + fmt.Sprintf("it has %d schedules, which stay behind: %s", len(left.schedules), strings.Join(names, ", ")),
		Next: "with the groma that made them, note what 'groma schedule list' says and delete each; or move the file away; then create them again",
	}
}

// AskEmbedded says what is embedded, and in words whether there is a database of
// it in the data folder of c, which nobody holds. It changes nothing in it; what
// would keep it from being started is a [Refusal].
func AskEmbedded(ctx context.Context, c Config) (facts Facts, database string, err error) {
	facts.Version = headers.ServerVersion
	keys, err := newKeyring(c.PayloadKeys, slog.New(slog.DiscardHandler))
	if err != nil {
		return facts, "", &Refusal{What: "the keys of Temporal's payloads", Err: err, Next: "correct the file that is named"}
	}
	facts.Keys = keys.now().IDs()
	path := filepath.Join(absolute(c.Data), "temporal.db")
	facts.Ahead = aheadOf(time.Now(), path)
	made, left, err := inspect(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return facts, "no database yet", nil
	case err != nil:
		return facts, "", &Refusal{What: "the embedded Temporal cannot use its database", Err: err,
			Next: "move " + path + " away: unfinished surveys are forgotten, and what they counted is reused"}
	case made != headers.ServerVersion && left.any():
		return facts, "", newer(path, made, left)
	case made != headers.ServerVersion:
		return facts, "a finished database of " + made + " will be set aside", nil
	}
	facts.Shut = illegibleIn(ctx, path, newSealing(keys.now))
	return facts, "it has a database", nil
}

// illegibleIn is illegible of a database that no server uses.
func illegibleIn(ctx context.Context, path string, payloads converter.DataConverter) error {
	db, done, err := lookAt(path)
	if err != nil {
		return nil // which inspect has told
	}
	defer done()
	rows, err := db.QueryContext(ctx, `SELECT workflow_id, memo FROM executions_visibility WHERE workflow_type_name = 'Survey' AND status = ?`,
		int(enums.WORKFLOW_EXECUTION_STATUS_RUNNING))
	if err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var kept []byte
		memo := &common.Memo{}
		if rows.Scan(&id, &kept) != nil || proto.Unmarshal(kept, memo) != nil {
			continue
		}
		if err := shutOf(memoOf(memo), payloads); err != nil {
			return fmt.Errorf("workflow %s, which is unfinished: %w", id, err)
		}
	}
	return nil
}

// inspect says which version of the server made a database, and, if that is
// another, what it has that is unfinished. It is fs.ErrNotExist if there is none,
// or one that was never completed.
func inspect(ctx context.Context, path string) (version string, left leftovers, err error) {
	if _, err := os.Stat(path); err != nil {
		return "", left, err
	}
	db, done, err := lookAt(path)
	if err != nil {
		return "", left, err
	}
	defer done()
	var tables, origins int
	err = db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'groma_origin') FROM sqlite_master WHERE type = 'table'`).
		Scan(&tables, &origins)
	switch {
	case err != nil:
		return "", left, fmt.Errorf("read %s: %w", path, err)
	case tables == 0:
		return "", left, fs.ErrNotExist
	case origins == 0:
		return "", left, fmt.Errorf("%s is not a database that groma made: move it away, or take another folder with --data", path)
	}
	if err := db.QueryRowContext(ctx, `SELECT server FROM groma_origin`).Scan(&version); err != nil {
		return "", left, fmt.Errorf("read %s: %w", path, err)
	}
	if version == headers.ServerVersion {
		return version, left, nil
	}
	if left, err = inspectLeft(ctx, db); err != nil {
		return "", left, fmt.Errorf("%s was made by Temporal %s and cannot be read by this groma, which has %s; move it away: %w",
			path, version, headers.ServerVersion, err)
	}
	return version, left, nil
}

// inspectLeft tells schedules, which Temporal keeps as workflows that never end,
// from what will.
func inspectLeft(ctx context.Context, db *sql.DB) (left leftovers, err error) {
	system := primitives.MustParseUUID(primitives.SystemNamespaceID)
	const completed = 3 // enumsspb.WORKFLOW_EXECUTION_STATE_COMPLETED
	rows, err := db.QueryContext(ctx, `SELECT workflow_id, executions.data
		FROM current_executions LEFT JOIN executions USING (shard_id, namespace_id, workflow_id, run_id)
		WHERE current_executions.state <> ? AND namespace_id <> ? ORDER BY workflow_id`,
		completed, []byte(system))
	if err != nil {
		return left, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var data []byte
		if err := rows.Scan(&id, &data); err != nil {
			return left, err
		}
		left.add(id, data)
	}
	return left, rows.Err()
}

// add adds an unfinished workflow, with what Temporal keeps of it.
func (l *leftovers) add(id string, data []byte) {
	id = strings.TrimPrefix(id, primitives.ScheduleWorkflowIDPrefix) // later versions have it without
	if schedule, ok := strings.CutPrefix(id, workflows.ScheduleID("")); ok {
		l.schedules = append(l.schedules, schedule)
		return
	}
	if strings.HasPrefix(id, "temporal-sys-") {
		return
	}
	l.workflows++
	if !isCommands(id, data) {
		l.asked++
	}
}

// isCommands says whether a workflow belongs to a survey that a command makes
// itself, and begins anew when it is given again: it waits on a queue of its own.
func isCommands(id string, data []byte) bool {
	survey, _, _ := strings.Cut(id, "/") // of a shard, too
	fingerprint, ok := strings.CutPrefix(survey, workflows.ID(""))
	kept := &persistence.WorkflowExecutionInfo{}
	return ok && proto.Unmarshal(data, kept) == nil && kept.GetTaskQueue() == workflows.TaskQueue(fingerprint)
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

// lookAt opens a database to be looked at alone. Closing it may write into it what
// SQLite kept beside it; where its time says that it is ahead of the clock, it
// goes on saying so.
func lookAt(path string) (db *sql.DB, done func(), err error) {
	ahead := aheadOf(time.Now(), path)
	db, err = openSQLite(path)
	return db, func() {
		db.Close()
		if until := time.Now().Add(ahead); ahead > 0 {
			_ = os.Chtimes(path, until, until)
		}
	}, err
}

// sqlitePath is path as it stands in SQLite's addresses.
func sqlitePath(path string) string { return (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() }
