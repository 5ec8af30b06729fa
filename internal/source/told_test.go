package source

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"groma/internal/landscape"
)

// TestRead_Told: a host that says what it was told, and where it leads, gives no
// secret of the address away.
func TestRead_Told(t *testing.T) {
	var heard []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard = append(heard, fmt.Sprint(r.URL, r.Header))
		fmt.Fprintln(w, "https://code.example/o/n")
	}))
	defer other.Close()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.URL.Query().Get("token")
		switch r.URL.Path {
		case "/other.txt":
			http.Redirect(w, r, other.URL+"/list.txt", http.StatusFound)
		case "/content.txt":
			fmt.Fprintf(w, "https://code.example/o/%s\n", token)
		case "/status.txt":
			conn, _, _ := w.(http.Hijacker).Hijack()
			defer conn.Close()
			fmt.Fprintf(conn, "HTTP/1.1 403 you said %s\r\nContent-Length: 0\r\n\r\n", token)
		default:
			w.Header().Set("Location", map[string]string{"/bad.txt": "https://[" + token, "/scheme.txt": token + "://x"}[r.URL.Path])
			w.WriteHeader(http.StatusFound)
		}
	}))
	defer host.Close()
	for path, ok := range map[string]bool{"other": true, "content": true, "status": false, "bad": false, "scheme": false} {
		address := strings.Replace(host.URL, "://", "://user:marked-password@", 1) + "/" + path + ".txt?token=marked-Token-1"
		document, err := ReadFile(t.Context(), address)
		if (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
		remote, remoteErr := NewRemote(loopbackRules(t)).ReadFile(t.Context(), host.URL+"/"+path+".txt?token=marked-Token-1")
		if (remoteErr == nil) != ok {
			t.Errorf("%s: %v", path, remoteErr)
		}
		for _, d := range []landscape.Document{document, remote} {
			heard = append(heard, d.Name, string(d.Data))
		}
		heard = append(heard, fmt.Sprint(err, remoteErr))
	}
	for _, text := range heard {
		if strings.Contains(strings.ToLower(text), "marked") {
			t.Errorf("it is told: %s", text)
		}
	}
	if len(heard) != 5*5+2 {
		t.Errorf("heard %d texts", len(heard))
	}
}

// TestRead_ToldBytes: a secret may be any bytes.
func TestRead_ToldBytes(t *testing.T) {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "https://code.example/o/%s\n", r.URL.Query().Get("token"))
	}))
	defer host.Close()
	document, err := NewRemote(loopbackRules(t)).ReadFile(t.Context(), host.URL+"/list.txt?token=%ff%fe%ff%fe%ff%fe%ff%fe%ff%fe%ff%fe")
	if err != nil || string(document.Data) != "https://code.example/o/[secret]\n" {
		t.Errorf("got %q, %v", document.Data, err)
	}
}
