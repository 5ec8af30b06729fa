//go:build !groma_noembed

package engine

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.temporal.io/server/common/headers"
)

// database is a path that SQLite could misread, and a function that changes
// what is there.
func database(t *testing.T) (path string, change func(statements ...string)) {
	path = filepath.Join(t.TempDir(), "a b?c%20#d&é'", "temporal.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, func(statements ...string) {
		t.Helper()
		db, err := openSQLite(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, statement := range statements {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func prepare(t *testing.T, path string) error {
	t.Helper()
	return prepareDatabase(t.Context(), path, false, slog.New(slog.DiscardHandler))
}

func mustPrepare(t *testing.T, path string) {
	t.Helper()
	if err := prepare(t, path); err != nil {
		t.Fatal(err)
	}
	version, _, err := inspect(t.Context(), path)
	if err != nil || version != headers.ServerVersion {
		t.Fatalf("the database is of version %q, %v, want %q", version, err, headers.ServerVersion)
	}
}

func files(t *testing.T, path string) []string {
	t.Helper()
	entries, err := fs.Glob(os.DirFS(filepath.Dir(path)), "*")
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

const (
	older      = `UPDATE groma_origin SET server = '1.2.3'`
	unfinished = `INSERT INTO current_executions VALUES (1, randomblob(16), 'unfinished', randomblob(16), '', 2, 1, NULL, 0, x'', '')`
	finished   = `INSERT INTO current_executions VALUES (1, randomblob(16), 'finished', randomblob(16), '', 3, 2, NULL, 0, x'', '')`
	scheduled  = `INSERT INTO current_executions VALUES (1, randomblob(16), 'temporal-sys-scheduler:schedule-weekly', randomblob(16), '', 2, 1, NULL, 0, x'', '')`
	another    = `INSERT INTO current_executions VALUES (1, randomblob(16), 'schedule-daily', randomblob(16), '', 2, 1, NULL, 0, x'', '')`
	others     = `INSERT INTO current_executions VALUES (1, randomblob(16), 'temporal-sys-other', randomblob(16), '', 2, 1, NULL, 0, x'', '')`
	systems    = `INSERT INTO current_executions VALUES (1, x'32049b68787240948e63d0dd59896a83', 'scanner', randomblob(16), '', 2, 1, NULL, 0, x'', '')`
)

func TestPrepareDatabase(t *testing.T) {
	path, change := database(t)
	mustPrepare(t, path)
	change(unfinished)
	mustPrepare(t, path) // again, and nothing is made anew
	if _, _, err := inspect(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	change(older)
	if _, left, err := inspect(t.Context(), path); err != nil || left.workflows != 1 || left.schedules != nil {
		t.Errorf("%+v are left, %v, want one workflow", left, err)
	}
}

// TestPrepareDatabase_Killed: what a process killed while it made the database
// leaves is made again.
func TestPrepareDatabase_Killed(t *testing.T) {
	path, _ := database(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mustPrepare(t, path)
}

func TestPrepareDatabase_SetsAside(t *testing.T) {
	path, change := database(t)
	for range 2 {
		mustPrepare(t, path)
		change(older, finished, systems)
	}
	mustPrepare(t, path)
	want := []string{"temporal-1.2.3-2.db", "temporal-1.2.3.db", "temporal.db"}
	if got := files(t, path); !slices.Equal(got, want) {
		t.Errorf("files are %q, want %q", got, want)
	}
}

func TestPrepareDatabase_Error(t *testing.T) {
	for name, statements := range map[string][]string{
		"unfinished":      {older, finished, unfinished},
		"schedules":       {older, finished, scheduled, another},
		"unknown columns": {older, `DROP TABLE current_executions`},
		"a stranger's":    {`DROP TABLE groma_origin`},
	} {
		t.Run(name, func(t *testing.T) {
			path, change := database(t)
			mustPrepare(t, path)
			change(statements...)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if prepare(t, path) == nil {
				t.Error("it is taken")
			}
			after, err := os.ReadFile(path)
			if err != nil || !slices.Equal(before, after) || len(files(t, path)) != 1 {
				t.Errorf("it is touched: %q, %v", files(t, path), err)
			}
		})
	}
}

func TestPrepareDatabase_NoDatabase_Error(t *testing.T) {
	path, _ := database(t)
	if err := os.WriteFile(path, []byte("a letter to my aunt, of more than a hundred bytes, as it takes that many to be taken for a database at all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if prepare(t, path) == nil {
		t.Error("a letter is taken for a database")
	}
}

func TestAskEmbedded(t *testing.T) {
	for name, test := range map[string]struct {
		statements []string // on a database that is there; nil is none
		want, next string
	}{
		"none":                 {nil, "no database yet", ""},
		"its own":              {[]string{unfinished}, "it has a database", ""},
		"an older, finished":   {[]string{older, finished, systems}, "a finished database of 1.2.3 will be set aside", ""},
		"an older, unfinished": {[]string{older, unfinished}, "", "let the groma that began them finish"},
		"an older, schedules":  {[]string{older, finished, scheduled, another, others}, "", "with the groma that made them, note what 'groma schedule list' says"},
		"an older, system's":   {[]string{older, finished, others}, "a finished database of 1.2.3 will be set aside", ""},
		"another's":            {[]string{`DROP TABLE groma_origin`}, "", "move "},
	} {
		path, change := database(t)
		if test.statements != nil {
			mustPrepare(t, path)
			change(test.statements...)
		}
		before := files(t, path)
		facts, got, err := AskEmbedded(t.Context(), Config{Data: filepath.Dir(path)})
		var refusal *Refusal
		if errors.As(err, &refusal) != (test.next != "") || refusal != nil && !strings.HasPrefix(refusal.Next, test.next) || refusal == nil && err != nil {
			t.Errorf("%s: %v, want a refusal with %q", name, err, test.next)
		}
		if name == "an older, schedules" && !strings.Contains(err.Error(), "2 schedules, which stay behind: daily, weekly") {
			t.Errorf("%s: %v does not name them", name, err)
		}
		if facts.Version != headers.ServerVersion || got != test.want {
			t.Errorf("%s: %q, %q, want %q", name, facts.Version, got, test.want)
		}
		if after := files(t, path); !slices.Equal(before, after) {
			t.Errorf("%s: files were %v and are %v", name, before, after)
		}
	}
}
