package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// doctorsOfSecrets asks servers that refuse whoever asks, by each login there is.
func doctorsOfSecrets(t *testing.T, w *secretWorld) {
	temporal := w.refusingGRPC(t, w.authority.Server(t, time.Hour, false))
	bus, s3 := w.refusingNATS(t, nil), w.s3(t)
	api := []string{"--temporal", temporal, "--temporal-tls-ca", w.authority.File}
	for _, ask := range []struct{ env, args []string }{
		{
			[]string{"GROMA_TEMPORAL_API_KEY=" + w.mark("Temporal API key"), "GROMA_NATS_TOKEN=" + w.mark("NATS token"), "GROMA_REMOTE=https://user:" + w.mark("remote, password") + "@s403.example/a/b"},
			append([]string{"--nats", "nats://" + bus, "--json"}, api...),
		},
		{nil, append([]string{"--temporal-api-key-file", w.file(t, w.mark("Temporal API key file")), "--nats", "nats://" + bus, "--nats-token-file", w.file(t, w.mark("NATS token file"))}, api...)},
		{[]string{"GROMA_NATS_PASSWORD=" + w.mark("NATS password")}, []string{"--nats", "nats://" + bus, "--nats-user", "u"}},
		{nil, []string{"--nats", "nats://" + bus, "--nats-user", "u", "--nats-password-file", w.file(t, w.mark("NATS password file"))}},
		{[]string{"GROMA_NATS=nats://u:" + w.mark("NATS URL") + "@" + bus}, nil},
		{nil, []string{"--config", w.file(t, "nats: nats://"+w.mark("NATS URL of --config")+"@"+bus)}},
		{nil, []string{"--nats", "nats://" + bus, "--nats-nkey", w.natsNkey(t)}},
		{nil, []string{"--nats", "nats://" + bus, "--nats-credentials", w.natsCredentials(t)}},
		{s3, []string{"--store", "s3://bucket/prefix?endpoint=" + w.refusingS3(t, nil)}},
		{s3, []string{"--store", "s3://bucket/prefix?endpoint=https://p407.example"}},
	} {
		said := w.groma(t, exitFailed, ask.env, append(append([]string{"doctor"}, ask.args...), "--data", filepath.Join(w.root, "doctored"))...)
		if strings.Contains(said, "s403.example") {
			w.prove("remote, password")
		}
	}
	w.askByCertificate(t)
	w.askRefusingGroma(t)
}

func (w *secretWorld) s3(*testing.T) []string {
	return []string{
		"AWS_ACCESS_KEY_ID=" + w.mark("S3 access key"), "AWS_SECRET_ACCESS_KEY=" + w.mark("S3 secret key"), "AWS_SESSION_TOKEN=" + w.mark("S3 session token"),
	}
}

func (w *secretWorld) natsNkey(t *testing.T) (file string) {
	_, seed := natsSeed(t)
	return w.file(t, w.plant("NATS nkey", seed))
}

func (w *secretWorld) natsCredentials(t *testing.T) (file string) {
	text, signature, seed := natsCredentials(t)
	w.plant("NATS credentials, JWT", signature)
	w.plant("NATS credentials, seed", seed)
	return w.file(t, text)
}

// keyPair is a certificate and its key, which is planted.
func (w *secretWorld) keyPair(t *testing.T, plant string) (certificate, key string) {
	t.Helper()
	certificate, key = w.authority.Issue(t, plant[:4]+".example.org", time.Hour)
	text, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	w.plant(plant, innerLine(string(text)))
	return certificate, key
}

// askByCertificate asks servers that want to know who asks, and have one that
// they do not take.
func (w *secretWorld) askByCertificate(t *testing.T) {
	mutual := w.authority.Server(t, time.Hour, true)
	certificate, key := w.keyPair(t, "Temporal TLS key")
	args := []string{"doctor", "--data", filepath.Join(w.root, "doctored"), "--temporal", w.refusingGRPC(t, mutual), "--temporal-tls-ca", w.authority.File, "--temporal-tls-cert", certificate, "--temporal-tls-key", key}
	certificate, key = w.keyPair(t, "NATS TLS key")
	args = append(args, "--nats", "tls://"+w.refusingNATS(t, mutual), "--nats-tls-ca", w.authority.File, "--nats-tls-cert", certificate, "--nats-tls-key", key)
	if said := w.groma(t, exitFailed, nil, args...); strings.Contains(said, "does not let in who asks") {
		w.prove("Temporal TLS key")
	}
	w.groma(t, exitFailed, nil, append(args[:len(args)-1:len(args)-1], w.authority.File)...) // a key that is none
}

// askRefusingGroma asks a server of groma that refuses its token.
func (w *secretWorld) askRefusingGroma(t *testing.T) {
	address := w.refusingGroma(t)
	env, file := []string{"GROMA_SERVER_TOKEN=" + w.mark("server token")}, w.file(t, w.mark("server token file"))
	list := w.file(t, "https://www.example/groma-tour/aqueduct")
	for _, args := range [][]string{{"doctor"}, {"doctor", "--json"}, {"surveys"}, {"survey", list}, {"show"}, {"watch"}, {"rescan", "github.com/a/b"}, {"schedule", "list"}} {
		w.groma(t, exitFailed, env, append(args, "--server", address)...)
	}
	w.groma(t, exitFailed, nil, "report", "--server", address, "--server-token-file", file)
}

// workersOfSecrets starts workers whose servers refuse them, as talkative as they
// can be.
func workersOfSecrets(t *testing.T, w *secretWorld) {
	temporal := w.refusingGRPC(t, w.authority.Server(t, time.Hour, false))
	env := append(w.s3(t), "GROMA_TEMPORAL_API_KEY="+w.mark("Temporal API key"), "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+w.refusingGRPC(t, nil), "OTEL_EXPORTER_OTLP_HEADERS=authorization="+w.mark("OTLP headers"))
	common := []string{"worker", "--temporal", temporal, "--temporal-tls-ca", w.authority.File, "--log-level", "debug", "--listen", "127.0.0.1:0"}
	folder := "file://" + filepath.Join(w.root, "worked")
	for _, more := range [][]string{
		{"--store", "s3://bucket?endpoint=" + w.refusingS3(t, nil), "--log-format", "json"},
		{"--store", folder},
		{"--store", folder, "--config", w.file(t, "nats: nats://u:"+w.mark("NATS URL of --config")+"@"+w.refusingNATS(t, nil))},
	} {
		w.groma(t, exitFailed, env, append(common, more...)...)
	}
	env = append(env, "GRPC_GO_LOG_SEVERITY_LEVEL=info", "GRPC_GO_LOG_VERBOSITY_LEVEL=2")
	w.groma(t, exitFailed, env, "worker", "--temporal", "p407.example:7233", "--temporal-tls", "--log-level", "debug", "--store", folder)
}

// settingsOfSecrets gives settings that cannot be read, or that secrets do not
// belong into.
func settingsOfSecrets(t *testing.T, w *secretWorld) {
	data := filepath.Join(w.root, "unset")
	proxy := []string{"HTTPS_PROXY=socks5://user:" + w.mark("HTTPS_PROXY of SOCKS") + "@127.0.0.1:1"}
	for _, args := range [][]string{
		{"census", "https://www.example/groma-tour/aqueduct"}, {"surveys", "--server", "https://www.example"}, {"doctor", "--server", "https://www.example"},
		{"survey", "https://files.example/list.txt"}, {"doctor", "--store", "s3://bucket?endpoint=https://www.example", "--data", data},
		{"doctor", "--temporal", "www.example:7233", "--temporal-tls", "--data", data},
	} {
		if said := w.groma(t, exitFailed, proxy, args...); strings.Contains(said, "connection refused") {
			w.prove("HTTPS_PROXY of SOCKS")
		}
	}
	surveyed := []string{"survey", w.file(t, "https://www.example/groma-tour/aqueduct"), "--data", data}
	for _, bad := range []struct {
		plant, env string
		want       string
		args       []string
	}{
		{"mirror, password", "GROMA_MIRROR=https://github.com/=https://user:%@mirror.example/", "netrc", surveyed},
		{"mirror, user", "GROMA_MIRROR=https://github.com/=https://%@mirror.example/", "netrc", surveyed},
		{"store, key as a setting", "GROMA_STORE=s3://bucket?endpoint=http://127.0.0.1:1&secret_key=%", "secret_key", surveyed},
		{"store, password of the endpoint", "GROMA_STORE=s3://bucket?endpoint=http://user:%@127.0.0.1:1", "AWS_SECRET_ACCESS_KEY", surveyed},
		{"NATS URLs", "GROMA_NATS=nats://u:%@127.0.0.1,nats://u:%@127.0.0.1", "NATS", []string{"worker", "--temporal", "127.0.0.1:1", "--store", "file://" + data, "--log-level", "debug"}},
		{"server, password", "GROMA_SERVER=https://user:%@groma.example", "without a login", []string{"surveys"}},
		{"server, query", "GROMA_SERVER=https://p502.example/?token=%", "--server", []string{"surveys"}},
		{"OTLP headers that cannot be read", "OTEL_EXPORTER_OTLP_HEADERS=authorization=%zz%,%", "OTEL_EXPORTER_OTLP_HEADERS", surveyed},
		{"NATS URL of --config", "GROMA_CONFIG=" + w.file(t, w.mark("NATS URL of --config")), "--config", surveyed},
	} {
		env := strings.NewReplacer("%zz", "%zz", "%", w.mark(bad.plant)).Replace(bad.env)
		r := w.run(t, []string{env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"}, bad.args...)
		r.start(t)
		status := exitOf(r.cmd.Wait())
		said := r.said(t, "stderr") + r.said(t, "stdout")
		if status != exitFailed && status != exitUsage || !strings.Contains(said, bad.want) {
			t.Errorf("%s: it ends with %d, and says %s", bad.plant, status, said)
			continue
		}
		w.prove(bad.plant)
	}
}
