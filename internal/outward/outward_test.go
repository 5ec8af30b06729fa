package outward

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"groma/internal/fault"
)

// A server that asks these addresses asks for what is not public: each stands
// for a family of them.
var notPublicAddresses = map[string]string{
	"127.0.0.1": "loopback", "127.255.255.254": "loopback", "::1": "loopback",
	"0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "::": "unspecified",
	"10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private", "192.168.1.1": "private",
	"fc00::1": "private", "fd12:3456::1": "private", "fec0::1": "private",
	"100.64.0.1": "carrier", "100.127.255.255": "carrier",
	"169.254.0.1": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "link-local",
	"169.254.169.254": "metadata", "fd00:ec2::254": "metadata", "fd20:ce::254": "metadata",
	"100.100.100.200": "metadata", "192.0.0.192": "metadata", "168.63.129.16": "metadata",
	"224.0.0.1": "multicast", "239.255.255.255": "multicast", "ff02::1": "multicast", "ff0e::1": "multicast",
	"192.0.2.1": "documentation", "198.51.100.1": "documentation", "203.0.113.1": "documentation",
	"2001:db8::1": "documentation", "3fff::1": "documentation",
	"198.18.0.1": "benchmarks", "198.19.255.255": "benchmarks",
	"192.0.0.8": "reserved", "192.88.99.1": "reserved", "240.0.0.1": "reserved", "255.255.255.255": "reserved",
	"100::1": "reserved", "5f00::1": "reserved", "4000::1": "reserved", "64:ff9b:1::a00:1": "reserved",
	"2001::1": "reserved", "2001:0:4136:e378:8000:63bf:3fff:fdd2": "reserved", "2001:2::1": "reserved",

	"::ffff:127.0.0.1": "loopback", "::ffff:10.0.0.1": "private", "::ffff:169.254.169.254": "metadata", // mapped
	"::127.0.0.1": "reserved", "::ffff:0:127.0.0.1": "reserved", // compatible, translated
	"64:ff9b::127.0.0.1": "loopback", "64:ff9b::10.0.0.1": "private", "64:ff9b::a9fe:a9fe": "metadata", // NAT64
	"2002:7f00:1::": "loopback", "2002:c0a8:101::1": "private", "2002:a9fe:a9fe::": "metadata", // 6to4
	"2a00::5efe:10.0.0.1": "private", "2a00::200:5efe:7f00:1": "loopback", // ISATAP
}

var publicAddresses = []string{
	"8.8.8.8", "140.82.121.3", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "169.253.255.255",
	"192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8",
	"2606:50c0:8000::153", "2a04:4e42::81", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:4860:4860::8888",
}

func TestAddress(t *testing.T) {
	var r Rules
	for text, want := range notPublicAddresses {
		err := r.Address(netip.MustParseAddr(text))
		if fault.KindOf(err) != fault.Unsupported || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--allow-network") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for _, text := range publicAddresses {
		if err := r.Address(netip.MustParseAddr(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := r.Address(netip.Addr{}); err == nil {
		t.Error("no address may be connected to")
	}
}

// The operator allows networks, and with none of them what is within one only
// by chance: the secrets of the cloud that the machine is in.
func TestAddress_Allowed(t *testing.T) {
	r := Rules{
		Networks:    networks(t, "10.0.0.0/8", "169.254.0.0/16", "100.100.100.200", "fd00::/8", "127.0.0.1/32"),
		NotNetworks: networks(t, "10.9.0.0/16", "8.8.8.0/24"),
	}
	for text, want := range map[string]string{
		"10.1.2.3": "", "::ffff:10.1.2.3": "", "64:ff9b::10.1.2.3": "", "2002:a01:203::": "", "fd12::1": "", "fd12::1%eth0": "",
		"127.0.0.1": "", "169.254.1.1": "", "100.100.100.200": "", "1.1.1.1": "",
		"127.0.0.2": "loopback", "192.168.1.1": "private", "169.254.169.254": "metadata", "fd00:ec2::254": "metadata",
		"10.9.1.1": "--deny-network", "8.8.8.8": "--deny-network", "64:ff9b::8.8.8.8": "a refused network",
	} {
		err := r.Address(netip.MustParseAddr(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "--deny-network") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// Addresses as strangers write them, where everything but the host is in order.
func TestRequest(t *testing.T) {
	r := Rules{
		NotHosts: patterns(t, "denied.org", "*.denied.org"), Plain: patterns(t, "plain.org", "127.0.0.1"), SSH: patterns(t, "*.shell.org"),
	}
	for address, want := range map[string]string{
		"https://github.com/o/n": "", "https://GitHub.com./o/n": "", "https://github.com:8443/o/n": "", "https://8.8.8.8/o/n": "",
		"https://[2606:50c0:8000::153]/o/n": "", "https://xn--bcher-kva.example/o/n": "",
		"http://plain.org/o/n": "", "http://PLAIN.org.:80/o/n": "", "git://plain.org/o/n": "", "ssh://a.shell.org/o/n": "",

		"http://github.com/o/n": "--allow-http", "git://github.com/o/n": "--allow-http", "ssh://github.com/o/n": "--allow-ssh",
		"ssh://shell.org/o/n": "--allow-ssh", "file:///etc": "names no host", "ftp://github.com/o": "nothing else",
		"https://user@github.com/o/n": "user", "https://u:p@github.com/o/n": "user",
		"https://denied.org/o/n": "--deny-host", "https://a.b.Denied.ORG./o/n": "--deny-host", "https://denied.org.:443/o": "--deny-host",
		"http://127.0.0.1/o/n": "loopback", // which --allow-http does not allow

		"https://127.0.0.1/o/n": "loopback", "https://127.0.0.1.:443/o/n": "loopback", "https://[::1]/o/n": "loopback",
		"https://[::ffff:7f00:1]:8443/o/n": "loopback", "https://[fe80::1%25eth0]/o/n": "link-local",
		"https://[::ffff:169.254.169.254]/": "metadata", "https://169.254.169.254/latest": "metadata",
		"https://localhost/o/n": "loopback", "https://LOCALHOST.:80/o/n": "loopback", "https://a.localhost/o/n": "loopback",
		"https://2130706433/o/n": "number", "https://0x7f000001/o/n": "number", "https://0x7f.1/o/n": "number",
		"https://017700000001/o/n": "number", "https://0177.0.0.1/o/n": "number", "https://127.1/o/n": "number",
		"https://127.0.0.0x1/o": "number", "https://10.0.0.1.1/o": "number", "https://0X7F.1/o": "number",
		"https://１２７.0.0.1/o/n": "no host", "https://127。0。0。1/o/n": "no host", "https://bücher.example/o/n": "no host",
		"https://%31%32%37.0.0.1/o/n":  "", // no URL
		"https://-oProxyCommand=x/o/n": "no host", "https://a..b/o/n": "no host", "https:///o/n": "no host",
		"https://" + strings.Repeat("a.", 150) + "org/": "no host",
	} {
		u, err := url.Parse(address)
		if err != nil {
			continue
		}
		err = r.Request(u)
		if (err == nil) != (want == "") || err != nil && (fault.KindOf(err) != fault.Unsupported || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}

func TestPlace_AllowedHosts(t *testing.T) {
	r := Rules{Hosts: patterns(t, "github.com", "*.corp.example", "10.0.0.1"), NotHosts: patterns(t, "secret.corp.example"), Networks: networks(t, "10.0.0.0/8")}
	for host, want := range map[string]bool{
		"github.com": true, "a.corp.example": true, "a.b.corp.example:8443": true, "10.0.0.1": true,
		"gitlab.com": false, "corp.example": false, "xgithub.com": false, "github.com.evil.org": false, "secret.corp.example": false, "10.0.0.2": false,
	} {
		if err := r.Place("https", host); (err == nil) != want {
			t.Errorf("%s: %v, want allowed %v", host, err, want)
		}
	}
}

func TestProxied(t *testing.T) {
	r := Rules{Hosts: patterns(t, "*", "git", "*.corp.internal")}
	for host, want := range map[string]bool{
		"github.com": true, "github.com:443": true, "8.8.8.8": true, "git": true, "git.corp.internal": true,
		"intranet": false, "metadata.google.internal": false, "metadata.goog": false, "nas.local:443": false, "a.home.arpa.": false, "": false,
	} {
		if err := r.Proxied(host); (err == nil) != want {
			t.Errorf("%s: %v, want allowed %v", host, err, want)
		}
	}
}

func TestControl(t *testing.T) {
	var r Rules
	for _, test := range []struct {
		network, address string
		want             bool
	}{
		{"tcp4", "8.8.8.8:443", true}, {"tcp6", "[2606:50c0:8000::153]:443", true},
		{"tcp4", "127.0.0.1:443", false}, {"tcp6", "[fe80::1%eth0]:443", false}, {"tcp6", "[::ffff:127.0.0.1]:80", false},
		{"udp4", "8.8.8.8:53", false}, {"unix", "/run/docker.sock", false}, {"tcp4", "8.8.8.8", false}, {"tcp4", "localhost:80", false}, {"tcp4", "", false},
	} {
		if err := r.Control(t.Context(), test.network, test.address, nil); (err == nil) != test.want {
			t.Errorf("%s %s: %v, want allowed %v", test.network, test.address, err, test.want)
		}
	}
}

func TestParse_Error(t *testing.T) {
	for _, text := range []string{"", "*.", "*.*.org", "a b", "host:80", "https://host", "-o", "*.10.0.0.1", "*.1.2.3.4", "bücher.example", "a.*.org"} {
		if p, err := ParsePattern(text); fault.KindOf(err) != fault.Invalid {
			t.Errorf("ParsePattern(%q) = %q, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "10.0.0.0/33", "10/8", "localhost", "::ffff:10.0.0.0/104", "fe80::1%eth0", "fe80::%eth0/10"} {
		if n, err := ParseNetwork(text); fault.KindOf(err) != fault.Invalid {
			t.Errorf("ParseNetwork(%q) = %v, %v", text, n, err)
		}
	}
}

func patterns(t testing.TB, texts ...string) (all []Pattern) {
	t.Helper()
	for _, text := range texts {
		p, err := ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func networks(t testing.TB, texts ...string) (all []netip.Prefix) {
	t.Helper()
	for _, text := range texts {
		n, err := ParseNetwork(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// FuzzAddress: what may be connected to by rules that allow nothing is public
// by the lights of the standard library, too, whatever it is wrapped in.
func FuzzAddress(f *testing.F) {
	for text := range notPublicAddresses {
		f.Add(netip.MustParseAddr(text).WithZone("").AsSlice())
	}
	for _, text := range publicAddresses {
		f.Add(netip.MustParseAddr(text).AsSlice())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok || (&Rules{}).Address(addr) != nil {
			return
		}
		if (&Rules{}).Address(addr.WithZone("eth0")) != nil && addr.Is6() && !addr.Is4In6() {
			t.Errorf("%s is another address with a zone", addr)
		}
		inner := []netip.Addr{addr, addr.Unmap()}
		if len(b) == 16 && strings.HasPrefix(addr.String(), "64:ff9b::") {
			inner = append(inner, netip.AddrFrom4([4]byte(b[12:16])))
		}
		for _, a := range inner {
			if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() {
				t.Errorf("%s may be connected to, which is %s", addr, a)
			}
		}
	})
}

// FuzzHost: however a host is spelled, no address that is not public may be
// asked for by its spelling, and what is allowed is in the letters of names.
func FuzzHost(f *testing.F) {
	for text := range notPublicAddresses {
		f.Add(text)
		f.Add("[" + text + "]:443")
	}
	for _, text := range []string{"github.com", "localhost.", "2130706433", "0x7f.1", "1.2.3.4.", "[::1", "a:b:c", "*.org"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if (&Rules{}).Place("https", text) != nil {
			return
		}
		host, err := bare(text)
		if err != nil {
			t.Fatalf("%q is allowed and no host: %v", text, err)
		}
		if again, err := bare(host); err != nil && !strings.Contains(host, ":") || err == nil && again != host {
			t.Errorf("%q is %q, which is %q: %v", text, host, again, err)
		}
		if addr, err := netip.ParseAddr(host); err == nil && (&Rules{}).Address(addr) != nil {
			t.Errorf("%q is allowed, which is %s", text, addr)
		}
		if strings.Trim(host, "0123456789.") == "" && !isAddress(host) {
			t.Errorf("%q is allowed, which some resolvers take for an address", text)
		}
	})
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "10.0.0.1": false, "::": false, "localhost.example.org": false, "127.0.0.1.example.org": false, "127.1": false,
	} {
		if got := Loopback(host); got != want {
			t.Errorf("%q is this machine: %v, want %v", host, got, want)
		}
	}
}

// TestControl_Panics: a dialer asks on a goroutine of the library's, where a panic
// would end the process.
func TestControl_Panics(t *testing.T) {
	var none *Rules
	if err := none.Control(t.Context(), "tcp4", "192.0.2.1:443", nil); fault.KindOf(err) != fault.Bug {
		t.Errorf("it is %v, want a bug", err)
	}
}
