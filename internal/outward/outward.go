// Package outward says what a process may ask that asks on behalf of others.
//
// By [Rules] that say nothing else it asks over https, and connects to public
// addresses alone: whatever an address looks like, whatever its name resolves
// to and wherever it redirects. Two questions keep that, and both are needed.
// [Rules.Request] is put before each request, redirects included: it looks at
// how the address is spelled. [Rules.Control] is put by the dialer, of the very
// address that is about to be connected to, so that a name which resolves to
// one thing now and to another a moment later gains nothing.
//
// Every refusal is of a permanent kind, and says which flag allows what was
// refused, never what a name resolved to: that is the operator's network.
package outward

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"groma/internal/fault"
)

// Rules say what may be asked. The zero value is the strictest: https, at
// public addresses, of any host.
type Rules struct {
	// Hosts are the only ones that may be asked. None means any.
	Hosts []Pattern
	// NotHosts may not, even if they are among Hosts.
	NotHosts []Pattern
	// Networks may be connected to though they are not public. A metadata
	// address is among them only where a network is that one address.
	Networks []netip.Prefix
	// NotNetworks may not, even if they are public or within Networks.
	NotNetworks []netip.Prefix
	// Plain are the hosts that may be asked without encryption: over http and
	// over git's own protocol.
	Plain []Pattern
	// SSH are the hosts that may be asked over ssh, with the operator's keys.
	SSH []Pattern
}

func refuse(format string, args ...any) error {
	return fault.Errorf(fault.Unsupported, format, args...)
}

// Request says whether a request may be made, as far as its URL tells.
func (r *Rules) Request(u *url.URL) error {
	if u.User != nil {
		return refuse("this server asks no address that has a user or a password in it")
	}
	return r.Place(u.Scheme, u.Host)
}

// Place says whether a host, which may have a port, may be asked over a scheme:
// https, http, git or ssh.
func (r *Rules) Place(scheme, hostport string) error {
	host, err := bare(hostport)
	if err != nil {
		return err
	}
	switch {
	case matches(r.NotHosts, host):
		return refuse("the operator of this server has refused %s (--deny-host)", host)
	case len(r.Hosts) > 0 && !matches(r.Hosts, host):
		return refuse("the operator of this server has named the hosts that it asks (--allow-host), and %s is not among them", host)
	}
	if err := r.encrypted(scheme, host); err != nil {
		return err
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return r.Address(addr)
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return r.Address(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	return nil
}

// encrypted says whether a host may be asked over a scheme.
func (r *Rules) encrypted(scheme, host string) error {
	switch scheme = strings.ToLower(scheme); {
	case scheme == "https",
		(scheme == "http" || scheme == "git") && matches(r.Plain, host),
		scheme == "ssh" && matches(r.SSH, host):
		return nil
	case scheme == "http", scheme == "git":
		return refuse("this server asks over https, not %s: name its https address, or the operator allows %s with --allow-http", scheme, host)
	case scheme == "ssh":
		return refuse("this server asks over https, not ssh: name its https address, or the operator allows %s with --allow-ssh", host)
	}
	return refuse("this server asks over https, and nothing else")
}

// Proxied says whether a host may be asked for through a proxy. It is the proxy
// that resolves the name then, and that has to refuse what is not public; names
// that only private networks have are refused here, unless Hosts names them.
func (r *Rules) Proxied(hostport string) error {
	host, err := bare(hostport)
	if err != nil {
		return err
	}
	named := func(p Pattern) bool { return p != all && p.matches(host) }
	if isAddress(host) || slices.ContainsFunc(r.Hosts, named) {
		return nil // an address was looked at already
	}
	inside := func(end string) bool { return strings.HasSuffix(host, end) }
	if !strings.Contains(host, ".") || slices.ContainsFunc(privateNames, inside) {
		return refuse("this server asks no private addresses, and %s is a name of private networks; the operator allows it with --allow-host", host)
	}
	return nil
}

// privateNames end names that mean nothing in public. Clouds have their
// metadata under some of them.
var privateNames = []string{".internal", ".local", ".localdomain", ".lan", ".intranet", ".home.arpa", "metadata.goog"}

// Control is for a [net.Dialer]'s ControlContext. It is called with the address
// that is connected to next if it returns nil, on a goroutine of the library's.
func (r *Rules) Control(_ context.Context, network, address string, _ syscall.RawConn) (err error) {
	defer fault.Catch(&err)
	at, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return refuse("this server connects to addresses of the internet, and to nothing else")
	}
	return r.Address(at.Addr())
}

// Address says whether an address may be connected to.
func (r *Rules) Address(addr netip.Addr) error {
	kind := r.kind(addr.WithZone("").Unmap())
	if kind == "" {
		return nil
	}
	if kind == denied {
		return refuse("the operator of this server has refused the network that this leads to (--deny-network)")
	}
	return refuse("this server asks no private addresses, and this leads to %s; the operator allows it with --allow-network", kind)
}

// kind names what is wrong with an address; nothing is if it is empty.
func (r *Rules) kind(addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return "none"
	case within(r.NotNetworks, addr):
		return denied
	case metadata[addr]:
		if slices.Contains(r.Networks, netip.PrefixFrom(addr, addr.BitLen())) {
			return ""
		}
		return "a metadata address"
	}
	for _, inner := range embedded(addr) {
		if kind := r.kind(inner); kind != "" {
			return kind
		}
	}
	if within(r.Networks, addr) {
		return ""
	}
	return notPublic(addr)
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// denied is the kind of what NotNetworks has.
const denied = "a refused network"

// ParseNetwork reads a network, as in 10.1.0.0/16, or a single address.
func ParseNetwork(text string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	if addr, single := netip.ParseAddr(text); single == nil && addr.Zone() == "" {
		network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	switch {
	case err != nil:
		return netip.Prefix{}, fault.Errorf(fault.Invalid, "%q is no network: want one like 10.1.0.0/16 or fd00:1::/32", text)
	case network.Addr().Is4In6():
		return netip.Prefix{}, fault.Errorf(fault.Invalid, "%s is a network of IPv4 in the clothes of IPv6: write it as IPv4", text)
	}
	return network.Masked(), nil
}
