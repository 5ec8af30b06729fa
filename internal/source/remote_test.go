package source

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"groma/internal/fault"
	"groma/internal/outward"
)

// loopbackRules allow this machine, over http and by one of its addresses.
func loopbackRules(t *testing.T) *outward.Rules {
	t.Helper()
	network, err := outward.ParseNetwork("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return &outward.Rules{Networks: []netip.Prefix{network}, Plain: []outward.Pattern{pattern(t, "127.0.0.1")}}
}

// TestRemote_Error: what is spelled, what a name leads to and what redirects
// lead to, by the strictest rules and with a first hop that is allowed.
func TestRemote_Error(t *testing.T) {
	var reached atomic.Int64
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer private.Close()
	var first *httptest.Server
	first = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to, _ := strings.CutPrefix(r.URL.Path, "/to/")
		http.Redirect(w, r, map[string]string{
			"private.yml":  strings.Replace(private.URL, "127.0.0.1", "127.0.0.2", 1) + "/a.yml",
			"secure.yml":   "https://169.254.169.254/a.yml",
			"number.yml":   "https://2130706433/a.yml",
			"login.yml":    strings.Replace(first.URL, "//", "//u:marked@", 1) + "/a.yml",
			"file.yml":     "file:///etc/passwd",
			"circular.yml": first.URL + r.URL.Path,
		}[to], http.StatusFound)
	}))
	defer first.Close()
	allowing := NewRemote(loopbackRules(t))
	for _, test := range []struct {
		remote *Remote
		arg    string
		want   fault.Kind
		says   string
	}{
		{nil, "https://127.0.0.1/a.yml", fault.Unsupported, "loopback"},
		{nil, "https://[::1]/a.yml", fault.Unsupported, "loopback"},
		{nil, "https://localhost/a.yml", fault.Unsupported, "loopback"},
		{nil, "https://169.254.169.254/a.yml", fault.Unsupported, "metadata"},
		{nil, "https://0x7f.1/a.yml", fault.Unsupported, "number"},
		{nil, "https://u:marked@code.example/a.yml", fault.Unsupported, "password"},
		{nil, "http://code.example/a.yml", fault.Invalid, "https"},
		{nil, first.URL + "/a.yml", fault.Invalid, "https"},
		{nil, "file:///etc/passwd", fault.Invalid, "https"},
		{nil, "/etc/passwd", fault.Invalid, "https"},
		{nil, "-", fault.Invalid, "https"},
		{nil, "ext::sh -c id", fault.Invalid, "https"},
		{allowing, first.URL + "/to/private.yml", fault.Unsupported, "--allow"},
		{allowing, first.URL + "/to/secure.yml", fault.Unsupported, "metadata"},
		{allowing, first.URL + "/to/number.yml", fault.Unsupported, "number"},
		{allowing, first.URL + "/to/login.yml", fault.Unsupported, "password"},
		{allowing, first.URL + "/to/file.yml", fault.Unsupported, ""},
		{allowing, first.URL + "/to/circular.yml", fault.Unsupported, "ten times"},
	} {
		_, err := test.remote.Read(t.Context(), test.arg)
		_, fileErr := test.remote.ReadFile(t.Context(), test.arg)
		for _, err := range []error{err, fileErr} {
			if fault.KindOf(err) != test.want || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "marked") {
				t.Errorf("%s: %v, want %s that says %q", test.arg, err, test.want, test.says)
			}
		}
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("the private server was asked %d times", n)
	}
}

// TestRemote_Resolved: it is not how a host is spelled that counts, but what is
// connected to, which a name may have come to mean a moment ago; after a redirect,
// too.
func TestRemote_Resolved(t *testing.T) {
	var reached atomic.Int64
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer private.Close()
	_, port, err := net.SplitHostPort(private.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	first := httptest.NewServer(http.RedirectHandler("http://rebound.example:"+port+"/a.yml", http.StatusFound))
	defer first.Close()
	rules := loopbackRules(t)
	rules.Plain = append(rules.Plain, pattern(t, "*.example"))
	for address, dials := range map[string][]string{
		"http://rebound.example:" + port + "/a.yml": {"127.0.0.2"},
		first.URL + "/a.yml":                        {"127.0.0.1", "127.0.0.2"},
	} {
		remote := NewRemote(rules)
		transport := remote.client.Transport.(*guarded).direct.(*http.Transport)
		dial, n := transport.DialContext, 0
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, _ := net.SplitHostPort(address)
			n++
			return dial(ctx, network, net.JoinHostPort(dials[n-1], port)) // what the name means by now
		}
		if _, err := remote.Read(t.Context(), address); fault.KindOf(err) != fault.Unsupported || !strings.Contains(err.Error(), "loopback") || n != len(dials) {
			t.Errorf("%s: %v after %d connections", address, err, n)
		}
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("the private server was asked %d times", n)
	}
}

func pattern(t *testing.T, text string) outward.Pattern {
	t.Helper()
	p, err := outward.ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRemote: what the operator allows is read.
func TestRemote(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old.yml" {
			http.Redirect(w, r, "/new.yml", http.StatusMovedPermanently)
			return
		}
		w.Write([]byte(aLandscape))
	}))
	defer s.Close()
	remote := NewRemote(loopbackRules(t))
	read, err := remote.Read(t.Context(), s.URL+"/old.yml")
	if err != nil || string(read.Document.Data) != aLandscape {
		t.Errorf("got %q, %v", read.Document.Data, err)
	}
	// A repository is only named: whoever counts it looks at its address.
	read, err = (*Remote)(nil).Read(t.Context(), "https://git.example.org/o/n")
	if err != nil || read.Document.Name != "git.example.org/o/n" {
		t.Errorf("got %v, %v", read, err)
	}
}

// TestRemote_Proxy: a proxy is asked whatever its own address, and not for what
// is private by its spelling.
func TestRemote_Proxy(t *testing.T) {
	proxy, err := url.Parse("http://127.0.0.1:3128")
	if err != nil {
		t.Fatal(err)
	}
	var proxied []string
	carrier := carry(func(r *http.Request) (*http.Response, error) {
		proxied = append(proxied, r.URL.Host)
		return nil, http.ErrServerClosed
	})
	g := &guarded{rules: &outward.Rules{}, direct: carrier, proxied: carrier, proxy: http.ProxyURL(proxy)}
	for _, host := range []string{"code.example", "127.0.0.1", "metadata.google.internal", "intranet", "[::1]"} {
		r, err := http.NewRequest(http.MethodGet, "https://"+host+"/a.yml", nil)
		if err != nil {
			t.Fatal(err)
		}
		g.RoundTrip(r)
	}
	if len(proxied) != 1 || proxied[0] != "code.example" {
		t.Errorf("the proxy was asked for %v", proxied)
	}
}

type carry func(*http.Request) (*http.Response, error)

func (c carry) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }
