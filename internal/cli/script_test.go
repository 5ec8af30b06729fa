package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// runAsGroma in the environment makes this test binary be the command.
const runAsGroma = "GROMA_TEST_RUN"

// TestMain makes this test binary stand in for the command.
func TestMain(m *testing.M) {
	if os.Getenv(runAsGroma) != "" {
		os.Exit(Main(os.Args[1:], Process()))
	}
	testscript.Main(m, map[string]func(){
		"groma": func() { os.Exit(Main(os.Args[1:], Process())) },
	})
}

// TestScript runs the command as people use it; -update rewrites what the
// scripts expect to be printed.
func TestScript(t *testing.T) {
	tour, err := filepath.Abs("../../examples/tour/world.txtar")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(env *testscript.Env) error {
			env.Setenv("TOUR", tour)
			env.Setenv("GROMA_DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("GIT_CONFIG_GLOBAL", "/dev/null")
			for _, who := range []string{"GIT_AUTHOR", "GIT_COMMITTER"} {
				env.Setenv(who+"_NAME", "A")
				env.Setenv(who+"_EMAIL", "a@example.org")
				env.Setenv(who+"_DATE", "2026-01-02T03:04:05Z")
			}
			return nil
		},
	})
}

// exits runs a command that must end with the given status: exits 3 groma …
func exits(script *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		script.Fatalf("usage: exits STATUS COMMAND [ARGS]")
	}
	want, err := strconv.Atoi(args[0])
	script.Check(err)
	got := 0
	var failed *exec.ExitError
	err = script.Exec(args[1], args[2:]...)
	if errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		script.Check(err)
	}
	if got != want {
		script.Fatalf("exits with %d, want %d", got, want)
	}
}
