package artefact_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/engine/enginetest"
)

// TestS3_TLS has an S3 of a private authority keep all promises over TLS, where
// requests are signed otherwise than without, its keys in a file.
func TestS3_TLS(t *testing.T) {
	folder := newBucket(t)
	authority := enginetest.NewAuthority(t)
	certificate, key := authority.Issue(t, "s3.example.org", time.Hour)
	g := startGateway(t, folder, "--cert", certificate, "--key", key)
	file := filepath.Join(t.TempDir(), "credentials")
	text := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", g.secrets.AccessKey, g.secrets.SecretKey)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(authority.File)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	g.scheme, g.secrets = "https", artefact.Secrets{File: file, TLS: &tls.Config{RootCAs: trusted}}
	artefacttest.Run(t, g.open(t))

	g.secrets.TLS = nil
	var unknown x509.UnknownAuthorityError
	if _, err := artefact.Open(t.Context(), g.store(), g.secrets); !errors.As(err, &unknown) {
		t.Errorf("it is trusted by the system, too: %v", err)
	}
}
