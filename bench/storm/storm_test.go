package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte("https://github.com/a/b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	good := "-cluster ../../deploy/local/cluster -list " + list + " -mirror https://github.com/=http://127.0.0.1:1/"
	s, err := parse(strings.Fields(good + " -only killed,two"))
	if err != nil {
		t.Fatal(err)
	}
	if s.from != "https://github.com/" || s.to.Host != "127.0.0.1:1" || len(s.only) != 2 {
		t.Errorf("read as %+v", s)
	}
	for _, args := range []string{
		"", "-list " + list, "-list /nowhere -mirror a=http://b", good + " -only rain", good + " -kills 0", good + " more",
		"-list " + list + " -mirror a=https://b/",
	} {
		if s, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%q is read as %+v", args, s)
		}
	}
}

// serveBehind is a host whose every answer is its own path, and a storm's before it.
func serveBehind(t *testing.T) *host {
	t.Helper()
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	}))
	t.Cleanup(behind.Close)
	to, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHost(to, []string{"o/a", "o/b"}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

// askPack asks a host for a pack, until the answer ends or it has taken so long.
func askPack(t *testing.T, h *host, most time.Duration) (status int, body string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address+"o/a.git/git-upload-pack", strings.NewReader("0012command=fetch\n"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, string(data), err
}

func TestHost(t *testing.T) {
	h := serveBehind(t)
	const path = "/o/a/git-upload-pack"
	if status, body, err := askPack(t, h, time.Minute); status != 200 || body != path || err != nil {
		t.Errorf("on a calm day %d, %q, %v", status, body, err)
	}
	h.set(weather{onward: true})
	if _, body, _ := askPack(t, h, time.Minute); body != "/o/b/git-upload-pack" {
		t.Errorf("when everybody has pushed %q answers for o/a, want o/b", body)
	}
	h.set(weather{fail: 1})
	if status, _, _ := askPack(t, h, time.Minute); status != 503 || h.harmed("503") != 1 {
		t.Errorf("a host that fails answers %d, %d times; want 503, once", status, h.harmed("503"))
	}
	h.set(weather{cut: 1})
	if _, body, err := askPack(t, h, time.Minute); err == nil || body == path {
		t.Errorf("a pack that is cut is whole: %q, %v", body, err)
	}
	h.set(weather{halt: 1})
	if _, _, err := askPack(t, h, time.Second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent host's pack ends with %v, want that the client goes", err)
	}
	if _, body, err := askPack(t, h, time.Minute); body != path || err != nil {
		t.Errorf("after its silence %q, %v", body, err)
	}
	if packs := h.packs(); packs["o/a"] != 5 || len(h.packs()) != 0 {
		t.Errorf("asked for %v, want o/a 5 times, and then nothing", packs)
	}
}

func TestLedger(t *testing.T) {
	store := t.TempDir()
	keep := func(what string) {
		folder := filepath.Join(store, what, "github.com", "o", "a", "0123")
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, "m.json"), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	g := newLedger(store)
	keep("census")
	for range 2 { // its history is not kept yet
		if err := g.settle(map[string]int{"o/a": 2}); err != nil {
			t.Fatal(err)
		}
		keep("vitals")
		g.kept = map[string]bool{}
	}
	if g.twice != 1 {
		t.Errorf("%d were begun again, want 1", g.twice)
	}
	if err := g.settle(nil); err != nil || !g.kept["o/a"] {
		t.Fatalf("kept are %v, %v", g.kept, err)
	}
	if err := g.settle(map[string]int{"o/a": 1}); err == nil {
		t.Error("nobody minds that what is kept is asked for again")
	}
}

func TestMerge(t *testing.T) {
	killed, two := "| killed | old |\n", "| two | old |\n"
	if got, want := merge(heading+two+killed+"| rain | x |\n", "host", []string{"| host | new |"}), killed+"| host | new |\n"+two; got != want {
		t.Errorf("merged to\n%s\nwant\n%s", got, want)
	}
	if got, want := merge(killed+two, "two", []string{"| two | new |"}), killed+"| two | new |\n"; got != want {
		t.Errorf("merged to\n%s\nwant\n%s", got, want)
	}
}

func TestBehindhand(t *testing.T) {
	s := &storm{names: []string{"o/a", "o/b", "o/c"}}
	before := map[string]string{"o/a": "1", "o/b": "2", "o/c": "3"}
	if got := s.behindhand(before, map[string]string{"o/a": "2", "o/b": "3", "o/c": "3"}); len(got) != 1 || got[0] != "o/c" {
		t.Errorf("behindhand are %v, want o/c", got)
	}
	report := []byte(`{"survey":{"edition":{"number":"2"}},"repositories":[{"owner":"o","name":"a","commit":"1"}]}`)
	of, edition, err := commits(bytes.ReplaceAll(report, []byte(`"2"`), []byte("2")))
	if err != nil || edition != 2 || of["o/a"] != "1" {
		t.Errorf("commits %v of edition %d, %v", of, edition, err)
	}
}
