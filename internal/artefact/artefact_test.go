package artefact_test

import (
	"os"
	"strings"
	"testing"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
)

func TestFolder(t *testing.T) {
	store, err := artefact.Open(t.Context(), "file://"+t.TempDir(), artefact.Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	artefacttest.Run(t, store)
}

// TestS3 runs where an S3 is to be had: GROMA_TEST_S3 is its address, as in
// s3://bucket?endpoint=http://127.0.0.1:7070, and AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY are its keys. The bucket's prefix must be unused.
func TestS3(t *testing.T) {
	address := os.Getenv("GROMA_TEST_S3")
	if address == "" {
		t.Skip("GROMA_TEST_S3 names no S3 to test against")
	}
	store, err := artefact.Open(t.Context(), address, artefact.Secrets{
		AccessKey: os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
	})
	if err != nil {
		t.Fatal(err)
	}
	artefacttest.Run(t, store)
}

func TestOpen_Error(t *testing.T) {
	for address, want := range map[string]string{
		"":                         "want file:///",
		"/var/lib/groma":           "want file:///",
		"file://relative":          "absolute path",
		"s3://":                    "no bucket",
		"s3://key:secret@bucket":   "do not belong in the store's address",
		"s3://b?endpoint=nonsense": "want http://host:port",
		"s3://b?colour=blue":       "unknown setting",
		"s3://b/../c":              "is no key",
	} {
		_, err := artefact.Open(t.Context(), address, artefact.Secrets{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Open(%q): %v, want an error with %q", address, err, want)
		}
	}
}
