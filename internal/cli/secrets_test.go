package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"groma/internal/engine/enginetest"
	"groma/internal/secretstest"
)

// A secretWorld is what TestSecrets happens in: marks wherever a secret can be
// configured, hosts that say what they were told, and one folder with all that
// was written.
type secretWorld struct {
	root    string // of all that is searched
	planted string // of files that have secrets in them
	bin     string // with a git that notes how it is called

	authority *enginetest.Authority
	hosts     *strangers

	mu     sync.Mutex
	marks  map[string]string // by the name of the plant
	proved map[string]bool
	hear   bytes.Buffer // all that hosts were told
	stray  bytes.Buffer // and what one was told that credentials are not for
	runs   int          // processes of groma
	writes int          // of what was heard of them
}

// TestSecrets plants a marked secret wherever one can be configured, has groma
// fail in every way there is before hosts that say what they were told, and
// searches all that it wrote.
func TestSecrets(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it takes Linux: SSL_CERT_FILE and /proc")
	}
	w := newSecretWorld(t)
	t.Run("runs", func(t *testing.T) { // returns when all have ended
		for name, run := range map[string]func(*testing.T, *secretWorld){
			"survey": surveysOfSecrets, "census": censusesOfSecrets, "sources": sourcesOfSecrets, "server": serverOfSecrets,
			"doctor": doctorsOfSecrets, "worker": workersOfSecrets, "settings": settingsOfSecrets, "storage": storageOfSecrets, "payloads": payloadsOfSecrets,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				run(t, w)
			})
		}
	})
	w.search(t)
}

func newSecretWorld(t *testing.T) *secretWorld {
	t.Helper()
	w := &secretWorld{
		root: t.TempDir(), planted: t.TempDir(), bin: t.TempDir(), authority: enginetest.NewAuthority(t),
		marks: map[string]string{}, proved: map[string]bool{},
	}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	shim := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$0\" \"$@\" >>'%s'\nexec '%s' \"$@\"\n", filepath.Join(w.root, "git-arguments"), git)
	if err := os.WriteFile(filepath.Join(w.bin, "git"), []byte(shim), 0o755); err != nil {
		t.Fatal(err)
	}
	w.hosts = newStrangers(t, w, serveTour(t, t.TempDir()).URL)
	return w
}

// mark is the secret of a plant, which is planted hereby.
func (w *secretWorld) mark(name string) string { return w.plant(name, secretstest.Mark()) }

// plant is mark, of a secret that has to be made in a way of its own.
func (w *secretWorld) plant(name, mark string) string {
	if !slices.ContainsFunc(plants, func(p plant) bool { return p.name == name }) {
		panic("no plant is called " + name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if known := w.marks[name]; known != "" {
		return known
	}
	w.marks[name] = mark
	return mark
}

// prove says that a secret was used which nobody is sent.
func (w *secretWorld) prove(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.proved[name] = true
}

// heard is what a host was told.
func (w *secretWorld) heard(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hear.WriteString(text + "\n")
}

func (w *secretWorld) told(r *http.Request) { w.heard(fmt.Sprint(r.URL, r.Header)) }

// strayed is what a host was told that no credential is for.
func (w *secretWorld) strayed(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintln(&w.stray, r.Host, r.Header)
}

// write puts what was heard of groma beside what it wrote itself.
func (w *secretWorld) write(name string, text []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	_ = os.WriteFile(filepath.Join(w.root, fmt.Sprintf("%s-%d", name, w.writes)), text, 0o600)
}

// file is a file with secrets in it.
func (w *secretWorld) file(t *testing.T, text string) string {
	t.Helper()
	file, err := os.CreateTemp(w.planted, "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// search looks for every mark in all that was written, and whether each was of
// any use.
func (w *secretWorld) search(t *testing.T) {
	s := secretstest.NewSearcher(w.marks)
	began := time.Now()
	found, files, err := s.Folder(w.root)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d secrets, %d processes, %d files searched in %s", len(w.marks), w.runs, files, time.Since(began).Round(time.Millisecond))
	for _, pattern := range []string{
		"run-*/stdout", "run-*/stderr", "run-*/cmdline", "surveyed/temporal.db", "served/temporal.db", "served/nats/*", "surveyed/store/census/*",
		"run-*/work/report/*.parquet", "git-arguments", "spans-*", "notices-*", "answer-*",
	} {
		if names, err := filepath.Glob(filepath.Join(w.root, pattern)); err != nil || len(names) == 0 {
			t.Errorf("there is no %s to be searched: %v", pattern, err)
		}
	}
	for _, f := range found {
		t.Errorf("a secret is written: %v", f)
	}
	for _, f := range s.Everything("what other.example was told", w.stray.Bytes()) {
		t.Errorf("a secret went to another host: %v", f)
	}
	for _, f := range s.Everything("what hosts were told", w.hear.Bytes()) {
		w.proved[f.Mark] = true
	}
	for _, p := range plants {
		switch {
		case w.marks[p.name] == "":
			t.Errorf("%s: nothing is planted", p.name)
		case !w.proved[p.name]:
			t.Errorf("%s: planted in vain: nobody used it", p.name)
		}
	}
}

// A gromaRun is one process of groma.
type gromaRun struct {
	cmd    *exec.Cmd
	folder string // of its own: home, data, temporary files, what it said
	given  bool   // whoever called it put a secret into its arguments, where there is no other way
}

// run makes a process ready. env has what is set besides what all have.
func (w *secretWorld) run(t *testing.T, env []string, args ...string) *gromaRun {
	t.Helper()
	w.mu.Lock()
	w.runs++
	r := &gromaRun{folder: filepath.Join(w.root, fmt.Sprintf("run-%d", w.runs))}
	for _, mark := range w.marks {
		r.given = r.given || strings.Contains(strings.Join(args, " "), mark)
	}
	w.mu.Unlock()
	for _, name := range []string{"home/.ssh", "tmp", "work"} {
		if err := os.MkdirAll(filepath.Join(r.folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r.cmd = exec.CommandContext(t.Context(), os.Args[0], args...)
	r.cmd.Dir = filepath.Join(r.folder, "work")
	r.cmd.Env = append([]string{
		runAsGroma + "=1", "PATH=" + w.bin + ":/usr/bin:/bin", "HOME=" + filepath.Join(r.folder, "home"), "TMPDIR=" + filepath.Join(r.folder, "tmp"),
		"SSL_CERT_FILE=" + w.authority.File, "GIT_CONFIG_NOSYSTEM=1", "NO_COLOR=1",
		"HTTPS_PROXY=http://user:" + w.mark("HTTPS_PROXY") + "@" + w.hosts.proxy,
	}, env...)
	r.cmd.Stdout, r.cmd.Stderr = r.create(t, "stdout"), r.create(t, "stderr")
	return r
}

func (r *gromaRun) create(t *testing.T, name string) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(r.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// start starts it, and notes the arguments that anybody can see.
func (r *gromaRun) start(t *testing.T) {
	t.Helper()
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // of one whose test has failed
		if r.cmd.ProcessState == nil {
			_ = r.cmd.Process.Kill()
			_ = r.cmd.Wait()
		}
	})
	if r.given {
		return
	}
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", r.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.folder, "cmdline"), bytes.ReplaceAll(arguments, []byte{0}, []byte{'\n'}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// said is what the process wrote to standard output or error.
func (r *gromaRun) said(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// groma runs a process to its end, which must be with a status, and returns what
// it said.
func (w *secretWorld) groma(t *testing.T, status int, env []string, args ...string) string {
	t.Helper()
	r := w.run(t, env, args...)
	r.start(t)
	got := exitOf(r.cmd.Wait())
	said := r.said(t, "stderr") + r.said(t, "stdout")
	if got != status {
		t.Errorf("groma %s ends with %d, want %d: %s", strings.Join(args, " "), got, status, said)
	}
	return said
}
