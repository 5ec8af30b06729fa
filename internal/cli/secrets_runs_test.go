package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"groma/internal/engine/enginetest"
	"groma/internal/form"
)

// hostTokens are credentials for all hosts, from each source there is but netrc:
// variables, and the file that is returned.
func (w *secretWorld) hostTokens(t *testing.T) (env []string, file string) {
	t.Helper()
	env = []string{"GITHUB_TOKEN=" + w.mark("GITHUB_TOKEN"), "GITLAB_TOKEN=" + w.mark("GITLAB_TOKEN")}
	var lines []string
	i := 0
	for host := range strangersNamed {
		if host == "www.example" || host == "other.example" || strings.HasSuffix(host, ".com") {
			continue
		}
		switch i++; i % 3 {
		case 0:
			env = append(env, "GROMA_TOKEN_"+strings.ToUpper(strings.ReplaceAll(host, ".", "_"))+"="+w.mark("GROMA_TOKEN_<HOST>"))
		case 1:
			lines = append(lines, host+" "+w.mark("token file, token"))
		case 2:
			lines = append(lines, host+" user:"+w.mark("token file, password"))
		}
	}
	return env, w.file(t, strings.Join(lines, "\n"))
}

// troubled are hosts that fail in ways that are tried again, and how often each
// is asked when that has begun.
var troubled = map[string]int{"s500.example": 2, "s502.example": 2, "says.example": 2, "unheard.example": 2, "sideband.example": 8, "cut.example": 8, "hang.example": 1}

// secretLandscape names a repository at every host, and some with secrets in
// their addresses.
func (w *secretWorld) secretLandscape() string {
	addresses := []string{
		"https://user:" + w.mark("repository, password") + "@www.example/groma-tour/lumen",
		"https://" + w.mark("repository, token as user") + "@www.example/groma-tour/via",
		"https://www.example/groma-tour/quarry?private_token=" + w.mark("repository, query"),
		"https://user:a/" + w.mark("repository, password with a slash") + "@www.example/groma-tour/forum",
		"https://p407.example/a/b", "https://p502.example/a/b", "http://127.0.0.1:1/a/b",
	}
	for host := range strangersNamed {
		addresses = append(addresses, "https://"+host+"/groma-tour/aqueduct")
	}
	var text strings.Builder
	text.WriteString("landscape:\n- category:\n  name: A\n  subcategories:\n  - subcategory:\n    name: B\n    items:\n")
	for i, address := range addresses {
		fmt.Fprintf(&text, "    - item:\n      name: Number %d\n      project: sandbox\n      repo_url: \"%s\"\n", i, address)
	}
	return text.String()
}

// surveysOfSecrets kills a survey when every host has failed in its way, gives
// it up, and has its report in every form.
func surveysOfSecrets(t *testing.T, w *secretWorld) {
	bus := enginetest.NATS(t, server.Options{JetStream: true, Authorization: w.mark("NATS URL")})
	stop := w.hearNotices(t, bus)
	env, tokens := w.hostTokens(t)
	env = append(env, "GROMA_NATS=nats://"+w.mark("NATS URL")+"@"+bus, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+w.collector(t),
		"OTEL_BSP_SCHEDULE_DELAY=200", "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20"+w.mark("OTLP headers"))
	annotated := "projects:\n  - project: Number 0\n    extra_repositories: [\"https://user:" + w.mark("annotations, repository") + "@www.example/groma-tour/abacus\"]\n"
	data := filepath.Join(w.root, "surveyed")
	r := w.run(t, env, "survey", w.file(t, w.secretLandscape()), "--data", data, "--token-file", tokens, "--annotations", w.file(t, annotated), "--json", "--verbose", "--concurrency", "16")
	r.start(t)
	until(t, "the survey", func() bool {
		for host, times := range troubled {
			if w.hosts.times(host) < times {
				return false
			}
		}
		return strings.Contains(r.said(t, "stdout"), `"outcome":"counted"`)
	}, func() string { return fmt.Sprint(w.hosts, r.said(t, "stderr")) })
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	kept, err := filepath.Glob(filepath.Join(data, "store", "surveys", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("%d surveys are kept: %v", len(kept), err)
	}
	id := filepath.Base(kept[0])
	w.provedByLandscape(t, kept[0])
	w.groma(t, exitGaps, env, "cancel", id, "--data", data)
	stop()
	w.groma(t, exitDone, env, "report", id, "--data", data, "--format", strings.Join(form.Names(), ","), "--out", "report")
	w.groma(t, exitDone, env, "show", id, "--data", data)
	w.groma(t, exitDone, env, "surveys", "--json", "--data", data)
	w.groma(t, exitDone, env, "verify", id, "--json", "--data", data)
}

// provedByLandscape: the addresses with secrets in them were read, as what is
// kept of them says.
func (w *secretWorld) provedByLandscape(t *testing.T, survey string) {
	t.Helper()
	var text []byte
	for _, name := range []string{"source", "annotations.yml"} {
		kept, err := os.ReadFile(filepath.Join(survey, name))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, kept...)
	}
	for plant, part := range map[string]string{
		"repository, password": "www.example/groma-tour/lumen", "repository, token as user": "www.example/groma-tour/via",
		"repository, query": "www.example/groma-tour/quarry?", "repository, password with a slash": "www.example/groma-tour/forum",
		"annotations, repository": "www.example/groma-tour/abacus",
	} {
		if strings.Contains(string(text), part) {
			w.prove(plant)
		}
	}
}

// hearNotices writes down all that NATS is told, until it is stopped.
func (w *secretWorld) hearNotices(t *testing.T, address string) (stop func()) {
	t.Helper()
	conn, err := nats.Connect(address, nats.Token(w.mark("NATS URL")))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var heard strings.Builder
	_, err = conn.Subscribe(">", func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(&heard, m.Subject, m.Header, string(m.Data))
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = conn.Drain()
		conn.Close()
		mu.Lock()
		defer mu.Unlock()
		if heard.Len() == 0 {
			t.Error("no notice was heard")
		}
		w.write("notices", []byte(heard.String()))
	}
}

// until waits until something is so.
func until(t *testing.T, what string, so func() bool, state func() string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s takes more than two minutes: %s", what, state())
		}
	}
}

// censusesOfSecrets asks each host by itself, with credentials of .netrc.
func censusesOfSecrets(t *testing.T, w *secretWorld) {
	netrc := func(name string) string {
		var text strings.Builder
		for host := range strangersNamed {
			if host != "other.example" && host != "www.example" {
				fmt.Fprintf(&text, "machine %s login user password %s\n", host, w.mark(name))
			}
		}
		return text.String()
	}
	home, file := netrc("~/.netrc"), w.file(t, netrc("NETRC"))
	folder := w.home(t, map[string]string{".netrc": home})
	for host := range strangersNamed {
		if host == "hang.example" {
			continue // a minute of silence
		}
		r := w.run(t, []string{"HOME=" + folder}, "census", "https://"+host+"/groma-tour/aqueduct", "--json")
		r.start(t)
		_ = r.cmd.Wait() // some are well
	}
	w.groma(t, exitFailed, []string{"NETRC=" + file}, "census", "https://says.example/groma-tour/aqueduct")
	w.groma(t, exitFailed, nil, "census", "https://p407.example/a/b")
	w.groma(t, exitFailed, nil, "census", "https://p502.example/a/b")
	w.askOverSSH(t)
	w.askOnDisk(t)
}

// home is a home folder with files that have secrets in them.
func (w *secretWorld) home(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func (w *secretWorld) askOverSSH(t *testing.T) {
	t.Helper()
	address, known := w.refusingSSH(t)
	key, mark := sshKey(t)
	w.plant("key of ~/.ssh", mark)
	home := w.home(t, map[string]string{".ssh/id_ed25519": key, ".ssh/known_hosts": known})
	if said := w.groma(t, exitFailed, []string{"HOME=" + home}, "census", "ssh://git@"+address+"/a/b"); !strings.Contains(said, "none of our keys") {
		t.Errorf("it says %s", said)
	}
}

// askOnDisk has git run, with a remote's credential in the environment.
func (w *secretWorld) askOnDisk(t *testing.T) {
	t.Helper()
	env, tokens := w.hostTokens(t)
	folder := t.TempDir()
	for _, args := range [][]string{{"init", "-q"}, {"-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "x"}} {
		r := w.run(t, nil)
		r.cmd.Path, r.cmd.Args, r.cmd.Dir = filepath.Join(w.bin, "git"), append([]string{"git"}, args...), folder
		if err := r.cmd.Run(); err != nil {
			t.Fatal(err)
		}
	}
	w.groma(t, exitDone, env, "census", folder, "--token-file", tokens)
	if text, err := os.ReadFile(filepath.Join(w.root, "git-arguments")); err != nil || !strings.Contains(string(text), "upload-pack") {
		t.Errorf("git was not run: %v", err)
	}
}

// sourcesOfSecrets reads landscapes and what stands beside them from where they
// cannot be had.
func sourcesOfSecrets(t *testing.T, w *secretWorld) {
	for _, name := range []string{"moved", "badlocation", "badscheme", "loop", "html", "broken", "s401", "s403", "s404", "s500"} {
		address := "https://user:" + w.mark("source, password") + "@files.example/" + name + ".txt?token=" + w.mark("source, query")
		r := w.run(t, nil, "survey", address, "--data", filepath.Join(w.root, "sources-"+name), "--nats", "off")
		if name == "moved" { // what it names is well
			r.cmd.Env = append(r.cmd.Env, "GROMA_CLOMONITOR=https://files.example/s500.yml?token="+w.mark("CLOMonitor, query"))
		}
		r.start(t)
		if status := exitOf(r.cmd.Wait()); status != exitFailed && status != exitUsage {
			t.Errorf("%s: ends with %d: %s", name, status, r.said(t, "stderr"))
		}
	}
	for name, status := range map[string]int{"s403": exitFailed, "moved": exitUsage} {
		w.groma(t, status, []string{"GROMA_ANNOTATIONS=https://files.example/" + name + ".txt?token=" + w.mark("annotations, query")},
			"survey", "https://files.example/list.txt", "--data", filepath.Join(w.root, "sources-beside"))
	}
}

// interrupt ends a process as people do.
func (r *gromaRun) interrupt(t *testing.T) {
	t.Helper()
	_ = r.cmd.Process.Signal(syscall.SIGINT)
	if err := r.cmd.Wait(); exitOf(err) > exitFailed {
		t.Errorf("it ends with %v: %s", err, r.said(t, "stderr"))
	}
}

// readAll is what an answer has.
func readAll(r io.Reader) []byte {
	text, _ := io.ReadAll(r)
	return text
}
