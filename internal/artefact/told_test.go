package artefact

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestS3_Told: an S3 that says what it was told has none of it shown.
func TestS3_Told(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<Error><Code>InvalidAccessKeyId</Code><Message>%s %s</Message></Error>", r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token"))
	}))
	defer server.Close()
	s, err := connectS3(S3Config{Endpoint: strings.TrimPrefix(server.URL, "http://"), Plain: true, Bucket: "bucket", Region: "r", Secrets: Secrets{AccessKey: "marked-access", SecretKey: "marked-secret", SessionToken: "marked-token"}}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
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
