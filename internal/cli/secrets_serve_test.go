package cli

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A served is a server that runs, and who asks it.
type served struct {
	w      *secretWorld
	url    string
	client *http.Client
}

// serverOfSecrets serves people with tokens and code hosts with secrets, and has
// surveys fail that they ask for, as talkative as it can be.
func serverOfSecrets(t *testing.T, w *secretWorld) {
	env, tokens := w.hostTokens(t)
	certificate, key := w.keyPair(t, "server's TLS key")
	file := func(plant string) string { return w.file(t, w.mark(plant)) }
	r := w.run(t, append(env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+w.refusingGRPC(t, nil), "OTEL_EXPORTER_OTLP_HEADERS=authorization="+w.mark("OTLP headers"), "OTEL_BSP_SCHEDULE_DELAY=200"),
		"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(w.root, "served"), "--token-file", tokens, "--tls-cert", certificate, "--tls-key", key,
		"--tokens-file", w.file(t, "read "+w.mark("token of role read")+"\ntrigger "+w.mark("token of role trigger")), "--log-level", "debug", "--log-format", "json",
		"--github-secret-file", file("GitHub's webhooks"), "--gitlab-secret-file", file("GitLab's webhooks"), "--gitea-secret-file", file("Gitea's webhooks"), "--concurrency", "16")
	r.start(t)
	s := &served{w: w, client: w.client(t)}
	until(t, "the start of the server", func() bool {
		_, after, _ := strings.Cut(r.said(t, "stderr"), `"msg":"serving","url":"`)
		s.url, _, _ = strings.Cut(after, `"`)
		return s.url != ""
	}, func() string { return r.said(t, "stderr") })
	w.prove("server's TLS key")
	s.survey(t, r)
	s.look(t)
	s.deliver(t)
	w.groma(t, exitDone, []string{"GROMA_SERVER_TOKEN=" + w.mark("token of role read")}, "surveys", "--server", s.url)
	w.groma(t, exitFailed, []string{"GROMA_SERVER_TOKEN=" + w.mark("server token")}, "surveys", "--server", s.url)
	r.interrupt(t)
}

// client trusts the test's authority.
func (w *secretWorld) client(t *testing.T) *http.Client {
	t.Helper()
	text, err := os.ReadFile(w.authority.File)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// ask asks the server, and keeps what it answers.
func (s *served) ask(t *testing.T, method, path, body string, headers map[string]string) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	all := readAll(answer.Body)
	s.w.write("answer", fmt.Append(nil, method, " ", request.URL.Path, "\n", answer.Status, answer.Header, "\n", string(all)))
	return answer.StatusCode, string(all)
}

func (s *served) call(t *testing.T, name, body string) (status int, text string) {
	t.Helper()
	return s.ask(t, http.MethodPost, "/groma.v1.SurveyService/"+name, body, map[string]string{
		"Authorization": "Bearer " + s.w.mark("token of role trigger"), "Content-Type": "application/json",
	})
}

// survey has a survey of all hosts begun, and others whose source the server
// cannot read.
func (s *served) survey(t *testing.T, r *gromaRun) {
	for _, name := range []string{"list", "moved", "badlocation", "badscheme", "loop", "html", "broken", "s401", "s404", "s500"} {
		source := "https://files.example/" + name + ".txt?token=" + s.w.mark("source of a call, query")
		status, text := s.call(t, "StartSurvey", fmt.Sprintf(`{"spec": {"source": %q}}`, source))
		if good := name == "list" || name == "moved"; good != (status == http.StatusOK) {
			t.Errorf("%s: %d, %s", source, status, text)
		}
		s.call(t, "StartSurvey", fmt.Sprintf(`{"spec": {"source": "https://files.example/list.txt", "clomonitor": %q}}`, source))
	}
	before := map[string]int{}
	for host := range troubled {
		before[host] = s.w.hosts.times(host)
	}
	document := base64.StdEncoding.EncodeToString([]byte(s.w.secretLandscape()))
	status, text := s.call(t, "StartSurvey", fmt.Sprintf(`{"spec": {"source": "all", "kind": "landscape"}, "document": %q}`, document))
	var started struct{ Survey string }
	if err := json.Unmarshal([]byte(text), &started); err != nil || started.Survey == "" {
		t.Fatalf("%d, %s", status, text)
	}
	s.w.prove("token of role trigger")
	until(t, "the survey of the server", func() bool {
		for host, times := range troubled {
			if s.w.hosts.times(host) < before[host]+times {
				return false
			}
		}
		return true
	}, func() string { return fmt.Sprint(s.w.hosts, r.said(t, "stderr")) })
	s.call(t, "GetSurvey", fmt.Sprintf(`{"survey": %q}`, started.Survey))
	s.call(t, "RescanRepository", `{"repository": "https://user:`+s.w.mark("repository, password")+`@s500.example/a/b"}`)
	s.call(t, "CancelSurvey", fmt.Sprintf(`{"survey": %q}`, started.Survey))
	s.call(t, "GetSurvey", fmt.Sprintf(`{"survey": %q}`, started.Survey))
	s.call(t, "ListSurveys", `{}`)
}

// look looks at pages and metrics, with a token, with another one, and in ways
// that nobody should.
func (s *served) look(t *testing.T) {
	read := s.w.mark("token of role read")
	for _, path := range []string{"/", "/metrics", "/healthz", "/readyz", "/surveys/none/events", "/surveys/none/report.html", "/badge/github.com/a/b"} {
		for _, word := range []string{"Bearer " + read, "Basic " + base64.StdEncoding.EncodeToString([]byte("x:"+read)), "Bearer " + s.w.mark("server token")} {
			status, _ := s.ask(t, http.MethodGet, path+"?token="+read, "", map[string]string{"Authorization": word})
			if path == "/" && status == http.StatusOK {
				s.w.prove("token of role read")
			}
		}
	}
}

// deliver sends webhooks, with the secret of each host, and with that of another.
func (s *served) deliver(t *testing.T) {
	body := `{"ref":"refs/heads/main","after":"0123456789012345678901234567890123456789","repository":{"full_name":"a/b","clone_url":"https://s500.example/a/b.git","html_url":"https://s500.example/a/b","default_branch":"main"},"project":{"path_with_namespace":"a/b","git_http_url":"https://s500.example/a/b.git","web_url":"https://s500.example/a/b","default_branch":"main"}}`
	for _, hook := range []struct {
		plant, path, event, kind, header, prefix string
		plain                                    bool
	}{
		{"GitHub's webhooks", "github", "X-GitHub-Event", "push", "X-Hub-Signature-256", "sha256=", false},
		{"GitLab's webhooks", "gitlab", "X-Gitlab-Event", "Push Hook", "X-Gitlab-Token", "", true},
		{"Gitea's webhooks", "gitea", "X-Gitea-Event", "push", "X-Gitea-Signature", "", false},
	} {
		secret := s.w.mark(hook.plant)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		word := hook.prefix + hex.EncodeToString(mac.Sum(nil))
		if hook.plain {
			word = secret
		}
		headers := map[string]string{hook.event: hook.kind, hook.header: word, "Content-Type": "application/json"}
		if status, text := s.ask(t, http.MethodPost, "/webhooks/"+hook.path, body, headers); status != http.StatusAccepted {
			t.Errorf("%s: %d, %s", hook.plant, status, text)
			continue
		}
		s.w.prove(hook.plant)
		headers[hook.header] = s.w.mark("GitLab's webhooks") + "x"
		s.ask(t, http.MethodPost, "/webhooks/"+hook.path, body, headers)
	}
}
