package artefact

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"groma/internal/conceal"
)

// knownKeys remember what servers were told, which may say it again: the keys
// that S3 is asked with, and what proved to whoever handed them out that they
// are ours.
type knownKeys struct {
	credentials.Provider
	set conceal.Secrets // what is in the settings

	mu    sync.Mutex
	words [3]string         // of the keys of now
	told  []conceal.Secrets // the latest first
}

// latest is how many changes of keys are remembered: answers may still come to
// those before.
const latest = 8

func (k *knownKeys) RetrieveWithCredContext(c *credentials.CredContext) (credentials.Value, error) {
	asked := &overheard{}
	value, err := k.Provider.RetrieveWithCredContext(asked.in(c))
	words := [3]string{value.AccessKeyID, value.SecretAccessKey, value.SessionToken}
	if err != nil {
		return value, k.all().And(asked.said()).Err(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if words != k.words {
		k.words, k.told = words, append([]conceal.Secrets{conceal.Words(words[:]...).And(asked.said())}, k.told[:min(len(k.told), latest-1)]...)
	}
	return value, nil
}

func (k *knownKeys) Retrieve() (credentials.Value, error) { return k.RetrieveWithCredContext(nil) }

func (k *knownKeys) all() conceal.Secrets {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := k.set
	for _, told := range k.told {
		all = all.And(told)
	}
	return all
}

// hide has an error say none of them.
func (k *knownKeys) hide(err error) error {
	if err == nil {
		return nil
	}
	return k.all().Err(err)
}

// overheard is what those were told who hand out keys.
type overheard struct {
	next http.RoundTripper

	mu   sync.Mutex
	told conceal.Secrets
}

// in is a context in which those who are asked are overheard.
func (o *overheard) in(c *credentials.CredContext) *credentials.CredContext {
	if c == nil || c.Client == nil || c.Client.Transport == nil {
		return c // minio-go has them all
	}
	client, heard := *c.Client, *c
	o.next, client.Transport, heard.Client = client.Transport, o, &client
	return &heard
}

func (o *overheard) RoundTrip(request *http.Request) (*http.Response, error) {
	told := proofIn(request)
	o.mu.Lock()
	o.told = o.told.And(told)
	o.mu.Unlock()
	return o.next.RoundTrip(request)
}

func (o *overheard) said() conceal.Secrets {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.told
}

// proofIn is what a request for keys says to prove who asks.
func proofIn(request *http.Request) conceal.Secrets {
	var words []string
	for _, name := range []string{"Authorization", "X-Amz-Sso_bearer_token"} {
		said := request.Header.Get(name)
		_, token, _ := strings.Cut(said, " ")
		words = append(words, said, token)
	}
	if request.GetBody != nil {
		if body, err := request.GetBody(); err == nil {
			text, _ := io.ReadAll(body) // of memory
			form, _ := url.ParseQuery(string(text))
			words = append(words, strings.TrimSpace(form.Get("WebIdentityToken")))
		}
	}
	return conceal.Words(words...).And(conceal.Address(request.URL))
}

// shortestPath is the least that a part of a path has to have to be no name: ECS
// gives each task a path that only it knows.
const shortestPath = 16

// address is what nobody should see of where keys are handed out.
func (s Secrets) address() conceal.Secrets {
	u, err := url.Parse(s.Container)
	if err != nil {
		return conceal.Secrets{}
	}
	parts := append(strings.Split(u.Path, "/"), u.RawQuery)
	for _, values := range u.Query() {
		parts = append(parts, values...)
	}
	return conceal.Words(parts...).AtLeast(shortestPath).And(conceal.Address(u))
}
