package gitwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"groma/internal/fault"
	"groma/internal/world/worldtest"
)

func TestProbe_Error(t *testing.T) { bothVersions(t, testProbe_Error) }

func testProbe_Error(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	broken := func(name, directive string) string {
		set(t, s, name, directive)
		return s.URL + "/" + name
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	tls.Config.ErrorLog = nil
	sha256 := filepath.Join(t.TempDir(), "sha256.git")
	git(t, "init", "-q", "--bare", "--object-format=sha256", sha256)
	tree := git(t, "-C", sha256, "write-tree")
	git(t, "-C", sha256, "update-ref", "HEAD", git(t, "-C", sha256, "commit-tree", "-m", "x", tree))
	c := client(t, Config{})
	for _, test := range []struct {
		name    string
		request Request
		want    fault.Kind
		says    string
	}{
		{"missing", Request{Address: s.URL + "/o/gone"}, fault.NotFound, "no such repository"},
		{"never named", Request{Address: s.URL + "/o/never"}, fault.NotFound, ""},
		{"denied", Request{Address: s.URL + "/o/secret"}, fault.Denied, "GROMA_TOKEN_127_0_0_1"},
		{"empty", Request{Address: filepath.Join(s.Dir, "o/void")}, fault.Empty, "no commits"},
		{"empty, a commit asked for", Request{Address: s.URL + "/o/blank", Commit: strings.Repeat("1", 40)}, fault.Empty, ""},
		{"empty, by http", Request{Address: s.URL + "/o/blank"}, fault.Empty, "no commits"},
		{"unborn", Request{Address: s.URL + "/o/unborn"}, fault.Empty, "side"},
		{"no such branch", Request{Address: s.URL + "/o/plain", Branch: "nowhere"}, fault.NotFound, "no branch nowhere; it has main"},
		{"turns in circles", Request{Address: s.URL + "/o/round"}, fault.Unsupported, "redirect"},
		{"a short commit", Request{Address: s.URL + "/o/plain", Commit: "abcdef1"}, fault.Invalid, "40"},
		{"a commit by SHA-256", Request{Address: s.URL + "/o/plain", Commit: strings.Repeat("a", 64)}, fault.Unsupported, "SHA-256"},
		{"a repository by SHA-256", Request{Address: sha256}, fault.Unsupported, "SHA-256"},
		{"no such folder", Request{Address: "/nowhere/at/all"}, fault.NotFound, "no such folder"},
		{"no repository in the folder", Request{Address: t.TempDir()}, fault.NotFound, "no git repository"},
		{"nobody listens", Request{Address: "http://" + closed.Addr().String() + "/o/n"}, fault.Unavailable, "refused"},
		{"nobody listens, git", Request{Address: "git://" + closed.Addr().String() + "/o/n"}, fault.Unavailable, "refused"},
		{"a certificate of nobody's", Request{Address: tls.URL + "/o/n"}, fault.Unavailable, "certificate"},
		{"TLS where there is none", Request{Address: strings.Replace(s.URL, "http:", "https:", 1) + "/o/n"}, fault.Unavailable, ""},
		{"no host of this name", Request{Address: "https://nowhere.invalid/o/n"}, fault.Unavailable, "nowhere.invalid"},
		{"html", Request{Address: broken("o/void", "html")}, fault.Unsupported, "a web page"},
		{"an address with a password", Request{Address: "https://me:hush@example.org/o/n"}, fault.Invalid, "netrc"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := c.Probe(t.Context(), test.request)
			if err == nil {
				r.Close()
				t.Fatal("it answered")
			}
			if got := fault.KindOf(err); got != test.want {
				t.Errorf("kind = %q, want %q: %v", got, test.want, err)
			}
			if !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hush") {
				t.Errorf("it says %q, not %q", err, test.says)
			}
		})
	}
}

func TestProbe_Status(t *testing.T) { bothVersions(t, testProbe_Status) }

func testProbe_Status(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	c := client(t, Config{})
	for status, want := range map[int]fault.Kind{
		400: fault.Unsupported, 401: fault.Denied, 403: fault.Denied, 404: fault.NotFound, 405: fault.Unsupported,
		407: fault.Denied, 408: fault.Unavailable, 410: fault.NotFound, 429: fault.Unavailable, 451: fault.Denied,
		500: fault.Unavailable, 501: fault.Unsupported, 502: fault.Unavailable, 503: fault.Unavailable, 504: fault.Unavailable, 520: fault.Unavailable,
	} {
		set(t, s, "o/plain", fmt.Sprintf("status %d", status))
		_, err := c.Probe(t.Context(), Request{Address: s.URL + "/o/plain"})
		if got := fault.KindOf(err); got != want {
			t.Errorf("%d: %q, want %q: %v", status, got, want, err)
		}
	}
}

// The hosts that hide what is missing cannot be asked here; what is made of
// their answer can.
func TestJudge_HiddenMissing(t *testing.T) {
	for _, test := range []struct {
		host   string
		secret secret
		want   fault.Kind
	}{
		{"github.com", secret{}, fault.NotFound},
		{"gitlab.com", secret{}, fault.NotFound},
		{"git.example.org", secret{}, fault.Denied},
		{"github.com", newSecret("u", "p"), fault.Denied},
	} {
		err := trial{asked: "https://" + test.host + "/o/n", host: test.host, secret: test.secret}.judge(t.Context(), errors.New("x"), evidence{status: 401})
		if got := fault.KindOf(err); got != test.want {
			t.Errorf("%s with %v: %q, want %q", test.host, test.secret.isSet(), got, test.want)
		}
	}
	err := trial{host: "github.com"}.judge(t.Context(), errors.New("x"), evidence{status: 401})
	if !strings.Contains(err.Error(), "set GITHUB_TOKEN") {
		t.Errorf("no hint: %v", err)
	}
	limited := evidence{status: 403, header: http.Header{"X-Ratelimit-Remaining": {"0"}}}
	if got := fault.KindOf(trial{}.judge(t.Context(), errors.New("x"), limited)); got != fault.Unavailable {
		t.Errorf("403 for asking too often: %q", got)
	}
}

func TestRetryAfter(t *testing.T) { bothVersions(t, testRetryAfter) }

func testRetryAfter(t *testing.T, client newClient) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "-1": 0, "soon": 0, "999999999999": longestRest,
		"Thu, 01 Jan 2026 00:02:00 GMT": 2 * time.Minute, "Wed, 31 Dec 2025 00:00:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", text, got, want)
		}
	}
	s := worldtest.Serve(t, text1)
	set(t, s, "o/plain", "busy 1 7")
	c := client(t, Config{})
	_, err := c.Probe(t.Context(), Request{Address: s.URL + "/o/plain"})
	if got := fault.RetryAfter(err); fault.KindOf(err) != fault.Unavailable || got != 7*time.Second {
		t.Errorf("busy: %v after %v", err, got)
	}
	if _, _, err := take(t.Context(), c, Request{Address: s.URL + "/o/plain"}); err != nil {
		t.Errorf("no longer busy: %v", err)
	}
}

func TestFetch_Cut(t *testing.T) { bothVersions(t, testFetch_Cut) }

func testFetch_Cut(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	c := client(t, Config{})
	for _, n := range []int{1, 8, 60, 70, 100, 300, 500} {
		set(t, s, "o/plain", fmt.Sprintf("cut %d", n))
		_, _, err := take(t.Context(), c, Request{Address: s.URL + "/o/plain"})
		if got := fault.KindOf(err); got != fault.Unavailable {
			t.Errorf("cut after %d bytes: %v (%q)", n, err, got)
		}
	}
}

func TestFetch_Idle(t *testing.T) { bothVersions(t, testFetch_Idle) }

func testFetch_Idle(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	known := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(known, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := client(t, Config{IdleTimeout: 200 * time.Millisecond, SSH: SSH{KnownHosts: []string{known}}})
	set(t, s, "o/plain", "hang")
	_, _, err := take(t.Context(), c, Request{Address: s.URL + "/o/plain"})
	if got := fault.KindOf(err); got != fault.Unavailable && got != fault.TimedOut {
		t.Errorf("before the answer: %v (%q)", err, got)
	}
	// A server that begins to answer, and then thinks.
	release := make(chan struct{})
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		io.WriteString(w, "001e# service=git-upload-pack\n0000")
		w.(http.Flusher).Flush()
		<-release
	}))
	defer half.Close()
	defer close(release)
	_, err = impatient(client(t, Config{})).Probe(t.Context(), Request{Address: half.URL + "/o/n"})
	if got := fault.KindOf(err); got != fault.TimedOut {
		t.Errorf("amid the answer: %v (%q)", err, got)
	}
	// The same by the git protocol: a host that takes the call and is silent.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, scheme := range []string{"git", "ssh"} {
		_, err = c.Probe(t.Context(), Request{Address: scheme + "://" + silent.Addr().String() + "/o/n"})
		if got := fault.KindOf(err); got != fault.TimedOut && got != fault.Unavailable {
			t.Errorf("%s: %v (%q)", scheme, err, got)
		}
	}
}

func TestFetch_Context(t *testing.T) { bothVersions(t, testFetch_Context) }

func testFetch_Context(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	c := client(t, Config{})
	set(t, s, "o/plain", "hang")
	for name, test := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want fault.Kind
		is   error
	}{
		"cancelled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		}, fault.Unknown, context.Canceled},
		"too late": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		}, fault.TimedOut, nil},
	} {
		r, err := c.Probe(t.Context(), Request{Address: s.URL + "/o/plain"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := test.end(t.Context())
		_, err = r.Fetch(ctx, Limits{})
		if got := fault.KindOf(err); got != test.want || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%s: %v (%q), want %q", name, err, got, test.want)
		}
		cancel()
		r.Close()
	}
}

func TestFetch_TooLarge(t *testing.T) { bothVersions(t, testFetch_TooLarge) }

func testFetch_TooLarge(t *testing.T, client newClient) {
	s := worldtest.Serve(t, text1)
	r, err := client(t, Config{}).Probe(t.Context(), Request{Address: s.URL + "/o/plain"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Fetch(t.Context(), Limits{PackBytes: 100}); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("%v (%q), want too-large", err, fault.KindOf(err))
	}
}

func TestSaying(t *testing.T) {
	for text, want := range map[string]fault.Kind{
		"upload-pack: not our ref 1234":                                       fault.NotFound,
		"want 1234 not valid":                                                 fault.NotFound,
		"access denied or repository not exported: /x":                        fault.NotFound,
		"ERROR: Repository not found.":                                        fault.NotFound,
		"fatal: '/x' does not appear to be a git repository":                  fault.NotFound,
		"fatal: detected dubious ownership in repository at '/x'":             fault.Denied,
		"git@host: Permission denied (publickey).":                            fault.Denied,
		"Access to this repository has been disabled by GitHub staff.":        fault.Denied,
		"remote: You have exceeded a rate limit":                              fault.Unavailable,
		"upload-pack: pack-objects died with strange error.":                  fault.Unavailable,
		"ERROR: The project you were looking for could not be found or you …": fault.NotFound,
	} {
		if got := (trial{}).bySaying(text).kind; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
