package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"

	"groma/internal/outward"
)

// Config says how to serve. Its zero, with an address on this machine, serves
// everybody who can reach it.
type Config struct {
	// Listen is host:port. Port 0 takes any that is free.
	Listen string
	// TLSCert and TLSKey are files in PEM, both or neither, which is HTTP
	// without TLS. They are read again when they have changed.
	TLSCert, TLSKey string
	// Tokens say who may do what. Without any, whoever can connect may do
	// everything, which is why Listen then has to be on this machine.
	Tokens Tokens
	// AnonymousRead lets everybody read, where there are tokens.
	AnonymousRead bool
	// Rate is how many requests a second one client may make, by its token or
	// its address, and Burst how many at once. Zero means 50 and 100; a Rate
	// below zero is no limit.
	Rate  float64
	Burst int
	// MaxBody is how many bytes a request may have; zero means 64 MiB.
	MaxBody int64
	// Webhooks are what code hosts sign with.
	Webhooks WebhookSecrets
	// AllowHosts are the hosts whose repositories webhooks may name, as in
	// github.com; empty means any. A host signs for all its repositories with
	// one secret, so that who knows the secret of one can name any.
	AllowHosts []string
}

// WebhookSecrets are what code hosts sign their webhooks with; a host without
// any is not heard. A secret may have several values: while it is replaced, the
// old one and the new.
type WebhookSecrets struct {
	GitHub, GitLab, Gitea Secrets
}

func (w WebhookSecrets) of(forge string) Secrets {
	switch forge {
	case "github":
		return w.GitHub
	case "gitlab":
		return w.GitLab
	case "gitea":
		return w.Gitea
	}
	return Secrets{}
}

// Validate says what is wrong with c before anything starts.
func (c Config) Validate() error {
	var errs []error
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil || port == "" {
		errs = append(errs, fmt.Errorf("the address to listen at %q: want host:port, as in 127.0.0.1:8090", c.Listen))
	}
	if err == nil && !c.Tokens.Any() && !outward.Loopback(host) {
		errs = append(errs, fmt.Errorf("without tokens anybody who can reach %s may do everything: "+
			"listen on this machine only, as in 127.0.0.1:%s, or name a file of tokens", c.Listen, port))
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		errs = append(errs, errors.New("a certificate and its key belong together: name both"))
	} else if c.TLSCert != "" {
		if _, err := newCertificate(c.TLSCert, c.TLSKey); err != nil {
			errs = append(errs, err)
		}
	}
	if c.MaxBody < 0 || c.Burst < 0 {
		errs = append(errs, errors.New("the size of a request's body and the burst of requests cannot be negative"))
	}
	for _, host := range c.AllowHosts {
		if host == "" || strings.ContainsAny(host, "/ ") {
			errs = append(errs, fmt.Errorf("a host that webhooks may name %q: want a name as in github.com", host))
		}
	}
	for _, forge := range forges {
		if _, err := c.Webhooks.of(forge).Read(); err != nil {
			errs = append(errs, fmt.Errorf("the secret of %s's webhooks: %w", forge, err))
		}
	}
	return errors.Join(errs...)
}

var forges = []string{"github", "gitlab", "gitea"}

const (
	defaultRate  = 50
	defaultBurst = 100
	defaultBody  = 64 << 20
)

func (c Config) withDefaults() Config {
	if c.Rate == 0 {
		c.Rate = defaultRate
	}
	if c.Burst == 0 {
		c.Burst = max(defaultBurst, int(c.Rate))
	}
	if c.MaxBody == 0 {
		c.MaxBody = defaultBody
	}
	c.AllowHosts = slices.Clone(c.AllowHosts)
	for i, host := range c.AllowHosts {
		c.AllowHosts[i] = strings.ToLower(host)
	}
	return c
}

// LogValue is c as it may be shown: no token, no secret.
func (c Config) LogValue() slog.Value {
	c = c.withDefaults()
	return slog.GroupValue(
		slog.String("listen", c.Listen),
		slog.String("tls_certificate", c.TLSCert),
		slog.Any("tokens", c.Tokens),
		slog.Bool("anonymous_read", c.AnonymousRead),
		slog.Float64("rate", c.Rate),
		slog.Int("burst", c.Burst),
		slog.Int64("max_body", c.MaxBody),
		slog.Any("github", c.Webhooks.GitHub),
		slog.Any("gitlab", c.Webhooks.GitLab),
		slog.Any("gitea", c.Webhooks.Gitea),
		slog.Any("allow_hosts", c.AllowHosts),
	)
}

// Format prints c as it may be shown, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.LogValue()) }

// MarshalText is c as it may be shown.
func (c Config) MarshalText() ([]byte, error) { return fmt.Append(nil, c.LogValue()), nil }
