package artefact

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"groma/internal/fault"
)

func connectTo(t *testing.T, handle http.HandlerFunc) *S3 {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	store, err := connectS3(S3Config{Endpoint: server.Listener.Addr().String(), Plain: true, Region: "x", Bucket: "bucket", Secrets: Secrets{AccessKey: "a", SecretKey: "s"}}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// TestS3_CreateFrom: what is written bit by bit goes through a file without a
// name to one request, with the condition and the checksum of what is kept whole.
func TestS3_CreateFrom(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	var body []byte
	var header http.Header
	store := connectTo(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		w.Header().Set("ETag", `"new"`)
	})
	if _, ok := Store(store).(Streamer); !ok {
		t.Error("it is no Streamer")
	}
	want := bytes.Repeat([]byte("0123456789"), 20_000)
	err := CreateFrom(t.Context(), store, "a/x.json", func(w io.Writer) error {
		for part := range bytes.SplitSeq(want, []byte("9")) {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		if names, err := os.ReadDir(temporary); err != nil || len(names) != 0 {
			t.Errorf("its file has a name: %v: %v", names, err)
		}
		return nil
	})
	want = bytes.ReplaceAll(want, []byte("9"), nil)
	if err != nil || !bytes.Equal(body, want) || header.Get("If-None-Match") != "*" || header.Get(sumHeader) != sumOf(want) {
		t.Errorf("%d bytes of %d came with %v: %v", len(body), len(want), header, err)
	}
	body = nil
	failure := errors.New("no more")
	if err := store.CreateFrom(t.Context(), "a/y.json", func(io.Writer) error { return failure }); !errors.Is(err, failure) || body != nil {
		t.Errorf("what fails is kept: %q: %v", body, err)
	}
}

// TestS3_Idle: a server that stops in the middle of an object holds nobody up.
func TestS3_Idle(t *testing.T) {
	store := connectTo(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
		io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	store.idle = 20 * time.Millisecond
	if _, err := store.Get(t.Context(), "a/x.json"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("it stops: %v", err)
	}
}
