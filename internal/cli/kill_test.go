package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"groma/internal/report/reporttest"
	"groma/internal/world"
	"groma/internal/world/worldtest"
	gromav1 "groma/proto/groma/v1"
)

// TestSurvey_Killed kills a survey with SIGKILL when its first repository is
// counted and gives the same command again: it goes on with the same survey,
// counts nothing again, and its report equals that of an undisturbed one.
func TestSurvey_Killed(t *testing.T) {
	dir := t.TempDir()
	server := serveTour(t, dir)
	killed := surveyProcess(t, dir, server, "killed", "--json", "--concurrency", "1")
	id := killAtFirst(t, killed)
	before, asked := censuses(t, filepath.Join(dir, "killed")), len(server.Requests())

	var stderr bytes.Buffer
	again := surveyProcess(t, dir, server, "killed", "--concurrency", "1")
	again.Stderr = &stderr
	if err := again.Run(); exitOf(err) != exitGaps {
		t.Fatalf("going on: %v: %s", err, &stderr)
	}
	if !strings.Contains(stderr.String(), "Going on with survey "+id) {
		t.Errorf("it does not go on with %s: %s", id, &stderr)
	}
	for _, name := range before {
		if n := packs(server.Requests()[asked:], name); n > 1 {
			t.Errorf("%s was counted already, yet it was asked %d times, want at most once for its head", name, n)
		}
	}
	undisturbed := surveyProcess(t, dir, server, "undisturbed")
	if err := undisturbed.Run(); exitOf(err) != exitGaps {
		t.Fatalf("undisturbed: %v", err)
	}
	got, want := reportIn(t, dir, "killed"), reportIn(t, dir, "undisturbed")
	for _, r := range append(got.Repositories, want.Repositories...) {
		r.Attempts = 0 // a census that was killed is tried again
		if r.Wire != nil {
			r.Wire.Requests = 0 // and may find that it was kept
		}
	}
	if g, w := withoutTimes(t, got), withoutTimes(t, want); !bytes.Equal(g, w) {
		t.Errorf("killed and undisturbed reports differ:\n%s\n%s", g, w)
	}
}

// TestCancel gives up a survey that was killed: it is reported with what it
// has, and what it has not is said.
func TestCancel(t *testing.T) {
	dir := t.TempDir()
	id := killAtFirst(t, surveyProcess(t, dir, serveTour(t, dir), "killed", "--json", "--concurrency", "1"))
	var out, stderr bytes.Buffer
	terminal := Terminal{Out: &out, Err: &stderr, Env: func(string) string { return "" }}
	data := filepath.Join(dir, "killed")
	if told := groma(t, exitFailed, "watch", id, "--data", data); !strings.Contains(told, "nobody surveys here now") {
		t.Errorf("watching what nobody does says %s", told)
	}
	if status := Main([]string{"cancel", id, "--data", data}, terminal); status != exitGaps {
		t.Fatalf("cancel ends with %d, want %d: %s", status, exitGaps, &stderr)
	}
	if said := stderr.String(); !strings.Contains(said, "in flight, until the process that counts lets go or, if it was killed, has not been heard of for 15s") {
		t.Errorf("cancel does not say what it waits for: %s", said)
	}
	out.Reset()
	if status := Main([]string{"show", id, "--data", data}, terminal); status != exitDone {
		t.Fatalf("show ends with %d: %s", status, &stderr)
	}
	if !strings.Contains(out.String(), "cancelled") || !strings.Contains(out.String(), "8 repositories: ") {
		t.Errorf("the report of a cancelled survey is\n%s", &out)
	}
	if want := "Survey " + id + " was cancelled"; strings.Count(stderr.String(), want) != 2 { // then, and now
		t.Errorf("show does not say %q: %s", want, &stderr)
	}
	for _, asked := range [][]string{{"surveys"}, {"surveys", "--json"}} { // of storage, which alone knows it for ever
		if listed := groma(t, exitDone, append(asked, "--data", data)...); !strings.Contains(listed, "cancelled") || strings.Contains(listed, "reported") {
			t.Errorf("%s lists\n%s", asked, listed)
		}
	}
	if status := Main([]string{"cancel", id, "--data", data}, terminal); status != exitFailed {
		t.Errorf("cancelling again ends with %d, want %d", status, exitFailed)
	}
}

// serveTour serves the tour's repositories and writes its landscape to a file.
func serveTour(t *testing.T, dir string) *world.Server {
	t.Helper()
	server, landscape := worldtest.Tour(t)
	if err := os.WriteFile(filepath.Join(dir, "landscape.yml"), landscape, 0o644); err != nil {
		t.Fatal(err)
	}
	return server
}

// packs is how many of the requests ask for the contents or, by protocol v2,
// the refs of a repository.
func packs(requests []string, name string) (n int) {
	for _, request := range requests {
		if strings.HasPrefix(request, "POST ") && strings.Contains(request, "/"+name+"/") {
			n++
		}
	}
	return n
}

// surveyProcess is a survey of the tour in a process of its own.
func surveyProcess(t *testing.T, dir string, server *world.Server, name string, more ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"survey", filepath.Join(dir, "landscape.yml"), "--mirror", "https://github.com/=" + server.URL + "/", "--data", filepath.Join(dir, name), "--out", filepath.Join(dir, name+"-report")}, more...)
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), runAsGroma+"=1")
	return cmd
}

// killAtFirst kills a survey that prints events when it says that a repository
// is counted, and returns the survey's id.
func killAtFirst(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	return endAtFirst(t, cmd, os.Kill)
}

// endAtFirst is killAtFirst by another signal: what is interrupted hands back
// what it is counting.
func endAtFirst(t *testing.T, cmd *exec.Cmd, signal os.Signal) string {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Signal(signal)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var n struct {
			Survey string
			Taken  *struct{ Outcome string }
		}
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		if n.Taken != nil && n.Taken.Outcome == "counted" {
			return n.Survey
		}
	}
	t.Fatal("nothing was ever counted")
	return ""
}

func exitOf(err error) int {
	if failed, ok := err.(*exec.ExitError); ok {
		return failed.ExitCode()
	}
	return 0
}

// censuses are the repositories, as OWNER/NAME, that a census is kept of.
func censuses(t *testing.T, data string) []string {
	t.Helper()
	var found []string
	root := filepath.Join(data, "store", "census", "github.com")
	err := filepath.Walk(root, func(name string, info os.FileInfo, err error) error {
		if err == nil && strings.HasSuffix(name, ".json") {
			rel, _ := filepath.Rel(root, name)
			found = append(found, filepath.ToSlash(filepath.Dir(filepath.Dir(rel))))
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d censuses are kept: %v", len(found), err)
	}
	return found
}

func reportIn(t *testing.T, dir, name string) *gromav1.Report {
	t.Helper()
	return reporttest.Read(t, filepath.Join(dir, name+"-report", "report.json"))
}
