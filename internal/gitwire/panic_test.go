package gitwire

import (
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"groma/internal/fault"
	"groma/internal/world/worldtest"
)

// panicking is a carrier that panics with what it was told, once it has carried
// so many requests.
type panicking struct {
	next  http.RoundTripper
	after int
}

func (p *panicking) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.after--; p.after < 0 {
		panic("it said " + r.Header.Get("Authorization"))
	}
	return p.next.RoundTrip(r)
}

func expectBug(t *testing.T, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.Bug || fault.StackOf(err) == "" {
		t.Errorf("it is %v, want a bug", err)
	}
}

// TestPanics: a panic while a host is asked is a failure of that question, and
// what the host was told is not in what is logged of it.
func TestPanics(t *testing.T) {
	carrier := &panicking{}
	c := New(Config{
		Credentials: newCredentials(nil, map[string]secret{"127.0.0.1": newSecret("someone", marked)}),
		Watch: func(next http.RoundTripper) http.RoundTripper {
			carrier.next = next
			return carrier
		},
	})
	defer c.Close()
	told := base64.StdEncoding.EncodeToString([]byte("someone:" + marked))
	request := Request{Address: worldtest.Serve(t, text1).URL + "/o/plain"}
	for after, ask := range map[int]func(*Remote) error{
		0: nil, // the probe itself
		2: func(r *Remote) error { _, err := r.Fetch(t.Context(), Limits{}); return err },
	} {
		carrier.after = after
		remote, err := c.Probe(t.Context(), request)
		if ask != nil && err == nil {
			err = ask(remote)
			remote.Close()
		}
		expectBug(t, err)
		if stack := fault.StackOf(err); !strings.Contains(stack, "it said") || strings.Contains(stack, told) {
			t.Errorf("after %d requests what is logged is %.200q", after, stack)
		}
	}
}

// TestFetchBlobs_Panics: contents are taken on goroutines of their own.
func TestFetchBlobs_Panics(t *testing.T) {
	c := New(Config{})
	defer c.Close()
	remote, err := c.Probe(t.Context(), Request{Address: worldtest.Serve(t, text1).URL + "/o/plain"})
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	_, err = remote.FetchBlobs(t.Context(), Limits{}, Blobs{Most: 1 << 20, Take: func(string, []string, []byte) { panic("taking") }})
	expectBug(t, err)
}

// TestPanics_HostKey: the library asks for a host's key on its own goroutine.
func TestPanics_HostKey(t *testing.T) {
	refused := errors.New("another key")
	if err := caught(func(string, net.Addr, ssh.PublicKey) error { return refused })("", nil, nil); err != refused {
		t.Errorf("a refusal becomes %v", err)
	}
	expectBug(t, caught(func(string, net.Addr, ssh.PublicKey) error { panic("key") })("", nil, nil))
}
