package cli

import (
	"bufio"
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
	at, stopServer := serveProcess(t, data)
	id := strings.TrimSpace(groma(t, exitDone, "survey", filepath.Join(dir, "landscape.yml"), "--server", at, "--detach"))
	stopServer()

	if went := killAtFirst(t, surveyProcess(t, dir, tour, "data", "--json", "--concurrency", "1")); went != id {
		t.Fatalf("it goes on with %s, want %s", went, id)
	}
	at, stopServer = serveProcess(t, data)
	groma(t, exitDone, "survey", filepath.Join(dir, "landscape.yml"), "--server", at, "--detach") // the server's own
	stopServer()
	groma(t, exitGaps, "cancel", id, "--data", data)

	beside := killAtFirst(t, surveyProcess(t, dir, tour, "data", "--json", "--concurrency", "1", "--recount"))
	at, _ = serveProcess(t, data)
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

// serveProcess is a server without a worker, until it is killed, and where it
// serves.
func serveProcess(t *testing.T, data string) (at string, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--no-worker", "--listen", "127.0.0.1:0", "--data", data)
	cmd.Env = append(os.Environ(), runAsGroma+"=1")
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	var said strings.Builder
	for lines := bufio.NewScanner(log); at == "" && lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		_, at, _ = strings.Cut(lines.Text(), "msg=serving url=")
	}
	if at == "" {
		t.Fatalf("the server does not say where it serves: %s", &said)
	}
	go io.Copy(io.Discard, log)
	untilReady(t, at)
	return at, kill
}

func untilReady(t *testing.T, at string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(at + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("the server is not ready: %v", err)
		}
	}
}
