package outward

import (
	"net/netip"
	"strings"

	"groma/internal/fault"
)

// A Pattern is a host, as in git.example.org; all hosts below a domain, as in
// *.example.org, which example.org itself is not; or all hosts, *.
type Pattern struct{ text string }

var all = Pattern{"*"}

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	if text == all.text {
		return all, nil
	}
	rest, below := strings.CutPrefix(text, "*.")
	host, err := name(strings.Trim(rest, "[]"))
	if err != nil || below && isAddress(host) {
		return Pattern{}, fault.Errorf(fault.Invalid, "%q is no host: want one like git.example.org, without a port, or *.example.org", text)
	}
	if below {
		host = "*." + host
	}
	return Pattern{host}, nil
}

func (p Pattern) String() string { return p.text }

func (p Pattern) matches(host string) bool {
	if end, below := strings.CutPrefix(p.text, "*"); below {
		return strings.HasSuffix(host, end) && len(host) > len(end)
	}
	return p.text == host
}

func matches(patterns []Pattern, host string) bool {
	for _, p := range patterns {
		if p.matches(host) {
			return true
		}
	}
	return false
}

// bare is a host as patterns have it: in lower case, without port, brackets and
// the dot that may end it. An address is in the one form that netip gives it.
func bare(hostport string) (string, error) {
	host := hostport
	if inner, ok := strings.CutPrefix(host, "["); ok {
		var rest string
		host, rest, ok = strings.Cut(inner, "]")
		if !ok || rest != "" && rest[0] != ':' || !isAddress(host) {
			return "", errNoHost
		}
	} else if host, _, ok = strings.Cut(host, ":"); ok && strings.Count(hostport, ":") > 1 {
		return "", errNoHost
	}
	return name(host)
}

var errNoHost = refuse("the address names no host that this server asks: want a name of letters, digits, hyphens and dots, others in their xn-- form")

// name is a host, written in the one way that it has here.
func name(host string) (string, error) {
	const longest = 253
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.WithZone("").Unmap().String(), nil
	}
	if host == "" || len(host) > longest {
		return "", errNoHost
	}
	last := ""
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || label[0] == '-' || strings.ContainsFunc(label, noLetter) {
			return "", errNoHost
		}
		last = label
	}
	if isNumber(last) {
		return "", refuse("%s is a number and no name of a host: an IPv4 address is written like 192.0.2.1", host)
	}
	return host, nil
}

func noLetter(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || '9' < r) && (r < 'a' || 'z' < r)
}

// isNumber says whether a label is what some resolvers take for a part of an
// IPv4 address, or all of it: 2130706433, 0x7f000001, 0177.
func isNumber(label string) bool {
	digits := "0123456789"
	if rest, hexadecimal := strings.CutPrefix(label, "0x"); hexadecimal {
		label, digits = rest, "0123456789abcdef"
	}
	return strings.Trim(label, digits) == ""
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// Loopback says whether a host, without a port or brackets, is this machine, so
// that nobody listens on the way there, and nobody else can ask it.
func Loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
