// Package gitwire asks git remotes: which commit they have, and what is in it.
//
// It speaks http, https, ssh, git and local paths. Every failure that leaves
// this package is a fault with a kind, classified here and nowhere else, except
// that a cancelled context stays what it is. What a stranger's repository holds
// is only ever data: no name, link or hook of it reaches the disk, and memory
// is bounded by the configuration, not by the repository. A credential goes to
// the host it was given for and nowhere else: not to where that host redirects,
// not into an error, not into a log. With a guard, nothing is connected to that
// its rules refuse: not by redirect, not by what a name resolves to.
package gitwire

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"groma/internal/conceal"
	"groma/internal/fault"
	"groma/internal/outward"
)

// A Config says how a [Client] asks. The zero value asks anonymously.
type Config struct {
	// Mirrors rewrite addresses before anything is asked.
	Mirrors []Mirror
	// Credentials are sent to the hosts they were given for. Nil means none.
	Credentials *Credentials
	// Proxy says which proxy to use for a request. Nil means what the
	// environment says, as for every Go program.
	Proxy func(*http.Request) (*url.URL, error)
	// SSH says which keys to use and whom to trust.
	SSH SSH
	// MemoryBytes is how much of one repository is kept in memory at a time:
	// its pack up to half of that, then in a temporary file; objects that
	// others may be deltas of; contents on their way to be counted. Beside it
	// stand some 80 bytes for each object and some 1,000 for each file, and
	// while a repository is being counted at most one content for each
	// processor. Zero means 32 MiB.
	MemoryBytes int64
	// TempDir is where packs go that are larger. Empty means the system's.
	TempDir string
	// Guard says what may be asked, for those who ask on behalf of others: then
	// nothing on this machine's own disk may be, either, and a mirror is the
	// operator's word, which holds for what it leads to but not for where that
	// redirects. Nil asks whatever it is told to.
	Guard *outward.Rules
	// IdleTimeout is how long a remote may send nothing. Zero means a minute.
	IdleTimeout time.Duration
	// Watch wraps what carries requests over http and https, so that somebody
	// hears of them. It sees credentials, and must not tell. Nil is nobody.
	Watch func(http.RoundTripper) http.RoundTripper
}

// SSH is what asking over ssh needs. The zero value is what people expect: the
// agent and the usual keys of ~/.ssh, and its known_hosts.
type SSH struct {
	// Keys are files of private keys without a passphrase. None means
	// id_ed25519, id_ecdsa and id_rsa in ~/.ssh, those that exist.
	Keys []string
	// KnownHosts are files that say which host has which key. None means
	// ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts.
	KnownHosts []string
}

const (
	defaultMemory = 32 << 20
	defaultIdle   = time.Minute
)

// A Client asks remotes. It is safe for concurrent use and keeps connections
// to hosts open between questions.
type Client struct {
	config Config
	http   *http.Transport
	carry  http.RoundTripper // http, and who hears of it
	dialer net.Dialer
	first  bool // for tests: speak protocol v0 only
	few    bool // for tests: a history has few commits at most

	// The same three, less what the guard refuses; without one they are not used.
	guarded *http.Transport
	strict  http.RoundTripper
	outside net.Dialer
}

// New returns a client.
func New(config Config) *Client {
	if config.MemoryBytes <= 0 {
		config.MemoryBytes = defaultMemory
	}
	if config.IdleTimeout <= 0 {
		config.IdleTimeout = defaultIdle
	}
	if config.Proxy == nil {
		config.Proxy = http.ProxyFromEnvironment
	}
	c := &Client{config: config, dialer: net.Dialer{Timeout: config.IdleTimeout}}
	c.http = &http.Transport{
		Proxy:                 config.Proxy,
		DialContext:           c.dialer.DialContext,
		TLSHandshakeTimeout:   config.IdleTimeout,
		ResponseHeaderTimeout: config.IdleTimeout,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       90 * time.Second,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // so that bytes received are bytes received
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			return conceal.ProxyAnswer(answer.StatusCode)
		},
	}
	c.carry = c.watched(c.http)
	if config.Guard != nil {
		c.beware()
	}
	return c
}

func (c *Client) watched(next http.RoundTripper) http.RoundTripper {
	if c.config.Watch == nil {
		return next
	}
	return c.config.Watch(next)
}

// Close lets go of the connections kept open.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	if c.guarded != nil {
		c.guarded.CloseIdleConnections()
	}
}

// A Request says what to ask for.
type Request struct {
	// Address is an https, http, ssh or git address, or a local path.
	Address string
	// Branch is the branch wanted, or a tag. Empty means what HEAD names.
	Branch string
	// Commit is the full hash of the commit wanted, whatever branch it is on.
	// Empty means the branch's last one.
	Commit string
	// AsOf asks for the commit that the branch had at an instant: going back
	// from its last one along first parents, the first whose committer's time
	// is before it. Zero means the last one itself. It takes a host that
	// offers partial clone; others are unsupported.
	AsOf time.Time
}

// Head is the commit that a request means.
type Head struct {
	// Commit is its full hash.
	Commit string
	// Branch is the branch it was found by; empty for a detached HEAD and for
	// a commit asked for by its hash alone.
	Branch string
}

// wire counts what is asked of a remote and what comes.
type wire struct{ requests, received atomic.Int64 }

// Probe asks a remote for its refs and finds the commit that the request
// means. The caller must close the remote.
func (c *Client) Probe(ctx context.Context, request Request) (*Remote, error) {
	r := &Remote{client: c, request: request}
	if err := r.probe(ctx); err != nil {
		r.Close()
		fault.Conceal(err, r.trial.secret.concealed().In)
		return nil, err
	}
	return r, nil
}
