package gitwire

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"groma/internal/fault"
)

// A guard carries the requests of one session, which asks on behalf of others.
// Each is looked at as it is spelled; what it connects to, the dialer looks at.
type guard struct {
	client *Client
	place  address // where the session began
}

// beware has the client refuse what its guard refuses.
func (c *Client) beware() {
	c.outside = c.dialer
	c.outside.ControlContext = c.config.Guard.Control
	c.guarded = c.http.Clone() // with connections of its own: none of them was made for a mirror
	c.guarded.Proxy = nil
	c.guarded.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return c.outside.DialContext(ctx, network, address)
	}
	c.strict = c.watched(c.guarded)
}

// carrier is what carries the requests of a session.
func (c *Client) carrier(a address) http.RoundTripper {
	if c.config.Guard == nil {
		return c.carry
	}
	return &guard{c, a}
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	next, err := g.way(r)
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return next.RoundTrip(r)
}

// way is how a request goes. A mirror and a proxy are the operator's: they are
// connected to wherever they are. What is beyond a mirror's own origin is not.
func (g *guard) way(r *http.Request) (http.RoundTripper, error) {
	if g.place.trusted && origin(r.URL.Scheme, r.URL.Host) == origin(g.place.scheme, g.place.host) {
		return g.client.carry, nil
	}
	if err := g.client.config.Guard.Request(r.URL); err != nil {
		return nil, err
	}
	proxy, err := g.client.config.Proxy(r)
	if err != nil || proxy == nil {
		return g.client.strict, err
	}
	return g.client.carry, g.client.config.Guard.Proxied(r.URL.Host)
}

// origin is a scheme and a host with its port, as two addresses have in common
// that lead to one server.
func origin(scheme, host string) string {
	u := url.URL{Host: strings.ToLower(host)}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(u.Hostname(), port)
}

// permit says whether a place may be asked at all, as far as its address tells.
func (r *Remote) permit(rewritten string) error {
	rules := r.client.config.Guard
	switch {
	case r.place.scheme == "file" && r.mirror == nil && rules != nil:
		return fault.Errorf(fault.Unsupported, "it is on the disk of whoever counts, where nothing is counted for others: name its address")
	case rules == nil:
		return nil
	case r.mirror != nil && climbs(r.request.Address[len(r.mirror.From):]):
		return fault.Errorf(fault.Invalid, "its path has .. in it, which leads out of the mirror")
	case r.place.trusted, r.place.scheme == "file":
		return nil
	case r.place.scheme == "http", r.place.scheme == "https":
		u, err := url.Parse(rewritten)
		if err != nil {
			return fault.Errorf(fault.Invalid, "it is no address")
		}
		return rules.Request(u)
	}
	return rules.Place(r.place.scheme, r.place.host)
}

// climbs reports whether a path has .. in it, however it is written.
func climbs(path string) bool {
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	apart := func(r rune) bool { return r == '/' || r == '\\' || r == ':' }
	return slices.Contains(strings.FieldsFunc(path, apart), "..")
}

// trusts reports whether a mirror says by itself which host to ask. One that
// ends within the name of a host leaves the rest of it to who wrote the address.
func (m *Mirror) trusts(address string) bool {
	rest := address[len(m.From):]
	_, after, isURL := strings.Cut(m.To, "://")
	if isURL {
		return strings.Contains(after, "/") || strings.HasPrefix(rest, "/")
	}
	return strings.Contains(m.To, ":") || strings.HasPrefix(rest, ":")
}

// dial connects to a host and port.
func (c *Client) dial(ctx context.Context, a address, host string) (net.Conn, error) {
	if c.config.Guard == nil || a.trusted {
		return c.dialer.DialContext(ctx, "tcp", host)
	}
	return c.outside.DialContext(ctx, "tcp", host)
}
