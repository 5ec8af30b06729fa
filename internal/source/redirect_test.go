package source

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"groma/internal/fault"
)

// TestGet_RedirectToNoAddress: what a host redirects to is not quoted where it
// cannot be read, since there may be a password in it.
func TestGet_RedirectToNoAddress(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://u:marked@h.example/%zz")
		w.WriteHeader(http.StatusFound)
	}))
	defer s.Close()
	_, err := get(t.Context(), s.Client(), s.URL+"/landscape.yml")
	if fault.KindOf(err) != fault.Unsupported || strings.Contains(err.Error(), "marked") {
		t.Errorf("got %v", err)
	}
}
