package gitwire

import (
	"fmt"
	"regexp"
	"strings"
)

// A Mirror says that addresses beginning with From are asked for as if they
// began with To, as git's url.<To>.insteadOf=<From> does.
type Mirror struct{ From, To string }

// tokenAsUser is an address over HTTP with a user: as such, hosts take tokens.
var tokenAsUser = regexp.MustCompile(`^(?i:https?)://[^/?#]*@`)

// ParseMirror reads FROM=TO. Neither may hold a password.
func ParseMirror(rule string) (Mirror, error) {
	from, to, ok := strings.Cut(rule, "=")
	if !ok || from == "" || to == "" {
		return Mirror{}, fmt.Errorf("mirror %q: want FROM=TO, two beginnings of addresses", printable(rule))
	}
	for _, prefix := range []string{from, to} {
		if _, _, secret := cutPassword(prefix); secret || tokenAsUser.MatchString(prefix) {
			return Mirror{}, fmt.Errorf("mirror: an address holds a password or a token; put it into ~/.netrc or a token file instead")
		}
		if printable(prefix) != prefix {
			return Mirror{}, fmt.Errorf("mirror %q: not printable", printable(rule))
		}
	}
	return Mirror{From: from, To: to}, nil
}

func (m Mirror) String() string { return m.From + "=" + m.To }

// rewrite applies the mirror with the longest From that the address begins
// with, once. It returns that mirror, which is nil if there is none.
func rewrite(mirrors []Mirror, address string) (string, *Mirror) {
	best := longest(mirrors, address, func(m *Mirror) string { return m.From })
	if best == nil {
		return address, nil
	}
	return best.To + address[len(best.From):], best
}

// restore undoes rewrite for an address that a remote redirected to. The
// mirror that was used is tried first: several may share one To.
func restore(mirrors []Mirror, used *Mirror, address string) string {
	best := longest(mirrors, address, func(m *Mirror) string { return m.To })
	if best == nil {
		return address
	}
	if used != nil && used.To == best.To {
		best = used
	}
	return best.From + address[len(best.To):]
}

func longest(mirrors []Mirror, address string, prefix func(*Mirror) string) *Mirror {
	var best *Mirror
	for i := range mirrors {
		m := &mirrors[i]
		if strings.HasPrefix(address, prefix(m)) && (best == nil || len(prefix(m)) > len(prefix(best))) {
			best = m
		}
	}
	return best
}

// sameRepository reports whether two addresses differ only in what hosts take
// no notice of: http or https, letter case, .git and a slash at the end.
func sameRepository(a, b string) bool {
	bare := func(s string) string {
		s = strings.TrimSuffix(strings.TrimRight(s, "/"), ".git")
		s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
		return strings.ToLower(strings.TrimRight(s, "/"))
	}
	return bare(a) == bare(b)
}
