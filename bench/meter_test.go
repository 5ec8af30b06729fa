package bench

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestProxy(t *testing.T) {
	behind, err := NewMeter(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.URL.Path+" "+r.Header.Get("Git-Protocol"))
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer behind.Close()
	proxy, err := NewProxy(behind.URL + "/git/")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	request, err := http.NewRequest(http.MethodGet, proxy.URL+"/a/b", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Git-Protocol", "version=2")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	const want = "/git/a/b version=2"
	if body, err := io.ReadAll(answer.Body); err != nil || string(body) != want {
		t.Errorf("through the proxy came %q, %v, want %q", body, err, want)
	}
	sent, requests := proxy.Take()
	if least := int64(len("HTTP/1.1 200 OK\r\n") + len(want)); sent < least || sent > 1000 || requests != 1 {
		t.Errorf("%d bytes of %d requests, want at least %d of 1", sent, requests, least)
	}
	if sent, requests := proxy.Take(); sent != 0 || requests != 0 {
		t.Errorf("%d bytes of %d requests are counted again", sent, requests)
	}
}

// TestProxy_Early answers at once, and at length, while the end of the question
// may still be on its way.
func TestProxy_Early(t *testing.T) {
	answer := bytes.Repeat([]byte("x"), 1<<20)
	behind, err := NewMeter(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(answer) }))
	if err != nil {
		t.Fatal(err)
	}
	defer behind.Close()
	proxy, err := NewProxy(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	for range 100 {
		question := io.MultiReader(strings.NewReader("a"), strings.NewReader("b")) // of no known length
		got, err := http.Post(proxy.URL, "text/plain", question)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(got.Body)
		got.Body.Close()
		if err != nil || !bytes.Equal(body, answer) {
			t.Fatalf("%d bytes came, %v", len(body), err)
		}
	}
}
