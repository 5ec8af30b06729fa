// Package push reads what code hosts send when somebody has pushed.
//
// A body that is not signed by one of the secrets never yields an [Event], and
// is not read beyond its signature. An event is a push to the default branch of
// a repository that has an address on a host: all else is a [Refusal] that says
// what it was instead.
package push

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"groma/internal/fault"
	"groma/internal/landscape"
)

// A Forge is a kind of code host.
type Forge string

// Gitea stands for Forgejo, too, which sends the same.
const (
	GitHub Forge = "github"
	GitLab Forge = "gitlab"
	Gitea  Forge = "gitea"
)

// Most is how many bytes the body of a push may have. Hosts send up to some
// thousand commits with one, each with the names of its files.
const Most = 8 << 20

// longestAddress is how long the address of a repository may be: its key is part
// of an id of at most 1,000 letters.
const longestAddress = 900

// An Event is a push to a repository's default branch.
type Event struct {
	// Repository is its key, host/owner/name, and Host the first part of it.
	Repository, Host string
	// Address is where to fetch it, over https or http.
	Address string
	// Delivery names the event: sent again, it has the same.
	Delivery string
	// Ref is what was pushed to, Branch the default branch, and Commit what it
	// is at now. Branch is empty where the host does not say.
	Ref, Branch, Commit string
}

// A Kind is why there is no event.
type Kind int

// In the order in which they are found out.
const (
	TooLarge  Kind = iota + 1 // more than Most
	Unsigned                  // no signature, or a wrong one: a stranger
	Ping                      // a host that asks whether anybody is there
	Ignored                   // signed, and nothing to be done about
	Malformed                 // signed, and not what this host sends
)

// A Refusal says why there is no event.
type Refusal struct {
	Kind   Kind
	Reason string // for who set up the webhook
}

func (r *Refusal) Error() string { return r.Reason }

func refuse(kind Kind, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Reason: fault.Clip(fmt.Sprintf(format, args...), 300)}
}

// A Header has the fields of a request by name, in any case; [net/http.Header]
// is one.
type Header interface{ Get(name string) string }

// Parse reads the body of one request of a forge. Any of the secrets may have
// signed it; now is for signatures that grow old. An error is a [*Refusal].
func Parse(forge Forge, header Header, body []byte, secrets []string, now time.Time) (Event, error) {
	dialect, ok := dialects[forge]
	if !ok {
		return Event{}, refuse(Malformed, "there is no code host %q", forge)
	}
	if len(body) > Most {
		return Event{}, refuse(TooLarge, "a body of more than %d bytes is not read", Most)
	}
	if refusal := dialect.verify(header, body, secrets, now); refusal != nil {
		return Event{}, refusal
	}
	if kind, refusal := dialect.kind(header); refusal != nil || kind != "push" {
		return Event{}, orIgnored(refusal, kind)
	}
	document, err := unwrap(header, body)
	if err != nil {
		return Event{}, refuse(Malformed, "%v", err)
	}
	var p payload
	if err := json.Unmarshal(document, &p); err != nil {
		return Event{}, refuse(Malformed, "the body is not the JSON of a push")
	}
	return p.event(dialect.delivery(header))
}

func orIgnored(refusal *Refusal, kind string) *Refusal {
	if refusal != nil {
		return refusal
	}
	return refuse(Ignored, "ignored: %q is not a push", kind)
}

// unwrap takes the JSON out of a form, where a webhook is set up to send one.
func unwrap(header Header, body []byte) ([]byte, error) {
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") {
		return body, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("payload") {
		return nil, fmt.Errorf("the form has no payload")
	}
	return []byte(form.Get("payload")), nil
}

// A payload has what is read of a push, of any host.
type payload struct {
	Ref     string `json:"ref"`
	After   string `json:"after"`
	Deleted bool   `json:"deleted"`
	// ObjectKind and EventName are GitLab's: hooks of the whole system say only
	// there what has happened.
	ObjectKind string `json:"object_kind"`
	EventName  string `json:"event_name"`
	// Repository is GitHub's and Gitea's, Project GitLab's.
	Repository struct {
		CloneURL      string `json:"clone_url"`
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`
	Project struct {
		GitHTTPURL    string `json:"git_http_url"`
		DefaultBranch string `json:"default_branch"`
	} `json:"project"`
}

// event is what a payload says, if that is a push to the default branch.
func (p payload) event(delivery string) (Event, error) {
	e := Event{Delivery: delivery, Ref: p.Ref, Commit: p.After}
	raw := p.Repository.CloneURL
	e.Branch = p.Repository.DefaultBranch
	if p.Project.GitHTTPURL != "" {
		raw, e.Branch = p.Project.GitHTTPURL, p.Project.DefaultBranch
	}
	for _, kind := range []string{p.ObjectKind, p.EventName} {
		if kind != "" && kind != "push" {
			return Event{}, refuse(Ignored, "ignored: %q is not a push", kind)
		}
	}
	if !object(p.After) || p.Ref == "" || raw == "" {
		return Event{}, refuse(Malformed, "the body is not a push: it wants ref, after, and the address of a repository")
	}
	branch, isBranch := strings.CutPrefix(p.Ref, "refs/heads/")
	switch {
	case p.Deleted || strings.Trim(p.After, "0") == "":
		return Event{}, refuse(Ignored, "ignored: %q was deleted", p.Ref)
	case !isBranch:
		return Event{}, refuse(Ignored, "ignored: %q is no branch", p.Ref)
	case e.Branch != "" && branch != e.Branch:
		return Event{}, refuse(Ignored, "ignored: a push to %q, and the default branch is %q", branch, e.Branch)
	}
	return e.at(raw)
}

// at is the event with the repository of an address.
func (e Event) at(raw string) (Event, error) {
	lower := strings.ToLower(raw)
	if !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") {
		return Event{}, refuse(Malformed, "the repository's address is not one of https or http")
	}
	if len(raw) > longestAddress {
		return Event{}, refuse(Malformed, "the repository's address has %d bytes: at most %d are read", len(raw), longestAddress)
	}
	address, err := landscape.ParseAddress(raw)
	if err != nil || address.Name == "" {
		return Event{}, refuse(Malformed, "the repository's address names none: %v", err)
	}
	e.Repository, e.Host, e.Address = address.Key, address.Host, address.Fetch
	return e, nil
}

// object says whether a word is the name of a git object.
func object(word string) bool {
	return (len(word) == 40 || len(word) == 64) && strings.Trim(word, "0123456789abcdef") == ""
}
