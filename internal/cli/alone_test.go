package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"groma/internal/engine"
)

// TestAlone: who has named a server for every command is told by one that asks
// none, and has nothing removed from another place, unless the command line says
// which.
func TestAlone(t *testing.T) {
	dir := t.TempDir()
	data, file, other := filepath.Join(dir, "data"), filepath.Join(dir, "groma.yml"), filepath.Join(dir, "other.yml")
	store := engine.Config{Data: data}.StoreAddress()
	if err := os.MkdirAll(strings.TrimPrefix(store, "file://"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{file: "server: https://groma.example\ndata: " + data + "\n", other: "data: " + data + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	named := []string{"GROMA_SERVER=https://groma.example", "GROMA_DATA=" + data}
	const passesOver = "names a server, and prune asks none: it "
	tests := []struct {
		name   string
		env    []string
		args   []string
		status int
		said   string
	}{
		{"no server", named[1:], []string{"--yes"}, exitDone, ""},
		{"it removes", named, []string{"--yes"}, exitUsage, "GROMA_SERVER " + passesOver + "would remove from " + data},
		{"it looks", named, nil, exitDone, "GROMA_SERVER " + passesOver + "looks at " + data},
		{"a folder that is meant", named, []string{"--yes", "--data", data}, exitDone, ""},
		{"a storage that is meant", named, []string{"--yes", "--store", store}, exitDone, ""},
		{"a storage for every call", append(named, "GROMA_STORE="+store), []string{"--yes"}, exitUsage, "would remove from the storage that is set"},
		{"a file", nil, []string{"--yes", "--config", file}, exitUsage, file + " " + passesOver},
		{"a file without", nil, []string{"--yes", "--config", other}, exitDone, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var said bytes.Buffer
			terminal := Terminal{Out: io.Discard, Err: &said, Env: env(test.env)}
			status := Main(append([]string{"prune"}, test.args...), terminal)
			if status != test.status || !strings.Contains(said.String(), test.said) || test.said == "" && said.Len() > 0 {
				t.Errorf("it ends with %d, want %d, and says %q, want %q", status, test.status, &said, test.said)
			}
		})
	}
	var said bytes.Buffer
	Main([]string{"verify"}, Terminal{Out: io.Discard, Err: &said, Env: env(named)})
	if want := "GROMA_SERVER names a server, and verify asks none: it looks at " + data; !strings.Contains(said.String(), want) {
		t.Errorf("verify says %q, want %q", &said, want)
	}
}

// TestThere: what is given for this process is not passed over by a command that
// asks a server, as if it had been looked at.
func TestThere(t *testing.T) {
	data := t.TempDir()
	for _, args := range [][]string{{"surveys"}, {"show", "some-survey"}, {"cancel", "some-survey"}, {"rescan", "example.org/o/r"}, {"schedule", "list"}} {
		var said bytes.Buffer
		terminal := Terminal{Out: io.Discard, Err: &said, Env: env([]string{"GROMA_SERVER=https://groma.example"})}
		if status := Main(append(args, "--data", data), terminal); status != exitUsage || !strings.Contains(said.String(), "--data is of this process, and the server at https://groma.example") {
			t.Errorf("%v ends with %d and says %q", args, status, &said)
		}
		said.Reset()
		if Main(append(args, "--data", data, "--server="), terminal); strings.Contains(said.String(), "groma.example") {
			t.Errorf("%v asks a server that is not to be asked: %s", args, &said)
		}
	}
}

func env(settings []string) func(string) string {
	return func(name string) string {
		for _, setting := range settings {
			if value, ok := strings.CutPrefix(setting, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

// TestAlone_Which: whatever has a data folder asks a server if one is named, is
// one, or says that it asks none.
func TestAlone_Which(t *testing.T) {
	var alone []string
	for _, command := range newRoot(Terminal{Env: env(nil)}).Commands() {
		if flags := command.Flags(); flags.Lookup("data") != nil && flags.Lookup(serverFlag) == nil {
			alone = append(alone, command.Name())
		}
	}
	slices.Sort(alone)
	if want := []string{"prune", "serve", "verify", "worker"}; !slices.Equal(alone, want) {
		t.Errorf("%v have a data folder and ask no server, want %v: have each say so", alone, want)
	}
}
