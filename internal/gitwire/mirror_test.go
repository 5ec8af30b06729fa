package gitwire

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"groma/internal/fault"
	"groma/internal/world/worldtest"
)

func TestRewrite(t *testing.T) {
	mirrors := []Mirror{
		{"https://github.com/", "http://127.0.0.1:8418/"},
		{"https://github.com/deep/", "/srv/git/"},
		{"git@github.com:", "http://127.0.0.1:8418/"},
		{"/old/", "/new/"},
	}
	for _, test := range []struct{ asked, want, back string }{
		{"https://github.com/o/n", "http://127.0.0.1:8418/o/n", "https://github.com/o/n"},
		{"https://github.com/deep/n", "/srv/git/n", "https://github.com/deep/n"},
		{"git@github.com:o/n.git", "http://127.0.0.1:8418/o/n.git", "git@github.com:o/n.git"},
		{"/old/n", "/new/n", "/old/n"},
		{"https://gitlab.com/o/n", "https://gitlab.com/o/n", "https://gitlab.com/o/n"},
		{"https://github.community/o/n", "https://github.community/o/n", "https://github.community/o/n"},
	} {
		got, used := rewrite(mirrors, test.asked)
		if got != test.want {
			t.Errorf("rewrite(%q) = %q, want %q", test.asked, got, test.want)
		}
		if back := restore(mirrors, used, got); back != test.back {
			t.Errorf("restore(%q) = %q, want %q", got, back, test.back)
		}
	}
}

func TestParseMirror_Error(t *testing.T) {
	for _, rule := range []string{"", "a", "=b", "a=", "https://u:p@h/=x", "x=https://u:p@h/", "x=https://u:p@h", "x=HTTPS://token@h/", "http://token@h/=x", "a\n=b"} {
		if m, err := ParseMirror(rule); err == nil {
			t.Errorf("ParseMirror(%q) = %v", rule, m)
		} else if strings.Contains(err.Error(), "u:p") || strings.Contains(err.Error(), "token@") {
			t.Errorf("ParseMirror(%q) tells the password: %v", rule, err)
		}
	}
}

func TestMovedTo(t *testing.T) { bothVersions(t, testMovedTo) }

func testMovedTo(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	public := "https://github.com/"
	c := client(t, Config{Mirrors: []Mirror{{public, s.URL + "/"}}})
	for asked, want := range map[string]string{
		"o/plain": "", "o/plain.git": "", "o/old": public + "o/plain", "o/older.git": public + "o/plain.git",
	} {
		r, err := c.Probe(t.Context(), Request{Address: public + asked})
		if err != nil {
			t.Fatal(err)
		}
		if r.MovedTo != want {
			t.Errorf("%s moved to %q, want %q", asked, r.MovedTo, want)
		}
		r.Close()
	}
	elsewhere := worldtest.Serve(t, text1)
	set(t, s, "o/old", "moved "+elsewhere.URL+"/o/plain")
	r, err := c.Probe(t.Context(), Request{Address: public + "o/old"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if want := elsewhere.URL + "/o/plain"; r.MovedTo != want {
		t.Errorf("moved to %q, want %q", r.MovedTo, want)
	}
	// The pack is asked for where the refs were.
	snapshot, err := r.Fetch(t.Context(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	snapshot.Close()
}

// No redirect takes a credential along, and none leads from https to http.
func TestRedirect_Credentials(t *testing.T) { bothVersions(t, testRedirect_Credentials) }

func testRedirect_Credentials(t *testing.T, client newClient) {
	var mu sync.Mutex
	var seen []string
	s := worldtest.Serve(t, text1)
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if a := r.Header.Get("Authorization"); a != "" {
			seen = append(seen, a)
		}
		http.Redirect(w, r, s.URL+"/o/plain/info/refs?"+r.URL.RawQuery, http.StatusFound)
	}))
	defer thief.Close()
	told := false
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		told = told || password == "marked-secret"
		http.Redirect(w, r, strings.Replace(thief.URL, "127.0.0.1", "localhost", 1)+r.URL.Path+"?"+r.URL.RawQuery, http.StatusFound)
	}))
	defer first.Close()
	credentials := newCredentials(nil, map[string]secret{"127.0.0.1": newSecret("u", "marked-secret")})
	c := client(t, Config{Credentials: credentials})
	if _, _, err := take(t.Context(), c, Request{Address: first.URL + "/o/n"}); err != nil {
		t.Fatal(err)
	}
	if !told || len(seen) > 0 {
		t.Errorf("told the first host: %v; told the next: %q", told, seen)
	}
}

func TestRedirect_Downgrade(t *testing.T) { bothVersions(t, testRedirect_Downgrade) }

func testRedirect_Downgrade(t *testing.T, client newClient) {
	plain := worldtest.Serve(t, text1)
	tls := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+"/o/plain/info/refs?"+r.URL.RawQuery, http.StatusFound)
	}))
	defer tls.Close()
	c := client(t, Config{})
	c.http.TLSClientConfig = tls.Client().Transport.(*http.Transport).TLSClientConfig
	_, err := c.Probe(context.Background(), Request{Address: tls.URL + "/o/n"})
	if fault.KindOf(err) != fault.Unsupported || !strings.Contains(err.Error(), "https to http") {
		t.Errorf("from https to http: %v", err)
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]address{
		"https://GitHub.com/o/n.git":   {scheme: "https", host: "GitHub.com", path: "/o/n.git"},
		"http://127.0.0.1:8418/o/n":    {scheme: "http", host: "127.0.0.1:8418", path: "/o/n"},
		"https://someone@host.org/o/n": {scheme: "https", host: "host.org", path: "/o/n"},
		"https://host.org/o/n%20m":     {scheme: "https", host: "host.org", path: "/o/n%20m"},
		"git@github.com:o/n.git":       {scheme: "ssh", user: "git", host: "github.com", path: "o/n.git"},
		"github.com:o/n":               {scheme: "ssh", host: "github.com", path: "o/n"},
		"ssh://git@host.org:2222/o/n":  {scheme: "ssh", user: "git", host: "host.org:2222", path: "/o/n"},
		"ssh://host.org/~me/n":         {scheme: "ssh", host: "host.org", path: "~me/n"},
		"git://host.org/o/n":           {scheme: "git", host: "host.org", path: "/o/n"},
		"file:///srv/git/n.git":        {scheme: "file", path: "/srv/git/n.git"},
		"/srv/git/n.git":               {scheme: "file", path: "/srv/git/n.git"},
		"/srv/a:b/n":                   {scheme: "file", path: "/srv/a:b/n"},
		"https://[::1]:8080/o/n":       {scheme: "https", host: "[::1]:8080", path: "/o/n"},
	} {
		got, err := parseAddress(text)
		if err != nil || got != want {
			t.Errorf("parseAddress(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestParseAddress_Error(t *testing.T) {
	for text, want := range map[string]fault.Kind{
		"":                                 fault.Invalid,
		"ext::sh -c touch% /tmp/pwned":     fault.Unsupported,
		"fd::17":                           fault.Unsupported,
		"ftp://host.org/o/n":               fault.Unsupported,
		"file://host.org/o/n":              fault.Unsupported,
		"ssh://-oProxyCommand=touch/o/n":   fault.Invalid,
		"-oProxyCommand=touch:o/n":         fault.Invalid,
		"-x@host.org:o/n":                  fault.Invalid,
		"host.org:-o/n":                    fault.Invalid,
		"https://u:secret@host.org/o/n":    fault.Invalid,
		"https://host.org/o/n?x=y":         fault.Invalid,
		"https://host.org/o/n#f":           fault.Invalid,
		"https://host.org/":                fault.Invalid,
		"https:///o/n":                     fault.Invalid,
		"https://host.org/o/n\nHost: evil": fault.Invalid,
		"https://host.org:port/o/n":        fault.Invalid,
	} {
		got, err := parseAddress(text)
		if kind := fault.KindOf(err); kind != want {
			t.Errorf("parseAddress(%q) = %+v, %v (%q); want %q", text, got, err, kind, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

// FuzzMirror: a mirror reads as it is written, and what it rewrites can be
// restored.
func FuzzMirror(f *testing.F) {
	f.Add("https://github.com/=http://127.0.0.1/", "https://github.com/o/n")
	f.Fuzz(func(t *testing.T, rule, asked string) {
		m, err := ParseMirror(rule)
		if err != nil {
			return
		}
		if again, err := ParseMirror(m.String()); err != nil || again != m {
			t.Errorf("ParseMirror(%q) = %v, %v; want %v", m.String(), again, err, m)
		}
		mirrors := []Mirror{m}
		rewritten, used := rewrite(mirrors, asked)
		if used != nil && restore(mirrors, used, rewritten) != asked {
			t.Errorf("%q rewritten by %v and restored is %q", asked, m, restore(mirrors, used, rewritten))
		}
		if used == nil && rewritten != asked {
			t.Errorf("%q became %q by no mirror", asked, rewritten)
		}
	})
}

// FuzzAddress: an address has a host and nothing that a program would take for
// an option, or is refused for good.
func FuzzAddress(f *testing.F) {
	f.Add("https://u:p@h/o/n")
	f.Add("git@h:o/n")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAddress(text)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Unsupported {
				t.Errorf("parseAddress(%q): kind %q", text, k)
			}
			return
		}
		if a.scheme != "file" && (a.host == "" || strings.HasPrefix(a.host, "-")) || strings.HasPrefix(a.path, "-") || strings.HasPrefix(a.user, "-") {
			t.Errorf("parseAddress(%q) = %+v", text, a)
		}
	})
}
