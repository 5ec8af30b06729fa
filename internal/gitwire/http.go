package gitwire

import (
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
// may say beside an error. The largest hosts need some 20 MB for the former.
const (
	mostRefs      = 256 << 20
	mostComplaint = 64 << 10
)

var errManyRefs = fault.Errorf(fault.TooLarge, "the list of its refs is larger than %d MiB", mostRefs>>20)

// httpSession is go-git's session over a transport that watches.
type httpSession struct {
	git   transport.UploadPackSession
	watch *watcher
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
	h := &httpSession{watch: &watcher{next: c.http, wire: w, idle: c.config.IdleTimeout}}
	options := &githttp.ClientOptions{RedirectPolicy: githttp.FollowInitialRedirects}
	git, err := githttp.NewClientWithOptions(&http.Client{Transport: h.watch}, options).NewUploadPackSession(endpoint, auth)
	if err != nil {
		return nil, err
	}
	h.git = git
	return h, nil
}

func (h *httpSession) advertise(ctx context.Context) (*packp.AdvRefs, error) {
	h.watch.limit, h.watch.over = mostRefs, errManyRefs
	refs, err := h.git.AdvertisedReferencesContext(ctx)
	if err == nil && h.watch.kind() != "application/x-git-upload-pack-advertisement" {
		err = errNotGit
	}
	return refs, err
}

func (h *httpSession) fetch(ctx context.Context, request *packp.UploadPackRequest) (io.ReadCloser, error) {
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
	seen  evidence
	found string
	tap   *tap
}

// RoundTrip is called by one goroutine at a time: a session asks one question
// after another.
func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	w.wire.requests.Add(1)
	w.seen, w.tap = evidence{}, nil
	ctx, cancel := context.WithCancel(r.Context())
	response, err := w.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	w.seen = evidence{status: response.StatusCode, header: response.Header}
	limit, over := w.limit, w.over
	switch {
	case response.StatusCode >= 300:
		limit, over = mostComplaint, io.EOF
	case strings.HasSuffix(r.URL.Path, "/info/refs"):
		found := *r.URL
		found.User, found.RawQuery = nil, ""
		w.found = strings.TrimSuffix(found.String(), "/info/refs")
	}
	w.tap = newTap(response.Body, w.wire, w.idle, limit, over, cancel)
	response.Body = &body{tap: w.tap, from: response.Body, cancel: cancel}
	return response, nil
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
