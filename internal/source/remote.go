package source

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"groma/internal/conceal"
	"groma/internal/fault"
	"groma/internal/landscape"
	"groma/internal/outward"
)

// A Remote reads what others name, for a process that serves them: nothing of
// this machine, and nothing that its rules refuse, redirects included. A nil one
// has the strictest rules. It is safe for concurrent use.
type Remote struct {
	rules  *outward.Rules
	client *http.Client
}

// strictest is what a nil Remote is.
var strictest = NewRemote(&outward.Rules{})

// NewRemote returns a Remote that keeps to rules.
func NewRemote(rules *outward.Rules) *Remote {
	direct := transport()
	direct.Proxy = nil
	direct.DialContext = (&net.Dialer{Timeout: 30 * time.Second, ControlContext: rules.Control}).DialContext
	return &Remote{rules, &http.Client{
		Transport: &guarded{rules: rules, direct: direct, proxied: transport(), proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(request *http.Request, via []*http.Request) error {
			request.Header.Del("Referer")
			return notForEver(request, via)
		},
	}}
}

// plain asks whatever it is told to, for a command.
var plain = sync.OnceValue(func() *http.Client {
	return &http.Client{Transport: transport(), CheckRedirect: func(request *http.Request, via []*http.Request) error {
		request.Header.Del("Referer")
		if len(via) >= mostRedirects {
			return errManyRedirects
		}
		return nil
	}}
})

// transport is the usual one, less what it would tell of a proxy. Clients that
// use it send no Referer: it would tell where one is redirected to the query of
// the address that was asked, which may be a token.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		return conceal.ProxyAnswer(answer.StatusCode)
	}
	return t
}

// Read brings what the URL of a file names, as the function of that name does,
// or takes it for the URL of a repository.
func (r *Remote) Read(ctx context.Context, arg string) (Source, error) {
	r, err := r.ready(arg)
	if err != nil {
		return Source{}, err
	}
	return readURL(ctx, r.client, arg)
}

// ReadFile brings what a URL names, whatever is in it.
func (r *Remote) ReadFile(ctx context.Context, arg string) (landscape.Document, error) {
	r, err := r.ready(arg)
	if err != nil {
		return landscape.Document{}, err
	}
	return get(ctx, r.client, arg)
}

// ready refuses what is not worth asking for.
func (r *Remote) ready(arg string) (*Remote, error) {
	if r == nil {
		r = strictest
	}
	if u, err := url.Parse(arg); err == nil && isURL(arg) && (u.Scheme == "https" || r.rules.Place(u.Scheme, u.Host) == nil) {
		return r, nil
	}
	return nil, fault.Errorf(fault.Invalid, "%.200q is no https address, and nothing else is read: send the document itself, or name its https address", landscape.Redact([]byte(arg)))
}

// guarded carries requests. Each is looked at as it is spelled; what it connects
// to, the dialer of direct looks at. A proxy is the operator's: it is connected to
// wherever it is.
type guarded struct {
	rules           *outward.Rules
	direct, proxied http.RoundTripper
	proxy           func(*http.Request) (*url.URL, error)
}

func (g *guarded) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := g.rules.Request(request.URL); err != nil {
		return nil, err
	}
	proxy, err := g.proxy(request)
	if err != nil {
		return nil, err
	}
	if proxy == nil {
		return g.direct.RoundTrip(request)
	}
	if err := g.rules.Proxied(request.URL.Host); err != nil {
		return nil, err
	}
	return g.proxied.RoundTrip(request)
}

// mostRedirects is how long a chain of redirects may be.
const mostRedirects = 10

var errManyRedirects = fault.Errorf(fault.Unsupported, "it redirects more than ten times")

// notForEver ends a chain of redirects, and one that gives up encryption.
func notForEver(request *http.Request, via []*http.Request) error {
	if len(via) >= mostRedirects {
		return errManyRedirects
	}
	if strings.EqualFold(via[len(via)-1].URL.Scheme, "https") && !strings.EqualFold(request.URL.Scheme, "https") {
		return fault.Errorf(fault.Unsupported, "it redirects to an address that is not https")
	}
	return nil
}
