package gitwire

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"groma/internal/fault"
	"groma/internal/world/worldtest"
)

// TestJudge_Told: what a host says is without what it was told, wherever it is cut
// off and in whatever letter case.
func TestJudge_Told(t *testing.T) {
	told := trial{asked: "https://host/o/n", host: "host", secret: newSecret("user", "marked-Token-1")}
	for most := 380; most < 420; most++ {
		text := strings.Repeat("x", most) + "marked-Token-1"
		line := fmt.Sprintf("%04xERR %s", len(text)+8, text)
		for _, seen := range []evidence{{head: []byte(line)}, {stderr: text}, {}} {
			err := told.judge(t.Context(), errors.New(text), seen)
			if strings.Contains(err.Error(), "mark") {
				t.Fatalf("after %d: %v", most, err)
			}
		}
	}
	for _, seen := range []evidence{
		{status: 200, header: http.Header{"Content-Type": {"application/MARKED-token-1"}}},
		{status: 302}, {status: 400},
	} {
		err := told.judge(t.Context(), errors.New("unsupported scheme marked-token-1"), seen)
		if strings.Contains(strings.ToLower(err.Error()), "mark") {
			t.Errorf("%d: %v", seen.status, err)
		}
	}
}

// TestProbe_MovedIntoToken: a host that redirects to where the token is in the path
// does not have it kept.
func TestProbe_MovedIntoToken(t *testing.T) {
	s := worldtest.Serve(t, text1)
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		if !strings.Contains(r.URL.Path, marked) {
			http.Redirect(w, r, "/"+password+r.URL.Path+"?"+r.URL.RawQuery, http.StatusFound)
			return
		}
		http.Redirect(w, r, s.URL+strings.TrimPrefix(r.URL.Path, "/"+marked)+"?"+r.URL.RawQuery, http.StatusFound)
	}))
	defer host.Close()
	c := New(Config{Credentials: newCredentials(nil, map[string]secret{"127.0.0.1": newSecret("someone", marked)})})
	r, err := c.Probe(t.Context(), Request{Address: host.URL + "/o/plain"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.MovedTo == "" || strings.Contains(r.MovedTo, marked) {
		t.Errorf("moved to %q", r.MovedTo)
	}
}

// TestProbe_Proxy: what a proxy says beside its status is told to nobody.
func TestProbe_Proxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 407 you said %s\r\nContent-Length: 0\r\n\r\n", r.Header.Get("Proxy-Authorization"))
	}))
	defer proxy.Close()
	at, err := url.Parse(strings.Replace(proxy.URL, "://", "://user:"+marked+"@", 1))
	if err != nil {
		t.Fatal(err)
	}
	c := New(Config{Proxy: http.ProxyURL(at)})
	_, err = c.Probe(t.Context(), Request{Address: "https://code.example/o/n"})
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "HTTPS_PROXY") || strings.Contains(err.Error(), "Basic") {
		t.Errorf("got %v", err)
	}
}
