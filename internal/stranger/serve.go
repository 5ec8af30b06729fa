package stranger

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// repository is one that a stranger serves.
type repository struct {
	objects *objects
	// refs are "NAME HASH"; HEAD is one of them, if there is any.
	refs []ref
	head string // what HEAD names, such as refs/heads/main; empty for a detached one
	// first has it served in protocol v0 only.
	first bool
	// can is what it says it can do beside what everybody can: features of
	// fetch in v2, capabilities in v0.
	can string
	// pack answers questions for packs instead of the objects.
	pack func(q question, w io.Writer) error
	// answer answers every request instead of all this.
	answer http.HandlerFunc
	// said is written before a pack, within its sideband or instead of it.
	said func(w io.Writer) error
	// honest has it fail for what it does not have, as git does.
	honest bool
}

type ref struct {
	name string
	of   name
}

// of is a repository with one branch, main.
func (o *objects) of(head name) *repository {
	return &repository{objects: o, refs: []ref{{"HEAD", head}, {"refs/heads/main", head}}, head: "refs/heads/main"}
}

// question is what a client asks for.
type question struct {
	wants   []name
	filter  string
	shallow bool // one commit, without those before it
}

func (q question) leavesOut(kind byte) bool {
	switch q.filter {
	case "blob:none":
		return kind == blob
	case "tree:0":
		return kind == blob || kind == tree
	}
	return false
}

// site serves repositories at URL/NAME over HTTP on loopback.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	known map[string]*repository
}

func newSite() *site {
	s := &site{known: map[string]*repository{}}
	s.Server = httptest.NewServer(s)
	return s
}

// add serves a repository, and returns its address.
func (s *site) add(name string, r *repository) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[name] = r
	return s.URL + "/stranger/" + name
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/stranger/"), "/", 2)
	s.mu.Lock()
	known := s.known[strings.TrimSuffix(parts[0], ".git")]
	s.mu.Unlock()
	switch {
	case known == nil:
		http.NotFound(w, r)
	case known.answer != nil:
		known.answer(w, r)
	default:
		known.serve(w, r)
	}
}

const (
	advertisement = "application/x-git-upload-pack-advertisement"
	result        = "application/x-git-upload-pack-result"
)

func (r *repository) serve(w http.ResponseWriter, asked *http.Request) {
	second := !r.first && asked.Header.Get("Git-Protocol") == "version=2"
	if strings.HasSuffix(asked.URL.Path, "/info/refs") {
		w.Header().Set("Content-Type", advertisement)
		if second {
			packets(w, "version 2\n", "agent=stranger\n", "ls-refs=unborn\n", "fetch=shallow filter"+r.can+"\n", "object-format=sha1\n")
			io.WriteString(w, "0000")
			return
		}
		r.advertise(w)
		return
	}
	w.Header().Set("Content-Type", result)
	body, err := body(asked)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case bytes.Contains(body, []byte("command=ls-refs")):
		r.listRefs(w)
	default:
		r.send(w, body, second)
	}
}

func body(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	from, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(from)
}

// advertise tells the refs in protocol v0.
func (r *repository) advertise(w io.Writer) {
	packets(w, "# service=git-upload-pack\n")
	io.WriteString(w, "0000")
	can := "\x00side-band-64k ofs-delta no-progress agent=stranger" + r.can
	if r.head != "" {
		can += " symref=HEAD:" + r.head
	}
	if len(r.refs) == 0 {
		packets(w, name{}.String()+" capabilities^{}"+can+"\n")
	}
	out := bufio.NewWriter(w)
	for _, ref := range r.refs {
		packets(out, ref.of.String()+" "+ref.name+can+"\n")
		can = ""
	}
	io.WriteString(out, "0000")
	out.Flush()
}

// listRefs tells the refs in protocol v2: all of them, whatever was asked for.
func (r *repository) listRefs(w io.Writer) {
	out := bufio.NewWriter(w)
	for _, ref := range r.refs {
		target := ""
		if ref.name == "HEAD" && r.head != "" {
			target = " symref-target:" + r.head
		}
		packets(out, ref.of.String()+" "+ref.name+target+"\n")
	}
	io.WriteString(out, "0000")
	out.Flush()
}

// send sends the pack that was asked for.
func (r *repository) send(w io.Writer, asked []byte, second bool) {
	q := readQuestion(asked)
	for _, want := range q.wants {
		if _, ok := r.objects.byName[want]; r.honest && !ok {
			packets(w, "ERR upload-pack: not our ref "+want.String())
			return
		}
	}
	if second {
		packets(w, "packfile\n")
	} else {
		packets(w, "NAK\n")
	}
	if r.said != nil && r.said(w) != nil {
		return
	}
	out := bufio.NewWriterSize(&band{w}, 60_000)
	pack := r.pack
	if pack == nil {
		pack = r.objects.pack
	}
	if pack(q, out) == nil && out.Flush() == nil {
		io.WriteString(w, "0000")
	}
}

// readQuestion finds in a question what matters here, in either protocol.
func readQuestion(asked []byte) (q question) {
	q.shallow = bytes.Contains(asked, []byte("deepen 1"))
	for part := range bytes.SplitSeq(asked, []byte("want ")) {
		if raw, err := hex.DecodeString(string(part[:min(len(part), 2*len(name{}))])); err == nil && len(raw) == len(name{}) {
			q.wants = append(q.wants, name(raw))
		}
	}
	for _, filter := range []string{"blob:none", "tree:0"} {
		if bytes.Contains(asked, []byte("filter "+filter)) {
			q.filter = filter
		}
	}
	return q
}

// packets writes lines as git's packets.
func packets(w io.Writer, lines ...string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintf(w, "%04x%s", len(line)+4, line); err != nil {
			return err
		}
	}
	return nil
}

// band is the sideband that has the pack in it.
type band struct{ out io.Writer }

func (b *band) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		part := p[:min(len(p), 65_515)]
		err = packets(b.out, "\x01"+string(part))
		n += len(part)
		p = p[len(part):]
	}
	return n, err
}

// drip writes text again and again, byte by byte, until nobody wants it.
func drip(w http.ResponseWriter, r *http.Request, text string, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 0; ; i++ {
		w.Write([]byte{text[i%len(text)]})
		w.(http.Flusher).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// endless writes lines as packets, again and again, until nobody wants them.
func endless(w io.Writer, line func(i int) string) {
	out := bufio.NewWriterSize(w, 64<<10)
	for i := 0; packets(out, line(i)) == nil; i++ {
	}
}
