package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"groma/internal/engine/enginetest"
)

// strangers are hosts that are asked over TLS through one proxy, so that they may
// be called anything: github.com, too. Each says whatever it was told in answers
// of its own kind.
type strangers struct {
	w     *secretWorld
	world *httputil.ReverseProxy // of repositories that are well
	proxy string                 // host:port
	conns chan net.Conn          // to be answered
	ended context.Context        // that of the test

	mu    sync.Mutex
	asked map[string]int // how often each host was
}

// strangersNamed are the hosts, and what each does with a request that has a
// credential in it.
var strangersNamed = map[string]func(*strangers, http.ResponseWriter, *http.Request){
	"good.example":        (*strangers).well,
	"www.example":         (*strangers).well,
	"local.example":       (*strangers).well,
	"github.com":          (*strangers).status,
	"gitlab.com":          (*strangers).status,
	"s401.example":        (*strangers).status,
	"s403.example":        (*strangers).status,
	"s404.example":        (*strangers).status,
	"s500.example":        (*strangers).status,
	"s502.example":        (*strangers).status,
	"html.example":        (*strangers).html,
	"kind.example":        (*strangers).kind,
	"says.example":        (*strangers).says,
	"long.example":        (*strangers).says,
	"unheard.example":     (*strangers).says,
	"sideband.example":    (*strangers).sideband,
	"cut.example":         (*strangers).cut,
	"hang.example":        (*strangers).hang,
	"moved.example":       (*strangers).moved,
	"movedold.example":    (*strangers).moved,
	"movedpath.example":   (*strangers).moved,
	"movedbad.example":    (*strangers).moved,
	"movedloop.example":   (*strangers).moved,
	"movedplain.example":  (*strangers).moved,
	"movedscheme.example": (*strangers).moved,
	"other.example":       (*strangers).other,
	"tls.example":         (*strangers).well,
	"files.example":       (*strangers).files,
}

// newStrangers has them answer until the test ends. repositories is where a
// world is served.
func newStrangers(t *testing.T, w *secretWorld, repositories string) *strangers {
	t.Helper()
	target, err := url.Parse(repositories)
	if err != nil {
		t.Fatal(err)
	}
	s := &strangers{w: w, world: httputil.NewSingleHostReverseProxy(target), conns: make(chan net.Conn), ended: t.Context(), asked: map[string]int{}}
	s.world.ErrorLog = nobody
	certificates := map[string]*tls.Certificate{}
	for name := range strangersNamed {
		authority := w.authority
		if name == "tls.example" {
			authority = enginetest.NewAuthority(t) // which nobody trusts
		}
		pair, err := tls.LoadX509KeyPair(authority.Issue(t, name, time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		certificates[name] = &pair
	}
	config := &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return certificates[hello.ServerName], nil
	}}
	hosts := &http.Server{Handler: http.HandlerFunc(s.serve), ErrorLog: nobody}
	go hosts.Serve(tls.NewListener(s, config))
	proxy := httptest.NewServer(http.HandlerFunc(s.connect))
	s.proxy = strings.TrimPrefix(proxy.URL, "http://")
	t.Cleanup(func() {
		proxy.CloseClientConnections()
		hosts.Close()
		proxy.Close()
	})
	return s
}

// connect is the proxy: it passes on what is for one of the hosts, and answers
// for others itself, with what it was told.
func (s *strangers) connect(w http.ResponseWriter, r *http.Request) {
	s.w.told(r)
	host, _, _ := strings.Cut(r.Host, ":")
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	said := r.Header.Get("Proxy-Authorization")
	switch _, known := strangersNamed[host]; {
	case known:
		fmt.Fprint(conn, "HTTP/1.1 200 well\r\n\r\n")
		select {
		case s.conns <- conn:
		case <-s.ended.Done():
			conn.Close()
		}
		return
	case host == "p407.example":
		fmt.Fprintf(conn, "HTTP/1.1 407 you said %s\r\nContent-Length: 0\r\n\r\n", said)
	default:
		fmt.Fprintf(conn, "HTTP/1.1 502 no way, %s\r\nX-You-Said: %[1]s\r\nContent-Length: %d\r\n\r\n%[1]s", said, len(said))
	}
	conn.Close()
}

// strangers are a listener, too, of what the proxy passes on.
func (s *strangers) Accept() (net.Conn, error) {
	select {
	case conn := <-s.conns:
		return conn, nil
	case <-s.ended.Done():
		return nil, net.ErrClosed
	}
}

func (s *strangers) Close() error   { return nil }
func (s *strangers) Addr() net.Addr { return &net.TCPAddr{} }

func (s *strangers) serve(w http.ResponseWriter, r *http.Request) {
	s.w.told(r)
	s.mu.Lock()
	s.asked[r.Host]++
	s.mu.Unlock()
	strangersNamed[r.Host](s, w, r)
}

// times is how often a host has been asked.
func (s *strangers) times(host string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[host]
}

// String is how often each host has been asked.
func (s *strangers) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.asked)
}

// echo is all that a request says, and the token by itself.
func echo(r *http.Request) (whole, token string) {
	_, password, _ := r.BasicAuth()
	return fmt.Sprintf("%s %s %s %s", r.Header.Get("Authorization"), password, r.URL.RawQuery, url.QueryEscape(password)), password
}

func (s *strangers) well(w http.ResponseWriter, r *http.Request) {
	if _, token := echo(r); token == "" && r.Host == "good.example" {
		w.Header().Set("WWW-Authenticate", "Basic")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.world.ServeHTTP(w, r)
}

// other is where credentials of other hosts must not come.
func (s *strangers) other(w http.ResponseWriter, r *http.Request) {
	s.w.strayed(r)
	if strings.HasSuffix(r.URL.Path, ".txt") {
		fmt.Fprintln(w, "https://www.example/groma-tour/aqueduct")
		return
	}
	if strings.HasPrefix(r.URL.Path, "/old/") {
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/old")
		r.Header.Del("Git-Protocol")
	}
	s.world.ServeHTTP(w, r)
}

// status answers with a status whose reason, headers and body say what was told.
func (s *strangers) status(w http.ResponseWriter, r *http.Request) {
	var status int
	fmt.Sscanf(r.Host, "s%d.", &status)
	s.raw(w, r, cmp.Or(status, http.StatusUnauthorized), "")
}

func (s *strangers) raw(w http.ResponseWriter, r *http.Request, status int, headers string) {
	whole, token := echo(r)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 %d no, %s %s\r\nContent-Type: text/plain\r\nX-You-Said: %s\r\nWWW-Authenticate: Basic realm=\"%s\"\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, token, whole, whole, token, headers, len(whole), whole)
}

func (s *strangers) html(w http.ResponseWriter, r *http.Request) {
	whole, token := echo(r)
	w.Header().Set("Content-Type", "text/html; title="+token)
	fmt.Fprintf(w, "<html><title>%s</title>%s", token, whole)
}

func (s *strangers) kind(w http.ResponseWriter, r *http.Request) {
	_, token := echo(r)
	w.Header().Set("Content-Type", "application/"+token)
	io.WriteString(w, token)
}

// says answers with git's own form of an error, or with what is none.
func (s *strangers) says(w http.ResponseWriter, r *http.Request) {
	whole, token := echo(r)
	w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
	switch r.Host {
	case "long.example": // so that what is shown of it ends within the token
		whole = strings.Repeat("x", 400-len(" ")-len(token)/2-len("ERR ")+4) + token
	case "unheard.example":
		io.WriteString(w, pktLine("# service=git-upload-pack\n")+"0000"+pktLine("version 2\n")+pktLine(token+" "+whole))
		return
	}
	io.WriteString(w, pktLine("ERR "+whole))
}

func pktLine(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }

// sideband is well until it is asked for a pack.
func (s *strangers) sideband(w http.ResponseWriter, r *http.Request) {
	whole, _ := echo(r)
	if !s.fetches(r) {
		s.world.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
	io.WriteString(w, pktLine("packfile\n")+pktLine("\x02"+whole)+pktLine("\x03fatal: "+whole))
}

// fetches reports whether a request asks for a pack.
func (s *strangers) fetches(r *http.Request) bool {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r.Method == http.MethodPost && (bytes.Contains(body, []byte("command=fetch")) || r.Header.Get("Content-Encoding") != "")
}

// cut sends half a pack.
func (s *strangers) cut(w http.ResponseWriter, r *http.Request) {
	if !s.fetches(r) {
		s.world.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	s.world.ServeHTTP(answer, r)
	w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
	w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func (s *strangers) hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// moved leads elsewhere, with the token in the address.
func (s *strangers) moved(w http.ResponseWriter, r *http.Request) {
	_, token := echo(r)
	to := "https://other.example" + r.URL.Path + "?" + r.URL.RawQuery + "&t=" + token
	switch r.Host {
	case "movedold.example":
		to = "https://other.example/old" + r.URL.Path + "?" + r.URL.RawQuery
	case "movedpath.example":
		to = "https://other.example/" + token + r.URL.Path + "?" + r.URL.RawQuery
	case "movedbad.example":
		to = "https://[" + token + "?" + token
	case "movedloop.example":
		to = "https://movedloop.example/" + token + r.URL.Path + "?" + r.URL.RawQuery
	case "movedplain.example":
		to = "http://other.example/" + token + r.URL.Path
	case "movedscheme.example":
		to = token + "://other.example/" + token
	}
	s.raw(w, r, http.StatusFound, "Location: "+strings.TrimPrefix(to, "?")+"\r\n")
}

// files are landscapes, and lists, and what goes wrong with them.
func (s *strangers) files(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), ".")
	switch name {
	case "list":
		fmt.Fprintln(w, "https://www.example/groma-tour/aqueduct")
	case "annotations":
		fmt.Fprintln(w, "projects: {}")
	case "moved":
		http.Redirect(w, r, "https://other.example/list.txt", http.StatusFound)
	case "badlocation":
		s.raw(w, r, http.StatusFound, "Location: https://["+token+"\r\n")
	case "badscheme":
		s.raw(w, r, http.StatusFound, "Location: x"+token+"://"+token+"/\r\n")
	case "loop":
		http.Redirect(w, r, r.URL.String(), http.StatusFound)
	case "html":
		w.Header().Set("Content-Type", "text/html; title="+token)
	case "broken":
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "landscape: [{%s: %s\n", token, token)
	default:
		var status int
		fmt.Sscanf(name, "s%d", &status)
		s.raw(w, r, cmp.Or(status, http.StatusNotFound), "")
	}
}
