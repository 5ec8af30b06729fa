package gitwire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"

	"groma/internal/fault"
)

// mostRefs bounds what a remote may say of its refs, and mostComplaint what it
// may say beside an error. The largest hosts need some 20 MB for the former; what
// is read of them takes four times as much.
const (
	mostRefs      = 64 << 20
	mostComplaint = 64 << 10
)

var errManyRefs = fault.Errorf(fault.TooLarge, "the list of its refs is larger than %d MiB", mostRefs>>20)

// httpSession is go-git's session over a transport that watches, which finds
// out where the repository is and speaks protocol v0; and one of ours where
// the host speaks v2.
type httpSession struct {
	git    transport.UploadPackSession
	watch  *watcher
	second *second // nil if the host speaks v0
}

func (c *Client) openHTTP(a address, w *wire, s secret) (session, error) {
	endpoint := &transport.Endpoint{Protocol: a.scheme, Host: a.host, Path: strings.TrimRight(a.path, "/")}
	if host, port, err := net.SplitHostPort(a.host); err == nil {
		endpoint.Host = host
		if strings.Contains(host, ":") {
			endpoint.Host = "[" + host + "]"
		}
		if endpoint.Port, err = strconv.Atoi(port); err != nil {
			return nil, fault.Errorf(fault.Invalid, "the port %q is no number", port)
		}
	}
	var auth transport.AuthMethod
	if s.isSet() {
		user, password := s.tell()
		auth = &githttp.BasicAuth{Username: user, Password: password}
	}
	h := &httpSession{watch: &watcher{next: c.carrier(a), wire: w, idle: c.config.IdleTimeout, first: c.first}}
	options := &githttp.ClientOptions{RedirectPolicy: githttp.FollowInitialRedirects}
	git, err := githttp.NewClientWithOptions(&http.Client{Transport: h.watch}, options).NewUploadPackSession(endpoint, auth)
	if err != nil {
		return nil, err
	}
	h.git = git
	return h, nil
}

func (h *httpSession) advertise(ctx context.Context, branch string) (*packp.AdvRefs, error) {
	refs, err := h.advertised(ctx)
	if o := h.watch.offer; o != nil && !(o.has("ls-refs") && o.has("fetch")) {
		h.watch.first, h.watch.offer = true, nil // it offers v2 without what matters of it
		refs, err = h.advertised(ctx)
	}
	if h.watch.offer != nil && errors.Is(err, packp.ErrEmptyInput) {
		h.second = &second{watch: h.watch, offer: h.watch.offer, url: h.watch.found, auth: h.watch.auth}
		return h.second.refs(ctx, branch)
	}
	return refs, err
}

// advertised asks for all refs, unless the host speaks v2.
func (h *httpSession) advertised(ctx context.Context) (*packp.AdvRefs, error) {
	h.watch.limit, h.watch.over = mostRefs, errManyRefs
	refs, err := h.git.AdvertisedReferencesContext(ctx)
	if err == nil && h.watch.kind() != advertisement {
		err = errNotGit
	}
	return refs, err
}

const advertisement = "application/x-git-upload-pack-advertisement"

func (h *httpSession) fetch(ctx context.Context, request *packp.UploadPackRequest) (io.ReadCloser, error) {
	if h.second != nil {
		return h.second.fetch(ctx, request)
	}
	h.watch.limit, h.watch.over = 0, nil
	return h.git.UploadPack(ctx, request)
}

// address is where the refs came from, redirects followed.
func (h *httpSession) address() string { return h.watch.found }

func (h *httpSession) reusable() bool { return true }
func (h *httpSession) close()         {}
func (h *httpSession) evidence() evidence {
	seen := h.watch.seen
	if h.watch.tap != nil {
		seen.head = h.watch.tap.head
	}
	return seen
}

var errNotGit = errors.New("the answer is not git's")

// watcher is the transport of one session: the client's shared one, and a
// record of what came through it.
type watcher struct {
	next  http.RoundTripper
	wire  *wire
	idle  time.Duration
	limit int64
	over  error
	first bool // protocol v0 only
	seen  evidence
	found string // where the refs came from
	auth  string // what was said there to be let in
	offer offer  // of v2, if that is what the host speaks
	tap   *tap
}

// RoundTrip is called by one goroutine at a time: a session asks one question
// after another.
func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	w.seen, w.tap = evidence{}, nil
	ctx, cancel := context.WithCancel(r.Context())
	r = r.Clone(ctx)
	if !w.first {
		r.Header.Set("Git-Protocol", "version=2")
	}
	response, err := w.patiently(r)
	if err != nil {
		cancel()
		return nil, err
	}
	w.seen = evidence{status: response.StatusCode, header: response.Header}
	limit, over := w.limit, w.over
	if response.StatusCode >= 300 {
		limit, over = mostComplaint, io.EOF
	}
	w.tap = newTap(response.Body, w.wire, w.idle, limit, over, cancel)
	response.Body = &body{tap: w.tap, from: response.Body, cancel: cancel}
	if response.StatusCode < 300 && strings.HasSuffix(r.URL.Path, "/info/refs") {
		found := *r.URL
		found.User, found.RawQuery = nil, ""
		w.found, w.auth = strings.TrimSuffix(found.String(), "/info/refs"), r.Header.Get("Authorization")
		return w.recognise(response)
	}
	return response, nil
}

// recognise looks whether the host speaks protocol v2. If so, it takes the
// answer: go-git, which does not know v2, gets an empty one.
func (w *watcher) recognise(response *http.Response) (*http.Response, error) {
	if w.first || w.kind() != advertisement {
		return response, nil
	}
	from := bufio.NewReader(response.Body)
	head, _ := from.Peek(len(serviceLine) + len("000eversion 2\n"))
	if !isSecond(head) {
		w.first = true // from now on, or it might answer otherwise
		response.Body = &peeked{from, response.Body}
		return response, nil
	}
	o, err := readOffer(from)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	w.offer = o
	response.Body, response.ContentLength = http.NoBody, 0
	return response, nil
}

// peeked is an answer whose beginning was looked at.
type peeked struct {
	io.Reader
	io.Closer
}

// kind is the media type of the last answer.
func (w *watcher) kind() string {
	kind, _, _ := strings.Cut(w.seen.header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// body is a tapped answer.
type body struct {
	*tap
	from   io.ReadCloser
	cancel context.CancelFunc
	done   bool // read to its end
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.tap.Read(p)
	b.done = b.done || err != nil
	return n, err
}

// Close reads what little may be left, since only a connection whose answer
// was read to its end is used again.
func (b *body) Close() error {
	if !b.done {
		io.CopyN(io.Discard, b, 512)
	}
	b.timer.Stop()
	err := b.from.Close()
	b.cancel()
	return err
}
