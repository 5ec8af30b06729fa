package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

// TestMain_Stopped: who stops a command is told that it stopped, and not that
// whatever it was asking is in disorder.
func TestMain_Stopped(t *testing.T) {
	signals, over := make(chan os.Signal, 1), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		signals <- os.Interrupt // once it waits for an answer, which never comes
		<-over
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	var said bytes.Buffer
	got := Main([]string{"survey", server.URL + "/landscape.yml", "--data", t.TempDir()},
		Terminal{Out: io.Discard, Err: &said, Env: func(string) string { return "" }, Signals: signals})
	if want := "groma: stopped before it was done: give the same command again\n"; got != exitFailed || said.String() != want {
		t.Errorf("%d and %q, want %d and %q", got, &said, exitFailed, want)
	}
}
