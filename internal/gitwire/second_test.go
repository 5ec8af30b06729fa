package gitwire

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"groma/internal/fault"
	"groma/internal/world"
	"groma/internal/world/worldtest"
)

// between serves a world through a host of its own, which may change what is
// asked and write something else than the answer.
func between(t *testing.T, s *world.Server, change func(w http.ResponseWriter, r *http.Request, asked []byte) (done bool)) string {
	t.Helper()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(asked))
		if !change(w, r, asked) {
			s.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(host.Close)
	return host.URL
}

const (
	isRefs = "command=ls-refs"
	isPack = "command=fetch"
)

func TestSecond_AsksForLittle(t *testing.T) {
	s := worldtest.Serve(t, history)
	dir := filepath.Join(s.Dir, "o/past.git")
	for i := range 1000 {
		git(t, "-C", dir, "update-ref", fmt.Sprintf("refs/pull/%d/head", i), "main")
	}
	git(t, "-C", dir, "pack-refs", "--all")
	var refs [][]byte
	url := between(t, s, func(_ http.ResponseWriter, _ *http.Request, asked []byte) bool {
		if bytes.Contains(asked, []byte(isRefs)) {
			refs = append(refs, asked)
		}
		return false
	})
	c := client(t, Config{})
	for _, branch := range []string{"", "main", "v1", "refs/pull/7/head"} {
		r, err := c.Probe(t.Context(), Request{Address: url + "/o/past", Branch: branch})
		if err != nil {
			t.Fatal(err)
		}
		if requests, received := r.Wire(); requests != 2 || received > 1000 {
			t.Errorf("a probe of branch %q: %d requests, %d bytes", branch, requests, received)
		}
		r.Close()
	}
	if want := "ref-prefix HEAD\n0000"; !strings.HasSuffix(string(refs[0]), want) {
		t.Errorf("it asks %q, want %q at the end", refs[0], want)
	}
}

// A host of yesterday takes no notice of what is asked; another offers v2 and
// not its commands.
func TestSecond_HostOfFirst(t *testing.T) {
	s := worldtest.Serve(t, text1)
	for name, change := range map[string]func(http.ResponseWriter, *http.Request, []byte) bool{
		"v0": func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
			if strings.HasSuffix(r.URL.Path, "/info/refs") {
				r.Header.Del("Git-Protocol")
			}
			return false
		},
		"v2 without ls-refs": func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			if r.Header.Get("Git-Protocol") == "" {
				return false
			}
			w.Header().Set("Content-Type", advertisement)
			io.WriteString(w, "000eversion 2\n000afetch\n0000")
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			head, listing, err := take(t.Context(), client(t, Config{}), Request{Address: between(t, s, change) + "/o/plain"})
			if err != nil {
				t.Fatal(err)
			}
			if head.Branch != "main" || !slices.Equal(listing, plainListing) {
				t.Errorf("head %v, files %q", head, listing)
			}
		})
	}
}

// The first line of v0 may stand before what v2 says.
func TestSecond_ServiceLine(t *testing.T) {
	s := worldtest.Serve(t, text1)
	url := between(t, s, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.Method == "GET" {
			w.Header().Set("Content-Type", advertisement)
			io.WriteString(w, serviceLine)
		}
		return false
	})
	r, err := client(t, Config{}).Probe(t.Context(), Request{Address: url + "/o/plain"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if requests, _ := r.Wire(); requests != 2 {
		t.Errorf("%d requests, want 2, as v2 takes", requests)
	}
}

func TestSecond_Error(t *testing.T) {
	s := worldtest.Serve(t, text1)
	packet := func(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }
	result := "application/x-git-upload-pack-result"
	for _, test := range []struct {
		name, at string // the question that is answered wrong
		status   int
		kind     string
		text     string
		want     fault.Kind
		says     string
	}{
		{"an error instead of refs", isRefs, 200, result, packet("ERR Repository not found."), fault.NotFound, "no such repository"},
		{"an error amid the refs", isRefs, 200, result, packet(strings.Repeat("1", 40)+" refs/heads/x\n") + packet("ERR access denied"), fault.Denied, "denied"},
		{"an error instead of a pack", isPack, 200, result, packet("ERR upload-pack: not our ref 1"), fault.NotFound, "no such commit"},
		{"an error in the sideband", isPack, 200, result, packet("packfile\n") + packet("\x03rate limit"), fault.Unavailable, "left alone"},
		{"a web page", isRefs, 200, "text/html", "<html>", fault.Unsupported, "a web page"},
		{"a web page for a pack", isPack, 200, "text/html", "<html>", fault.Unsupported, "a web page"},
		{"a web page that says it is git's", isRefs, 200, result, "<html>", fault.Unavailable, "not what git says"},
		{"busy", isRefs, 503, "text/plain", "later", fault.Unavailable, "503"},
		{"busy with the pack", isPack, 429, "text/plain", "later", fault.Unavailable, "left alone"},
		{"denied", isRefs, 401, "text/plain", "who", fault.Denied, "credentials"},
		{"moved", isPack, 302, "text/plain", "there", fault.Unsupported, "redirect"},
		{"no refs at all", isRefs, 200, result, "0000", fault.Empty, "no commits"},
		{"a ref of nothing", isRefs, 200, result, packet("xyz refs/heads/main\n") + "0000", fault.Unavailable, "not what git says"},
		{"a delimiter after the refs", isRefs, 200, result, "0001", fault.Unavailable, "not what git says"},
		{"no pack", isPack, 200, result, packet("shallow-info\n") + "0000", fault.Unavailable, "not what git says"},
	} {
		t.Run(test.name, func(t *testing.T) {
			url := between(t, s, func(w http.ResponseWriter, r *http.Request, asked []byte) bool {
				if !bytes.Contains(asked, []byte(test.at)) {
					return false
				}
				w.Header().Set("Content-Type", test.kind)
				w.Header().Set("Retry-After", "7")
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
				io.WriteString(w, test.text)
				return true
			})
			_, _, err := take(t.Context(), client(t, Config{}), Request{Address: url + "/o/plain"})
			if got := fault.KindOf(err); got != test.want || !strings.Contains(fmt.Sprint(err), test.says) {
				t.Errorf("%v (%q), want %q that says %q", err, got, test.want, test.says)
			}
			if after := fault.RetryAfter(err); (after == 7*time.Second) != (test.status == 503 || test.status == 429) {
				t.Errorf("try again after %v", after)
			}
		})
	}
}

// A conversation that breaks off at any byte is worth another try.
func TestSecond_Truncated(t *testing.T) {
	s := worldtest.Serve(t, text1)
	for _, at := range []string{"GET", isRefs, isPack} {
		recorded := httptest.NewRecorder()
		var cut int
		url := between(t, s, func(w http.ResponseWriter, r *http.Request, asked []byte) bool {
			if at != r.Method && !bytes.Contains(asked, []byte(at)) {
				return false
			}
			if recorded.Body.Len() == 0 {
				s.ServeHTTP(recorded, r)
			}
			w.Header().Set("Content-Type", recorded.Header().Get("Content-Type"))
			w.Write(recorded.Body.Bytes()[:min(cut, recorded.Body.Len())])
			return true
		})
		c := client(t, Config{})
		for cut = 0; recorded.Body.Len() == 0 || cut < recorded.Body.Len()-len("0000"); cut++ {
			_, _, err := take(t.Context(), c, Request{Address: url + "/o/plain"})
			if got := fault.KindOf(err); got != fault.Unavailable {
				t.Errorf("%s cut after %d bytes: %v (%q)", at, cut, err, got)
			}
		}
		if cut += len("0000"); cut < 60 {
			t.Errorf("%s has %d bytes", at, cut)
		}
		if _, _, err := take(t.Context(), c, Request{Address: url + "/o/plain"}); err != nil {
			t.Errorf("%s whole: %v", at, err)
		}
	}
}

func TestPackets(t *testing.T) {
	for text, want := range map[string]string{
		"0006a\n0000":        "a|flush",
		"0005a0004" + "0001": "a||delimiter",
		"0002":               "end",
		"0003":               "error",
		"000":                "error",
		"":                   "error",
		"+005a":              "error",
		"fff1":               "error",
		"000cERR nope":       "error",
		"0006a":              "error",
	} {
		p := packets{from: strings.NewReader(text), left: 9}
		var lines []string
		m, err := p.until(func(text []byte) error {
			lines = append(lines, string(text))
			return nil
		})
		name := map[mark]string{flush: "flush", delimiter: "delimiter", responseEnd: "end"}[m]
		if err != nil {
			name = "error"
		}
		if got := strings.Join(append(lines, name), "|"); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	endless := packets{from: strings.NewReader(strings.Repeat("0005a", 100)), left: 50}
	if _, err := endless.until(func([]byte) error { return nil }); err != errManyPackets {
		t.Errorf("an answer without end: %v", err)
	}
}

// FuzzPackets: of protocol v2, what is read is what was there, and no more of it than its packets say.
func FuzzPackets(f *testing.F) {
	f.Add([]byte("0006a\n0000rest"))
	f.Add([]byte("0005a0001"))
	f.Fuzz(func(t *testing.T, data []byte) {
		from := bytes.NewReader(data)
		p := packets{from: from, left: 100}
		var again bytes.Buffer
		n := 0
		m, err := p.until(func(text []byte) error {
			n++
			again.Write(text)
			if len(text) > longestPacket {
				t.Errorf("a line of %d bytes", len(text))
			}
			return nil
		})
		if err != nil {
			return
		}
		read := len(data) - from.Len()
		if m == line || n > 100 || again.Len() > read || read < 4*(n+1) || read > 4*(n+1)+again.Len()+n {
			t.Errorf("%q: %d lines %q up to %v, %d bytes read", data, n, &again, m, read)
		}
	})
}

// FuzzRefs: whatever protocol v2 answers, refs have names and hashes, and the answer to a
// question that says it in git's way is read.
func FuzzRefs(f *testing.F) {
	f.Add([]byte("0032"+strings.Repeat("1", 40)+" HEAD\n0000"), "refs/heads/main")
	f.Add([]byte("0033unborn HEAD symref-target:refs/heads/main\n0000"), "HEAD")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		refs := packp.NewAdvRefs()
		readRefs(bytes.NewReader(data), refs)
		for name := range refs.References {
			if name == "" || strings.Contains(name, " ") {
				t.Errorf("a ref is called %q", name)
			}
		}
		if headBranch(refs) == "" && refs.Head == nil && len(refs.References) == 0 && !refs.IsEmpty() {
			t.Error("it is not empty, with nothing in it")
		}
		if name == "" || name == "HEAD" || len(name) > 1000 || strings.ContainsAny(name, " \n") {
			return
		}
		q := &question{}
		q.line("%s %s peeled:%s", strings.Repeat("1", 40), name, strings.Repeat("2", 40))
		q.flush()
		refs = packp.NewAdvRefs()
		if err := readRefs(&q.Buffer, refs); err != nil || refs.References[name].String()[0] != '1' || refs.Peeled[name].String()[0] != '2' {
			t.Errorf("%q: %v, %v", name, refs, err)
		}
	})
}

// FuzzOffer: what a host offers by protocol v2 is what it says, and does not
// contradict itself.
func FuzzOffer(f *testing.F) {
	f.Add([]byte(serviceLine + "000eversion 2\n000afetch\n0000"))
	f.Add([]byte("000eversion 2\n0013ls-refs=unborn\n0000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := readOffer(bytes.NewReader(data))
		if err != nil {
			return
		}
		if !isSecond(data) && !bytes.HasPrefix(data, []byte("001")) && !bytes.Contains(data, []byte("version 2")) {
			t.Errorf("%q offers %v", data, o)
		}
		if o.can("fetch", "shallow") && !o.has("fetch") {
			t.Errorf("%v contradicts itself", o)
		}
	})
}

// A credential goes along with every question to the host it was given for,
// and with none after a redirect to another.
func TestCredentials_EveryQuestion(t *testing.T) { bothVersions(t, testCredentials_EveryQuestion) }

func testCredentials_EveryQuestion(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	var told, untold int
	door := between(t, s, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if _, password, _ := r.BasicAuth(); password != marked {
			untold++
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		told++
		return false
	})
	config := Config{Credentials: newCredentials(nil, map[string]secret{"127.0.0.1": newSecret("u", marked)})}
	if _, _, err := take(t.Context(), client(t, config), Request{Address: door + "/o/plain"}); err != nil || told < 2 || untold > 0 {
		t.Errorf("told %d times, not told %d times: %v", told, untold, err)
	}
	away := between(t, s, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		http.Redirect(w, r, strings.Replace(door, "127.0.0.1", "localhost", 1)+r.URL.Path+"?"+r.URL.RawQuery, http.StatusFound)
		return true
	})
	told, untold = 0, 0
	_, _, err := take(t.Context(), client(t, config), Request{Address: away + "/o/plain"})
	if told > 0 || untold == 0 || fault.KindOf(err) != fault.Denied {
		t.Errorf("after a redirect told %d times, not told %d times: %v", told, untold, err)
	}
}

// An idle host amid the refs of v2 is given up.
func TestSecond_Idle(t *testing.T) {
	s := worldtest.Serve(t, text1)
	release := make(chan struct{})
	url := between(t, s, func(w http.ResponseWriter, _ *http.Request, asked []byte) bool {
		if !bytes.Contains(asked, []byte(isRefs)) {
			return false
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		io.WriteString(w, "0032")
		w.(http.Flusher).Flush()
		<-release
		return true
	})
	defer close(release)
	_, err := impatient(client(t, Config{})).Probe(t.Context(), Request{Address: url + "/o/plain"})
	if got := fault.KindOf(err); got != fault.TimedOut {
		t.Errorf("%v (%q), want timed-out", err, got)
	}
}

// An advertisement that does not end is cut.
func TestSecond_Endless(t *testing.T) {
	endless := strings.NewReader("000eversion 2\n" + strings.Repeat("0009hello", 100_000))
	if o, err := readOffer(endless); err == nil || endless.Len() == 0 {
		t.Errorf("%d bytes are left of an advertisement that offers %v", endless.Len(), o)
	}
}
