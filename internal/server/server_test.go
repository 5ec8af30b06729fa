package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"groma/internal/engine/enginetest"
	gromav1 "groma/proto/groma/v1"
	"groma/proto/groma/v1/gromav1connect"
)

// TestRoles: the table has every call of the contract, and nothing else.
func TestRoles(t *testing.T) {
	known := map[string]bool{healthCheck: true, reflection: true, reflectionAlpha: true}
	methods := service().Methods()
	for i := range methods.Len() {
		procedure := "/groma.v1.SurveyService/" + string(methods.Get(i).Name())
		known[procedure] = true
		if role, ok := roles[procedure]; !ok || role == Nobody {
			t.Errorf("%s takes no role", procedure)
		}
	}
	for procedure := range roles {
		if !known[procedure] {
			t.Errorf("%s is in the table, and there is no such call", procedure)
		}
	}
}

func TestCalls_Roles(t *testing.T) {
	h := newHouse(t, Config{Tokens: tokens(t)}, Parts{})
	anonymous := newHouse(t, Config{Tokens: tokens(t), AnonymousRead: true}, Parts{})
	open := newHouse(t, Config{}, Parts{})
	for _, test := range []struct {
		name  string
		house *house
		token string
		want  [3]int // of GetSurvey, StartSurvey, DeleteSchedule
	}{
		{"nobody", h, "", [3]int{401, 401, 401}},
		{"a stranger", h, "read-0123456789abcdeg", [3]int{401, 401, 401}},
		{"read", h, readToken, [3]int{200, 403, 403}},
		{"trigger", h, triggerToken, [3]int{200, 200, 403}},
		{"admin", h, adminToken, [3]int{200, 200, 200}},
		{"nobody, who may read", anonymous, "", [3]int{200, 401, 401}},
		{"a stranger, though anybody may read", anonymous, "nonsense", [3]int{401, 401, 401}},
		{"no tokens", open, "", [3]int{200, 200, 200}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i, name := range []string{"GetSurvey", "StartSurvey", "DeleteSchedule"} {
				if got := test.house.call(t, name, "{}", bearing(test.token)...); got.status != test.want[i] {
					t.Errorf("%s: got %d %s, want %d", name, got.status, got.body, test.want[i])
				}
			}
		})
	}
	if log := h.log.String(); strings.Contains(log, "0123456789abcde") || !strings.Contains(log, "who=reader") {
		t.Errorf("the log tells tokens, or not who asks:\n%s", log)
	}
}

func TestRoutes_Roles(t *testing.T) {
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "groma_up 1\n") })
	h := newHouse(t, Config{Tokens: tokens(t)}, Parts{Metrics: metrics})
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/openapi.yaml": 200, "/nothing": 404,
		"/": 401, "/metrics": 401, "/badge/gitlab.example.org/works/water/aqueduct.svg": 401,
		"/surveys/rome/report.html": 401, "/surveys/rome/events": 401,
	} {
		if got := h.ask(t, "GET", path, ""); got.status != want {
			t.Errorf("%s: nobody got %d, want %d", path, got.status, want)
		} else if want == 401 && !strings.Contains(strings.Join(got.header.Values("WWW-Authenticate"), " "), "Basic") {
			t.Errorf("%s: a browser is not asked for a password", path)
		}
		if want != 401 {
			continue
		}
		if got := h.ask(t, "GET", path, "", bearing(readToken)...); got.status != 200 {
			t.Errorf("%s: with a token %d %s", path, got.status, got.body)
		}
		basic := &http.Request{Header: http.Header{}}
		basic.SetBasicAuth("me", readToken)
		if got := h.ask(t, "GET", path, "", "Authorization", basic.Header.Get("Authorization")); got.status != 200 {
			t.Errorf("%s: with a password %d %s", path, got.status, got.body)
		}
		basic.SetBasicAuth("me", triggerToken)
		if got := h.call(t, "StartSurvey", "{}", "Authorization", basic.Header.Get("Authorization")); got.status != 401 {
			t.Errorf("a password starts surveys: %d", got.status)
		}
	}
}

// TestGRPC: the same port speaks gRPC, with reflection and health.
func TestGRPC(t *testing.T) {
	h := newHouse(t, Config{Tokens: tokens(t)}, Parts{})
	conn, err := grpc.NewClient(strings.TrimPrefix(h.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	with := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+readToken)

	var got gromav1.GetSurveyResponse
	if err := conn.Invoke(with, "/groma.v1.SurveyService/GetSurvey", &gromav1.GetSurveyRequest{Survey: "rome"}, &got); err != nil || got.GetSurvey().GetSurvey() != firstSurvey {
		t.Errorf("got %v, %v", &got, err)
	}
	for want, err := range map[codes.Code]error{
		codes.Unauthenticated:  conn.Invoke(t.Context(), "/groma.v1.SurveyService/GetSurvey", &gromav1.GetSurveyRequest{}, &got),
		codes.PermissionDenied: conn.Invoke(with, "/groma.v1.SurveyService/StartSurvey", &gromav1.StartSurveyRequest{}, &gromav1.StartSurveyResponse{}),
		codes.NotFound:         conn.Invoke(with, "/groma.v1.SurveyService/GetSurvey", &gromav1.GetSurveyRequest{Survey: "veii"}, &got),
		codes.Unimplemented:    conn.Invoke(with, "/groma.v1.SurveyService/BurnRome", &gromav1.GetSurveyRequest{}, &got),
		codes.Internal:         conn.Invoke(with, "/groma.v1.SurveyService/ListSchedules", &gromav1.ListSchedulesRequest{}, &gromav1.ListSchedulesResponse{}),
	} {
		if status.Code(err) != want {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	watch, err := conn.NewStream(with, &grpc.StreamDesc{ServerStreams: true}, "/groma.v1.SurveyService/WatchSurvey")
	if err == nil {
		err = errors.Join(watch.SendMsg(&gromav1.WatchSurveyRequest{Survey: "rome", After: 3}), watch.CloseSend())
	}
	sequences := []int64{}
	for err == nil {
		var event gromav1.WatchSurveyResponse
		if err = watch.RecvMsg(&event); err == nil {
			sequences = append(sequences, event.GetSequence())
		}
	}
	if !errors.Is(err, io.EOF) || fmt.Sprint(sequences) != "[4 5 0]" {
		t.Errorf("sequences %v, %v", sequences, err)
	}
	health, err := grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || health.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("health: %v, %v", health, err)
	}
	testReflection(t, with, conn)
}

func testReflection(t *testing.T, ctx context.Context, conn *grpc.ClientConn) {
	t.Helper()
	stream, err := grpc_reflection_v1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	request := &grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}}
	if err := errors.Join(stream.Send(request), stream.CloseSend()); err != nil {
		t.Fatal(err)
	}
	got, err := stream.Recv()
	if err != nil || !strings.Contains(got.String(), "groma.v1.SurveyService") {
		t.Errorf("reflection: %v, %v", got, err)
	}
}

func TestGRPCWeb(t *testing.T) {
	h := newHouse(t, Config{}, Parts{})
	for name, option := range map[string]connecthttp.Option{"gRPC-Web": connecthttp.WithGRPCWeb(), "Connect, by GET": connecthttp.WithHTTPGet(), "Connect, JSON": connecthttp.WithProtoJSON()} {
		client := gromav1connect.NewSurveyServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, h.url, option)))
		got, err := client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: "rome"})
		if err != nil || got.GetSurvey().GetSurvey() != firstSurvey {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		if _, err := client.GetSurvey(t.Context(), &gromav1.GetSurveyRequest{Survey: "veii"}); connect.CodeOf(err) != connect.CodeNotFound {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestInside: what goes wrong inside stays there.
func TestInside(t *testing.T) {
	api := newFake()
	api.broken = errors.New("open /var/lib/groma/secret: denied")
	h := newHouse(t, Config{}, Parts{API: api})
	for _, got := range []answer{
		h.call(t, "GetSurvey", "{}"), h.call(t, "ListSchedules", "{}"), h.ask(t, "GET", "/", ""), h.ask(t, "GET", "/surveys/rome/report.html", ""),
		h.ask(t, "GET", "/surveys/rome/events", ""), h.ask(t, "GET", "/badge/gitlab.example.org/works/water/aqueduct.svg", ""),
	} {
		if got.status != 500 || strings.Contains(got.body, "/var/lib") {
			t.Errorf("got %d %s", got.status, got.body)
		}
		_, id, _ := strings.Cut(strings.Trim(got.body, "\n\"}"), "under ")
		if id == "" || !strings.Contains(h.log.String(), "id="+id) {
			t.Errorf("no id of %q is in the log", got.body)
		}
	}
	if log := h.log.String(); strings.Count(log, "/var/lib/groma") < 6 {
		t.Errorf("the log does not say why:\n%s", log)
	}
}

func TestMalformed(t *testing.T) {
	h := newHouse(t, Config{MaxBody: 100}, Parts{})
	for _, test := range []struct {
		name string
		got  answer
		want int
	}{
		{"no JSON", h.call(t, "GetSurvey", "{"), 400},
		{"too large", h.call(t, "StartSurvey", `{"document": "`+strings.Repeat("A", 200)+`"}`), 429},
		{"far too large", h.call(t, "StartSurvey", `{"document": "`+strings.Repeat("A", 1<<20)+`"}`), 429},
		{"text", h.ask(t, "POST", "/groma.v1.SurveyService/GetSurvey", "{}", "Content-Type", "text/plain"), 415},
		{"another method", h.ask(t, "DELETE", "/surveys/rome/report.html", ""), 405},
		{"another form", h.ask(t, "GET", "/surveys/rome/report.exe", ""), 404},
		{"no number", h.ask(t, "GET", "/surveys/rome/report.html?edition=x", ""), 400},
		{"no such event", h.ask(t, "GET", "/surveys/rome/events?after=-1", ""), 400},
		{"nothing to know", h.ask(t, "GET", "/badge/rome.svg", ""), 400},
		{"no language", h.ask(t, "GET", "/badge/gitlab.example.org/works/water/aqueduct.svg?language=Latin", ""), 400},
	} {
		if test.got.status != test.want {
			t.Errorf("%s: got %d %s, want %d", test.name, test.got.status, test.got.body, test.want)
		}
	}
}

// TestForeign: a page of another site starts nothing through a browser here.
func TestForeign(t *testing.T) {
	h := newHouse(t, Config{}, Parts{})
	for _, fields := range [][]string{
		{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Host", "evil.example"}, {"Host", "evil.example:8090"},
	} {
		if got := h.call(t, "StartSurvey", "{}", fields...); got.status != 403 {
			t.Errorf("%v: got %d %s", fields, got.status, got.body)
		}
	}
	if got := h.ask(t, "GET", "/", "", "Host", "evil.example"); got.status != 403 {
		t.Errorf("a name that turns to this machine: got %d", got.status)
	}
	if got := h.ask(t, "GET", "/", "", "Host", "localhost:1"); got.status != 200 {
		t.Errorf("localhost: got %d", got.status)
	}
}

func TestRate(t *testing.T) {
	h := newHouse(t, Config{Tokens: tokens(t), Rate: 0.01, Burst: 3}, Parts{})
	for i := range 5 {
		got := h.call(t, "GetSurvey", "{}", bearing(readToken)...)
		if want := i < 3; (got.status == 200) != want || (got.status == 429) == want {
			t.Errorf("request %d: got %d", i, got.status)
		}
		if got.status == 429 && got.header.Get("Retry-After") == "" {
			t.Error("nobody says when to ask again")
		}
	}
	if got := h.call(t, "GetSurvey", "{}", bearing(adminToken)...); got.status != 200 {
		t.Errorf("another has to wait, too: %d", got.status)
	}
	if got := h.ask(t, "GET", "/healthz", ""); got.status != 200 {
		t.Errorf("/healthz: %d", got.status)
	}
}

func TestSlowHeaders(t *testing.T) {
	h := buildHouse(t, Config{}, Parts{})
	h.server.headerTime = time.Second
	h.serve(t)
	conn, err := dial(h)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n")
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	text, err := io.ReadAll(conn)
	if err != nil || strings.Contains(string(text), "200 OK") {
		t.Errorf("a header without an end: %q, %v", text, err)
	}
}

func TestProbes(t *testing.T) {
	away := errors.New("Temporal at 10.0.0.1 is away")
	h := newHouse(t, Config{}, Parts{Ready: func(context.Context) error { return away }})
	if got := h.ask(t, "GET", "/readyz", ""); got.status != 503 || strings.Contains(got.body, "10.0.0.1") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := h.ask(t, "GET", "/healthz", ""); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := h.ask(t, "GET", "/metrics", ""); got.status != 404 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestStop: streams end, and so does who waits for a rescan.
func TestStop(t *testing.T) {
	for name, ask := range map[string]func(h *house) answer{
		"events": func(h *house) answer { return h.ask(t, "GET", "/surveys/ostia/events", "") },
		"rescan": func(h *house) answer { return h.call(t, "RescanRepository", `{"wait": true}`) },
	} {
		t.Run(name, func(t *testing.T) {
			api := newFake()
			api.waits = true
			h := newHouse(t, Config{}, Parts{API: api})
			got := make(chan answer, 1)
			go func() { got <- ask(h) }()
			<-api.watched
			h.end(t)
			<-api.ended
			if a := <-got; name == "rescan" && a.status != 503 || name == "events" && !strings.Contains(a.body, "id: 3") {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
}

// TestStop_GRPC: so do calls over HTTP/2, whose connections stay open.
func TestStop_GRPC(t *testing.T) {
	api := newFake()
	api.waits = true
	h := newHouse(t, Config{}, Parts{API: api})
	conn, err := grpc.NewClient(strings.TrimPrefix(h.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	watch, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, "/groma.v1.SurveyService/WatchSurvey")
	if err == nil {
		err = errors.Join(watch.SendMsg(&gromav1.WatchSurveyRequest{Survey: "rome", After: 5}), watch.CloseSend())
	}
	if err != nil {
		t.Fatal(err)
	}
	<-api.watched
	h.end(t)
	if err := watch.RecvMsg(&gromav1.WatchSurveyResponse{}); status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestTLS(t *testing.T) {
	authority := enginetest.NewAuthority(t)
	cert, key := authority.Issue(t, "groma.example.org", time.Hour)
	h := newHouse(t, Config{TLSCert: cert, TLSKey: key}, Parts{})
	text, err := os.ReadFile(authority.File)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	serial := func() (name string, answered *http.Response) {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
		response, err := client.Get(h.url + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.TLS.PeerCertificates[0].Subject.CommonName, response
	}
	name, response := serial()
	if name != "groma.example.org" || response.ProtoMajor != 2 || response.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("got %s over %s, %v", name, response.Proto, response.Header)
	}
	// A renewed certificate is taken without a restart.
	renewed, renewedKey := authority.Issue(t, "renewed.example.org", time.Hour)
	for from, to := range map[string]string{renewed: cert, renewedKey: key} {
		data, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, data, 0o600)
		}
		if err == nil {
			err = os.Chtimes(to, time.Time{}, time.Now().Add(time.Minute))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(time.Minute)
	for name != "renewed.example.org" && time.Now().Before(deadline) {
		name, _ = serial()
	}
	if name != "renewed.example.org" {
		t.Errorf("the certificate is still that of %s", name)
	}
}

func TestConfig_Error(t *testing.T) {
	for name, c := range map[string]Config{
		"no address":             {},
		"no port":                {Listen: "127.0.0.1"},
		"everybody":              {Listen: ":8090"},
		"everybody, by number":   {Listen: "0.0.0.0:8090"},
		"a name":                 {Listen: "groma.example.org:8090"},
		"half a certificate":     {Listen: "127.0.0.1:0", TLSCert: "x"},
		"no certificate":         {Listen: "127.0.0.1:0", TLSCert: "/nowhere", TLSKey: "/nowhere"},
		"an address for a host":  {Listen: "127.0.0.1:0", AllowHosts: []string{"https://github.com/"}},
		"a secret that is short": {Listen: "127.0.0.1:0", Webhooks: WebhookSecrets{GitHub: SecretText("short")}},
		"a secret that is lost":  {Listen: "127.0.0.1:0", Webhooks: WebhookSecrets{GitLab: SecretFile("/nowhere")}},
	} {
		if err := c.Validate(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, listen := range []string{"127.0.0.1:0", "localhost:8090", "[::1]:8090"} {
		if err := (Config{Listen: listen}).Validate(); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
	if err := (Config{Listen: ":8090", Tokens: tokens(t)}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestTokens_Error(t *testing.T) {
	for _, text := range []string{"read", "write 0123456789abcdef", "read short", "read sha256:zz", "read sha256:00", "\n\nread\n", "0123456789abcdef"} {
		_, err := ParseTokens(text)
		if err == nil || strings.Contains(err.Error(), "0123456789abcdef") {
			t.Errorf("%q: %v", text, err)
		}
	}
	known, err := ParseTokens("read sha256:bb34f9bb8fe68bd1e4ebe9ed8a4c2a75d9d7a2c4d4c1b35a9bbab6da5d4d0bc1")
	if err != nil || !known.Any() {
		t.Error(err)
	}
}

// TestConfig_Printed: no token and no secret is printed, by whatever way.
func TestConfig_Printed(t *testing.T) {
	c := Config{Listen: ":1", Tokens: tokens(t), Webhooks: WebhookSecrets{GitHub: SecretText("hush-0123456789abcdef")}}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("starts", "config", c, "tokens", c.Tokens, "secret", c.Webhooks.GitHub)
	text := log.String() + fmt.Sprintf("%v %+v %#v %s %q %x", c, c, c, c.Tokens, c.Webhooks.GitHub, c.Webhooks)
	if strings.Contains(text, "0123456789abcdef") || strings.Contains(text, "hush") || !strings.Contains(text, "[secret]") {
		t.Errorf("printed: %s", text)
	}
}
