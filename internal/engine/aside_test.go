//go:build !groma_noembed

package engine

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// killed is a database as kill -9 leaves it: what was written to it last lies
// beside it.
func killed(t *testing.T, statements ...string) (path string) {
	t.Helper()
	path, change := database(t)
	mustPrepare(t, path)
	change(statements...)
	db, err := openSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(finished); err != nil {
		t.Fatal(err)
	}
	there := filepath.Join(t.TempDir(), "killed")
	for _, name := range files(t, path) {
		copyTo(t, filepath.Join(filepath.Dir(path), name), filepath.Join(there, name))
	}
	path = filepath.Join(there, "temporal.db")
	if !slices.Contains(files(t, path), "temporal.db-wal") {
		t.Fatalf("nothing lies beside it: %q", files(t, path))
	}
	return path
}

// rows counts what was written last, and nothing else.
func rows(t *testing.T, path string) (n int) {
	t.Helper()
	db, err := openSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`SELECT count(*) FROM current_executions WHERE workflow_id = 'finished'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSetAside_Killed kills whoever sets a database aside after each of the steps.
// The next start finishes: all of it is aside, once, and nothing that is said of it
// is said of the new one.
func TestSetAside_Killed(t *testing.T) {
	for name, test := range map[string]struct {
		statements []string
		ahead      time.Duration
		aside      []string
	}{
		"1.2.3": {statements: []string{older}, aside: []string{"temporal-1.2.3.db"}},
		"ahead": {ahead: time.Hour, aside: []string{"temporal-ahead.db", "temporal-ahead.db-ahead"}},
	} {
		for steps := range len(settingAside(t.Context(), "", "")) + 1 {
			t.Run(fmt.Sprint(name, steps), func(t *testing.T) {
				path := killed(t, test.statements...)
				if test.ahead > 0 {
					if err := markAhead(path, time.Now().Add(test.ahead)); err != nil {
						t.Fatal(err)
					}
				}
				aside, err := asideOf(path, name)
				if err != nil {
					t.Fatal(err)
				}
				for _, step := range settingAside(t.Context(), path, aside)[:steps] {
					if err := step(); err != nil {
						t.Fatal(err)
					}
					if n, err := absent(path); err != nil || !n && rows(t, copied(t, path)) != 1 || n && rows(t, copied(t, aside)) != 1 {
						t.Errorf("what was written last is neither here nor there: %q, %v", files(t, path), err)
					}
				}
				for range 2 { // and what is new stays where it is
					if err := prepareDatabase(t.Context(), path, true, slog.New(slog.DiscardHandler)); err != nil {
						t.Fatal(err)
					}
				}
				if got, want := files(t, path), slices.Concat(test.aside, []string{"temporal.db"}); !slices.Equal(got, want) {
					t.Errorf("files are %q, want %q", got, want)
				}
				if rows(t, aside) != 1 || rows(t, path) != 0 {
					t.Errorf("%d rows are aside and %d in the new one, want 1 and 0", rows(t, aside), rows(t, path))
				}
				if left := aheadOf(time.Now(), path); left != 0 {
					t.Errorf("the new one is %s ahead", left)
				}
			})
		}
	}
}

// copied is a copy of a database with what is beside it, since who looks at one
// writes into it.
func copied(t *testing.T, path string) string {
	t.Helper()
	to := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		if _, err := os.Stat(path + suffix); err == nil {
			copyTo(t, path+suffix, filepath.Join(to, "temporal.db"+suffix))
		}
	}
	return filepath.Join(to, "temporal.db")
}

// TestSetAside_Beside: what another database left is not taken for this one's.
func TestSetAside_Beside(t *testing.T) {
	path := killed(t, older)
	copyTo(t, path+"-wal", filepath.Join(filepath.Dir(path), "temporal-1.2.3.db-wal"))
	mustPrepare(t, path)
	if got := databases(t, path); !slices.Equal(got, []string{"temporal-1.2.3-2.db", "temporal.db"}) {
		t.Errorf("databases are %q", got)
	}
}

// TestSetAside_Full: what cannot be written into a database is not left behind.
func TestSetAside_Full(t *testing.T) {
	path := killed(t, older)
	reader, err := openSQLite(path) // who reads keeps SQLite from it
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.Exec(`PRAGMA busy_timeout = 1`); err != nil {
		t.Fatal(err)
	}
	tx, err := reader.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM current_executions`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if _, err := setAside(t.Context(), path, "1.2.3"); err == nil {
		t.Error("it is set aside without what lies beside it")
	}
	if got := databases(t, path); !slices.Equal(got, []string{"temporal.db"}) {
		t.Errorf("databases are %q", got)
	}
}

// TestPrepareDatabase_AheadKilled: looking at a database that is ahead of the clock
// writes into it, at a time that is not. Who is killed then has said so before.
func TestPrepareDatabase_AheadKilled(t *testing.T) {
	path := killed(t, scheduled)
	set(t, path, time.Hour)
	if err := prepareDatabase(t.Context(), path, true, slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("schedules are set aside")
	}
	set(t, path, 0)
	if left := aheadOf(time.Now(), path); left < 59*time.Minute {
		t.Errorf("it is %s ahead", left)
	}
}
