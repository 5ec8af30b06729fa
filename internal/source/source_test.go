package source

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"groma/internal/fault"
	"groma/internal/landscape"
)

const (
	aLandscape = "# comment\n\nlandscape:\n  - category:\n    name: C\n"
	aList      = "# repositories\nhttps://github.com/o/n\ngithub.com/o/m # another\n"
)

// lay writes files below a new folder; a name that ends in a slash is a
// folder.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o755)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRead_Document(t *testing.T) {
	tests := []struct {
		name, text string
		kind       landscape.Kind
	}{
		{"landscape.yml", aLandscape, landscape.KindLandscape},
		{"landscape.txt", aLandscape, landscape.KindLandscape},
		{"no-extension", "categories: []", landscape.KindLandscape},
		{"landscape.json", `{"landscape": []}`, landscape.KindLandscape},
		{"list.txt", aList, landscape.KindList},
		{"list.yml", aList, landscape.KindList},
		{"ssh", "git@github.com:o/n\n", landscape.KindList},
		{"paths", "/srv/git/my project\n", landscape.KindList},
		{"organisations", "https://github.com/o\n", landscape.KindList},
		{"only comments", "# nothing yet\n", landscape.KindList},
		{"windows", "\uFEFFhttps://github.com/o/n\r\n", landscape.KindList},
		{"found", "# folder /srv\n/srv/a\n", landscape.KindFolder},
		{"other.yaml", "apiVersion: v1\n", landscape.KindLandscape},
		{"page", "<!DOCTYPE html>\n", landscape.KindLandscape},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := lay(t, map[string]string{test.name: test.text})
			got, err := Read(t.Context(), filepath.Join(root, test.name), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != test.kind || got.Document.Name != test.name || string(got.Document.Data) != test.text {
				t.Errorf("got %s %q %q", got.Kind, got.Document.Name, got.Document.Data)
			}
			got, err = Read(t.Context(), "-", strings.NewReader(test.text))
			if test.name == "other.yaml" { // without its name, nothing says YAML
				return
			}
			if err != nil || got.Kind != test.kind {
				t.Errorf("from stdin: got %s, %v", got.Kind, err)
			}
		})
	}
}

func TestRead_Address(t *testing.T) {
	tests := []struct{ arg, name, data string }{
		{"https://github.com/Owner/Name.git", "github.com/owner/name", "https://github.com/Owner/Name.git"},
		{"https://github.com/o/n/tree/next", "github.com/o/n", "https://github.com/o/n/tree/next"},
		{"https://user:hunter2@git.example.org/o/n", "git.example.org/o/n", "https://git.example.org/o/n"},
		{"http://127.0.0.1:8418/o/n", "127.0.0.1:8418/o/n", "http://127.0.0.1:8418/o/n"},
		{"git@github.com:o/n", "github.com/o/n", "git@github.com:o/n"},
		{"ssh://git@git.example.org:2222/o/n.git", "git.example.org:2222/o/n", "ssh://git@git.example.org:2222/o/n.git"},
		{"github.com/o/n", "github.com/o/n", "https://github.com/o/n"},
	}
	for _, test := range tests {
		got, err := Read(t.Context(), test.arg, nil)
		if err != nil {
			t.Errorf("%s: %v", test.arg, err)
			continue
		}
		if got.Kind != landscape.KindRepository || got.Document.Name != test.name || string(got.Document.Data) != test.data {
			t.Errorf("%s: got %s %q %q, want %q %q", test.arg, got.Kind, got.Document.Name, got.Document.Data, test.name, test.data)
		}
	}
}

// bare are the files that make a folder a repository without a checkout.
func bare(files map[string]string, name string) {
	files[name+"/HEAD"] = "ref: refs/heads/main\n"
	files[name+"/objects/"] = ""
	files[name+"/refs/"] = ""
}

func TestRead_Folder(t *testing.T) {
	files := map[string]string{
		"notes.txt":             "",
		"tree/main.go":          "",
		"tree/sub/.git":         "gitdir: ../.git/modules/sub\n",
		"deep/er/worktree/.git": "gitdir: /elsewhere\n",
		"no/.git/config":        "not a repository: there is no HEAD",
		"not/either/.git":       "hello\n",
		"odd\nname/.git":        "gitdir: x\n",
		"a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/.git": "gitdir: x\n",
	}
	bare(files, "tree/.git")
	bare(files, "bare.git")
	bare(files, "bare.git/objects/hidden")
	root := lay(t, files)
	if err := os.Symlink(root, filepath.Join(root, "loop")); err != nil {
		t.Fatal(err)
	}
	got, err := Read(t.Context(), root, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "# folder ROOT\nROOT/bare.git\nROOT/deep/er/worktree\nfile://ROOT/odd%0Aname\nROOT/tree\nROOT/tree/sub\n" +
		"# ROOT/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q is not looked into: it is more than 16 folders deep\n"
	if text := strings.ReplaceAll(string(got.Document.Data), root, "ROOT"); got.Kind != landscape.KindFolder || text != want {
		t.Errorf("got %s\n%s\nwant\n%s", got.Kind, text, want)
	}
	l, err := landscape.Read(got.Kind, got.Document, nil, nil)
	if err != nil || len(l.Projects) != 5 || len(l.Warnings) != 2 {
		t.Errorf("its landscape is %v, %v", l, err)
	}
}

func TestRead_FolderIsRepository(t *testing.T) {
	files := map[string]string{"tree/sub/file": ""}
	bare(files, "tree/.git")
	bare(files, "bare.git")
	root := lay(t, files)
	t.Chdir(root)
	for _, arg := range []string{"tree", "./tree/", root + "/tree", "file://" + root + "/tree", "bare.git"} {
		want := filepath.Join(root, filepath.Base(arg))
		got, err := Read(t.Context(), arg, nil)
		if err != nil || got.Kind != landscape.KindRepository || string(got.Document.Data) != want {
			t.Errorf("%s: got %s %q, %v, want %q", arg, got.Kind, got.Document.Data, err, want)
		}
	}
}

func TestRead_URL(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/landscape.yml":
			io.WriteString(w, aLandscape)
		case "/o/n/-/raw/main/repositories":
			io.WriteString(w, aList)
		case "/moved.yml":
			http.Redirect(w, r, "/landscape.yml", http.StatusFound)
		case "/secret.yml":
			if user, password, _ := r.BasicAuth(); user != "u" || password != "hunter2" {
				w.WriteHeader(http.StatusUnauthorized)
			}
			io.WriteString(w, aLandscape)
		}
	}))
	defer server.Close()
	tests := []struct {
		url, name string
		kind      landscape.Kind
	}{
		{server.URL + "/landscape.yml", server.URL + "/landscape.yml", landscape.KindLandscape},
		{server.URL + "/landscape.yml?token=hunter2", server.URL + "/landscape.yml", landscape.KindLandscape},
		{server.URL + "/moved.yml", server.URL + "/moved.yml", landscape.KindLandscape},
		{server.URL + "/o/n/-/raw/main/repositories", server.URL + "/o/n/-/raw/main/repositories", landscape.KindList},
		{strings.Replace(server.URL, "//", "//u:hunter2@", 1) + "/secret.yml", server.URL + "/secret.yml", landscape.KindLandscape},
		{server.URL + "/o/n", strings.TrimPrefix(server.URL, "http://") + "/o/n", landscape.KindRepository},
	}
	for _, test := range tests {
		got, err := Read(t.Context(), test.url, nil)
		if err != nil || got.Kind != test.kind || got.Document.Name != test.name {
			t.Errorf("%s: got %s %q, %v", test.url, got.Kind, got.Document.Name, err)
		}
	}
}

func TestRead_URLError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/missing.yml":
			w.WriteHeader(http.StatusNotFound)
		case "/denied.yml":
			w.WriteHeader(http.StatusForbidden)
		case "/limited.yml":
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusForbidden)
		case "/broken.yml":
			w.WriteHeader(http.StatusBadGateway)
		case "/page.yml":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<html>")
		case "/short.yml":
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "landscape:")
		case "/endless.yml":
			chunk := make([]byte, 1<<20)
			for range largest>>20 + 1 {
				w.Write(chunk)
			}
		case "/slow.yml":
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	tests := []struct {
		url  string
		kind fault.Kind
	}{
		{server.URL + "/missing.yml", fault.NotFound},
		{server.URL + "/denied.yml", fault.Denied},
		{server.URL + "/limited.yml", fault.Unavailable},
		{server.URL + "/broken.yml", fault.Unavailable},
		{server.URL + "/page.yml", fault.Invalid},
		{server.URL + "/short.yml", fault.Unavailable},
		{server.URL + "/endless.yml", fault.TooLarge},
		{server.URL + "/slow.yml", fault.TimedOut},
		{"http://127.0.0.1:1/closed.yml", fault.Unavailable},
		{"https://github.com/o/n/blob/main/landscape.yml", fault.Invalid},
		{"https://gitlab.com/o/n/-/blob/main/landscape.yml", fault.Invalid},
		{"https://codeberg.org/o/n/src/branch/main/landscape.yml", fault.Invalid},
		{"https://github.com/an-organisation", fault.Unsupported},
		{"https://u:hunter2@[broken/landscape.yml", fault.NotFound},
	}
	for _, test := range tests {
		ctx := t.Context()
		if strings.Contains(test.url, "slow") {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
		}
		with := strings.Replace(test.url, "://127", "://u:hunter2@127", 1) + "?token=hunter2"
		if strings.Contains(test.url, "github.com") {
			with = test.url
		}
		_, err := Read(ctx, with, nil)
		if err == nil || fault.KindOf(err) != test.kind {
			t.Errorf("%s: got kind %q, %v, want %q", test.url, fault.KindOf(err), err, test.kind)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the password is in %v", test.url, err)
		}
	}
	_, err := Read(t.Context(), server.URL+"/limited.yml", nil)
	if got := fault.RetryAfter(err); got != 7*time.Second {
		t.Errorf("limited: try again after %v, want 7s", got)
	}
}

func TestRead_Error(t *testing.T) {
	root := lay(t, map[string]string{
		"empty.yml":     " \n",
		"prose.txt":     "Dear reader,\n",
		"nothing/here/": "",
		"large.yml":     "",
	})
	if err := os.Truncate(filepath.Join(root, "large.yml"), largest+1); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		arg  string
		kind fault.Kind
	}{
		{"", fault.Invalid},
		{root + "/empty.yml", fault.Invalid},
		{root + "/prose.txt", fault.Invalid},
		{root + "/nothing", fault.NotFound},
		{root + "/large.yml", fault.TooLarge},
		{root + "/missing.yml", fault.NotFound},
		{root + "/empty.yml/below", fault.NotFound},
		{"./missing.yml", fault.NotFound},
		{"missing", fault.NotFound},
		{"owner/name", fault.NotFound},
		{"a\x00b", fault.NotFound},
		{strings.Repeat("x", 5000), fault.NotFound},
		{"file://elsewhere/srv/n", fault.Invalid},
		{"ftp://example.org/o/n", fault.NotFound},
		{"https://example.org", fault.Unsupported},
		{"-", fault.Invalid},
	}
	for _, test := range tests {
		got, err := Read(t.Context(), test.arg, nil)
		if err == nil || fault.KindOf(err) != test.kind {
			t.Errorf("%.50q: got %v, kind %q, %v, want %q", test.arg, got, fault.KindOf(err), err, test.kind)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Read(stopped, root, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: got %v", err)
	}
}

func TestReadFile(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "- name: a\n") }))
	defer server.Close()
	root := lay(t, map[string]string{"cncf.yaml": "- name: a\n", "folder/": ""})
	for _, test := range []struct{ arg, name string }{
		{root + "/cncf.yaml", "cncf.yaml"},
		{server.URL + "/cncf", server.URL + "/cncf"},
	} {
		got, err := ReadFile(t.Context(), test.arg)
		if err != nil || got.Name != test.name || string(got.Data) != "- name: a\n" {
			t.Errorf("%s: got %q %q, %v", test.arg, got.Name, got.Data, err)
		}
	}
	for arg, kind := range map[string]fault.Kind{
		root + "/missing": fault.NotFound,
		root + "/folder":  fault.Invalid,
		"https://github.com/cncf/clomonitor/blob/main/data/cncf.yaml": fault.Invalid,
		"https://u:hunter2@[broken":                                   fault.Invalid,
	} {
		if _, err := ReadFile(t.Context(), arg); fault.KindOf(err) != kind || err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got kind %q, %v, want %q", arg, fault.KindOf(err), err, kind)
		}
	}
}
