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
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"groma/internal/conceal"
	"groma/internal/outward"
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
	// Container is the address, or its path, by which AWS's variables of
	// containers (ECS, EKS Pod Identity) name who hands out keys. minio-go reads
	// them itself; here it is known what they are, to be checked and not shown.
	Container string

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
	return s.AccessKey != "" || s.WebIdentity.TokenFile != "" || s.File != "" || s.Container != ""
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
	case s.Container != "":
		return &credentials.IAM{}
	}
	return &credentials.Static{Value: credentials.Value{SignerType: credentials.SignatureAnonymous}}
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
		return credentials.Value{}, fmt.Errorf("the file of S3's keys %s, profile %s: %w", f.Filename, f.Profile, linesOf(f.Filename).Err(err))
	}
	f.read, f.looked = info, time.Now()
	return value, nil
}

// linesOf are what a file of keys has: who cannot read it quotes what it is that
// cannot be read.
func linesOf(file string) conceal.Secrets {
	text, _ := os.ReadFile(file) // an error that quotes it comes of reading it
	var words []string
	for line := range strings.Lines(string(text)) {
		words = append(words, strings.TrimSpace(line))
		if at := strings.IndexAny(line, "=:"); at >= 0 {
			words = append(words, strings.TrimSpace(line[at+1:]))
		}
	}
	return conceal.Words(words...)
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
func (s Secrets) validate() error {
	if e := s.WebIdentity.Endpoint; e != "" {
		if u, err := url.Parse(e); err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Host)) {
			return errors.New("AWS_ENDPOINT_URL_STS: want https://host, since it is sent a token")
		}
	}
	if s.Container == "" {
		return nil
	}
	u, err := url.Parse(s.Container)
	if err == nil && strings.HasPrefix(s.Container, "/") { // ECS has it at an address of its own
		return nil
	}
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && (loopback(u.Host) || attached(u.Host))) {
		return errors.New("AWS_CONTAINER_CREDENTIALS_…: want a path in RELATIVE_URI, or in FULL_URI https://… or http:// and an address of this machine, since it is sent a token")
	}
	return nil
}

// attached says whether a host is one that a machine has for itself alone: EKS
// hands out keys at such addresses.
func attached(endpoint string) bool {
	ip := net.ParseIP((&url.URL{Host: endpoint}).Hostname())
	return ip.IsLinkLocalUnicast() || ip.Equal(net.ParseIP("fd00:ec2::23"))
}

// exposes says whether what is kept, and what proves who asks, travels where
// others may read it: S3's signature hides the secret key, but no token, no object,
// and nothing from who changes what is on its way.
func (c S3Config) exposes() bool { return c.Plain && c.given() && !loopback(c.Endpoint) }

// loopback says whether a host, with a port or without, is this machine.
func loopback(endpoint string) bool {
	return outward.Loopback((&url.URL{Host: endpoint}).Hostname())
}
