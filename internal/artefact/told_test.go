package artefact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// quoting answers with all that it is told, in S3's way or STS's.
func quoting(t *testing.T) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		said := fmt.Sprintln(r.URL, r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token"), r.Form)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<Error><Code>InvalidAccessKeyId</Code><Message>you said %s</Message></Error>", said)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// askedAt is an S3 that is asked once at most.
func askedAt(t *testing.T, address string, secrets Secrets) *S3 {
	t.Helper()
	s, err := connectS3(S3Config{Endpoint: strings.TrimPrefix(address, "http://"), Plain: true, Bucket: "bucket", Region: "r", Secrets: secrets}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestS3_Told: an S3 that says what it was told has none of it shown.
func TestS3_Told(t *testing.T) {
	s := askedAt(t, quoting(t), Secrets{AccessKey: "marked-access", SecretKey: "marked-secret", SessionToken: "marked-token"})
	for name, ask := range map[string]func(context.Context) error{
		"create": func(ctx context.Context) error { return s.Create(ctx, "a", []byte("x")) },
		"get":    func(ctx context.Context) error { _, err := s.Get(ctx, "a"); return err },
		"swap":   func(ctx context.Context) error { return s.Swap(ctx, "a", []byte("x"), []byte("y")) },
		"delete": func(ctx context.Context) error { return s.Delete(ctx, "a") },
		"probe":  func(ctx context.Context) error { _, err := s.probe(ctx); return err },
		"one":    s.listsOne,
		"list": func(ctx context.Context) error {
			for _, err := range s.List(ctx, "a/") {
				return err
			}
			return nil
		},
	} {
		if err := ask(t.Context()); err == nil || strings.Contains(err.Error(), "marked") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestS3_ToldFromElsewhere: nor is anything shown of keys that come from a file or
// were handed out, or of what they were handed out for, whichever server says it.
func TestS3_ToldFromElsewhere(t *testing.T) {
	file := keysFile(t, "marked")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("marked-identity\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lends := sts(t, "marked-identity\n", "marked-lent", "marked-session")
	container := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/good" {
			fmt.Fprintf(w, `{"AccessKeyID": "marked-lent", "SecretAccessKey": "marked-secret", "Token": "marked-session", "Expiration": %q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			return
		}
		conn, _, _ := w.(http.Hijacker).Hijack()
		fmt.Fprintf(conn, "HTTP/1.1 403 no, %s %s\r\nContent-Length: 0\r\n\r\n", r.Header.Get("Authorization"), r.URL)
		conn.Close()
	}))
	defer container.Close()
	const secretPath = "/marked-0123456789/x?token=hidden-marked"
	for name, test := range map[string]struct {
		secrets   Secrets
		container string // what the variable says that minio-go reads
		want      string // is said
	}{
		"S3 of keys from a file":     {secrets: Secrets{File: file, Profile: "marked"}, want: "you said"},
		"S3 of keys of an identity":  {secrets: Secrets{WebIdentity: lends}, want: "you said"},
		"S3 of keys of a container":  {container: container.URL + "/good", want: "you said"},
		"who lends, of the identity": {secrets: Secrets{WebIdentity: WebIdentity{TokenFile: token, Role: "arn:role", Endpoint: quoting(t)}}, want: "you said"},
		"nobody, of the identity":    {secrets: Secrets{WebIdentity: WebIdentity{TokenFile: token, Role: "arn:role", Endpoint: "http://marked:marked@127.0.0.1:1"}}, want: "refused"},
		"container, of its token":    {container: container.URL + secretPath, want: "403"},
		"nobody, of a container":     {container: "http://127.0.0.1:1" + secretPath, want: "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", test.container)
			t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "marked-authorization")
			test.secrets.Container = test.container
			_, err := askedAt(t, quoting(t), test.secrets).Get(t.Context(), "a")
			if err == nil || strings.Contains(err.Error(), "marked") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// TestFileKeys_Told: what a file of keys has is not quoted, however little it is
// as AWS writes it.
func TestFileKeys_Told(t *testing.T) {
	for _, text := range []string{
		"marked", "[marked", "[p]\nmarked", "[p]\n= marked", "[p]\n\"aws_secret_access_key = marked", "[p]\naws_secret_access_key marked\\\n\tmarked",
		"[p]\naws_secret_access_key = marked", "[q]\naws_secret_access_key = marked", "[p]\naws_access_key_id = \"\"\"marked\nmarked",
		"[p]\ncredential_process = /none/program marked", "[p]\ncredential_process = marked",
	} {
		path := filepath.Join(t.TempDir(), "credentials")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := askedAt(t, "http://127.0.0.1:1", Secrets{File: path, Profile: "p"}).Get(t.Context(), "a")
		if err == nil || strings.Contains(err.Error(), "marked") || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestKnownKeys: keys that have turned are still not shown, since an answer may
// come to a request of before.
func TestKnownKeys(t *testing.T) {
	provider := &credentials.Static{}
	keys := &knownKeys{Provider: provider}
	var said strings.Builder
	for i := range latest {
		provider.Value = credentials.Value{AccessKeyID: fmt.Sprintf("marked-%d", i), SecretAccessKey: fmt.Sprintf("marked-secret-%d", i)}
		for range 2 { // the same ones do not count
			if _, err := keys.Retrieve(); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintf(&said, "marked-%d marked-secret-%[1]d ", i)
	}
	if err := keys.hide(errors.New(said.String())); strings.Contains(err.Error(), "marked") {
		t.Error(err)
	}
	for range 2 * latest {
		provider.Value.AccessKeyID += "x"
		_, _ = keys.Retrieve()
	}
	if len(keys.told) != latest {
		t.Errorf("it remembers %d changes, want %d", len(keys.told), latest)
	}
}

// TestShown: an address is shown without what may be secret in it.
func TestShown(t *testing.T) {
	for address, want := range map[string]string{
		"file:///var/lib/groma":                               "file:///var/lib/groma",
		"s3://bucket/prefix":                                  "s3://bucket/prefix",
		"s3://bucket?endpoint=http://127.0.0.1:7070&region=x": "s3://bucket?endpoint=http://127.0.0.1:7070&region=x",
		"s3://marked:marked@bucket?secret_key=marked&endpoint=https://s3.example.org": "s3://bucket?endpoint=https://s3.example.org",
		"s3://bucket?endpoint=http://u:marked@h":                                      "s3://bucket?endpoint=redacted",
		"s3://bucket?endpoint=http://%zz":                                             "s3://bucket",
		"s3://bucket\n":                                                               "unreadable",
	} {
		if got := Shown(address); got != want {
			t.Errorf("%s is shown as %s, want %s", address, got, want)
		}
	}
}

// TestOpen_Told: an address that cannot be opened is told of without what may be
// secret in it.
func TestOpen_Told(t *testing.T) {
	for _, address := range []string{
		"s3://bucket?secret_key=marked", "s3://bucket?endpoint=http://u:marked@127.0.0.1:1", "s3://u:marked@bucket", "ftp://u:marked@bucket",
		"s3://?token=marked", "s3://bucket?endpoint=marked", "http://bucket?token=marked",
	} {
		_, err := Open(t.Context(), address, Secrets{})
		_, examineErr := Examine(t.Context(), address, Secrets{})
		for _, err := range []error{err, examineErr} {
			if err == nil || strings.Contains(err.Error(), "secret_key=marked") || strings.Contains(err.Error(), ":marked") || strings.Contains(err.Error(), "token=marked") {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
}
