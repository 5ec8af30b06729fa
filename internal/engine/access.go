package engine

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"groma/internal/secret"
)

// TLS says how a server proves who it is, and how this process does. Its zero
// is no TLS; any field that is set turns it on.
type TLS struct {
	// On asks for TLS where nothing else has to be said of it.
	On bool
	// CA is a file of certificates to trust instead of the system's.
	CA string
	// Certificate and Key are files that this process proves itself with, both
	// or neither. They are read anew for each connection.
	Certificate, Key string
	// ServerName is the name that the server's certificate has to be for;
	// empty means the address's.
	ServerName string
}

func (t TLS) wanted() bool { return t != TLS{} }

// config reads and checks what the files hold. It is nil without TLS.
func (t TLS) config() (*tls.Config, error) {
	if !t.wanted() {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		text, err := secret.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("the certificates to trust: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("the certificates to trust: %s holds none in PEM", t.CA)
		}
	}
	if t.Certificate == "" && t.Key == "" {
		return config, nil
	}
	if t.Certificate == "" || t.Key == "" {
		return nil, errors.New("a certificate and its key belong together: name both")
	}
	if _, err := t.pair(); err != nil {
		return nil, err
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return t.pair() }
	return config, nil
}

// pair reads the certificate and the key that goes with it.
func (t TLS) pair() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", t.Certificate, t.Key, err)
	}
	return &pair, nil
}

func (t TLS) LogValue() slog.Value {
	if !t.wanted() {
		return slog.StringValue("off")
	}
	return slog.GroupValue(slog.String("ca", t.CA), slog.String("certificate", t.Certificate), slog.String("name", t.ServerName))
}

// A Secret is a word that proves who asks.
type Secret = secret.Value[string]

// SecretText is a secret that is known; empty is none.
func SecretText(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return secret.Told(func() (string, error) { return text, nil })
}

// SecretFile is a secret in a file, without the white space around it. The file
// is read whenever the secret is needed, so that a renewed one is used.
func SecretFile(path string) Secret {
	return secret.Told(func() (string, error) {
		text, err := secret.ReadFile(path)
		if err != nil {
			return "", err
		}
		word := strings.TrimSpace(string(text))
		if !secret.IsWord(word) {
			return "", fmt.Errorf("%s: want one line with the secret in it", path)
		}
		return word, nil
	})
}

// NATSLogin says who asks NATS. Its zero says nothing; at most one of its four
// ways is used. Files are read anew for each connection.
type NATSLogin struct {
	// Credentials is a file of a JWT and its seed, as nsc writes it.
	Credentials string
	// Nkey is a file of an nkey's seed.
	Nkey string
	// Token is for servers that want no more.
	Token Secret
	// User and Password go together.
	User     string
	Password Secret
}

// given says whether NATS is told who asks, other than in its address.
func (l NATSLogin) given() bool {
	return l.Credentials != "" || l.Nkey != "" || l.Token.IsSet() || l.User != "" || l.Password.IsSet()
}

// validate reads what the files hold.
func (l NATSLogin) validate() error {
	ways := 0
	for _, way := range []bool{l.Credentials != "", l.Nkey != "", l.Token.IsSet(), l.User != "" || l.Password.IsSet()} {
		if way {
			ways++
		}
	}
	if ways > 1 {
		return errors.New("NATS's login: want one of a credentials file, an nkey, a token, a user with a password")
	}
	if (l.User != "") != l.Password.IsSet() {
		return errors.New("NATS's login: a user and a password belong together")
	}
	for _, word := range []Secret{l.Token, l.Password} {
		if _, err := word.Read(); err != nil {
			return fmt.Errorf("NATS's login: %w", err)
		}
	}
	_, err := l.option()
	return err
}

// option is nil where there is nothing to say.
func (l NATSLogin) option() (nats.Option, error) {
	switch {
	case l.Credentials != "":
		if err := checkCredentials(l.Credentials); err != nil {
			return nil, fmt.Errorf("NATS's credentials %s: %w", l.Credentials, err)
		}
		return nats.UserCredentials(l.Credentials), nil
	case l.Nkey != "":
		option, err := nats.NkeyOptionFromSeed(l.Nkey)
		if err != nil {
			return nil, fmt.Errorf("NATS's nkey %s: %w", l.Nkey, err)
		}
		return option, nil
	case l.Token.IsSet():
		return nats.TokenHandler(func() string { return orNothing(l.Token) }), nil
	case l.User != "":
		return nats.UserInfoHandler(func() (string, string) { return l.User, orNothing(l.Password) }), nil
	}
	return nil, nil
}

// orNothing is a secret, or an empty word when its file has gone meanwhile: the
// server then refuses it, and says so.
func orNothing(s Secret) string {
	word, _ := s.Read()
	return word
}

// checkCredentials says whether a file has what nsc writes: errors name
// nothing that is in it.
func checkCredentials(path string) error {
	text, err := secret.ReadFile(path)
	if err != nil {
		return err
	}
	if word, err := nkeys.ParseDecoratedJWT(text); err != nil || strings.Count(word, ".") != 2 {
		return errors.New("it holds no JWT: want a file that nsc wrote")
	}
	pair, err := nkeys.ParseDecoratedUserNKey(text)
	if err != nil {
		return errors.New("it holds no user's seed: want a file that nsc wrote")
	}
	pair.Wipe()
	return nil
}
