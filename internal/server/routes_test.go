package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"groma/internal/engine/enginetest"
	"groma/internal/form"
	"groma/internal/goldentest"
	"groma/internal/notice"
	"groma/internal/page"
)

func TestPage(t *testing.T) {
	h := newHouse(t, Config{}, Parts{})
	got := h.ask(t, "GET", "/", "")
	if got.status != 200 {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	for _, want := range []string{
		"Rome", "1,234", "<b>1,230</b> counted", "<b>4</b> not-found", `href="/surveys/` + firstSurvey + `/report.html"`,
		"10 of 40", `<progress value="10" max="40">`, "1 cannot be read", "data-running", `href="/surveys/` + lastSurvey + `/events"`,
		"&lt;img src=x onerror=alert(1)&gt;", "&lt;script&gt;alert(1)",
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(got.body, "<img") || strings.Count(got.body, "<script") != 1 {
		t.Error("a stranger's words are markup")
	}
	if ostia, rome := strings.Index(got.body, "Ostia"), strings.Index(got.body, "Rome"); ostia > rome {
		t.Error("the youngest survey is not the first")
	}
	policy := got.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy: %s", policy)
	}
	for element, digest := range map[string]string{"style": stylePolicy, "script": scriptPolicy} {
		_, text, _ := strings.Cut(got.body, "<"+element+">")
		text, _, _ = strings.Cut(text, "</"+element+">")
		if digestOf(text) != digest || !strings.Contains(policy, digest) {
			t.Errorf("a browser does not take the %s", element)
		}
	}
}

// TestReport: every form can be had, and is not sent twice.
func TestReport(t *testing.T) {
	h := newHouse(t, Config{}, Parts{})
	formats := map[string]bool{}
	for name, file := range printed {
		formats[file.format] = true
		got := h.ask(t, "GET", "/surveys/rome/"+name+"?language=Rust,Go&language=C%2B%2B", "")
		if got.status != 200 || got.body != "first half of "+file.file {
			t.Errorf("%s: got %d %s", name, got.status, got.body)
		}
		again := h.ask(t, "GET", "/surveys/rome/"+name+"?language=Rust,Go&language=C%2B%2B", "", "If-None-Match", `"x", W/`+got.header.Get("ETag"))
		if again.status != 304 || again.body != "" {
			t.Errorf("%s again: got %d %s", name, again.status, again.body)
		}
		other := h.ask(t, "GET", "/surveys/rome/"+name+"?edition=2", "", "If-None-Match", got.header.Get("ETag"))
		if other.status != 200 || other.header.Get("ETag") == got.header.Get("ETag") {
			t.Errorf("%s of another edition: got %d", name, other.status)
		}
	}
	for _, name := range form.Names() {
		if !formats[name] {
			t.Errorf("a report cannot be had as %s", name)
		}
	}
	for _, name := range linked {
		if _, ok := printed[name]; !ok {
			t.Errorf("the page leads to %s, which there is not", name)
		}
	}
}

func TestReport_Asks(t *testing.T) {
	api := newFake()
	h := newHouse(t, Config{}, Parts{API: api})
	got := h.ask(t, "GET", "/surveys/latest/report.html?language=Rust,Go&pure=0.8&component-lines=500&measure=lines", "")
	api.mu.Lock()
	defer api.mu.Unlock()
	r := api.last
	if got.status != 200 || r.GetSurvey() != firstSurvey || r.GetEdition() != 3 || !slices.Equal(r.GetLanguages(), []string{"Rust", "Go"}) ||
		r.GetPure() != 0.8 || r.GetComponentLines() != 500 || r.GetMeasure() != "lines" {
		t.Errorf("got %d, asked %v", got.status, r)
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox") {
		t.Errorf("policy: %s", policy)
	}
}

// TestHeaders: whatever strangers may have put into what is served, browsers take
// it for nothing else than it is, and run no script but ours.
func TestHeaders(t *testing.T) {
	h := newHouse(t, Config{}, Parts{})
	const nothing = "default-src 'none'"
	for path, want := range map[string]struct{ policy, disposition string }{
		"/surveys/rome/report.html":                          {"sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; " + page.Policy() + "; frame-ancestors 'none'", ""},
		"/surveys/rome/analysis.json":                        {"sandbox; " + nothing + "; frame-ancestors 'none'", ""},
		"/surveys/rome/projects.csv":                         {"sandbox; " + nothing + "; frame-ancestors 'none'", `attachment; filename="projects.csv"`},
		"/badge/gitlab.example.org/works/water/aqueduct.svg": {nothing + "; sandbox", ""},
		"/surveys/veii/report.html":                          {nothing + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", ""},
		"/surveys/rome/events?after=x%0a":                    {nothing + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", ""},
	} {
		got := h.ask(t, "GET", path, "").header
		if got.Get("Content-Security-Policy") != want.policy || got.Get("Content-Disposition") != want.disposition || got.Get("X-Content-Type-Options") != "nosniff" || got.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, got)
		}
		if strings.Contains(got.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s allows whatever stands in it", path)
		}
	}
}

// TestBadge_Words: whatever they are, they are no markup.
func TestBadge_Words(t *testing.T) {
	const hostile = `</text><script>alert(1)</script>" onload="x`
	answer := httptest.NewRecorder()
	draw(answer, badge{Label: hostile, Value: hostile})
	if body := answer.Body.String(); strings.Contains(body, "<script") || strings.Contains(body, `" onload`) || xml.Unmarshal([]byte(body), new(struct{})) != nil {
		t.Errorf("got %s", body)
	}
}

func TestReport_Error(t *testing.T) {
	h := newHouse(t, Config{}, Parts{})
	if got := h.ask(t, "GET", "/surveys/veii/report.html", ""); got.status != 404 || !strings.Contains(got.body, "groma surveys") {
		t.Errorf("no survey: got %d %s", got.status, got.body)
	}
	if got := h.ask(t, "GET", "/surveys/ostia/report.html", ""); got.status != 404 || got.header.Get("ETag") != "" {
		t.Errorf("no report: got %d %s", got.status, got.body)
	}
	// What breaks off is not taken for whole.
	response, err := http.Get(h.url + "/surveys/rome/report.html?measure=torn")
	if err == nil {
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
	}
	if err == nil {
		t.Error("a torn report seems whole")
	}
}

// ids are those of a stream of events, and its events' names.
func ids(t *testing.T, body string) (ids, names []string) {
	t.Helper()
	for line := range strings.Lines(body) {
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			ids = append(ids, strings.TrimSpace(id))
		}
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			names = append(names, strings.TrimSpace(name))
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok && !json.Valid([]byte(data)) {
			t.Errorf("no JSON: %s", data)
		}
	}
	return ids, names
}

func TestEvents(t *testing.T) {
	h := newHouse(t, Config{}, Parts{})
	for _, test := range []struct {
		name, path string
		fields     []string
		want       string
	}{
		{"from the start", "/surveys/rome/events", nil, "[1 2 3 4 5]"},
		{"after", "/surveys/rome/events?after=2", nil, "[3 4 5]"},
		{"again, as browsers do", "/surveys/rome/events?after=2", []string{"Last-Event-ID", "4"}, "[5]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := h.ask(t, "GET", test.path, "", test.fields...)
			sequences, names := ids(t, got.body)
			if fmt.Sprint(sequences) != test.want || len(names) == 0 || names[len(names)-1] != "ended" {
				t.Errorf("got %v, %v", sequences, names)
			}
			if got.header.Get("Content-Type") != "text/event-stream" {
				t.Errorf("header %v", got.header)
			}
		})
	}
	if got := h.ask(t, "HEAD", "/surveys/rome/events", ""); got.status != 200 || got.body != "" {
		t.Errorf("HEAD: got %d %s", got.status, got.body)
	}
	if got := h.ask(t, "GET", "/surveys/veii/events", ""); got.status != 404 {
		t.Errorf("no survey: got %d %s", got.status, got.body)
	}
}

// TestEvents_Gone: who goes away leaves nothing behind.
func TestEvents_Gone(t *testing.T) {
	api := newFake()
	api.waits = true
	h := newHouse(t, Config{}, Parts{API: api})
	conn, err := dial(h)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "GET /surveys/rome/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-api.watched
	conn.Close()
	<-api.ended
}

func TestBadge(t *testing.T) {
	h := newHouse(t, Config{Tokens: tokens(t), AnonymousRead: true}, Parts{})
	const path = "/badge/gitlab.example.org/works/water/aqueduct.svg"
	for _, test := range []struct{ query, want string }{
		{"", "lines of code: 1,234,609"}, {"?language=go", "lines of Go: 1,234,567"}, {"?language=Rust", "lines of Rust: 42"}, {"?language=C%2B%2B", "lines of C++: 0"},
	} {
		got := h.ask(t, "GET", path+test.query, "")
		if got.status != 200 || !strings.Contains(strings.ReplaceAll(got.body, "&#43;", "+"), test.want) || got.header.Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s: got %d %s", test.query, got.status, got.body)
		}
		if err := xml.Unmarshal([]byte(got.body), new(struct{})); err != nil {
			t.Errorf("%s: no XML: %v", test.query, err)
		}
		if !strings.HasPrefix(got.header.Get("ETag"), `"da1560886d4f094c3e6c9ef40349f7d38b5d27d7`) || got.header.Get("Cache-Control") != "public, max-age=300" {
			t.Errorf("%s: header %v", test.query, got.header)
		}
		if again := h.ask(t, "GET", path+test.query, "", "If-None-Match", got.header.Get("ETag")); again.status != 304 || again.body != "" {
			t.Errorf("%s again: got %d", test.query, again.status)
		}
	}
	got := h.ask(t, "GET", "/badge/example.org/%3Cscript%3E/%22onload=.svg", "")
	if got.status != 200 || !strings.Contains(got.body, "unknown") || strings.Contains(got.body, "<script>") || got.header.Get("ETag") != "" {
		t.Errorf("unknown: got %d %s", got.status, got.body)
	}
}

func TestBadge_Golden(t *testing.T) {
	h := newHouse(t, Config{}, Parts{})
	got := h.ask(t, "GET", "/badge/gitlab.example.org/works/water/aqueduct.svg?language=Go", "")
	goldentest.Check(t, "testdata/badge.svg", []byte(got.body))
}

const hookSecret = "hush-0123456789abcdef"

// newQueue is a queue on a real NATS.
func newQueue(t *testing.T) (*notice.Queue, *nats.Conn) {
	t.Helper()
	conn, err := nats.Connect("nats://" + enginetest.NATS(t, server.Options{JetStream: true}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	queue, err := notice.NewQueue(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return queue, conn
}

func (h *house) push(t *testing.T, delivery, secret, body string) answer {
	t.Helper()
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(body))
	return h.ask(t, "POST", "/webhooks/github", body, "Content-Type", "application/json", "X-GitHub-Event", "push",
		"X-GitHub-Delivery", delivery, "X-Hub-Signature-256", "sha256="+hex.EncodeToString(m.Sum(nil)))
}

func TestWebhook(t *testing.T) {
	text, err := os.ReadFile("../push/testdata/github.json")
	if err != nil {
		t.Fatal(err)
	}
	body := string(text)
	queue, _ := newQueue(t)
	secrets := WebhookSecrets{GitHub: SecretText("old-0123456789abcdef\n" + hookSecret)}
	h := newHouse(t, Config{Tokens: tokens(t), Webhooks: secrets, Rate: 0.001, Burst: 4, AllowHosts: []string{"GitHub.com"}}, Parts{Queue: queue})
	backlog := func(want int64) {
		t.Helper()
		if got, err := queue.Backlog(t.Context()); err != nil || got != want {
			t.Errorf("backlog %d, %v; want %d", got, err, want)
		}
	}
	// As many as there are, beyond what others may ask; each once.
	for i := range 20 {
		if got := h.push(t, fmt.Sprint(i/2), hookSecret, body); got.status != 202 || got.body != "queued: github.com/example/walls\n" {
			t.Fatalf("got %d %s", got.status, got.body)
		}
	}
	backlog(10)
	for _, test := range []struct {
		name string
		got  answer
		want int
	}{
		{"another branch", h.push(t, "a", hookSecret, strings.Replace(body, "refs/heads/main", "refs/heads/topic", 1)), 202},
		{"another host", h.push(t, "b", hookSecret, strings.ReplaceAll(body, "https://github.com/", "https://evil.example/")), 202},
		{"malformed", h.push(t, "c", hookSecret, "{}"), 400},
		{"too large", h.push(t, "d", hookSecret, strings.Repeat(" ", 9<<20)), 413},
		{"forged", h.push(t, "e", "something else entirely", body), 401},
		{"another forge", h.ask(t, "POST", "/webhooks/gitlab", body), 503},
		{"no forge", h.ask(t, "POST", "/webhooks/sourceforge", body), 503},
	} {
		if test.got.status != test.want {
			t.Errorf("%s: got %d %s, want %d", test.name, test.got.status, test.got.body, test.want)
		}
	}
	backlog(10)
	// Who forges on and on is not even read.
	for range 10 {
		h.push(t, "f", "something else entirely", body)
	}
	if got := h.push(t, "g", "something else entirely", body); got.status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if strings.Contains(h.log.String(), "0123456789abcdef") {
		t.Error("the log tells the secret")
	}
}

// TestWebhook_Dribbled: strangers whose bodies do not come take no place from a
// push that is small.
func TestWebhook_Dribbled(t *testing.T) {
	text, err := os.ReadFile("../push/testdata/github.json")
	if err != nil {
		t.Fatal(err)
	}
	queue, _ := newQueue(t)
	h := newHouse(t, Config{Webhooks: WebhookSecrets{GitHub: SecretText(hookSecret)}}, Parts{Queue: queue})
	for range webhooksOfOne + 1 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /webhooks/github HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
		if _, err := conn.Read(make([]byte, 1)); err != nil { // it is asked for the body, and so read
			t.Fatal(err)
		}
	}
	if got := h.push(t, "1", hookSecret, string(text)); got.status != 202 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestReady_NoNATS: a server whose NATS is away is ready for all else.
func TestReady_NoNATS(t *testing.T) {
	queue, conn := newQueue(t)
	h := newHouse(t, Config{}, Parts{Queue: queue})
	if got := h.ask(t, "GET", "/readyz", ""); got.status != 200 || got.header.Get("X-Groma-Away") != "" {
		t.Errorf("got %d %v", got.status, got.header)
	}
	conn.Close()
	if got := h.ask(t, "GET", "/readyz", ""); got.status != 200 || got.header.Get("X-Groma-Away") != "nats" {
		t.Errorf("without NATS: got %d %v", got.status, got.header)
	}
}

// TestWebhook_Slow: bodies that do not come keep only their own address waiting.
func TestWebhook_Slow(t *testing.T) {
	p := newPlaces()
	var leaves []func()
	for range webhooksOfOne {
		leave, ok := p.enter(t.Context(), "slow")
		if !ok {
			t.Fatal("there is no place")
		}
		leaves = append(leaves, leave)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, ok := p.enter(ctx, "slow"); ok {
		t.Error("one address takes more places than it has")
	}
	leave, ok := p.enter(t.Context(), "another")
	if !ok {
		t.Fatal("another has to wait")
	}
	leave()
	for _, leave := range leaves {
		leave()
	}
	if len(p.all) != 0 {
		t.Errorf("%d places are taken, and nobody is there", len(p.all))
	}
}
