package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	gromav1 "groma/proto/groma/v1"
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
	client, _, err := settings.client(Terminal{Env: func(name string) string { return map[string]string{"GROMA_SERVER_TOKEN": "secret"}[name] }})
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

// TestRemote_Told: a server that says what it was told has none of it shown.
func TestRemote_Told(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"code":"permission_denied","message":"you said %s"}`, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	settings := serverSettings{address: server.URL}
	a, err := settings.remote(Terminal{Env: func(name string) string { return map[string]string{"GROMA_SERVER_TOKEN": "marked-token"}[name] }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	_, err = a.ListSurveys(t.Context(), &gromav1.ListSurveysRequest{})
	if err == nil || connect.CodeOf(err) != connect.CodePermissionDenied || strings.Contains(fmt.Sprint(err, said(err)), "marked") {
		t.Errorf("got %v", err)
	}
	stream, err := a.WatchSurvey(t.Context(), &gromav1.WatchSurveyRequest{Survey: "s"})
	if err == nil {
		_, err = stream.Receive()
	}
	if err == nil || strings.Contains(err.Error(), "marked") {
		t.Errorf("got %v", err)
	}
}

// TestClient_Error: a token is sent without TLS to this machine alone.
func TestClient_Error(t *testing.T) {
	token := func(name string) string { return map[string]string{"GROMA_SERVER_TOKEN": "secret"}[name] }
	for address, ok := range map[string]bool{
		"http://127.0.0.1:1": true, "http://[::1]:1": true, "http://localhost:1": true, "https://groma.example.org": true,
		"http://groma.example.org": false, "http://127.example.org": false, "http://10.0.0.1": false, "ftp://localhost": false, "https://u:p@localhost": false, "https://localhost/?token=t": false, "https://localhost/#t": false,
	} {
		settings := serverSettings{address: address}
		if _, _, err := settings.client(Terminal{Env: token}); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}
