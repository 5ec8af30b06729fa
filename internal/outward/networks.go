package outward

import "net/netip"

// metadata are the addresses at which clouds tell a machine its secrets. Most
// lie in networks that are refused as a whole; one of them is public.
var metadata = map[netip.Addr]bool{
	netip.MustParseAddr("169.254.169.254"): true, // of nearly all
	netip.MustParseAddr("169.254.170.2"):   true, // of containers at Amazon's
	netip.MustParseAddr("169.254.170.23"):  true,
	netip.MustParseAddr("fd00:ec2::254"):   true,
	netip.MustParseAddr("fd00:ec2::23"):    true,
	netip.MustParseAddr("fd20:ce::254"):    true, // Google's
	netip.MustParseAddr("100.100.100.200"): true, // Alibaba's
	netip.MustParseAddr("192.0.0.192"):     true, // Oracle's
	netip.MustParseAddr("168.63.129.16"):   true, // Azure's
}

// special are the networks that IANA's registries of special purposes say are
// not, or not surely, reached over the internet.
var special = []struct {
	network netip.Prefix
	kind    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "an unspecified address"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address"},
	{netip.MustParsePrefix("100.64.0.0/10"), "an address of a carrier's own network"},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address"},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address"},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address"},
	{netip.MustParsePrefix("192.0.0.0/24"), "a reserved address"},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a reserved address"},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address"},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"},

	{netip.MustParsePrefix("::/128"), "an unspecified address"},
	{netip.MustParsePrefix("::1/128"), "a loopback address"},
	{netip.MustParsePrefix("2001::/23"), "a reserved address"}, // Teredo among them
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation"},
	{netip.MustParsePrefix("3fff::/20"), "an address for documentation"},
	{netip.MustParsePrefix("fc00::/7"), "a private address"},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address"},
	{netip.MustParsePrefix("fec0::/10"), "a private address"},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address"},
}

// Of IPv6 only so much is public: what is handed out, and what stands for
// IPv4 addresses.
var (
	handedOut  = netip.MustParsePrefix("2000::/3")
	translated = netip.MustParsePrefix("64:ff9b::/96") // NAT64
	sixToFour  = netip.MustParsePrefix("2002::/16")
)

// notPublic names what an address is that is not public; it is public if that
// is empty.
func notPublic(addr netip.Addr) string {
	for _, s := range special {
		if s.network.Contains(addr) {
			return s.kind
		}
	}
	if addr.Is6() && !handedOut.Contains(addr) && !translated.Contains(addr) {
		return "a reserved address"
	}
	return ""
}

// embedded are the IPv4 addresses that gateways find in one of IPv6, and send
// on to.
func embedded(addr netip.Addr) []netip.Addr {
	if !addr.Is6() {
		return nil
	}
	b := addr.As16()
	var inner []netip.Addr
	if sixToFour.Contains(addr) {
		inner = append(inner, netip.AddrFrom4([4]byte(b[2:6])))
	}
	isatap := b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
	if isatap || translated.Contains(addr) {
		inner = append(inner, netip.AddrFrom4([4]byte(b[12:16])))
	}
	return inner
}
