package cli

import (
	"github.com/spf13/pflag"

	"groma/internal/server"
)

// webSettings say how a server listens, and who may ask it.
type webSettings struct {
	listen, cert, key, tokens string
	anonymous                 bool
	rate                      float64
	burst                     int
	body                      size
	github, gitlab, gitea     string // files
	hosts                     []string
}

func (s *webSettings) register(flags *pflag.FlagSet) {
	s.body = 64 << 20
	flags.StringVar(&s.listen, "listen", "127.0.0.1:8420", "host:port to serve at")
	flags.StringVar(&s.cert, "tls-cert", "", "file of the certificate to serve with (default: without TLS)")
	flags.StringVar(&s.key, "tls-key", "", "file of that certificate's key")
	flags.StringVar(&s.tokens, "tokens-file", "", "file of tokens, with a line 'ROLE TOKEN' for each")
	flags.BoolVar(&s.anonymous, "anonymous-read", false, "let everybody read, without a token")
	flags.Float64Var(&s.rate, "rate", 50, "requests a second that one client may make; below zero, as many as it likes")
	flags.IntVar(&s.burst, "burst", 100, "requests at once that one client may make")
	flags.Var(&s.body, "max-body", "how large a request may be")
	flags.StringVar(&s.github, "github-secret-file", "", "file with the secret that GitHub signs its webhooks with")
	flags.StringVar(&s.gitlab, "gitlab-secret-file", "", "file with the secret of GitLab's webhooks")
	flags.StringVar(&s.gitea, "gitea-secret-file", "", "file with the secret that Gitea or Forgejo signs its webhooks with")
	flags.StringSliceVar(&s.hosts, "webhook-host", nil, "host whose repositories webhooks may name, as in github.com; may be repeated (default: any)")
}

// url is where the server is asked.
func (s *webSettings) url(address string) string {
	if s.cert != "" {
		return "https://" + address
	}
	return "http://" + address
}

func (s *webSettings) config() (server.Config, error) {
	config := server.Config{
		Listen: s.listen, TLSCert: s.cert, TLSKey: s.key, AnonymousRead: s.anonymous, Rate: s.rate, Burst: s.burst, MaxBody: int64(s.body),
		AllowHosts: s.hosts,
	}
	if s.tokens != "" {
		tokens, err := server.ReadTokens(s.tokens)
		if err != nil {
			return config, usagef("--tokens-file: %w", err)
		}
		config.Tokens = tokens
	}
	for _, secret := range []struct {
		path string
		to   *server.Secrets
	}{{s.github, &config.Webhooks.GitHub}, {s.gitlab, &config.Webhooks.GitLab}, {s.gitea, &config.Webhooks.Gitea}} {
		if secret.path != "" {
			*secret.to = server.SecretFile(secret.path)
		}
	}
	return config, nil
}
