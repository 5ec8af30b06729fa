package engine

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"go.temporal.io/sdk/interceptor"

	"groma/internal/artefact"
)

// Off stands for a NATS that is not wanted: nobody is told anything.
const Off = "off"

// Config says which world to open. Its zero, with a data folder, is a world of
// its own: every server embedded.
type Config struct {
	// Data is the folder of all that is embedded. It is required unless
	// Temporal, NATS and Store are all set.
	Data string
	// Temporal is host:port of a running Temporal; empty embeds one.
	Temporal string
	// Namespace is Temporal's namespace; empty means "default". The embedded
	// server makes it, elsewhere it has to exist.
	Namespace string
	// TemporalTLS says how to ask a running Temporal over TLS.
	TemporalTLS TLS
	// TemporalAPIKey goes with every question to a running Temporal, and turns
	// TLS on: it is for nobody else to read.
	TemporalAPIKey Secret
	// PayloadKeys is a file of the keys that seal what Temporal keeps, running or
	// embedded, as [sealed.Parse] reads it; empty seals nothing. It is read anew
	// when it changes.
	PayloadKeys string
	// Schedules has an embedded Temporal start surveys by schedule, too: its
	// fourth service, which costs a start some time.
	Schedules bool
	// BeginsAnew says that who opens it begins again what it was about where an
	// embedded Temporal has forgotten it: a database that is ahead of the clock is
	// set aside then, unless servers were asked for some of it.
	BeginsAnew bool
	// NATS is the address of a running NATS with JetStream, or [Off]; empty
	// embeds one that opens no port.
	NATS string
	// NATSTLS says how to ask a running NATS over TLS.
	NATSTLS TLS
	// NATSLogin says who asks a running NATS, where its address does not.
	NATSLogin NATSLogin
	// Store is the address of the storage, as [artefact.Open] takes it; empty
	// means the folder store in Data.
	Store string
	// Secrets are what an S3 wants to know of who asks; empty asks as nobody.
	// [Config.StoreSecrets] has StoreTLS in them.
	Secrets artefact.Secrets
	// StoreTLS says how an S3 is asked over https, where its address does not.
	StoreTLS TLS
	// Logger hears what the servers and the connections have to say; what
	// they call information it hears as debugging. Nil keeps their warnings in
	// engine.log of Data, or nowhere where there is no data folder to hold.
	Logger *slog.Logger
	// Interceptors are around every call of Temporal, and around the workflows
	// and activities of workers that use it.
	Interceptors []interceptor.ClientInterceptor
}

// Validate says what is wrong with c before anything starts.
func (c Config) Validate() error {
	var errs []error
	if c.Data == "" && (c.embeds() || c.Store == "") {
		errs = append(errs, errors.New("no data folder: name one with --data"))
	}
	if c.embeds() && !embedding {
		errs = append(errs, errNotEmbedded)
	}
	if c.Temporal != "" {
		if host, port, err := net.SplitHostPort(c.Temporal); err != nil || host == "" || port == "" {
			errs = append(errs, fmt.Errorf("the address of Temporal %q: want host:port, as in temporal.example.org:7233", c.Temporal))
		}
	}
	if c.NATS != "" && c.NATS != Off {
		for address := range strings.SplitSeq(c.NATS, ",") {
			if u, err := url.Parse(strings.TrimSpace(address)); err != nil || u.Host == "" {
				errs = append(errs, errors.New("NATS's address: want nats://host:port, several with commas between them, or off"))
			}
		}
	}
	if strings.ContainsFunc(c.Namespace, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		errs = append(errs, fmt.Errorf("namespace %q: spaces and control characters are not for names", c.Namespace))
	}
	return errors.Join(append(errs, c.validatePayloadKeys(), c.validateTemporal(), c.validateNATS(), c.validateStore())...)
}

// validatePayloadKeys reads the file of keys.
func (c Config) validatePayloadKeys() error {
	if _, err := newKeyring(c.PayloadKeys, nil); err != nil {
		return fmt.Errorf("the keys of Temporal's payloads: %w", err)
	}
	return nil
}

// validateTemporal reads the files that are for Temporal.
func (c Config) validateTemporal() error {
	if c.Temporal == "" && (c.TemporalTLS.wanted() || c.TemporalAPIKey.IsSet()) {
		return errors.New("TLS or an API key for Temporal, but no address: name one with --temporal, the embedded one needs neither")
	}
	if _, err := c.temporalTLS(); err != nil {
		return fmt.Errorf("TLS for Temporal: %w", err)
	}
	if _, err := c.TemporalAPIKey.Read(); err != nil {
		return fmt.Errorf("the API key for Temporal: %w", err)
	}
	return nil
}

// temporalTLS is how a running Temporal is asked; nil is without TLS.
func (c Config) temporalTLS() (*tls.Config, error) {
	t := c.TemporalTLS
	t.On = t.On || c.TemporalAPIKey.IsSet()
	return t.config()
}

// validateNATS reads the files that are for NATS.
func (c Config) validateNATS() error {
	if (c.NATS == "" || c.NATS == Off) && (c.NATSTLS.wanted() || c.NATSLogin.given()) {
		return errors.New("TLS or a login for NATS, but no address: name one with --nats, the embedded one needs neither")
	}
	if _, err := c.NATSTLS.config(); err != nil {
		return fmt.Errorf("TLS for NATS: %w", err)
	}
	if u, err := url.Parse(c.NATS); err == nil && u.User != nil && c.NATSLogin.given() {
		return errors.New("NATS's login: it is in the address and beside it, too; want one")
	}
	return c.NATSLogin.validate()
}

// validateStore reads the files that are for storage.
func (c Config) validateStore() error {
	if c.StoreTLS.wanted() && !strings.HasPrefix(c.Store, "s3:") {
		return errors.New("certificates for storage, but it is a folder: name an S3 with --store")
	}
	_, err := c.StoreSecrets()
	return err
}

// StoreSecrets are how the storage is asked, for those who need nothing else of
// the world.
func (c Config) StoreSecrets() (artefact.Secrets, error) {
	secure, err := c.StoreTLS.config()
	if err != nil {
		return c.Secrets, fmt.Errorf("TLS for storage: %w", err)
	}
	secrets := c.Secrets
	secrets.TLS = secure
	return secrets, nil
}

// embeds says whether a server runs in this process, which needs the data
// folder for itself. Storage does not: any number of processes may share it.
func (c Config) embeds() bool { return c.Temporal == "" || c.NATS == "" }

func (c Config) withDefaults() Config {
	c.Namespace = cmp.Or(c.Namespace, "default")
	c.Data = absolute(c.Data)
	c.Store = c.StoreAddress()
	return c
}

// StoreAddress is where the storage is, for those who need nothing else of the
// world: it can be opened while another process holds the data folder.
func (c Config) StoreAddress() string {
	if c.Store != "" {
		return c.Store
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(absolute(c.Data), "store"))}).String()
}

func absolute(path string) string {
	if a, err := filepath.Abs(path); err == nil && path != "" {
		return a
	}
	return path
}

// LogValue is c as it may be shown: addresses without passwords.
func (c Config) LogValue() slog.Value {
	c = c.withDefaults()
	return slog.GroupValue(
		slog.String("data", c.Data),
		slog.String("temporal", cmp.Or(c.Temporal, "embedded")),
		slog.Any("temporal_tls", c.TemporalTLS),
		slog.Any("temporal_api_key", c.TemporalAPIKey),
		slog.String("payload_keys", c.PayloadKeys),
		slog.String("namespace", c.Namespace),
		slog.String("nats", cmp.Or(ShownNATS(c.NATS), "embedded")),
		slog.Any("nats_tls", c.NATSTLS),
		slog.Bool("nats_login", c.NATSLogin.given()),
		slog.String("store", artefact.Shown(c.Store)),
		slog.Any("store_tls", c.StoreTLS),
	)
}

// Format prints c as it may be shown, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.LogValue()) }

// MarshalText is c as it may be shown.
func (c Config) MarshalText() ([]byte, error) { return fmt.Append(nil, c.LogValue()), nil }

// ShownNATS is NATS's address as it may be shown. It may be several, with commas
// between them.
func ShownNATS(addresses string) string {
	var shown []string
	for address := range strings.SplitSeq(addresses, ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			return "unreadable"
		}
		if u.User != nil { // a name may be a token
			u.User = url.User("redacted")
		}
		u.RawQuery, u.Fragment = "", ""
		shown = append(shown, u.String())
	}
	return strings.Join(shown, ",")
}

// Embeds says, with an error, if this program was built without servers.
func Embeds() error {
	if embedding {
		return nil
	}
	return errNotEmbedded
}
