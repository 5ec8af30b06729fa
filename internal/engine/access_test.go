package engine_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"groma/internal/artefact"
	"groma/internal/engine"
	"groma/internal/engine/enginetest"
)

func write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAskTemporal(t *testing.T) {
	authority := enginetest.NewAuthority(t)
	fake := &enginetest.Temporal{Key: "k-e-y"}
	address := fake.Start(t, authority.Server(t, time.Hour, true))
	certificate, key := authority.Issue(t, "client", time.Hour)
	c := engine.Config{
		Temporal:       address,
		TemporalTLS:    engine.TLS{CA: authority.File, Certificate: certificate, Key: key, ServerName: "server.example.org"},
		TemporalAPIKey: engine.SecretFile(write(t, "key", "k-e-y\n")),
		NATS:           engine.Off, Store: "s3://bucket",
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	facts, err := engine.AskTemporal(t.Context(), c)
	if err != nil || facts.Version != enginetest.TemporalVersion || facts.TLS != "TLS 1.3" || facts.Until.IsZero() {
		t.Errorf("AskTemporal: %+v, %v", facts, err)
	}
}

func TestAskTemporal_Error(t *testing.T) {
	authority, other := enginetest.NewAuthority(t), enginetest.NewAuthority(t)
	fake := &enginetest.Temporal{Key: "k-e-y"}
	plain := fake.Start(t, nil)
	secure := fake.Start(t, authority.Server(t, time.Hour, false))
	mutual := fake.Start(t, authority.Server(t, time.Hour, true))
	ended := fake.Start(t, authority.Server(t, -time.Hour, false))
	open := (&enginetest.Temporal{}).Start(t, nil)
	trusting := engine.TLS{CA: authority.File}
	for name, test := range map[string]struct {
		config engine.Config
		want   string // of what to do next
	}{
		"nothing listens":     {engine.Config{Temporal: "127.0.0.1:1"}, "nothing listens there"},
		"no such host":        {engine.Config{Temporal: "nowhere.invalid:7233"}, "no such host is known"},
		"another authority":   {engine.Config{Temporal: secure, TemporalTLS: engine.TLS{CA: other.File}}, "--temporal-tls-ca"},
		"the system's roots":  {engine.Config{Temporal: secure, TemporalTLS: engine.TLS{On: true}}, "--temporal-tls-ca"},
		"another name":        {engine.Config{Temporal: secure, TemporalTLS: engine.TLS{CA: authority.File, ServerName: "other.example.org"}}, "--temporal-tls-server-name"},
		"a certificate ended": {engine.Config{Temporal: ended, TemporalTLS: trusting}, "have it renewed"},
		"no TLS here":         {engine.Config{Temporal: secure}, "it wants TLS"},
		"no TLS there":        {engine.Config{Temporal: plain, TemporalTLS: engine.TLS{On: true}}, "it speaks no TLS"},
		"no certificate":      {engine.Config{Temporal: mutual, TemporalTLS: trusting}, "--temporal-tls-cert"},
		"no key":              {engine.Config{Temporal: secure, TemporalTLS: trusting}, "GROMA_TEMPORAL_API_KEY"},
		"another key":         {engine.Config{Temporal: secure, TemporalTLS: trusting, TemporalAPIKey: engine.SecretText("other")}, "GROMA_TEMPORAL_API_KEY"},
		"no namespace":        {engine.Config{Temporal: open, Namespace: "elsewhere"}, "temporal operator namespace create"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := engine.AskTemporal(t.Context(), test.config)
			expectRefusal(t, err, test.want)
		})
	}
}

func expectRefusal(t *testing.T, err error, want string) {
	t.Helper()
	var refusal *engine.Refusal
	if !errors.As(err, &refusal) || !strings.Contains(refusal.Next, want) {
		t.Errorf("%v, want a refusal with %q", err, want)
	}
}

func TestAskNATS(t *testing.T) {
	authority := enginetest.NewAuthority(t)
	secure := authority.Server(t, time.Hour, true)
	certificate, key := authority.Issue(t, "client", time.Hour)
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := pair.PublicKey()
	seed, _ := pair.Seed()
	for name, test := range map[string]struct {
		options server.Options
		login   engine.NATSLogin
	}{
		"token":    {server.Options{Authorization: "to-ken"}, engine.NATSLogin{Token: engine.SecretFile(write(t, "token", " to-ken\n"))}},
		"password": {server.Options{Username: "me", Password: "pass"}, engine.NATSLogin{User: "me", Password: engine.SecretText("pass")}},
		"nkey":     {server.Options{Nkeys: []*server.NkeyUser{{Nkey: public}}}, engine.NATSLogin{Nkey: write(t, "nkey", string(seed))}},
	} {
		test.options.TLS, test.options.TLSConfig, test.options.JetStream = true, secure, true
		c := engine.Config{
			Temporal: "temporal.example.org:7233", Store: "s3://bucket",
			NATS:      "nats://" + enginetest.NATS(t, test.options),
			NATSTLS:   engine.TLS{CA: authority.File, Certificate: certificate, Key: key},
			NATSLogin: test.login,
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for range 2 { // the first leaves nothing behind
			facts, err := engine.AskNATS(t.Context(), c)
			if err != nil || facts.TLS != "TLS 1.3" || facts.Stream || facts.Version == "" {
				t.Errorf("%s: %+v, %v", name, facts, err)
			}
		}
	}
}

// TestAskNATS_Credentials has an operator, an account and a user, as nsc makes
// them.
func TestAskNATS_Credentials(t *testing.T) {
	operator, account, user := keys(t, nkeys.CreateOperator), keys(t, nkeys.CreateAccount), keys(t, nkeys.CreateUser)
	system := keys(t, nkeys.CreateAccount)
	accounts := &server.MemAccResolver{}
	for _, pair := range []nkeys.KeyPair{account, system} {
		claims := jwt.NewAccountClaims(public(t, pair))
		if pair == account {
			claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
		}
		if err := accounts.Store(public(t, pair), signed(t, claims, operator)); err != nil {
			t.Fatal(err)
		}
	}
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := jwt.FormatUserConfig(signed(t, jwt.NewUserClaims(public(t, user)), account), seed)
	if err != nil {
		t.Fatal(err)
	}
	c := engine.Config{
		Temporal: "temporal.example.org:7233", Store: "s3://bucket",
		NATS: "nats://" + enginetest.NATS(t, server.Options{
			JetStream: true, TrustedKeys: []string{public(t, operator)}, AccountResolver: accounts, SystemAccount: public(t, system),
		}),
		NATSLogin: engine.NATSLogin{Credentials: write(t, "user.creds", string(credentials))},
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if facts, err := engine.AskNATS(t.Context(), c); err != nil || facts.Version == "" {
		t.Errorf("AskNATS: %+v, %v", facts, err)
	}
	c.NATSLogin = engine.NATSLogin{}
	_, err = engine.AskNATS(t.Context(), c)
	expectRefusal(t, err, "--nats-credentials")
}

func keys(t *testing.T, create func() (nkeys.KeyPair, error)) nkeys.KeyPair {
	t.Helper()
	pair, err := create()
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func public(t *testing.T, pair nkeys.KeyPair) string {
	t.Helper()
	key, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signed(t *testing.T, claims interface {
	Encode(nkeys.KeyPair) (string, error)
}, by nkeys.KeyPair) string {
	t.Helper()
	text, err := claims.Encode(by)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAskNATS_Error(t *testing.T) {
	authority, other := enginetest.NewAuthority(t), enginetest.NewAuthority(t)
	secure := "nats://" + enginetest.NATS(t, server.Options{TLS: true, TLSConfig: authority.Server(t, time.Hour, false), Authorization: "to-ken", JetStream: true})
	mutual := "nats://" + enginetest.NATS(t, server.Options{TLS: true, TLSConfig: authority.Server(t, time.Hour, true), JetStream: true})
	plain := "nats://" + enginetest.NATS(t, server.Options{})
	small := "nats://" + enginetest.NATS(t, server.Options{JetStream: true, JetStreamMaxStore: 1 << 20})
	trusting := engine.TLS{CA: authority.File}
	for name, test := range map[string]struct {
		config engine.Config
		want   string
	}{
		"nothing listens":   {engine.Config{NATS: "nats://127.0.0.1:1"}, "nothing listens there"},
		"no such host":      {engine.Config{NATS: "nats://nowhere.invalid"}, "no such host is known"},
		"another authority": {engine.Config{NATS: secure, NATSTLS: engine.TLS{CA: other.File}}, "--nats-tls-ca"},
		"no TLS there":      {engine.Config{NATS: plain, NATSTLS: trusting}, "it speaks no TLS"},
		"no certificate":    {engine.Config{NATS: mutual, NATSTLS: trusting}, "--nats-tls-cert"},
		"no token":          {engine.Config{NATS: secure, NATSTLS: trusting}, "GROMA_NATS_TOKEN"},
		"another token":     {engine.Config{NATS: secure, NATSTLS: trusting, NATSLogin: engine.NATSLogin{Token: engine.SecretText("other")}}, "GROMA_NATS_TOKEN"},
		"no JetStream":      {engine.Config{NATS: plain}, "--jetstream"},
		"no room":           {engine.Config{NATS: small}, "may do with JetStream"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := engine.AskNATS(t.Context(), test.config)
			expectRefusal(t, err, test.want)
		})
	}
}

// TestOpen_Refused: what fails to open says what to do as well.
func TestOpen_Refused(t *testing.T) {
	authority := enginetest.NewAuthority(t)
	c := engine.Config{
		Temporal:    (&enginetest.Temporal{}).Start(t, authority.Server(t, time.Hour, false)),
		TemporalTLS: engine.TLS{On: true}, NATS: engine.Off, Data: t.TempDir(),
	}
	_, err := engine.Open(t.Context(), c)
	expectRefusal(t, err, "--temporal-tls-ca")
	c.TemporalTLS = engine.TLS{CA: authority.File}
	e, err := engine.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
}

func TestValidate_Access(t *testing.T) {
	authority := enginetest.NewAuthority(t)
	certificate, key := authority.Issue(t, "client", time.Hour)
	_, otherKey := authority.Issue(t, "other", time.Hour)
	text := write(t, "text", "no certificate, no key, no secret: a-marked-word\nand more")
	for name, spoil := range map[string]func(*engine.Config){
		"no file of certificates": func(c *engine.Config) { c.TemporalTLS.CA = "none" },
		"no certificates in it":   func(c *engine.Config) { c.NATSTLS.CA = text },
		"no key":                  func(c *engine.Config) { c.TemporalTLS.Certificate = certificate },
		"a key alone":             func(c *engine.Config) { c.NATSTLS.Key = key },
		"another's key":           func(c *engine.Config) { c.NATSTLS.Certificate, c.NATSTLS.Key = certificate, otherKey },
		"no key in it":            func(c *engine.Config) { c.TemporalTLS.Certificate, c.TemporalTLS.Key = certificate, text },
		"no API key":              func(c *engine.Config) { c.TemporalAPIKey = engine.SecretFile("none") },
		"two lines of a key":      func(c *engine.Config) { c.TemporalAPIKey = engine.SecretFile(text) },
		"an API key for nobody":   func(c *engine.Config) { c.Temporal, c.Data, c.TemporalAPIKey = "", "data", engine.SecretText("x") },
		"a login for nobody":      func(c *engine.Config) { c.NATS, c.NATSLogin.Token = engine.Off, engine.SecretText("x") },
		"two logins":              func(c *engine.Config) { c.NATSLogin.Token, c.NATSLogin.Nkey = engine.SecretText("x"), text },
		"a login too many":        func(c *engine.Config) { c.NATS, c.NATSLogin.Token = "nats://x@h", engine.SecretText("x") },
		"a user alone":            func(c *engine.Config) { c.NATSLogin.User = "me" },
		"a password alone":        func(c *engine.Config) { c.NATSLogin.Password = engine.SecretText("x") },
		"no seed":                 func(c *engine.Config) { c.NATSLogin.Nkey = text },
		"no credentials":          func(c *engine.Config) { c.NATSLogin.Credentials = text },
	} {
		c := engine.Config{Temporal: "temporal.example.org:7233", NATS: "nats://nats.example.org", Store: "s3://bucket"}
		spoil(&c)
		if err := c.Validate(); err == nil || strings.Contains(err.Error(), "marked") {
			t.Errorf("%s: Validate says %v", name, err)
		}
	}
}

// TestSecrets plants marked words and looks for them wherever a configuration
// may be printed.
func TestSecrets(t *testing.T) {
	const mark = "marked-secret"
	c := engine.Config{
		Temporal: "temporal.example.org:7233", TemporalAPIKey: engine.SecretText(mark),
		NATS:      "nats://" + mark + ":" + mark + "@nats.example.org",
		NATSLogin: engine.NATSLogin{Token: engine.SecretText(mark), Password: engine.SecretFile(write(t, "password", mark))},
		Store:     "s3://" + mark + ":" + mark + "@bucket",
		Secrets:   artefact.Secrets{AccessKey: mark, SecretKey: mark, SessionToken: mark},
	}
	var out strings.Builder
	for _, value := range []any{c, &c, c.TemporalAPIKey, c.NATSLogin, &c.NATSLogin} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", value)
	}
	fmt.Fprintln(&out, c.Validate())
	if strings.Contains(out.String(), mark) || strings.Contains(out.String(), fmt.Sprintf("%x", mark)) {
		t.Errorf("a secret is shown:\n%s", &out)
	}
	if want := "temporal.example.org:7233"; !strings.Contains(out.String(), want) {
		t.Errorf("no %s in\n%s", want, &out)
	}
}
