package push

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// A dialect is how a host says who it is and what has happened.
type dialect struct {
	verify   func(header Header, body []byte, secrets []string, now time.Time) *Refusal
	kind     func(header Header) (string, *Refusal)
	delivery func(header Header) string
}

var dialects = map[Forge]dialect{
	GitHub: {verifyGitHub, kindGitHub, deliveryOf("X-GitHub-Delivery")},
	GitLab: {verifyGitLab, kindGitLab, deliveryOf("webhook-id", "Idempotency-Key", "X-Gitlab-Event-UUID")},
	Gitea:  {verifyGitea, kindGitea, deliveryOf("X-Gitea-Delivery", "X-Forgejo-Delivery")},
}

// deliveryOf is the first of some fields that is there.
func deliveryOf(fields ...string) func(Header) string {
	return func(header Header) string {
		for _, field := range fields {
			if word := header.Get(field); word != "" {
				return word
			}
		}
		return ""
	}
}

// verifyGitHub: the body's HMAC, as sha256=HEX.
func verifyGitHub(header Header, body []byte, secrets []string, _ time.Time) *Refusal {
	return verifyHex(strings.TrimPrefix(header.Get("X-Hub-Signature-256"), "sha256="), "X-Hub-Signature-256", body, secrets)
}

// verifyGitea: the body's HMAC, as HEX. Forgejo sends it under both names.
func verifyGitea(header Header, body []byte, secrets []string, _ time.Time) *Refusal {
	word := header.Get("X-Gitea-Signature")
	if word == "" {
		word = header.Get("X-Forgejo-Signature")
	}
	return verifyHex(word, "X-Gitea-Signature", body, secrets)
}

func verifyHex(word, field string, body []byte, secrets []string) *Refusal {
	if word == "" {
		return refuse(Unsigned, "there is no %s: give the webhook a secret", field)
	}
	given, err := hex.DecodeString(word)
	if err != nil {
		return refuse(Unsigned, "%s is no signature", field)
	}
	for _, secret := range secrets {
		if secret != "" && hmac.Equal(given, sum([]byte(secret), body)) {
			return nil
		}
	}
	return refuse(Unsigned, "%s is not that of any secret known here", field)
}

func sum(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// verifyGitLab: where the webhook has a signing token, its signature of id,
// time and body; else the secret token itself. GitLab sends id and time without
// a signature, too.
func verifyGitLab(header Header, body []byte, secrets []string, now time.Time) *Refusal {
	if header.Get("webhook-signature") != "" {
		return verifySigned(header, body, secrets, now)
	}
	given := []byte(header.Get("X-Gitlab-Token"))
	if len(given) == 0 {
		return refuse(Unsigned, "there is no webhook-signature and no X-Gitlab-Token: give the webhook a signing token or a secret token")
	}
	for _, secret := range secrets {
		if secret != "" && !strings.HasPrefix(secret, signingPrefix) && subtle.ConstantTimeCompare(given, []byte(secret)) == 1 {
			return nil
		}
	}
	return refuse(Unsigned, "X-Gitlab-Token is not any secret known here")
}

const (
	// signingPrefix begins a signing token, whose rest is the key in base64.
	// Such a secret is never good as a secret token.
	signingPrefix = "whsec_"
	// fresh is how far the time of a signature may be from ours.
	fresh = 5 * time.Minute
)

// verifySigned checks the signature of the Standard Webhooks specification: the
// HMAC of id.time.body, as v1,BASE64, of which there may be several.
func verifySigned(header Header, body []byte, secrets []string, now time.Time) *Refusal {
	id, stamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" {
		return refuse(Unsigned, "a webhook-signature wants a webhook-id and a webhook-timestamp")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > fresh || age < -fresh {
		return refuse(Unsigned, "webhook-timestamp is not within %v of the time here", fresh)
	}
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, signingPrefix))
		if err != nil || len(key) == 0 || !strings.HasPrefix(secret, signingPrefix) {
			continue
		}
		want := sum(key, []byte(id+"."+stamp+"."), body)
		for word := range strings.FieldsSeq(header.Get("webhook-signature")) {
			given, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(word, "v1,"))
			if err == nil && strings.HasPrefix(word, "v1,") && hmac.Equal(given, want) {
				return nil
			}
		}
	}
	return refuse(Unsigned, "webhook-signature is not that of any signing token known here")
}

func kindGitHub(header Header) (string, *Refusal) {
	kind := header.Get("X-GitHub-Event")
	if kind == "ping" {
		return "", refuse(Ping, "pong")
	}
	return kind, nil
}

func kindGitea(header Header) (string, *Refusal) {
	kind := header.Get("X-Gitea-Event")
	if kind == "" {
		kind = header.Get("X-Forgejo-Event")
	}
	return kind, nil
}

// kindGitLab: a hook of the whole system says in its body what has happened.
func kindGitLab(header Header) (string, *Refusal) {
	switch kind := header.Get("X-Gitlab-Event"); kind {
	case "Push Hook", "System Hook":
		return "push", nil
	default:
		return kind, nil
	}
}
