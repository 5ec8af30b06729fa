package gitwire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const marked = "marked-secret-hunter2"

func TestLookup(t *testing.T) {
	dir := t.TempDir()
	tokens, netrc := filepath.Join(dir, "tokens"), filepath.Join(dir, "netrc")
	os.WriteFile(tokens, []byte("# hosts\nfile.example.org from-file\n\nPair.example.org me:from-pair\ngithub.com late\n"), 0o600)
	os.WriteFile(netrc, []byte("machine net.example.org login me password from-netrc\nmachine file.example.org password late\ndefault login x password everybody\n"), 0o600)
	environment := map[string]string{"GROMA_TOKEN_ENV_EXAMPLE_ORG": "from-env", "GITHUB_TOKEN": "from-github\n", "GROMA_TOKEN_A__B_ORG": "hyphen"}
	c, err := LoadCredentials(CredentialSources{Env: func(name string) string { return environment[name] }, NetrcPath: netrc, TokenFile: tokens})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string][2]string{
		"env.example.org":  {tokenUser, "from-env"},
		"ENV.example.org":  {tokenUser, "from-env"},
		"github.com":       {tokenUser, "from-github"},
		"file.example.org": {tokenUser, "from-file"},
		"pair.example.org": {"me", "from-pair"},
		"net.example.org":  {"me", "from-netrc"},
		"a-b.org":          {tokenUser, "hyphen"},
		"a.-b.org":         {},
		"a..b.org":         {},
		"env-example.org":  {}, // one character from a host that has one
		"env_example_org":  {},
		"other.org":        {}, // a default entry is for nobody
		"gitlab.com":       {},
	} {
		var got [2]string
		s, ok := c.lookup(host)
		if ok {
			got[0], got[1] = s.tell()
		}
		if got != want || ok != s.isSet() {
			t.Errorf("lookup(%q) = %q, want %q", host, got, want)
		}
	}
	var none *Credentials
	if _, ok := none.lookup("github.com"); ok {
		t.Error("no credentials, and yet one")
	}
}

func TestParseNetrc(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"one line", "machine h login u password p", "map[h:u/p]"},
		{"many lines", "machine h\n\tlogin u\n\tpassword p\n", "map[h:u/p]"},
		{"account and unknown", "machine h account a odd login u password p", "map[h:u/p]"},
		{"macro", "macdef init\nmachine evil password x\n\nmachine h login u password p", "map[h:u/p]"},
		{"macro in a machine", "machine h login u password p\nmacdef m\nmachine evil password x\n\n", "map[h:u/p]"},
		{"comment", "# machine evil password x\nmachine h login u password p", "map[h:u/p]"},
		{"first counts", "machine h password p machine h password q", "map[h:/p]"},
		{"quoted", `machine h login u password "p\"q"`, `map[h:u/p"q]`},
		{"default", "default password p", "map[]"},
		{"no password", "machine h login u", "map[]"},
		{"ends early", "machine h login u password", "map[]"},
		{"nothing", "", "map[]"},
	} {
		got := map[string]string{}
		for host, s := range parseNetrc(test.text) {
			user, password := s.tell()
			got[host] = user + "/" + password
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%s: %v, want %s", test.name, got, test.want)
		}
	}
}

func TestLoadCredentials_Error(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadCredentials(CredentialSources{TokenFile: filepath.Join(dir, "none")}); err == nil {
		t.Error("a token file that is not there was read")
	}
	if _, err := LoadCredentials(CredentialSources{NetrcPath: filepath.Join(dir, "none")}); err != nil {
		t.Errorf("no netrc: %v", err)
	}
	file := filepath.Join(dir, "tokens")
	os.WriteFile(file, []byte("ok token\nhost "+marked+" extra\n"), 0o600)
	_, err := LoadCredentials(CredentialSources{TokenFile: file})
	if err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), marked) {
		t.Errorf("a malformed line: %v", err)
	}
}

// However a secret is printed, it does not show.
func TestSecret_Prints(t *testing.T) {
	s := newSecret("someone", marked)
	c := newCredentials(nil, map[string]secret{"127.0.0.1": s})
	config := Config{Credentials: c}
	r := &Remote{client: New(config), request: Request{Address: "http://127.0.0.1/o/n"}}
	if err := r.locate(); err != nil || !r.trial.secret.isSet() {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%p", "%t", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, strings.Repeat(verb+"\n", 8), s, &s, c, *c, config, New(config), r, r.trial)
	}
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	logger.Info("x", "secret", s, "credentials", c, "config", config)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "credentials", c, "config", config)
	if data, err := json.Marshal(map[string]any{"s": s, "c": c}); err == nil {
		out.Write(data)
	}
	if text := out.String(); strings.Contains(text, marked) || strings.Contains(text, fmt.Sprintf("%x", marked)) {
		t.Errorf("the secret shows:\n%s", text)
	}
}

// A host may send back what it was sent, in any of its answers.
func TestSecret_Errors(t *testing.T) { bothVersions(t, testSecret_Errors) }

func testSecret_Errors(t *testing.T, client newClient) {
	for _, status := range []int{200, 302, 400, 401, 403, 404, 429, 500} {
		for _, kind := range []string{"text/html", "application/x-git-upload-pack-advertisement"} {
			echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, password, _ := r.BasicAuth()
				text := "ERR you said " + password + " in " + r.Header.Get("Authorization")
				w.Header().Set("Content-Type", kind)
				w.Header().Set("Retry-After", password)
				if status == 302 {
					w.Header().Set("Location", "ftp://"+password+"/")
				}
				w.WriteHeader(status)
				fmt.Fprintf(w, "%04x%s", len(text)+4, text)
				if password != marked {
					io.WriteString(w, "unexpected")
				}
			}))
			c := client(t, Config{Credentials: newCredentials(nil, map[string]secret{"127.0.0.1": newSecret("someone", marked)})})
			_, err := c.Probe(t.Context(), Request{Address: echo.URL + "/o/n"})
			if err == nil {
				t.Fatalf("%d %s: no error", status, kind)
			}
			for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
				if strings.Contains(text, marked) || strings.Contains(text, "c29tZW9uZTptYXJrZWQ") {
					t.Errorf("%d %s: the error tells the secret: %s", status, kind, text)
				}
			}
			echo.Close()
		}
	}
}

// A token does not travel in the clear, except within this machine.
func TestCredentials_Scheme(t *testing.T) {
	c := New(Config{Credentials: newCredentials(func(string) string { return marked })})
	for address, want := range map[string]bool{
		"https://host.org/o/n": true, "http://host.org/o/n": false, "http://127.0.0.1:1/o/n": true, "http://localhost/o/n": true,
		"git://host.org/o/n": false, "ssh://host.org/o/n": false, "/srv/n": false,
	} {
		r := &Remote{client: c, request: Request{Address: address}}
		if err := r.locate(); err != nil {
			t.Fatal(err)
		}
		if got := r.trial.secret.isSet(); got != want {
			t.Errorf("%s: credentials %v, want %v", address, got, want)
		}
	}
}

// With a mirror, the host really asked gets its own credentials.
func TestCredentials_Mirror(t *testing.T) {
	c := New(Config{
		Mirrors:     []Mirror{{"https://github.com/", "https://mirror.example.org/gh/"}},
		Credentials: newCredentials(nil, map[string]secret{"github.com": newSecret("u", "wrong"), "mirror.example.org": newSecret("u", "right")}),
	})
	r := &Remote{client: c, request: Request{Address: "https://github.com/o/n"}}
	if err := r.locate(); err != nil {
		t.Fatal(err)
	}
	if _, password := r.trial.secret.tell(); password != "right" {
		t.Errorf("the mirror got %q", password)
	}
}

// FuzzNetrc: whatever a netrc file holds, a secret is a host's, and there is one.
func FuzzNetrc(f *testing.F) {
	f.Add("machine h login u password p\nmacdef m\nx\n\ndefault password q")
	f.Fuzz(func(t *testing.T, text string) {
		for host, s := range parseNetrc(text) {
			if _, password := s.tell(); host == "" || password == "" {
				t.Errorf("%q has %q", host, password)
			}
		}
	})
}

// FuzzTokens: whatever a file of tokens holds, each is a host's, and an error
// does not quote them.
func FuzzTokens(f *testing.F) {
	f.Add("h t\n# c\nh u:p\n")
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := parseTokens(text)
		if err != nil && len(err.Error()) > 100 {
			t.Errorf("the error quotes: %v", err)
		}
		for host := range tokens {
			if host == "" {
				t.Error("a token for no host")
			}
		}
	})
}

// FuzzTokenVariable: two hosts have the same variable only if they are the same.
func FuzzTokenVariable(f *testing.F) {
	f.Add("git-hub.com", "git.hub.com")
	f.Fuzz(func(t *testing.T, a, b string) {
		if name := tokenVariable(a); a != b && name != "" && name == tokenVariable(b) {
			t.Errorf("%q and %q share %s", a, b, name)
		}
	})
}
