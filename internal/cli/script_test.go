package cli

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"groma/internal/goldentest"
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
		UpdateScripts: goldentest.Updating(),
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "await": await, "served": servedAt, "setenv": setenv},
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

// await waits until a file has something in it, or a URL answers with 200: await
// file NAME, await url URL.
func await(script *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		script.Fatalf("usage: await file NAME, await url URL")
	}
	there := func() bool {
		info, err := os.Stat(script.MkAbs(args[1]))
		return err == nil && info.Size() > 0
	}
	if args[0] == "url" {
		there = func() bool {
			response, err := http.Get(args[1])
			if err != nil {
				return false
			}
			defer response.Body.Close()
			return response.StatusCode == http.StatusOK
		}
	}
	aMinute(script, args[0]+" "+args[1], there)
}

// aMinute waits until something is there.
func aMinute(script *testscript.TestScript, what string, there func() bool) {
	for end := time.Now().Add(time.Minute); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			script.Fatalf("%s is not there after a minute", what)
		}
	}
}

// servedAt waits until a server's log says where it serves, in JSON, and sets
// GROMA_SERVER to that and PORT to its port: served LOG.
func servedAt(script *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		script.Fatalf("usage: served LOG")
	}
	aMinute(script, "the server's address", func() bool {
		log, _ := os.ReadFile(script.MkAbs(args[0]))
		_, after, _ := strings.Cut(string(log), `"msg":"serving","url":"`)
		url, _, said := strings.Cut(after, `"`)
		script.Setenv("GROMA_SERVER", url)
		script.Setenv("PORT", url[strings.LastIndex(url, ":")+1:])
		return said
	})
}

// setenv sets a variable to what a file says: setenv NAME FILE.
func setenv(script *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		script.Fatalf("usage: setenv NAME FILE")
	}
	script.Setenv(args[0], strings.TrimSpace(script.ReadFile(args[1])))
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
