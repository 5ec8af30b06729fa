package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"groma/internal/outward"
)

// A caller is who asks, as far as it is known.
type caller struct {
	name  string // of the token, or the address
	role  Role
	known bool // by a token
}

// A visit is one request, with what is found out about it for the log.
type visit struct {
	caller caller
	code   string // of an RPC that failed
}

type visitKey struct{}

// visitOf is never nil.
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

var errBadToken = errors.New("this server knows no such token")

// identify says who sends a request. With an error it is somebody without any
// role, by the address.
func (s *Server) identify(r *http.Request) (caller, error) {
	unknown := caller{name: addressOf(r.RemoteAddr), role: Nobody}
	if !s.config.Tokens.Any() {
		unknown.role = Admin
		return unknown, nil
	}
	word := bearer(r)
	if word == "" {
		if s.config.AnonymousRead {
			unknown.role = Read
		}
		return unknown, nil
	}
	known, ok := s.config.Tokens.find(word)
	if !ok {
		return unknown, errBadToken
	}
	return caller{name: known.name, role: known.role, known: true}, nil
}

// bearer is the token of a request. A browser that looks at a page sends it as
// a password, of any user: it does so from other sites' pages, too, so that it
// counts for looking only.
func bearer(r *http.Request) string {
	scheme, word, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(word)
	}
	if _, password, ok := r.BasicAuth(); ok && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		return password
	}
	return ""
}

// find looks at every token, in a time that says nothing of them.
func (t Tokens) find(word string) (token, bool) {
	digest := sha256.Sum256([]byte(word))
	found := -1
	for i, known := range t.known {
		if subtle.ConstantTimeCompare(digest[:], known.digest[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return token{}, false
	}
	return t.known[found], true
}

// addressOf is what one client has for an address: of IPv6, the network that
// one is given.
func addressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	network, _ := address.Prefix(64)
	return network.String()
}

// isWebhook says whether a request proves by a signature that it may come, by
// whatever way and name.
func isWebhook(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/webhooks/") }

// foreign says why a request is not for this server, or comes from another
// site's page. Where there are no tokens whoever reaches this machine is
// trusted, and a browser on it can be made to reach it by any page: such a
// request names another host, or another origin.
func (s *Server) foreign(r *http.Request) error {
	if err := s.origin.Check(r); err != nil {
		return errors.New("a page of another site may not do this")
	}
	if s.config.Tokens.Any() || isWebhook(r) {
		return nil
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if !outward.Loopback(strings.Trim(host, "[]")) {
		return errors.New("without tokens this server is asked as localhost or 127.0.0.1 only")
	}
	return nil
}
