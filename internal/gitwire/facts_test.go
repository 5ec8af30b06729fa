package gitwire

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"groma/internal/world/worldtest"
)

func TestHosts(t *testing.T) {
	folder := t.TempDir()
	tokens, netrc := filepath.Join(folder, "tokens"), filepath.Join(folder, "netrc")
	for path, text := range map[string]string{
		tokens: "# mine\ngit.example.org secret\n",
		netrc:  "machine a.example.org login me password secret\nmachine nobody.example.org\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"GITHUB_TOKEN": "secret", "GROMA_TOKEN_MY__GIT_EXAMPLE_ORG": "secret", "GROMA_TOKEN_EMPTY_ORG": " ", "GROMA_TOKEN_": "secret", "GROMA_TOKEN_FILE": "tokens"}
	var names []string
	for name := range env {
		names = append(names, name)
	}
	from := CredentialSources{Env: func(name string) string { return env[name] }, TokenFile: tokens, NetrcPath: netrc}
	got, err := Hosts(from, names)
	want := []string{"a.example.org", "git.example.org", "github.com", "my-git.example.org"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Hosts: %v, %v, want %v", got, err, want)
	}
	from.TokenFile = filepath.Join(folder, "none")
	if _, err := Hosts(from, nil); err == nil {
		t.Error("a token file that is named but not there is passed over")
	}
}

func TestVersion(t *testing.T) {
	s := worldtest.Serve(t, text1)
	for want, first := range map[int]bool{0: true, 2: false} {
		c := client(t, Config{})
		c.first = first
		r, err := c.Probe(t.Context(), Request{Address: s.URL + "/o/plain"})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Version(); got != want {
			t.Errorf("Version: %d, want %d", got, want)
		}
		r.Close()
	}
}

// FuzzHostOf: a variable means the host that it was made for, and no other.
func FuzzHostOf(f *testing.F) {
	for _, seed := range []string{"GROMA_TOKEN_GIT_EXAMPLE_ORG", "GROMA_TOKEN_MY__GIT", "GROMA_TOKEN____", "GROMA_TOKEN_É", "git.example.org", "a-b", "a--b.c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if host := hostOf(text); host != "" && tokenVariable(host) != text {
			t.Errorf("%q means %q, whose variable is %q", text, host, tokenVariable(host))
		}
		if name := tokenVariable(text); name != "" && hostOf(name) != text {
			t.Errorf("%q has the variable %q, which means %q", text, name, hostOf(name))
		}
	})
}
