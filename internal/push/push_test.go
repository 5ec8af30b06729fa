package push

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

const (
	secret  = "0123456789abcdef-the-secret"
	another = "fedcba9876543210-one-before"
	// key is the base64 of 32 bytes.
	key = "bm8gc2VjcmV0IGF0IGFsbCwgYnV0IGEga2V5ISEhISE="
)

var now = time.Date(2026, 1, 6, 12, 0, 0, 0, time.UTC)

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func mac(key, text string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// signed are the fields of a request as a forge sends it.
func signed(forge Forge, secret, body string) http.Header {
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	switch forge {
	case GitHub:
		h.Set("X-GitHub-Event", "push")
		h.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
		h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac(secret, body)))
	case GitLab:
		h.Set("X-Gitlab-Event", "Push Hook")
		h.Set("X-Gitlab-Event-UUID", "13792a34-cac6-4fda-95a8-c58e00a3954e")
		h.Set("X-Gitlab-Token", secret)
	case Gitea:
		h.Set("X-Gitea-Event", "push")
		h.Set("X-Gitea-Delivery", "f6266f16-1bf3-46a5-9ea4-602e06ead473")
		h.Set("X-Gitea-Signature", hex.EncodeToString(mac(secret, body)))
	}
	return h
}

// standard signs as the Standard Webhooks specification says.
func standard(h http.Header, id string, at time.Time, body string) http.Header {
	stamp := fmt.Sprint(at.Unix())
	raw, _ := base64.StdEncoding.DecodeString(key)
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", stamp)
	h.Set("webhook-signature", "v1,bm90IHRoaXM= v1,"+base64.StdEncoding.EncodeToString(mac(string(raw), id+"."+stamp+"."+body)))
	return h
}

func TestParse(t *testing.T) {
	walls := Event{
		Repository: "github.com/example/walls", Host: "github.com", Address: "https://github.com/Example/Walls",
		Delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958", Ref: "refs/heads/main", Branch: "main", Commit: "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5",
	}
	aqueduct := Event{
		Repository: "gitlab.example.org/works/water/aqueduct", Host: "gitlab.example.org", Address: "https://gitlab.example.org/works/water/aqueduct",
		Delivery: "13792a34-cac6-4fda-95a8-c58e00a3954e", Ref: "refs/heads/trunk", Branch: "trunk", Commit: "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
	}
	road := Event{
		Repository: "git.example.org:3000/works/road", Host: "git.example.org:3000", Address: "https://git.example.org:3000/works/road.git",
		Delivery: "f6266f16-1bf3-46a5-9ea4-602e06ead473", Ref: "refs/heads/main", Branch: "main", Commit: "bffeb74224043ba2feb48d137756c8a9331c449a",
	}
	github, gitlab, gitea := read(t, "github"), read(t, "gitlab"), read(t, "gitea")
	form := "payload=" + url.QueryEscape(github)
	formHeader := signed(GitHub, secret, form)
	formHeader.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	forgejo := signed(Gitea, secret, gitea)
	for _, field := range []string{"Event", "Delivery", "Signature"} {
		forgejo.Set("X-Forgejo-"+field, forgejo.Get("X-Gitea-"+field))
		forgejo.Del("X-Gitea-" + field)
	}
	token := signed(GitLab, "wrong", gitlab)
	signedAqueduct := aqueduct
	signedAqueduct.Delivery = "msg-1"
	system := signed(GitLab, secret, gitlab)
	system.Set("X-Gitlab-Event", "System Hook")
	system.Set("webhook-id", "msg-2") // without a signature, as GitLab does
	systemAqueduct := aqueduct
	systemAqueduct.Delivery = "msg-2"
	for _, test := range []struct {
		name   string
		forge  Forge
		header http.Header
		body   string
		want   Event
	}{
		{"GitHub", GitHub, signed(GitHub, secret, github), github, walls},
		{"GitHub, with the secret before", GitHub, signed(GitHub, another, github), github, walls},
		{"GitHub, a form", GitHub, formHeader, form, walls},
		{"GitLab, secret token", GitLab, signed(GitLab, secret, gitlab), gitlab, aqueduct},
		{"GitLab, signing token", GitLab, standard(token, "msg-1", now.Add(-time.Minute), gitlab), gitlab, signedAqueduct},
		{"GitLab, of the whole system", GitLab, system, gitlab, systemAqueduct},
		{"Gitea", Gitea, signed(Gitea, secret, gitea), gitea, road},
		{"Forgejo", Gitea, forgejo, gitea, road},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse(test.forge, test.header, []byte(test.body), []string{secret, another, signingPrefix + key}, now)
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestParse_Error(t *testing.T) {
	github, gitlab := read(t, "github"), read(t, "gitlab")
	with := func(h http.Header, field, value string) http.Header {
		h.Set(field, value)
		return h
	}
	changed := func(from, to string) (http.Header, string) {
		if !strings.Contains(github, from) {
			t.Fatalf("%q is not in the example", from)
		}
		body := strings.Replace(github, from, to, 1)
		return signed(GitHub, secret, body), body
	}
	type test struct {
		name   string
		forge  Forge
		header http.Header
		body   string
		want   Kind
	}
	tests := []test{
		{"no signature", GitHub, http.Header{"X-Github-Event": {"push"}}, github, Unsigned},
		{"another's signature", GitHub, signed(GitHub, "something-else-entirely", github), github, Unsigned},
		{"signature of another body", GitHub, signed(GitHub, secret, github), github + " ", Unsigned},
		{"SHA-1 alone", GitHub, with(http.Header{}, "X-Hub-Signature", "sha1=00"), github, Unsigned},
		{"no hexadecimal", GitHub, with(signed(GitHub, secret, github), "X-Hub-Signature-256", "sha256=xyz"), github, Unsigned},
		{"a ping of a stranger", GitHub, with(signed(GitHub, "", "{}"), "X-GitHub-Event", "ping"), "{}", Unsigned},
		{"a ping", GitHub, with(signed(GitHub, secret, "{}"), "X-GitHub-Event", "ping"), "{}", Ping},
		{"an issue", GitHub, with(signed(GitHub, secret, "{}"), "X-GitHub-Event", "issues"), "{}", Ignored},
		{"no JSON", GitHub, signed(GitHub, secret, "{"), "{", Malformed},
		{"nothing", GitHub, signed(GitHub, secret, ""), "", Malformed},
		{"a form without a payload", GitHub, with(signed(GitHub, secret, "a=b"), "Content-Type", "application/x-www-form-urlencoded"), "a=b", Malformed},
		{"too large", GitHub, signed(GitHub, secret, ""), strings.Repeat(" ", Most+1), TooLarge},
		{"no token", GitLab, http.Header{}, gitlab, Unsigned},
		{"wrong token", GitLab, signed(GitLab, secret+"x", gitlab), gitlab, Unsigned},
		{"a signing token is no secret token", GitLab, signed(GitLab, signingPrefix+key, gitlab), gitlab, Unsigned},
		{"an old signature", GitLab, standard(signed(GitLab, "wrong", gitlab), "1", now.Add(-6*time.Minute), gitlab), gitlab, Unsigned},
		{"a signature of the future", GitLab, standard(signed(GitLab, "wrong", gitlab), "1", now.Add(6*time.Minute), gitlab), gitlab, Unsigned},
		{"a signature of another id", GitLab, with(standard(signed(GitLab, secret, gitlab), "1", now, gitlab), "webhook-id", "2"), gitlab, Unsigned},
		{"a tag of GitLab", GitLab, with(signed(GitLab, secret, gitlab), "X-Gitlab-Event", "Tag Push Hook"), gitlab, Ignored},
		{"another event of the system", GitLab, with(signed(GitLab, secret, ""), "X-Gitlab-Event", "System Hook"), `{"event_name": "project_create"}`, Ignored},
		{"a merge request of the system", GitLab, with(signed(GitLab, secret, ""), "X-Gitlab-Event", "System Hook"), `{"object_kind": "merge_request"}`, Ignored},
		{"no forge", "sourceforge", signed(GitHub, secret, github), github, Malformed},
	}
	for _, change := range []struct {
		name, from, to string
		want           Kind
	}{
		{"another branch", "refs/heads/main", "refs/heads/topic", Ignored},
		{"a branch like the default", "refs/heads/main", "refs/heads/x/main", Ignored},
		{"a tag", "refs/heads/main", "refs/tags/v1", Ignored},
		{"deleted", `"deleted": false`, `"deleted": true`, Ignored},
		{"no commit any more", "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5", strings.Repeat("0", 40), Ignored},
		{"no commit", "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5", "main", Malformed},
		{"no ref", "refs/heads/main", "", Malformed},
		{"a path", "https://github.com/Example/Walls.git", "/etc", Malformed},
		{"a file", "https://github.com/Example/Walls.git", "file:///etc", Malformed},
		{"a website", "https://github.com/Example/Walls.git", "https://github.com/", Malformed},
		{"a long address", "https://github.com/Example/Walls.git", "https://github.com/" + strings.Repeat("a", 1500) + "/b", Malformed},
		{"ssh", "https://github.com/Example/Walls.git", "ssh://git@github.com/Example/Walls.git", Malformed},
	} {
		header, body := changed(change.from, change.to)
		tests = append(tests, test{change.name, GitHub, header, body, change.want})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse(test.forge, test.header, []byte(test.body), []string{secret, signingPrefix + key}, now)
			var refusal *Refusal
			if !errors.As(err, &refusal) || refusal.Kind != test.want || got != (Event{}) {
				t.Errorf("got %+v, %v; want a refusal of kind %d", got, err, test.want)
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), key) {
				t.Errorf("the refusal tells the secret: %v", err)
			}
		})
	}
}

// TestParse_NoSecret: an empty secret signs nothing.
func TestParse_NoSecret(t *testing.T) {
	for _, forge := range []Forge{GitHub, GitLab, Gitea} {
		body := read(t, string(forge))
		for _, secrets := range [][]string{nil, {""}, {signingPrefix}} {
			if got, err := Parse(forge, signed(forge, "", body), []byte(body), secrets, now); err == nil {
				t.Errorf("%s, secrets %q: got %+v", forge, secrets, got)
			}
		}
	}
}

// FuzzParse: what is not signed yields nothing; what is signed yields a push to
// a default branch of a repository on a host, or a refusal.
func FuzzParse(f *testing.F) {
	for i, forge := range []Forge{GitHub, GitLab, Gitea} {
		body := read(f, string(forge))
		f.Add(i, body, "push", "sha256="+hex.EncodeToString(mac(secret, body)), "application/json")
		f.Add(i, "payload="+url.QueryEscape(body), "push", secret, "application/x-www-form-urlencoded")
	}
	f.Fuzz(func(t *testing.T, which int, body, kind, word, contentType string) {
		forge := []Forge{GitHub, GitLab, Gitea}[uint(which)%3]
		strange := http.Header{}
		for _, field := range []string{"X-Hub-Signature-256", "X-Gitea-Signature", "X-Gitlab-Token", "webhook-signature", "webhook-id"} {
			strange.Set(field, word)
		}
		strange.Set("webhook-timestamp", fmt.Sprint(now.Unix()))
		strange.Set("X-GitHub-Event", kind)
		// A secret that the fuzzer cannot have met.
		unmet := hex.EncodeToString(mac("unmet", body+kind+word))
		if got, err := Parse(forge, strange, []byte(body), []string{unmet}, now); err == nil || got != (Event{}) {
			t.Fatalf("unsigned, and yet %+v", got)
		} else if refusal := new(Refusal); !errors.As(err, &refusal) || refusal.Kind != Unsigned && refusal.Kind != TooLarge {
			t.Fatalf("unsigned, and yet read: %v", err)
		}
		header := signed(forge, secret, body)
		header.Set("Content-Type", contentType)
		got, err := Parse(forge, header, []byte(body), []string{secret}, now)
		if err != nil {
			return
		}
		if !strings.HasPrefix(got.Repository, got.Host+"/") || !strings.HasPrefix(got.Address, "http") || !object(got.Commit) {
			t.Errorf("got %+v", got)
		}
		if got.Branch != "" && got.Ref != "refs/heads/"+got.Branch {
			t.Errorf("a push to %q is not to the default branch %q", got.Ref, got.Branch)
		}
	})
}
