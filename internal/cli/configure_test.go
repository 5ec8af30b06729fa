package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestConfigure: the flag counts before its variable, and that before the file.
func TestConfigure(t *testing.T) {
	file := filepath.Join(t.TempDir(), "groma.yml")
	if err := os.WriteFile(file, []byte("listen: 127.0.0.1:1\nconcurrency: 3\nmirror: [a=b, c=d]\nroles: census\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"GROMA_CONFIG": file, "GROMA_LISTEN": "127.0.0.1:2", "GROMA_LANGUAGE": "Rust"}
	terminal := Terminal{Env: func(name string) string { return env[name] }}
	root := newRoot(terminal)
	cmd := commandOf(t, root, "worker")
	if err := cmd.ParseFlags([]string{"--concurrency", "5"}); err != nil {
		t.Fatal(err)
	}
	if err := configure(cmd, terminal); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]string{"concurrency": "5", "listen": "127.0.0.1:2", "mirror": "[a=b,c=d]", "roles": "[census]"} {
		if got := cmd.Flags().Lookup(flag).Value.String(); got != want {
			t.Errorf("--%s is %s, want %s", flag, got, want)
		}
	}
}

// TestConfigure_OneCall: what one call asks for is no setting of all.
func TestConfigure_OneCall(t *testing.T) {
	env := map[string]string{"GROMA_EDITIONS": "1,2", "GROMA_DETACH": "true", "GROMA_RECOUNT": "true", "GROMA_AS_OF": "2026-01-01", "GROMA_YES": "true"}
	terminal := Terminal{Env: func(name string) string { return env[name] }}
	for _, name := range []string{"survey", "watch", "diff", "prune"} {
		cmd := commandOf(t, newRoot(terminal), name)
		if err := configure(cmd, terminal); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, flag := range []string{"editions", "detach", "recount", "as-of", "yes"} {
			if f := cmd.Flags().Lookup(flag); f != nil && f.Changed {
				t.Errorf("%s: --%s is set by its variable", name, flag)
			}
		}
	}
}

func commandOf(t *testing.T, root *cobra.Command, name string) *cobra.Command {
	t.Helper()
	cmd, _, err := root.Find([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestConfigure_Error: what cannot be meant is said, with where it stands.
func TestConfigure_Error(t *testing.T) {
	for name, c := range map[string]struct {
		file, variable, value, want string
	}{
		"unknown setting":    {file: "lisen: x\n", want: `no command has a setting "lisen"`},
		"no mapping":         {file: "- a\n", want: "groma.yml"},
		"a mapping within":   {file: "listen: {a: b}\n", want: "listen: want a value"},
		"wrong value":        {file: "concurrency: many\n", want: "concurrency"},
		"wrong variable":     {variable: "GROMA_CONCURRENCY", value: "many", want: "GROMA_CONCURRENCY"},
		"no file":            {variable: "GROMA_CONFIG", value: "nothing.yml", want: "nothing.yml"},
		"for other commands": {file: "tokens-file: x\n"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{c.variable: c.value}
			if c.file != "" {
				env["GROMA_CONFIG"] = filepath.Join(t.TempDir(), "groma.yml")
				if err := os.WriteFile(env["GROMA_CONFIG"], []byte(c.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			terminal := Terminal{Env: func(name string) string { return env[name] }}
			err := configure(commandOf(t, newRoot(terminal), "worker"), terminal)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestHelp: every command has an example and says what it does, and every flag
// is explained.
func TestHelp(t *testing.T) {
	terminal := Terminal{Env: func(string) string { return "" }, Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}
	eachCommand(newRoot(terminal), func(cmd *cobra.Command) {
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%s: no example, or nothing about it", cmd.CommandPath())
		}
	})
}
