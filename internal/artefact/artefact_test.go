package artefact_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
)

func TestFolder(t *testing.T) {
	store := newFolder(t, t.TempDir())
	artefacttest.Run(t, store)
	t.Run("Listing", func(t *testing.T) { artefacttest.Listing(t, store, keys(t, 2500)) })
}

// TestFolder_Processes has several processes swap at once: no change is lost.
func TestFolder_Processes(t *testing.T) {
	const processes, each = 4, 25
	folder := os.Getenv("GROMA_TEST_ADD_IN")
	if folder != "" { // one of them
		if err := artefacttest.Add(t.Context(), newFolder(t, folder), "number", each); err != nil {
			t.Fatal(err)
		}
		return
	}
	folder = t.TempDir()
	var wait sync.WaitGroup
	for range processes {
		wait.Go(func() {
			process := exec.Command(os.Args[0], "-test.run=^TestFolder_Processes$")
			process.Env = append(os.Environ(), "GROMA_TEST_ADD_IN="+folder)
			if out, err := process.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wait.Wait()
	artefacttest.Added(t, newFolder(t, folder), "number", processes*each)
}

func newFolder(t *testing.T, name string) artefact.Store {
	t.Helper()
	store, err := artefact.Open(t.Context(), "file://"+name, artefact.Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// keys is how many keys are listed: GROMA_TEST_KEYS says so where there is time
// for more.
func keys(t *testing.T, usual int) int {
	text := os.Getenv("GROMA_TEST_KEYS")
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
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
	t.Run("Listing", func(t *testing.T) { artefacttest.Listing(t, store, keys(t, 2500)) })
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
