package cli

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keysFrom are where S3's keys come from, as rows of plants call it.
var keysFrom = []string{"S3", "file's", "identity's", "container's"}

// storageOfSecrets asks an S3 that refuses whoever asks, by keys from everywhere
// that they may come from, and has those refuse to hand them out.
func storageOfSecrets(t *testing.T, w *secretWorld) {
	s3, lends := "s3://bucket/prefix?endpoint="+w.refusingS3(t, nil), w.lending(t)
	identity := []string{
		"AWS_WEB_IDENTITY_TOKEN_FILE=" + w.file(t, w.mark("identity token")+"\n"), "AWS_ROLE_ARN=arn:aws:iam::1:role/groma", "AWS_ENDPOINT_URL_STS=" + lends,
	}
	full := "AWS_CONTAINER_CREDENTIALS_FULL_URI=" + lends + "/%s?token=" + w.mark("container, full URI")
	relative := "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/%s/" + w.mark("container, relative URI")
	token := "AWS_CONTAINER_AUTHORIZATION_TOKEN=" + w.mark("container, token")
	tokenFile := "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + w.file(t, w.mark("container, token file"))
	byProxy := "HTTP_PROXY=" + lends // which answers for the address that ECS has
	for _, from := range []struct {
		env  []string
		said string // where no key is handed out

		proves string
	}{
		{w.fileOfKeys(t), "", ""},
		{identity, "", ""},
		{[]string{fmt.Sprintf(full, "good"), token}, "", ""},
		{[]string{fmt.Sprintf(full, "good"), tokenFile}, "", ""},
		{[]string{fmt.Sprintf(relative, "good"), token, byProxy}, "", ""},
		{append(identity, "AWS_ROLE_ARN=arn:aws:iam::1:role/refused"), "no role for", ""},
		{append(identity, "AWS_ENDPOINT_URL_STS=http://user:"+w.mark("STS, password")+"@127.0.0.1:1"), "connection refused", "STS, password"},
		{[]string{fmt.Sprintf(full, "refused"), token}, "403", ""},
		{[]string{fmt.Sprintf(full, "broken"), tokenFile}, "parsing time", ""},
		{[]string{fmt.Sprintf(relative, "refused"), token, byProxy}, "403", ""},
		{[]string{strings.Replace(fmt.Sprintf(full, "good"), lends, "http://127.0.0.1:1", 1), token}, "connection refused", ""},
		{[]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://s3.example.org/?token=" + w.mark("container, full URI"), token}, "FULL_URI", ""},
		{[]string{"AWS_SHARED_CREDENTIALS_FILE=" + w.file(t, "[default]\naws_secret_access_key "+w.mark("file of keys that cannot be read"))}, "delimiter", "file of keys that cannot be read"},
	} {
		said := w.groma(t, exitFailed, from.env, "doctor", "--store", s3, "--data", filepath.Join(w.root, "doctored"))
		if want := from.said; !strings.Contains(said, want) || (want == "") != strings.Contains(said, "no key ") {
			t.Errorf("%v: it says %s", from.env, said)
		}
		if from.proves != "" {
			w.prove(from.proves)
		}
	}
	w.groma(t, exitFailed, append(identity, "AWS_ROLE_ARN=arn:aws:iam::1:role/refused"), "surveys", "--store", s3)
	w.groma(t, exitFailed, identity, "worker", "--temporal", "127.0.0.1:1", "--store", s3, "--log-level", "debug", "--log-format", "json")
	w.storeByCertificate(t)
}

// fileOfKeys is a file in AWS's format, whose keys another profile has.
func (w *secretWorld) fileOfKeys(t *testing.T) (env []string) {
	t.Helper()
	text := fmt.Sprintf("[default]\nregion = x\n[marked]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n",
		w.mark("file's access key"), w.mark("file's secret key"), w.mark("file's session token"))
	return []string{"AWS_SHARED_CREDENTIALS_FILE=" + w.file(t, text), "AWS_PROFILE=marked"}
}

// storeByCertificate asks an S3 that wants to know who asks, and with a key that
// is none.
func (w *secretWorld) storeByCertificate(t *testing.T) {
	t.Helper()
	certificate, key := w.keyPair(t, "store's TLS key")
	args := []string{
		"doctor", "--data", filepath.Join(w.root, "doctored"), "--store", "s3://bucket?endpoint=" + w.refusingS3(t, w.authority.Server(t, time.Hour, true)),
		"--store-tls-ca", w.authority.File, "--store-tls-cert", certificate, "--store-tls-key", key,
	}
	w.groma(t, exitFailed, w.s3(t), args...)
	w.groma(t, exitFailed, w.s3(t), append(args[:len(args)-1:len(args)-1], w.file(t, w.mark("store's TLS key")))...)
}

// refusingS3 takes no key, and says what it was told.
func (w *secretWorld) refusingS3(t *testing.T, config *tls.Config) (address string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.told(r)
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			w.prove("store's TLS key")
		}
		access, rest, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), "/")
		for _, from := range keysFrom {
			if access == w.mark(from+" access key") && strings.Contains(rest, "Signature=") {
				w.prove(from + " secret key")
			}
		}
		token := r.Header.Get("X-Amz-Security-Token")
		out.Header().Set("Content-Type", "application/xml")
		out.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(out, "<Error><Code>InvalidAccessKeyId</Code><Message>no key %s with %s</Message><AWSAccessKeyId>%[1]s</AWSAccessKeyId><Key>%[2]s</Key><BucketName>%[2]s</BucketName><RequestId>%[2]s</RequestId></Error>", access, token)
	}))
	server.Config.ErrorLog = nobody
	if server.TLS = config; config != nil {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.URL
}

// lending hands out keys as an STS and as the endpoint of a container, or refuses
// to and says what it was told.
func (w *secretWorld) lending(t *testing.T) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.told(r)
		w.heard(r.Form.Encode())
		if r.Method == http.MethodPost {
			w.lendToIdentity(out, r)
		} else {
			w.lendToContainer(out, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func soon() string { return time.Now().Add(time.Hour).UTC().Format(time.RFC3339) }

func (w *secretWorld) lendToIdentity(out http.ResponseWriter, r *http.Request) {
	token := r.Form.Get("WebIdentityToken")
	if strings.HasSuffix(r.Form.Get("RoleArn"), "refused") {
		out.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(out, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Code>%s</Code><Message>no role for %[1]s, %s</Message></Error><RequestId>%[1]s</RequestId></ErrorResponse>`,
			token, base64.StdEncoding.EncodeToString([]byte(strings.TrimSpace(token))))
		return
	}
	fmt.Fprintf(out, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
		w.mark("identity's access key"), w.mark("identity's secret key"), w.mark("identity's session token"), soon())
}

func (w *secretWorld) lendToContainer(out http.ResponseWriter, r *http.Request) {
	said, until := r.Header.Get("Authorization"), soon()
	switch {
	case strings.HasPrefix(r.URL.Path, "/refused"):
		conn, buffer, err := out.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		answer(buffer, "HTTP/1.1 403 you said %s to %s\r\nX-You-Said: %[1]s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", said, r.URL)
		return
	case strings.HasPrefix(r.URL.Path, "/broken"):
		until = said
	}
	fmt.Fprintf(out, `{"AccessKeyID": %q, "SecretAccessKey": %q, "Token": %q, "Expiration": %q}`,
		w.mark("container's access key"), w.mark("container's secret key"), w.mark("container's session token"), until)
}

func answer(to *bufio.ReadWriter, format string, args ...any) {
	fmt.Fprintf(io.Writer(to), format, args...)
	_ = to.Flush()
}

// payloadsOfSecrets kills a survey that seals what Temporal keeps of it: not that
// of another run, in which the search could not see what is sealed.
func payloadsOfSecrets(t *testing.T, w *secretWorld) {
	key := w.mark("key for payloads") // as bytes, which in base64 are found, too
	key += strings.Repeat("x", 32-len(key))
	keys := w.file(t, "k1 "+base64.StdEncoding.EncodeToString([]byte(key))+"\n")
	data := filepath.Join(w.root, "sealed")
	silent := "http://" + listen(t).Addr().String() // connects, and never answers
	r := w.run(t, nil, "survey", w.file(t, "https://www.example/groma-tour/aqueduct\n"+silent+"/a/b"), "--data", data, "--json", "--verbose", "--temporal-payload-key-file", keys)
	r.start(t)
	until(t, "the sealed survey", func() bool { return strings.Contains(r.said(t, "stdout"), `"outcome":"counted"`) }, func() string { return r.said(t, "stderr") })
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	other := w.file(t, "k1 "+base64.StdEncoding.EncodeToString([]byte(strings.Repeat("y", 32))))
	for _, ask := range []struct {
		file, said string
	}{{keys, "sealed under key k1"}, {other, `sealed under key "k1", does not open`}} {
		if said := w.groma(t, exitDone, nil, "doctor", "--json", "--data", data, "--temporal-payload-key-file", ask.file); !strings.Contains(strings.ReplaceAll(said, `\"`, `"`), ask.said) {
			t.Errorf("the doctor does not say %s: %s", ask.said, said)
			return
		}
	}
	w.prove("key for payloads")
	list := w.file(t, "https://www.example/groma-tour/aqueduct")
	for _, bad := range []struct {
		text   string
		status int
		args   []string
	}{
		{"k1 %", exitFailed, []string{"doctor"}}, {"%", exitFailed, []string{"doctor", "--json"}},
		{"# a key\n\n% k1", exitUsage, []string{"survey", list}}, {"k1 % %", exitUsage, []string{"survey", list}},
	} {
		file := w.file(t, strings.ReplaceAll(bad.text, "%", w.mark("key for payloads that cannot be read")))
		said := w.groma(t, bad.status, nil, append(bad.args, "--data", data, "--temporal-payload-key-file", file)...)
		if !strings.Contains(said, file+": line ") {
			t.Errorf("%q: it says %s", bad.text, said)
			return
		}
	}
	w.prove("key for payloads that cannot be read")
}
