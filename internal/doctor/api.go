package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"groma/internal/conceal"
	"groma/internal/engine"
	"groma/internal/fault"
)

// A Server is a groma server, which has all the rest.
type Server struct {
	URL string
	// HTTP asks it, with the token if there is one.
	HTTP *http.Client
	// Told is what the server is told of who asks, and may say again.
	Told conceal.Secrets
}

// api looks whether a server answers, has what it takes, and lets this caller
// in.
func api(ctx context.Context, c Config) []Check {
	const name = "server"
	began := c.now()
	status, _, facts, err := c.Server.get(ctx, "/healthz")
	switch {
	case err != nil:
		return failed(name, fmt.Sprintf("no groma answers at %s: %s", c.Server.URL, fault.Clip(err.Error(), 300)),
			"check that the server runs, the address in --server, firewalls and proxies on the way, and --server-ca if its certificate is not the system's")
	case status != http.StatusOK:
		return failed(name, fmt.Sprintf("what answers at %s is no groma: it says %d to /healthz", c.Server.URL, status), "check the address in --server")
	}
	seen := fmt.Sprintf("%s answers in %s, %s", c.Server.URL, took(c.now().Sub(began)), private(facts))
	return append(c.exposure(name, seen, c.Server.URL, false, facts), append(c.ready(ctx), c.role(ctx)...)...)
}

// ready asks the server whether it has what it takes.
func (c Config) ready(ctx context.Context) []Check {
	const name = "server: ready"
	status, body, _, err := c.Server.get(ctx, "/readyz")
	switch {
	case err != nil:
		return failed(name, fault.Clip(err.Error(), 300), "try again; it may be starting")
	case status != http.StatusOK:
		return failed(name, fmt.Sprintf("it says %d: %s", status, firstLine(body)), "run 'groma doctor' where the server runs, with its settings: it says which part is missing")
	}
	return well(name, "its Temporal, NATS and storage answer")
}

// powers are what one may do, each with a call that is refused for what it asks
// by whoever may make it, so that nothing happens.
var powers = []struct{ role, call string }{
	{"read", "GetCensus"},
	{"trigger", "RunSchedule"},
	{"admin", "DeleteSchedule"},
}

// role finds out what this caller may do.
func (c Config) role(ctx context.Context) []Check {
	const name = "server: token"
	may := ""
	for _, p := range powers {
		code, text, err := c.Server.call(ctx, p.call)
		switch {
		case err != nil:
			return failed(name, fault.Clip(err.Error(), 300), "try again; if it stays so, the server's log says why")
		case code == "invalid_argument":
			may = p.role
		case may == "":
			return failed(name, fmt.Sprintf("it does not let this caller in: %s: %s", code, text), "give a token with --server-token-file or GROMA_SERVER_TOKEN, or have one added to the server's --tokens-file")
		}
	}
	return well(name, "this caller may do what takes the role "+may)
}

func (s *Server) get(ctx context.Context, path string) (status int, body string, facts engine.Facts, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return 0, "", facts, err
	}
	response, err := s.HTTP.Do(request)
	if err != nil {
		return 0, "", facts, err
	}
	defer response.Body.Close()
	if response.TLS != nil {
		facts.Tell(*response.TLS)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	return response.StatusCode, s.Told.In(string(text)), facts, err
}

// call makes a call that asks for nothing, and returns how it is refused.
func (s *Server) call(ctx context.Context, name string) (code, text string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/groma.v1.SurveyService/"+name, strings.NewReader("{}"))
	if err != nil {
		return "", "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.HTTP.Do(request)
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	var refusal struct{ Code, Message string }
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&refusal); err != nil {
		return "", "", errors.New("its answers are not those of a groma server")
	}
	return s.Told.In(refusal.Code), firstLine(s.Told.In(refusal.Message)), nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return fault.Clip(line, 200)
}
