package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"groma/internal/artefact"
	"groma/internal/census"
	"groma/internal/engine"
	"groma/internal/gitwire"
	"groma/internal/outward"
	"groma/internal/telemetry"
	gromav1 "groma/proto/groma/v1"
)

// engineSettings say where the engines are; the zero value embeds them all.
type engineSettings struct {
	data, temporal, namespace, nats, store string

	temporalTLS, natsTLS, storeTLS       engine.TLS
	temporalKey, natsToken, natsPassword string // files
	payloadKeys                          string // file
	natsCredentials, natsNkey, natsUser  string
}

// accessFlags are the names of what says how running engines are asked.
var accessFlags = []string{
	"temporal-tls", "temporal-tls-ca", "temporal-tls-cert", "temporal-tls-key", "temporal-tls-server-name", "temporal-api-key-file",
	"temporal-payload-key-file",
	"nats-tls", "nats-tls-ca", "nats-tls-cert", "nats-tls-key", "nats-tls-server-name",
	"nats-credentials", "nats-nkey", "nats-token-file", "nats-user", "nats-password-file",
	"store-tls-ca", "store-tls-cert", "store-tls-key", "store-tls-server-name",
}

func (s *engineSettings) register(flags *pflag.FlagSet, terminal Terminal) {
	flags.StringVar(&s.data, "data", dataFolder(terminal), "folder that keeps censuses, surveys and the embedded engines")
	flags.StringVar(&s.temporal, "temporal", "", "host:port of a Temporal server (default: embedded); for TLS and credentials see 'groma doctor --help'")
	flags.StringVar(&s.namespace, "namespace", "", "Temporal namespace (default: \"default\")")
	flags.StringVar(&s.nats, "nats", "", "URL of a NATS server with JetStream, or off (default: embedded)")
	flags.StringVar(&s.store, "store", "", "where artefacts are kept: s3://bucket/prefix?endpoint=… or file:///… (default: in --data)")
	s.registerAccess(flags)
	for _, name := range accessFlags {
		flags.Lookup(name).Hidden = true
	}
}

// registerAccess has the flags that only 'groma doctor --help' tells of: they
// are for few, and would hide the others.
func (s *engineSettings) registerAccess(flags *pflag.FlagSet) {
	registerTLS(flags, &s.temporalTLS, "temporal")
	flags.StringVar(&s.temporalKey, "temporal-api-key-file", "", "file with the API key for Temporal (or GROMA_TEMPORAL_API_KEY); turns TLS on")
	flags.StringVar(&s.payloadKeys, "temporal-payload-key-file", "", "file of keys that seal what Temporal keeps, embedded or not: lines of an id and 32 bytes in base64; the first seals, all open")
	registerTLS(flags, &s.natsTLS, "nats")
	flags.StringVar(&s.natsCredentials, "nats-credentials", "", "file of credentials for NATS, as nsc writes it")
	flags.StringVar(&s.natsNkey, "nats-nkey", "", "file with the seed of an nkey for NATS")
	flags.StringVar(&s.natsToken, "nats-token-file", "", "file with a token for NATS (or GROMA_NATS_TOKEN)")
	flags.StringVar(&s.natsUser, "nats-user", "", "user for NATS")
	flags.StringVar(&s.natsPassword, "nats-password-file", "", "file with the user's password for NATS (or GROMA_NATS_PASSWORD)")
	registerCertificates(flags, &s.storeTLS, "store") // whether it is asked over TLS, its address says
}

func registerTLS(flags *pflag.FlagSet, t *engine.TLS, server string) {
	prefix := server + "-tls"
	flags.BoolVar(&t.On, prefix, false, "ask it over TLS; each --"+prefix+"-… does so, too")
	registerCertificates(flags, t, server)
}

func registerCertificates(flags *pflag.FlagSet, t *engine.TLS, server string) {
	prefix := server + "-tls"
	flags.StringVar(&t.CA, prefix+"-ca", "", "file of certificates to trust (default: the system's)")
	flags.StringVar(&t.Certificate, prefix+"-cert", "", "file of the certificate to prove oneself with")
	flags.StringVar(&t.Key, prefix+"-key", "", "file of that certificate's key")
	flags.StringVar(&t.ServerName, prefix+"-server-name", "", "name that the server's certificate is for (default: the address's)")
}

// secretOf is what a variable holds, or else a file does.
func secretOf(terminal Terminal, name, file string) engine.Secret {
	if file != "" {
		return engine.SecretFile(file)
	}
	return engine.SecretText(strings.TrimSpace(terminal.Env(name)))
}

// dataFolder is where the data of users stands on this system.
func dataFolder(terminal Terminal) string {
	if dir := terminal.Env("GROMA_DATA"); dir != "" {
		return dir
	}
	if dir := terminal.Env("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "groma")
	}
	return filepath.Join(terminal.Env("HOME"), ".local", "share", "groma")
}

// secrets are where AWS's variables say that S3's keys are. What they do not name
// is not looked for: a machine that is asked for keys may be anybody's, and those
// in the usual file may be for another S3.
func secrets(terminal Terminal) artefact.Secrets {
	s := artefact.Secrets{
		AccessKey:    terminal.Env("AWS_ACCESS_KEY_ID"),
		SecretKey:    terminal.Env("AWS_SECRET_ACCESS_KEY"),
		SessionToken: terminal.Env("AWS_SESSION_TOKEN"),
		WebIdentity: artefact.WebIdentity{
			TokenFile: terminal.Env("AWS_WEB_IDENTITY_TOKEN_FILE"),
			Role:      terminal.Env("AWS_ROLE_ARN"),
			Session:   terminal.Env("AWS_ROLE_SESSION_NAME"),
			Region:    terminal.Env("AWS_REGION"),
			Endpoint:  terminal.Env("AWS_ENDPOINT_URL_STS"),
		},
		File:      terminal.Env("AWS_SHARED_CREDENTIALS_FILE"),
		Profile:   terminal.Env("AWS_PROFILE"),
		Container: cmp.Or(terminal.Env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), terminal.Env("AWS_CONTAINER_CREDENTIALS_FULL_URI")),
	}
	if s.File == "" && s.Profile != "" {
		s.File = filepath.Join(terminal.Env("HOME"), ".aws", "credentials")
	}
	return s
}

func (s *engineSettings) config(terminal Terminal, log *slog.Logger) engine.Config {
	return engine.Config{
		Data: s.data, Temporal: s.temporal, Namespace: s.namespace, NATS: s.nats,
		Store: s.store, Secrets: secrets(terminal), Logger: log,
		TemporalTLS:    s.temporalTLS,
		TemporalAPIKey: secretOf(terminal, "GROMA_TEMPORAL_API_KEY", s.temporalKey),
		PayloadKeys:    s.payloadKeys,
		StoreTLS:       s.storeTLS,
		NATSTLS:        s.natsTLS,
		NATSLogin: engine.NATSLogin{
			Credentials: s.natsCredentials, Nkey: s.natsNkey, User: s.natsUser,
			Token:    secretOf(terminal, "GROMA_NATS_TOKEN", s.natsToken),
			Password: secretOf(terminal, "GROMA_NATS_PASSWORD", s.natsPassword),
		},
	}
}

// openStore opens the storage alone, for commands that only read: it works
// while a survey is running on the same data folder.
func (s *engineSettings) openStore(ctx context.Context, terminal Terminal) (artefact.Store, error) {
	config := s.config(terminal, nil)
	secrets, err := config.StoreSecrets()
	if err != nil {
		return nil, usageError{err}
	}
	address := config.StoreAddress()
	if folder, ok := strings.CutPrefix(address, "file://"); ok && s.store == "" && !isFolder(folder) {
		if _, err := os.Stat(s.data); err == nil && !isFolder(s.data) {
			return nil, fmt.Errorf("%s is no folder: say with --data or --store where surveys are", s.data)
		}
		return nil, fmt.Errorf("nothing is kept in %s yet; begin a survey with 'groma survey SOURCE', or say with --data or --store where surveys are", s.data)
	}
	return artefact.Open(ctx, address, secrets)
}

// gitSettings say how remotes are asked.
type gitSettings struct {
	mirrors   []string
	tokenFile string
	memory    size
	guard     *outward.Rules // what may be asked; nil asks whatever it is told to
}

func (s *gitSettings) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&s.mirrors, "mirror", nil, "FROM=TO: fetch addresses that begin with FROM from TO instead, as git's insteadOf; may be repeated")
	flags.StringVar(&s.tokenFile, "token-file", "", "file of lines 'HOST TOKEN' or 'HOST USER:PASSWORD' to ask remotes with; besides it GITHUB_TOKEN, GITLAB_TOKEN, GROMA_TOKEN_<HOST> and ~/.netrc are read")
	s.memory = defaultMemory
	flags.Var(&s.memory, "memory", "what all repositories that are counted at once may hold in memory; packs beyond that go to temporary files")
}

// defaultMemory has room for the packs of all but the largest repositories.
const defaultMemory = 512 << 20

// What the program takes beside --memory: file lists and buffers, and in a
// survey the embedded engines.
const (
	besideCensus = 32 << 20
	besideSurvey = 160 << 20
)

// limitMemory has the garbage collector keep to --memory and what is beside
// it, where the environment does not say otherwise: left alone it lets garbage
// grow to twice what is in use.
func (s *gitSettings) limitMemory(terminal Terminal, beside int64) {
	if terminal.Env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(s.memory) + beside)
	}
}

// client asks for as many repositories at a time as concurrency says, which
// share the memory.
func (s *gitSettings) client(terminal Terminal, concurrency int, more ...gitwire.Mirror) (*gitwire.Client, error) {
	mirrors := more
	for _, text := range s.mirrors {
		mirror, err := gitwire.ParseMirror(text)
		if err != nil {
			return nil, usageError{err}
		}
		mirrors = append(mirrors, mirror)
	}
	credentials, err := gitwire.LoadCredentials(s.sources(terminal))
	if err != nil {
		return nil, err
	}
	packs := int64(s.memory) - s.contentBytes()
	return gitwire.New(gitwire.Config{
		Mirrors: mirrors, Credentials: credentials, MemoryBytes: max(1, packs/int64(concurrency)),
		Watch: telemetry.Git, Guard: s.guard,
	}), nil
}

// sources are where git credentials may be found.
func (s *gitSettings) sources(terminal Terminal) gitwire.CredentialSources {
	return gitwire.CredentialSources{Env: terminal.Env, NetrcPath: netrc(terminal), TokenFile: s.tokenFile}
}

// contentBytes is the part of the memory in which a survey remembers what
// contents count as.
func (s *gitSettings) contentBytes() int64 { return int64(s.memory) / 16 }

func netrc(terminal Terminal) string {
	if path := terminal.Env("NETRC"); path != "" {
		return path
	}
	return filepath.Join(terminal.Env("HOME"), ".netrc")
}

// limitSettings bound one census.
type limitSettings struct {
	file, repository size
	timeout          time.Duration
}

func (s *limitSettings) register(flags *pflag.FlagSet) {
	s.file, s.repository = defaultFile, census.DefaultRepositoryBytes
	flags.Var(&s.file, "max-file", "files beyond this size are not counted, but accounted for as too large")
	flags.Var(&s.repository, "max-repository", "repositories whose pack is beyond this size are too large")
	flags.DurationVar(&s.timeout, "timeout", census.DefaultTime, "how long one repository may take")
}

func (s *limitSettings) limits() (*gromav1.Limits, error) {
	if s.timeout < time.Second {
		return nil, usagef("--timeout %s: want at least 1s", s.timeout)
	}
	return &gromav1.Limits{FileBytes: int64(s.file), RepositoryBytes: int64(s.repository), Seconds: int64(s.timeout / time.Second)}, nil
}

// defaultFile is beyond all source code that people write.
const defaultFile = 10 << 20

// size is a number of bytes that reads and prints as 10MiB.
type size int64

var units = []struct {
	suffix string
	bytes  int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}}

func (s *size) Set(text string) error {
	factor, digits := int64(1), text
	for _, unit := range units {
		if rest, ok := strings.CutSuffix(text, unit.suffix); ok {
			factor, digits = unit.bytes, rest
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	if err != nil || n <= 0 || n > 1<<62/factor {
		return fmt.Errorf("want a size such as 10MiB or 500MB")
	}
	*s = size(n * factor)
	return nil
}

func (s *size) String() string {
	for _, unit := range units[:3] {
		if int64(*s) >= unit.bytes && int64(*s)%unit.bytes == 0 {
			return fmt.Sprintf("%d%s", int64(*s)/unit.bytes, unit.suffix)
		}
	}
	return fmt.Sprintf("%dB", int64(*s))
}

func (s *size) Type() string { return "size" }

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
