package artefact

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// signed is the key that a request is signed with.
var signed = regexp.MustCompile(`Credential=([^/]+)/`)

// askedBy starts an S3 of one object that remembers who asked, and with which
// token.
func askedBy(t *testing.T) (endpoint string, who func() string) {
	t.Helper()
	var last string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last = "nobody"
		if key := signed.FindStringSubmatch(r.Header.Get("Authorization")); key != nil {
			last = key[1] + r.Header.Get("X-Amz-Security-Token")
		}
		w.Header().Set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
		w.Header().Set("ETag", `"1"`)
		fmt.Fprint(w, "x")
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), func() string { return last }
}

// keysFile is one in AWS's format.
func keysFile(t *testing.T, profiles ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	writeKeys(t, path, profiles...)
	return path
}

func writeKeys(t *testing.T, path string, profiles ...string) {
	t.Helper()
	var text strings.Builder
	for _, profile := range profiles {
		fmt.Fprintf(&text, "[%s]\naws_access_key_id = %s-key\naws_secret_access_key = %[1]s-secret\n", profile, profile)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sts hands out a key and a token for the token that a file has.
func sts(t *testing.T, token, key, session string) WebIdentity {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Form.Get("WebIdentityToken") != token || r.Form.Get("RoleArn") != "arn:role" || r.Form.Get("RoleSessionName") != "groma" {
			http.Error(w, "who is that?", http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
			<SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, key, session,
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	return WebIdentity{TokenFile: file, Role: "arn:role", Endpoint: server.URL}
}

func TestSecrets(t *testing.T) {
	endpoint, who := askedBy(t)
	file, gone := keysFile(t, "default", "other"), filepath.Join(t.TempDir(), "none")
	lent := sts(t, "of the account", "lent", "-token")
	broken := lent
	broken.Role = "arn:another"
	for name, test := range map[string]struct {
		secrets Secrets
		want    string // empty is that nothing is asked
	}{
		"none":                          {Secrets{}, "nobody"},
		"keys":                          {Secrets{AccessKey: "a", SecretKey: "s", SessionToken: "-t", File: gone}, "a-t"},
		"a file":                        {Secrets{File: file}, "default-key"},
		"a profile":                     {Secrets{File: file, Profile: "other"}, "other-key"},
		"an identity before a file":     {Secrets{WebIdentity: lent, File: file}, "lent-token"},
		"no second choice: no file":     {Secrets{File: gone}, ""},
		"no second choice: no profile":  {Secrets{File: file, Profile: "third"}, ""},
		"no second choice: no identity": {Secrets{WebIdentity: broken, File: file}, ""},
	} {
		before := who()
		store, err := connectS3(S3Config{Endpoint: endpoint, Plain: true, Region: "x", Bucket: "bucket", Secrets: test.secrets}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Get(t.Context(), "a")
		if (err == nil) != (test.want != "") || err == nil && who() != test.want || err != nil && who() != before {
			t.Errorf("%s: asked by %q, want %q: %v", name, who(), test.want, err)
		}
	}
}

// TestFileKeys: keys turn without a restart.
func TestFileKeys(t *testing.T) {
	path := keysFile(t, "default")
	provider := &fileKeys{FileAWSCredentials: credentials.FileAWSCredentials{Filename: path, Profile: "default"}}
	keys := credentials.New(provider)
	for _, want := range []string{"default-key", "default-key", "turned-key"} {
		if want == "turned-key" {
			provider.Profile = "turned"
			writeKeys(t, path, "turned")
			provider.looked = time.Now().Add(-lookEvery)
		}
		if got, err := keys.GetWithContext(nil); err != nil || got.AccessKeyID != want {
			t.Errorf("key %s, want %s: %v", got.AccessKeyID, want, err)
		}
	}
	writeKeys(t, path)
	provider.looked = time.Now().Add(-lookEvery)
	if got, err := keys.GetWithContext(nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("of a file without keys: %v, %v", got, err)
	}
	writeKeys(t, path, "turned")
	if got, err := keys.GetWithContext(nil); err != nil || got.AccessKeyID != "turned-key" {
		t.Errorf("when they are back: %v", err)
	}
}

func TestExposes(t *testing.T) {
	keys := Secrets{AccessKey: "a", SecretKey: "s"}
	for address, want := range map[string]bool{
		"s3://bucket": false,
		"s3://bucket?endpoint=https://s3.example.org":      false,
		"s3://bucket?endpoint=http://s3.example.org":       true,
		"s3://bucket?endpoint=http://192.0.2.1:7070":       true,
		"s3://bucket?endpoint=http://127.0.0.1:7070":       false,
		"s3://bucket?endpoint=http://[::1]:7070":           false,
		"s3://bucket?endpoint=http://localhost":            false,
		"s3://bucket?endpoint=http://localhost.example:80": true,
		"file:///var/lib/groma":                            false,
	} {
		if got := Exposes(address, keys); got != want {
			t.Errorf("%s: %v", address, got)
		}
		if Exposes(address, Secrets{}) {
			t.Errorf("%s: nobody's keys are exposed", address)
		}
	}
}

// TestSecrets_Error: a token is for the service that it is exchanged at alone.
func TestSecrets_Error(t *testing.T) {
	for endpoint, fails := range map[string]bool{
		"http://sts.example.org": true, "ftp://127.0.0.1": true, "sts.example.org": true,
		"https://sts.example.org": false, "http://127.0.0.1:9": false, "": false,
	} {
		_, err := connectS3(S3Config{Endpoint: "127.0.0.1:9", Secrets: Secrets{WebIdentity: WebIdentity{TokenFile: "token", Endpoint: endpoint}}}, nil, 1)
		if (err != nil) != fails {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	for container, fails := range map[string]bool{
		"http://keys.example.org/marked": true, "ftp://127.0.0.1/marked": true, "marked": true, "@keys.example.org/marked": true, "/%zzmarked": true, "http://192.0.2.1:marked/": true,
		"http://10.0.0.1/marked": true, "/v2/credentials/marked": false, "http://127.0.0.1:9/marked": false, "http://localhost/marked": false,
		"http://169.254.170.23/v1/credentials": false, "http://[fd00:ec2::23]/v1/credentials": false, "https://keys.example.org/marked": false, "": false,
	} {
		_, err := connectS3(S3Config{Endpoint: "127.0.0.1:9", Secrets: Secrets{Container: container}}, nil, 1)
		if (err != nil) != fails || err != nil && strings.Contains(err.Error(), "marked") {
			t.Errorf("%s: %v", container, err)
		}
	}
}
