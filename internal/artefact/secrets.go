package artefact

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"groma/internal/conceal"
)

// Secrets are how an S3 is asked, and by whom; a folder wants none. Keys come
// from the first of these that is set, and from no other: a second choice would
// hide what is wrong with the first, and nobody is asked for keys who is not
// named here. None of them asks as nobody.
type Secrets struct {
	AccessKey, SecretKey, SessionToken string
	// WebIdentity exchanges a token for keys that last for an hour or so.
	WebIdentity WebIdentity
	// File has keys in AWS's format, Profile says which; empty is "default".
	// The file is read anew when it changes, and when its keys end.
	File, Profile string
	// Container says that AWS's variables of containers (ECS, EKS Pod Identity)
	// name who hands out keys; minio-go reads them.
	Container bool

	// TLS is how an S3 over https is asked; nil trusts the system's roots.
	TLS *tls.Config
}

// WebIdentity is what a Kubernetes says of a service account (IRSA).
type WebIdentity struct {
	// TokenFile has the token, which is read whenever keys are wanted.
	TokenFile string
	// Role is the ARN of what is asked for, Session what it is called there.
	Role, Session string
	// Region is the one whose STS is asked; empty asks Endpoint, or else the
	// one for all.
	Region, Endpoint string
}

// given says whether there is anything to prove oneself with.
func (s Secrets) given() bool {
	return s.AccessKey != "" || s.WebIdentity.TokenFile != "" || s.File != "" || s.Container
}

// provider is where the keys come from that each request is signed with.
func (s Secrets) provider() credentials.Provider {
	switch w := s.WebIdentity; {
	case s.AccessKey != "":
		return &credentials.Static{Value: credentials.Value{
			AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey, SessionToken: s.SessionToken, SignerType: credentials.SignatureV4,
		}}
	case w.TokenFile != "":
		role := &credentials.IAM{Region: w.Region, Endpoint: w.Endpoint}
		role.EKSIdentity.TokenFile, role.EKSIdentity.RoleARN, role.EKSIdentity.RoleSessionName = w.TokenFile, w.Role, cmp.Or(w.Session, "groma")
		return role
	case s.File != "":
		return &fileKeys{FileAWSCredentials: credentials.FileAWSCredentials{Filename: s.File, Profile: cmp.Or(s.Profile, "default")}}
	case s.Container:
		return &credentials.IAM{}
	}
	return &credentials.Static{Value: credentials.Value{SignerType: credentials.SignatureAnonymous}}
}

// knownKeys remember the keys that a server was told, which may say them again:
// those of now, and those before them, of which answers may still come.
type knownKeys struct {
	credentials.Provider

	mu          sync.Mutex
	now, before conceal.Secrets
	words       [3]string // of now
}

func (k *knownKeys) RetrieveWithCredContext(c *credentials.CredContext) (credentials.Value, error) {
	value, err := k.Provider.RetrieveWithCredContext(c)
	words := [3]string{value.AccessKeyID, value.SecretAccessKey, value.SessionToken}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil && words != k.words {
		k.words, k.before, k.now = words, k.now, conceal.Words(words[:]...)
	}
	return value, err
}

func (k *knownKeys) Retrieve() (credentials.Value, error) { return k.RetrieveWithCredContext(nil) }

// hide has an error say none of them.
func (k *knownKeys) hide(err error) error {
	k.mu.Lock()
	told := k.now.And(k.before)
	k.mu.Unlock()
	return told.Err(err)
}

// fileKeys are keys from a file that may become another while it is used.
type fileKeys struct {
	credentials.FileAWSCredentials

	mu     sync.Mutex
	read   fs.FileInfo // the file when its keys were read
	looked time.Time
}

// lookEvery is how often it is looked whether the file has changed.
const lookEvery = time.Second

func (f *fileKeys) RetrieveWithCredContext(c *credentials.CredContext) (credentials.Value, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.Filename)
	if err != nil {
		return credentials.Value{}, fmt.Errorf("the file of S3's keys: %w", err)
	}
	value, err := f.FileAWSCredentials.RetrieveWithCredContext(c)
	if err == nil && (value.AccessKeyID == "" || value.SecretAccessKey == "") {
		err = errors.New("it has no keys")
	}
	if err != nil {
		return credentials.Value{}, fmt.Errorf("the file of S3's keys %s, profile %s: %w", f.Filename, f.Profile, err)
	}
	f.read, f.looked = info, time.Now()
	return value, nil
}

func (f *fileKeys) Retrieve() (credentials.Value, error) { return f.RetrieveWithCredContext(nil) }

func (f *fileKeys) IsExpired() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.FileAWSCredentials.IsExpired() {
		return true
	}
	if time.Since(f.looked) < lookEvery {
		return false
	}
	f.looked = time.Now()
	info, err := os.Stat(f.Filename)
	return err != nil || !os.SameFile(info, f.read) || !info.ModTime().Equal(f.read.ModTime()) || info.Size() != f.read.Size()
}

// validate refuses to send a token where others can read it.
func (w WebIdentity) validate() error {
	if w.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(w.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Host)) {
		return errors.New("AWS_ENDPOINT_URL_STS: want https://host, since it is sent a token")
	}
	return nil
}

// exposes says whether what is kept, and what proves who asks, travels where
// others may read it: S3's signature hides the secret key, but no token, no object,
// and nothing from who changes what is on its way.
func (c S3Config) exposes() bool { return c.Plain && c.given() && !loopback(c.Endpoint) }

// loopback says whether a host, with a port or without, is this machine.
func loopback(endpoint string) bool {
	host := (&url.URL{Host: endpoint}).Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
