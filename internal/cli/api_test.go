package cli

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestClient_Redirected: a token goes to no other server, whatever the one that
// was asked says.
func TestClient_Redirected(t *testing.T) {
	var sent []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	asked := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer asked.Close()
	settings := serverSettings{address: asked.URL}
	client, err := settings.client(Terminal{Env: func(name string) string { return map[string]string{"GROMA_SERVER_TOKEN": "secret"}[name] }})
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get(asked.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if len(sent) != 0 {
		t.Errorf("another server was sent %q", sent)
	}
}

// TestClient_Error: a token is sent without TLS to this machine alone.
func TestClient_Error(t *testing.T) {
	token := func(name string) string { return map[string]string{"GROMA_SERVER_TOKEN": "secret"}[name] }
	for address, ok := range map[string]bool{
		"http://127.0.0.1:1": true, "http://[::1]:1": true, "http://localhost:1": true, "https://groma.example.org": true,
		"http://groma.example.org": false, "http://127.example.org": false, "http://10.0.0.1": false, "ftp://localhost": false, "https://u:p@localhost": false,
	} {
		settings := serverSettings{address: address}
		if _, err := settings.client(Terminal{Env: token}); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}
