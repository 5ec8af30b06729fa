package doctor

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// groma answers as a server does, with fields for what is wrong with it.
type groma struct {
	health, ready int
	role          string // what callers have; empty lets nobody in
}

var needs = map[string]int{"GetCensus": 1, "RunSchedule": 2, "DeleteSchedule": 3}
var has = map[string]int{"read": 1, "trigger": 2, "admin": 3}

func (g groma) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, call, isCall := strings.Cut(r.URL.Path, "/groma.v1.SurveyService/")
	switch {
	case r.URL.Path == "/healthz":
		w.WriteHeader(g.health)
	case r.URL.Path == "/readyz":
		w.WriteHeader(g.ready)
		fmt.Fprintln(w, "not ready: groma doctor says what is missing")
	case isCall && g.role == "":
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"code":"unauthenticated","message":"this takes a token"}`)
	case isCall && has[g.role] < needs[call]:
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"code":"permission_denied","message":"yours is of another role"}`)
	case isCall:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"code":"invalid_argument","message":"name one"}`)
	}
}

// TestServer: of a server, the first thing that is wrong with it is said.
func TestServer(t *testing.T) {
	for name, c := range map[string]struct {
		groma
		verdicts string
		seen     string
	}{
		"well":       {groma{200, 200, "admin"}, "ok ok ok", "the role admin"},
		"only reads": {groma{200, 200, "read"}, "ok ok ok", "the role read"},
		"triggers":   {groma{200, 200, "trigger"}, "ok ok ok", "the role trigger"},
		"not ready":  {groma{200, 503, "read"}, "ok failed ok", "it says 503: not ready"},
		"no token":   {groma{200, 200, ""}, "ok ok failed", "unauthenticated: this takes a token"},
		"no groma":   {groma{404, 404, ""}, "failed", "is no groma"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.groma)
			defer server.Close()
			var verdicts, seen []string
			for _, check := range api(t.Context(), Config{Server: &Server{URL: server.URL, HTTP: server.Client()}}.filled()) {
				verdicts, seen = append(verdicts, string(check.Verdict)), append(seen, check.Seen)
				if (check.Verdict == OK) != (check.Next == "") {
					t.Errorf("%s is %s, and next is %q", check.Name, check.Verdict, check.Next)
				}
			}
			if got := strings.Join(verdicts, " "); got != c.verdicts || !strings.Contains(strings.Join(seen, "\n"), c.seen) {
				t.Errorf("got %s:\n%s\nwant %s and %q", got, strings.Join(seen, "\n"), c.verdicts, c.seen)
			}
		})
	}
	gone := httptest.NewServer(groma{})
	gone.Close()
	checks := api(t.Context(), Config{Server: &Server{URL: gone.URL, HTTP: http.DefaultClient}}.filled())
	if len(checks) != 1 || checks[0].Verdict != Failed || !strings.Contains(checks[0].Seen, "no groma answers") {
		t.Errorf("of a server that is gone it says %v", checks)
	}
}
