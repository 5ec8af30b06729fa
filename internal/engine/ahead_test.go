//go:build !groma_noembed

package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/server/api/persistence/v1"
	"google.golang.org/protobuf/proto"

	"groma/workflows"
)

// unfinishedOn has a workflow that is unfinished and waits on a task queue.
func unfinishedOn(t *testing.T, id, queue string) (statements []string) {
	t.Helper()
	data, err := proto.Marshal(&persistence.WorkflowExecutionInfo{TaskQueue: queue})
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		fmt.Sprintf(`INSERT INTO current_executions VALUES (1, x'01', '%s', x'02', '', 2, 1, NULL, 0, x'', '')`, id),
		fmt.Sprintf(`INSERT INTO executions VALUES (1, x'01', '%s', x'02', 1, 0, x'%x', 'Proto3', x'', 'Proto3', 0)`, id, data),
	}
}

// set has a database say that it was written so much later than now, and nothing
// else say so.
func set(t *testing.T, path string, ahead time.Duration) {
	t.Helper()
	written := time.Now().Add(ahead)
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
}

func databases(t *testing.T, path string) []string {
	t.Helper()
	return slices.DeleteFunc(files(t, path), func(name string) bool { return !strings.HasSuffix(name, ".db") })
}

// TestPrepareDatabase_Ahead: of a database that was written at a time to come,
// nothing that others have asked for is forgotten, and no command stands still.
func TestPrepareDatabase_Ahead(t *testing.T) {
	commands := append(unfinishedOn(t, workflows.ID("a"), workflows.TaskQueue("a")), unfinishedOn(t, workflows.ShardID(workflows.ID("a"), 3), workflows.TaskQueue("a"))...)
	servers := unfinishedOn(t, workflows.ID("a"), workflows.ClusterQueue)
	aside, kept := []string{"temporal-ahead.db", "temporal.db"}, []string{"temporal.db"}
	for name, test := range map[string]struct {
		ahead   time.Duration
		anew    bool
		has     []string
		want    []string
		refused string
	}{
		"a survey":                      {time.Hour, true, commands, aside, ""},
		"a survey, a year before":       {365 * 24 * time.Hour, true, commands, aside, ""},
		"a survey that is steered":      {time.Hour, false, commands, kept, ""},
		"nothing, and a server":         {time.Hour, false, []string{finished, systems}, aside, ""},
		"a server's survey":             {time.Hour, false, servers, kept, ""},
		"a server's, and a command":     {time.Hour, true, servers, kept, "0 schedules and 1 workflows that a server was asked for"},
		"a rescan, and a command":       {time.Hour, true, unfinishedOn(t, workflows.RescanID("a"), workflows.ClusterQueue), kept, "0 schedules and 1 workflows"},
		"one that is not known":         {time.Hour, true, []string{unfinished}, kept, "0 schedules and 1 workflows"},
		"schedules, and a command":      {time.Hour, true, []string{scheduled}, kept, "1 schedules and 0 workflows"},
		"schedules":                     {time.Hour, false, []string{scheduled}, kept, ""},
		"clocks that differ":            {30 * time.Second, true, commands, kept, ""},
		"a time that has been":          {-time.Hour, true, commands, kept, ""},
		"a time that has been, refused": {-time.Hour, true, servers, kept, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path, change := database(t)
			mustPrepare(t, path)
			change(test.has...)
			set(t, path, test.ahead)
			for range 2 { // a second time it is as it was, whatever the first wrote
				err := prepareDatabase(t.Context(), path, test.anew, slog.New(slog.DiscardHandler))
				var refusal *Refusal
				if errors.As(err, &refusal) != (test.refused != "") || refusal == nil && err != nil || refusal != nil && !strings.Contains(refusal.What, test.refused) {
					t.Errorf("%v, want a refusal with %q", err, test.refused)
				}
				if got := databases(t, path); !slices.Equal(got, test.want) {
					t.Errorf("databases are %q, want %q", got, test.want)
				}
				waits := len(test.want) == 1 && test.ahead > clocksDiffer
				if left := aheadOf(time.Now(), path); (left > 0) != waits {
					t.Errorf("it is %s ahead", left)
				}
				if refusal == nil {
					change(strings.Replace(finished, "INSERT", "REPLACE", 1)) // Temporal goes on writing
				}
			}
		})
	}
}

// TestMarkAhead: the clock was set back while Temporal ran, which went on writing.
func TestMarkAhead(t *testing.T) {
	path, change := database(t)
	mustPrepare(t, path)
	change(unfinishedOn(t, workflows.ID("a"), workflows.TaskQueue("a"))...)
	if err := markAhead(path, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := prepareDatabase(t.Context(), path, true, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	want := []string{"temporal-ahead.db", "temporal-ahead.db-ahead", "temporal.db"}
	if got := files(t, path); !slices.Equal(got, want) {
		t.Errorf("files are %q, want %q", got, want)
	}
}

// TestAskEmbedded_Ahead: who asks leaves a database ahead, also one whose last
// process was killed.
func TestAskEmbedded_Ahead(t *testing.T) {
	path, _ := database(t)
	mustPrepare(t, path)
	db, err := openSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(finished); err != nil {
		t.Fatal(err)
	}
	for _, name := range files(t, path) { // and what is written since lies beside it, as after kill -9
		copyTo(t, filepath.Join(filepath.Dir(path), name), filepath.Join(filepath.Dir(path), "killed", name))
	}
	db.Close()
	killed := filepath.Join(filepath.Dir(path), "killed", "temporal.db")
	if wal := files(t, killed); !slices.Contains(wal, "temporal.db-wal") {
		t.Fatalf("nothing lies beside it: %q", wal)
	}
	set(t, killed, -time.Hour)
	set(t, killed+"-wal", time.Hour)
	for range 2 {
		facts, _, err := AskEmbedded(t.Context(), Config{Data: filepath.Dir(killed)})
		if err != nil || facts.Ahead < 59*time.Minute || facts.Ahead > time.Hour {
			t.Errorf("it is %s ahead, %v; want an hour", facts.Ahead, err)
		}
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
