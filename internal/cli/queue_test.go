package cli

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSurvey_BegunElsewhere begins a survey at a server that is killed, and has
// 'groma survey' go on with it, which is killed, too. A server says how to go on
// from there, and 'groma cancel' ends it beside the server.
func TestSurvey_BegunElsewhere(t *testing.T) {
	dir := t.TempDir()
	tour := serveTour(t, dir)
	data := filepath.Join(dir, "data")
	at := "http://127.0.0.1:" + freePort(t)
	stopServer := serveProcess(t, at, data)
	id := strings.TrimSpace(groma(t, exitDone, "survey", filepath.Join(dir, "landscape.yml"), "--server", at, "--detach"))
	stopServer()

	if went := killAtFirst(t, surveyProcess(t, dir, tour, "data", "--json", "--concurrency", "1")); went != id {
		t.Fatalf("it goes on with %s, want %s", went, id)
	}
	stopServer = serveProcess(t, at, data)
	groma(t, exitDone, "survey", filepath.Join(dir, "landscape.yml"), "--server", at, "--detach") // the server's own
	stopServer()
	groma(t, exitGaps, "cancel", id, "--data", data)

	beside := killAtFirst(t, surveyProcess(t, dir, tour, "data", "--json", "--concurrency", "1", "--recount"))
	serveProcess(t, at, data)
	for _, asked := range [][]string{
		{"survey", filepath.Join(dir, "landscape.yml"), "--recount", "--detach"}, {"cancel", beside}, {"pause", beside},
	} {
		if told := groma(t, exitFailed, append(asked, "--server", at)...); !strings.Contains(told, "'groma cancel "+beside+"'") {
			t.Errorf("%s of a survey that nobody looks after says %s", asked[0], told)
		}
	}
	var said bytes.Buffer
	status := Main([]string{"cancel", beside, "--data", data}, Terminal{Out: io.Discard, Err: &said, Env: func(string) string { return "" }})
	if want := "Survey " + beside + " was cancelled"; status != exitGaps || !strings.Contains(said.String(), want) {
		t.Errorf("it ends with %d and does not say %q: %s", status, want, &said)
	}
}

// groma runs a command that must end so, and is what it prints.
func groma(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	status := Main(args, Terminal{Out: &out, Err: &stderr, Env: func(string) string { return "" }})
	if status != want {
		t.Fatalf("groma %s ends with %d, want %d: %s", strings.Join(args, " "), status, want, &stderr)
	}
	if want == exitFailed {
		return stderr.String()
	}
	return out.String()
}

// serveProcess is a server without a worker, until it is killed.
func serveProcess(t *testing.T, at, data string) (kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--no-worker", "--listen", strings.TrimPrefix(at, "http://"), "--data", data)
	cmd.Env = append(os.Environ(), runAsGroma+"=1")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(at + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(end) {
			t.Fatalf("the server is not ready: %s", &log)
		}
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	return kill
}
