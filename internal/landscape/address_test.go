package landscape

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	tests := []struct{ in, key, fetch, branch string }{
		// Spellings of one repository on a host that folds case.
		{"https://github.com/wasmCloud/wasmCloud", "github.com/wasmcloud/wasmcloud", "https://github.com/wasmCloud/wasmCloud", ""},
		{"http://github.com/o/n", "github.com/o/n", "https://github.com/o/n", ""},
		{"https://github.com/o/n/", "github.com/o/n", "https://github.com/o/n", ""},
		{"https://github.com/o/n.git", "github.com/o/n", "https://github.com/o/n", ""},
		{"https://github.com/o/n.git.git/", "github.com/o/n", "https://github.com/o/n", ""},
		{"HTTPS://WWW.GitHub.com:443/o/n", "github.com/o/n", "https://github.com/o/n", ""},
		{"https://github.com//o//n", "github.com/o/n", "https://github.com/o/n", ""},
		{"  github.com/o/n  ", "github.com/o/n", "https://github.com/o/n", ""},
		{"//github.com/o/n", "github.com/o/n", "https://github.com/o/n", ""},
		{"https://github.com/o/n?utm_source=x#readme", "github.com/o/n", "https://github.com/o/n", ""},
		{"https://user:secret@github.com/o/n", "github.com/o/n", "https://github.com/o/n", ""},
		{"git://github.com/o/n.git", "github.com/o/n", "https://github.com/o/n", ""},
		{"git+https://github.com/o/n.git", "github.com/o/n", "https://github.com/o/n", ""},
		{"git@github.com:o/n.git", "github.com/o/n", "ssh://git@github.com/o/n", ""},
		{"ssh://git@github.com:22/o/n.git", "github.com/o/n", "ssh://git@github.com/o/n", ""},
		{"ssh://git@ssh.github.com:443/o/n.git", "github.com/o/n", "ssh://git@github.com/o/n", ""},

		// Pages of a repository.
		{"https://github.com/o/n/issues", "github.com/o/n", "https://github.com/o/n", ""},
		{"https://github.com/o/n/tree/main", "github.com/o/n", "https://github.com/o/n", "main"},
		{"https://github.com/o/n/tree/main/docs", "github.com/o/n", "https://github.com/o/n", "main"},
		{"https://github.com/o/n/tree/HEAD", "github.com/o/n", "https://github.com/o/n", ""},
		{"https://github.com/o/n/tree/0123456789abcdef0123456789abcdef01234567", "github.com/o/n", "https://github.com/o/n", ""},
		{"https://github.com/o/n/blob/v2/README.md", "github.com/o/n", "https://github.com/o/n", "v2"},
		{"https://gitlab.com/a/b/c/n/-/tree/dev/x", "gitlab.com/a/b/c/n", "https://gitlab.com/a/b/c/n", "dev"},
		{"https://gitlab.com/a/n/tree/dev", "gitlab.com/a/n", "https://gitlab.com/a/n", "dev"},
		{"https://gitlab.haskell.org/ghc/ghc.git", "gitlab.haskell.org/ghc/ghc", "https://gitlab.haskell.org/ghc/ghc", ""},
		{"https://codeberg.org/o/n/src/branch/next/x.go", "codeberg.org/o/n", "https://codeberg.org/o/n", "next"},
		{"https://git.example.org/o/n/src/branch/next", "git.example.org/o/n", "https://git.example.org/o/n", "next"},
		{"https://bitbucket.org/o/n/src/master/", "bitbucket.org/o/n", "https://bitbucket.org/o/n", "master"},
		{"https://go.googlesource.com/go/+/refs/heads/master/src", "go.googlesource.com/-/go", "https://go.googlesource.com/go", "master"},

		// Other hosts: case kept, .git kept where it may be needed.
		{"https://git.example.org/Deep/Er/Name.git/", "git.example.org/Deep/Er/Name", "https://git.example.org/Deep/Er/Name.git", ""},
		{"https://git.kernel.org/pub/linux.git/tree/", "git.kernel.org/pub/linux", "https://git.kernel.org/pub/linux.git", ""},
		{"http://git.example.org/o/n", "git.example.org/o/n", "https://git.example.org/o/n", ""},
		{"http://git.example.org:80/o/n", "git.example.org/o/n", "https://git.example.org/o/n", ""},
		{"http://git.example.org:3000/o/n", "git.example.org:3000/o/n", "http://git.example.org:3000/o/n", ""},
		{"http://127.0.0.1:8418/o/n", "127.0.0.1:8418/o/n", "http://127.0.0.1:8418/o/n", ""},
		{"http://[::1]:8418/o/n", "[::1]:8418/o/n", "http://[::1]:8418/o/n", ""},
		{"http://localhost/o/n", "localhost/o/n", "http://localhost/o/n", ""},
		{"127.0.0.1:8418/o/n", "127.0.0.1:8418/o/n", "http://127.0.0.1:8418/o/n", ""},
		{"git://git.example.org:9418/o/n", "git.example.org/o/n", "git://git.example.org/o/n", ""},
		{"https://git.sr.ht/~user/n", "git.sr.ht/~user/n", "https://git.sr.ht/~user/n", ""},
		{"https://git.example.org/o/a%20b", "git.example.org/o/a b", "https://git.example.org/o/a%20b", ""},
		{"ssh://me@git.example.org:2222/o/n.git", "git.example.org:2222/o/n", "ssh://me@git.example.org:2222/o/n.git", ""},
		{"ssh://me:secret@git.example.org/o/n", "git.example.org/o/n", "ssh://me@git.example.org/o/n", ""},
		{"me@git.example.org:o/n.git", "git.example.org/o/n", "me@git.example.org:o/n.git", ""},
		{"me@git.example.org:~/n", "git.example.org/~/n", "me@git.example.org:~/n", ""},

		// This machine.
		{"/srv/git/o/n", "local/srv/git/o/n", "/srv/git/o/n", ""},
		{"/srv/git/o/n.git/", "local/srv/git/o/n.git", "/srv/git/o/n.git", ""},
		{"/srv/x/../git//n/.git", "local/srv/git/n", "/srv/git/n", ""},
		{"/n", "local/n", "/n", ""},
		{"/home/me/my project", "local/home/me/my project", "/home/me/my project", ""},
		{"file:///srv/git/a%20b", "local/srv/git/a b", "/srv/git/a b", ""},
		{"file://localhost/srv/n", "local/srv/n", "/srv/n", ""},
	}
	for _, test := range tests {
		a, err := ParseAddress(test.in)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
		}
		if a.Key != test.key || a.Fetch != test.fetch || a.Branch != test.branch {
			t.Errorf("%s:\n got %q %q %q\nwant %q %q %q", test.in, a.Key, a.Fetch, a.Branch, test.key, test.fetch, test.branch)
		}
		checkAddress(t, test.in, a, err)
	}
}

func TestParseAddress_Parts(t *testing.T) {
	tests := []struct{ in, host, owner, name string }{
		{"https://github.com/Owner/Name", "github.com", "Owner", "Name"},
		{"https://gitlab.com/a/b/c", "gitlab.com", "a/b", "c"},
		{"http://127.0.0.1:8418/o/n", "127.0.0.1:8418", "o", "n"},
		{"https://go.googlesource.com/go", "go.googlesource.com", "-", "go"},
		{"/srv/git/n.git", "local", "srv/git", "n.git"},
		{"/n", "local", "-", "n"},
		{"https://github.com/CoHDI", "github.com", "CoHDI", ""},
	}
	for _, test := range tests {
		a, _ := ParseAddress(test.in)
		if a.Host != test.host || a.Owner != test.owner || a.Name != test.name {
			t.Errorf("%s: got %q %q %q, want %q %q %q", test.in, a.Host, a.Owner, a.Name, test.host, test.owner, test.name)
		}
	}
}

func TestParseAddress_Error(t *testing.T) {
	tests := []struct{ in, key, fetch string }{
		{"https://github.com/CoHDI", "github.com/cohdi", "https://github.com/CoHDI"},
		{"http://github.com/CoHDI/", "github.com/cohdi", "https://github.com/CoHDI"},
		{"https://github.com/orgs/CoHDI/repositories", "github.com/cohdi", "https://github.com/CoHDI"},
		{"https://gitcode.com/cann", "gitcode.com/cann", "https://gitcode.com/cann"},
		{"https://gitlab.com/group", "gitlab.com/group", "https://gitlab.com/group"},
		{"https://github.com/topics/rust", "github.com/topics/rust", "https://github.com/topics/rust"},
		{"https://github.com/features/actions", "github.com/features/actions", "https://github.com/features/actions"},
		{"https://github.com", "github.com", "https://github.com/"},
		{"https://example.org/", "example.org", "https://example.org/"},
		{"https://gist.github.com/me/0123", "gist.github.com/me/0123", "https://gist.github.com/me/0123"},
		{"https://raw.githubusercontent.com/o/n/main/x.yml", "raw.githubusercontent.com/o/n/main/x.yml", "https://raw.githubusercontent.com/o/n/main/x.yml"},
		{"https://github.com/o/n n", "invalid/https-github-com-o-n-n-", "https://github.com/o/n n"},
		{"https://github.com/o/ü", "github.com/o/ü", "https://github.com/o/%C3%BC"},
		{"", "invalid/unnamed-", ""},
		{"owner/name", "invalid/owner-name-", "owner/name"},
		{"./here", "invalid/here-", "./here"},
		{"TODO:fix", "invalid/todo-fix-", "TODO:fix"},
		{`C:\src\n`, "invalid/c-src-n-", `C:\src\n`},
		{"ftp://example.org/o/n", "invalid/ftp-example-org-o-n-", "ftp://example.org/o/n"},
		{"https://u:secret@[bad/o/n", "invalid/https-bad-o-n-", "https://[bad/o/n"},
		{"u:secret@example.org", "invalid/example-org-", "example.org"},
		{"https://local/o/n", "invalid/https-local-o-n-", "https://local/o/n"},
		{"https://example.org/a/../b", "invalid/https-example-org-a-b-", "https://example.org/a/../b"},
		{"https://-option.example.org/o/n", "invalid/https-option-example-org-o-n-", "https://-option.example.org/o/n"},
		{"/", "invalid/unnamed-", "/"},
		{"file://elsewhere/srv/n", "invalid/file-elsewhere-srv-n-", "file://elsewhere/srv/n"},
		{"https://a/b https://c/d", "invalid/https-a-b-https-c-d-", "https://a/b https://c/d"},
	}
	for _, test := range tests {
		a, err := ParseAddress(test.in)
		if err == nil {
			t.Errorf("%q is a repository: %+v", test.in, a)
		}
		key := a.Key
		if a.Host == hostInvalid {
			key = key[:len(key)-8] // the digest
		}
		if key != test.key || a.Fetch != test.fetch || a.Name != "" {
			t.Errorf("%q:\n got %q %q\nwant %q %q", test.in, key, a.Fetch, test.key, test.fetch)
		}
		checkAddress(t, test.in, a, err)
	}
}

// FuzzParseAddress: a repository has every part of its key, and asking for
// what Fetch says asks for the same one; a password is nowhere.
func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{
		"https://github.com/o/n.git", "git@github.com:o/n", "http://[::1]:1/a/b/-/tree/x", "/srv/a b/.git", "file:///a%2Fb",
		"ssh://u:p@h/o/n", "https://gitlab.com/a/b/c/tree/d", "https://x.googlesource.com/a/+/refs/heads/m", "a@b:~/c.git?d#e",
		"https://u@https://v@w/x", "//h.x/o", "127.0.0.1:1/o", "x@y@z:/o", "https://h/%2e%2e/n", "git+ssh://h/o",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := ParseAddress(raw)
		checkAddress(t, raw, a, err)
		if strings.ContainsAny(raw, "/?#@ ") {
			return
		}
		const secret = "hunter2hunter2"
		for _, scheme := range []string{"https", "http", "ssh", "git", "file", "ftp"} {
			with := scheme + "://u:" + secret + "@" + raw + "/o/n"
			a, err := ParseAddress(with)
			checkAddress(t, with, a, err)
			if strings.Contains(a.Key+a.Host+a.Owner+a.Name+a.Fetch+a.Branch+a.Spelling, secret) {
				t.Fatalf("%q: the password is in %+v", with, a)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Fatalf("%q: the password is in %v", with, err)
			}
		}
	})
}

// checkAddress checks what [Address] promises.
func checkAddress(t *testing.T, raw string, a Address, err error) {
	t.Helper()
	for _, text := range []string{a.Key, a.Host, a.Owner, a.Name, a.Fetch, a.Branch, a.Spelling} {
		if strings.ToValidUTF8(text, "") != text || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' }) {
			t.Errorf("%q: %q is no plain text", raw, text)
		}
	}
	if a.Key == "" || strings.HasPrefix(a.Key, "/") || strings.HasSuffix(a.Key, "/") || strings.Contains(a.Key, "//") {
		t.Errorf("%q: key %q lacks a part", raw, a.Key)
	}
	if (err == nil) != (a.Name != "") {
		t.Errorf("%q: name %q and error %v", raw, a.Name, err)
	}
	if err != nil {
		return
	}
	if key := a.Host + "/" + a.Owner + "/" + a.Name; !strings.EqualFold(a.Key, key) && !strings.HasPrefix(a.Key, "local/") {
		t.Errorf("%q: key %q is not %q", raw, a.Key, key)
	}
	again, err := ParseAddress(a.Fetch)
	if err != nil || again.Key != a.Key || again.Fetch != a.Fetch || again.Host != a.Host || again.Owner != a.Owner || again.Name != a.Name {
		t.Errorf("%q: %q is read as %+v, %v, not as %+v", raw, a.Fetch, again, err, a)
	}
}
