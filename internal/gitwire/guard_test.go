package gitwire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"groma/internal/fault"
	"groma/internal/outward"
	"groma/internal/world/worldtest"
)

func rules(t testing.TB, networks []string, plain ...string) *outward.Rules {
	t.Helper()
	r := &outward.Rules{}
	for _, text := range networks {
		network, err := outward.ParseNetwork(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Networks = append(r.Networks, network)
	}
	for _, text := range plain {
		pattern, err := outward.ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Plain, r.SSH = append(r.Plain, pattern), append(r.SSH, pattern)
	}
	return r
}

// names resolves every name to what the last question has not been answered
// with yet; the last answer stays.
type names struct {
	mu      sync.Mutex
	answers [][]string
	asked   int
}

func (n *names) next() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	answer := n.answers[min(n.asked, len(n.answers)-1)]
	n.asked++
	return answer
}

// resolver is a resolver that asks a server of names in this process. A look-up
// is a question for IPv4 addresses and one for IPv6; only the former counts.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go n.answer(there)
		return here, nil
	}}
}

// answer speaks DNS as over TCP: a length, and a message of it.
func (n *names) answer(conn net.Conn) {
	defer conn.Close()
	var length [2]byte
	for {
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		question := make([]byte, int(length[0])<<8|int(length[1]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		answer, err := n.answerTo(question)
		if err != nil {
			return
		}
		conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...))
	}
}

func (n *names) answerTo(data []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(data); err != nil {
		return nil, err
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	question := m.Questions[0]
	var answers []string
	if question.Type == dnsmessage.TypeA || len(n.answers) == 1 {
		answers = n.next()
	}
	for _, text := range answers {
		header := dnsmessage.ResourceHeader{Name: question.Name, Class: question.Class, Type: question.Type}
		switch addr := netip.MustParseAddr(text); {
		case addr.Is4() && question.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: addr.As4()}})
		case addr.Is6() && question.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
		}
	}
	return m.Pack()
}

var errStop = errors.New("the test connects to nothing outside")

// watchOut has a client with a guard resolve names by a test's, and connect to
// nothing, but tell what it was about to connect to.
func watchOut(c *Client, n *names, connect func(address string)) {
	c.outside.Resolver = n.resolver()
	guarded := c.outside.ControlContext
	c.outside.ControlContext = func(ctx context.Context, network, address string, conn syscall.RawConn) error {
		if err := guarded(ctx, network, address, conn); err != nil {
			return err
		}
		connect(address)
		return errStop
	}
}

// TestGuard_Names: it is not the name that counts, but where it leads to.
func TestGuard_Names(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []string
		want    string // empty: something is connected to
	}{
		{"public", []string{"140.82.121.3"}, ""},
		{"public of IPv6", []string{"2606:50c0:8000::153"}, ""},
		{"loopback", []string{"127.0.0.1"}, "loopback"},
		{"loopback of IPv6", []string{"::1"}, "loopback"},
		{"private", []string{"10.0.0.1"}, "private"},
		{"metadata", []string{"169.254.169.254"}, "metadata"},
		{"metadata of IPv6", []string{"fd00:ec2::254"}, "metadata"},
		{"mapped", []string{"::ffff:127.0.0.1"}, "loopback"},
		{"NAT64", []string{"64:ff9b::a00:1"}, "private"},
		{"6to4", []string{"2002:a00:1::1"}, "private"},
		{"unspecified", []string{"0.0.0.0"}, "unspecified"},
		{"many", []string{"192.168.0.1", "10.0.0.1", "fd00::1"}, "private"},
		{"one of them is public", []string{"192.168.0.1", "140.82.121.3"}, ""},
	} {
		for _, address := range []string{"https://code.example/o/n", "ssh://code.example/o/n", "git@code.example:o/n", "git://code.example/o/n", "http://code.example/o/n"} {
			var connected []string
			c := client(t, Config{Guard: rules(t, nil, "code.example"), SSH: SSH{KnownHosts: []string{os.DevNull}}})
			watchOut(c, &names{answers: [][]string{test.answers}}, func(a string) { connected = append(connected, a) })
			_, err := c.Probe(t.Context(), Request{Address: address})
			refused := fault.KindOf(err) == fault.Unsupported && strings.Contains(err.Error(), "--allow-network") && strings.Contains(err.Error(), test.want)
			switch {
			case err == nil:
				t.Fatalf("%s, %s: it answered", test.name, address)
			case test.want != "" && (!refused || len(connected) > 0):
				t.Errorf("%s, %s: %v, connected to %v", test.name, address, err, connected)
			case test.want == "" && len(connected) != 1:
				t.Errorf("%s, %s: %v, connected to %v", test.name, address, err, connected)
			}
			for _, secret := range test.answers {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%s: the error tells what is in the operator's network: %v", test.name, err)
				}
			}
		}
	}
}

// TestGuard_Rebinding: a name that leads to one place when it is looked at and
// to another when it is connected to. There is one look-up for each connection,
// and what comes of it is what is looked at.
func TestGuard_Rebinding(t *testing.T) {
	var connected []string
	n := &names{answers: [][]string{{"140.82.121.3"}, {"127.0.0.1"}}}
	c := client(t, Config{Guard: &outward.Rules{}})
	watchOut(c, n, func(a string) { connected = append(connected, a) })
	_, first := c.Probe(t.Context(), Request{Address: "https://rebinding.example/o/n"})
	_, second := c.Probe(t.Context(), Request{Address: "https://rebinding.example/o/n"})
	if fault.KindOf(first) != fault.Unavailable || !slices.Equal(connected, []string{"140.82.121.3:443"}) {
		t.Errorf("the first time: %v, connected to %v", first, connected)
	}
	if fault.KindOf(second) != fault.Unsupported || !strings.Contains(second.Error(), "loopback") || n.asked != 2 {
		t.Errorf("the second time: %v after %d look-ups", second, n.asked)
	}
}

// TestGuard_Addresses: what a server asks by no spelling, whatever it leads to.
func TestGuard_Addresses(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	c := client(t, Config{Guard: &outward.Rules{}})
	watchOut(c, &names{answers: [][]string{{"140.82.121.3"}}}, func(a string) { t.Errorf("connected to %s", a) })
	for address, want := range map[string]fault.Kind{
		"http://code.example/o/n": fault.Unsupported, "git://code.example/o/n": fault.Unsupported,
		"ssh://git@code.example/o/n": fault.Unsupported, "git@code.example:o/n": fault.Unsupported,
		"/etc": fault.Unsupported, "file:///etc": fault.Unsupported, "etc": fault.Unsupported, "../x": fault.Unsupported,
		"file://localhost/etc": fault.Unsupported, "ext::sh -c id": fault.Unsupported, "fd::3": fault.Unsupported,
		"https://token@code.example/o/n": fault.Unsupported, "https://u:p@code.example/o/n": fault.Invalid,
		"ssh://-oProxyCommand=id/o/n": fault.Invalid, "-oProxyCommand=id:o/n": fault.Invalid, "ssh://-l@h/o/n": fault.Invalid,
		"-x@code.example:o/n": fault.Invalid, "git://-x/o/n": fault.Invalid, "code.example:--upload-pack=id": fault.Invalid,
		"https://127.0.0.1/o/n": fault.Unsupported, "https://[::1]/o/n": fault.Unsupported, "https://localhost/o/n": fault.Unsupported,
		"https://[fe80::1%25lo]/o/n": fault.Unsupported, "https://0/o/n": fault.Unsupported, "https://127.1/o/n": fault.Unsupported,
		"https://2130706433/o/n": fault.Unsupported, "https://0x7f.1/o/n": fault.Unsupported, "https://0177.0.0.1/o/n": fault.Unsupported,
		"https://１２７.0.0.1/o/n": fault.Unsupported, "https://[::ffff:127.0.0.1]/o/n": fault.Unsupported,
	} {
		if _, err := c.Probe(t.Context(), Request{Address: address}); fault.KindOf(err) != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
}

// redirects serves redirects from path to address until the test ends.
func redirects(t *testing.T, from string, to func(path string) string) *httptest.Server {
	t.Helper()
	listener, err := net.Listen("tcp", from+":0")
	if err != nil {
		t.Skipf("this machine has no %s: %v", from, err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to(r.URL.Path)+"?"+r.URL.RawQuery, http.StatusFound)
	}))
	s.Listener.Close()
	s.Listener = listener
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// TestGuard_Redirects: the first hop is allowed, and what it leads to is looked
// at as if it had been named.
func TestGuard_Redirects(t *testing.T) { bothVersions(t, testGuard_Redirects) }

func testGuard_Redirects(t *testing.T, client newClient) {
	plain := worldtest.Serve(t, text1)
	var reached atomic.Int64
	inside := redirects(t, "127.0.0.2", func(path string) string { reached.Add(1); return plain.URL + path })
	other := strings.Replace(plain.URL, "127.0.0.1", "localhost", 1)
	for name, test := range map[string]struct {
		to   string
		want fault.Kind // empty: it is counted
		says string
	}{
		"where it may":  {plain.URL + "/o/plain/info/refs", "", ""},
		"private":       {inside.URL + "/o/plain/info/refs", fault.Unsupported, "loopback"},
		"another name":  {other + "/o/plain/info/refs", fault.Unsupported, "--allow-http"},
		"metadata":      {"http://169.254.169.254/info/refs", fault.Unsupported, "--allow-http"},
		"over https":    {"https://169.254.169.254/info/refs", fault.Unsupported, "metadata"},
		"in disguise":   {"https://2852039166/info/refs", fault.Unsupported, "number"},
		"a login":       {"login", fault.Unsupported, "password"},
		"one elsewhere": {strings.Replace(plain.URL, "//", "//u:marked@", 1) + "/o/plain/info/refs", "", ""}, // go-git takes it off
		"a file":        {"file:///etc/info/refs", fault.Unsupported, ""},
		"in circles":    {"", fault.Unsupported, "redirect"},
		"a circle of 2": {"2", fault.Unsupported, "redirect"},
	} {
		var first *httptest.Server
		first = redirects(t, "127.0.0.1", func(path string) string {
			switch test.to {
			case "":
				return first.URL + path
			case "login":
				return strings.Replace(first.URL, "//", "//u:marked@", 1) + path
			case "2":
				return first.URL + strings.NewReplacer("/o/", "/p/", "/p/", "/o/").Replace(path)
			}
			return test.to
		})
		c := client(t, Config{Guard: rules(t, []string{"127.0.0.1"}, "127.0.0.1", "127.0.0.2")})
		_, _, err := take(t.Context(), c, Request{Address: first.URL + "/o/n"})
		if fault.KindOf(err) != test.want || err != nil && (!strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "marked")) {
			t.Errorf("%s: %v, want %q that says %q", name, err, test.want, test.says)
		}
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("the private server was asked %d times", n)
	}
}

// TestGuard_Mirrors: a mirror is the operator's word, for what it leads to and
// nothing else.
func TestGuard_Mirrors(t *testing.T) { bothVersions(t, testGuard_Mirrors) }

func testGuard_Mirrors(t *testing.T, client newClient) {
	plain, elsewhere := worldtest.Serve(t, text1), worldtest.Serve(t, text1)
	public := "https://github.com/"
	away := redirects(t, "127.0.0.1", func(path string) string { return elsewhere.URL + strings.Replace(path, "/o/n", "/o/plain", 1) })
	c := client(t, Config{Guard: &outward.Rules{}, Mirrors: []Mirror{
		{public, plain.URL + "/"}, {"https://away.org", away.URL}, {"https://disk.org/", plain.Dir + "/"}, {"https://cut.org", plain.URL[:len(plain.URL)-1]},
	}})
	for address, want := range map[string]fault.Kind{
		public + "o/plain": "", public + "o/old": "", "https://disk.org/o/plain": "", // o/old redirects to the same mirror
		plain.URL + "/o/plain":  fault.Unsupported, // the mirror's address is nobody else's
		"https://away.org/o/n":  fault.Unsupported,
		public + "../o/plain":   fault.Invalid,
		public + "%2e%2e/o":     fault.Invalid,
		"https://disk.org/../x": fault.Invalid,
		"https://cut.org" + plain.URL[len(plain.URL)-1:] + "/o/plain": fault.Unsupported, // the stranger ends the mirror's port
	} {
		_, listing, err := take(t.Context(), c, Request{Address: address})
		if fault.KindOf(err) != want || want == "" && !slices.Equal(listing, plainListing) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	// A connection that was made for the mirror carries nothing for others.
	_, err := c.Probe(t.Context(), Request{Address: strings.Replace(plain.URL, "http://", "https://", 1) + "/o/plain"})
	if fault.KindOf(err) != fault.Unsupported {
		t.Errorf("the mirror's address over https: %v", err)
	}
}

// TestGuard_Proxy: the operator's proxy is connected to wherever it is. It
// resolves names itself, so only what is spelled can be looked at.
func TestGuard_Proxy(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Host)
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, Config{Guard: &outward.Rules{}, Proxy: http.ProxyURL(at)})
	for address, refused := range map[string]bool{
		"https://code.example/o/n": false, "https://8.8.8.8/o/n": false,
		"https://127.0.0.1/o/n": true, "https://169.254.169.254/o/n": true, "https://[::ffff:10.0.0.1]/o/n": true, "https://localhost/o/n": true,
		"https://0x7f.1/o/n": true, "https://2130706433/o/n": true, "https://１０.0.0.1/o/n": true,
		"https://metadata.google.internal/o/n": true, "https://intranet/o/n": true, "https://nas.local/o/n": true,
		proxy.URL + "/o/n": true, strings.Replace(proxy.URL, "http:", "https:", 1) + "/o/n": true,
	} {
		if _, err := c.Probe(t.Context(), Request{Address: address}); err == nil || (fault.KindOf(err) == fault.Unsupported) != refused {
			t.Errorf("%s: %v, want refused %v", address, err, refused)
		}
	}
	slices.Sort(asked)
	if want := []string{"8.8.8.8:443", "code.example:443"}; !slices.Equal(asked, want) {
		t.Errorf("the proxy was asked for %v, want %v", asked, want)
	}
}

// FuzzRefuse: whatever the address, the mirror and what names resolve to, what
// is connected to is public.
func FuzzRefuse(f *testing.F) {
	for _, address := range []string{
		"https://code.example/o/n", "http://[::1]:80/o/n", "git@code.example:o/n", "https://2130706433/o/n", "git://0x7f.1/o/n",
		"https://a@b@c/o/n", "ssh://[fe80::1%25lo]/o/n", "//127.0.0.1/o", "https://m.org@127.0.0.1/o/n", "https://m.orgx/o/n",
	} {
		f.Add(address, []byte{140, 82, 121, 3})
		f.Add(address, []byte{169, 254, 169, 254})
		f.Add(address, netip.MustParseAddr("64:ff9b::10.0.0.1").AsSlice())
	}
	f.Fuzz(func(t *testing.T, address string, answer []byte) {
		addr, ok := netip.AddrFromSlice(answer)
		if !ok {
			return
		}
		c := New(Config{Guard: rules(t, nil, "*"), Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }, SSH: SSH{KnownHosts: []string{os.DevNull}},
			Mirrors: []Mirror{{"https://m.org", "https://mirror.invalid"}}})
		defer c.Close()
		n := &names{answers: [][]string{{addr.String()}}}
		c.dialer.Resolver = n.resolver()
		c.dialer.ControlContext = func(context.Context, string, string, syscall.RawConn) error { return errStop }
		watchOut(c, n, func(at string) {
			to := netip.MustParseAddrPort(at).Addr()
			for _, a := range []netip.Addr{to, to.Unmap()} {
				if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || (&outward.Rules{}).Address(a) != nil {
					t.Errorf("%q, with names at %s: connected to %s", address, addr, to)
				}
			}
		})
		r, err := c.Probe(t.Context(), Request{Address: address})
		if err == nil {
			r.Close()
			t.Errorf("%q: it answered", address)
		}
	})
}
