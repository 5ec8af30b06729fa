package gitwire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"groma/internal/fault"
)

// A trial is one question to one remote, as far as its failures are concerned.
type trial struct {
	asked  string // the address as the caller has it
	host   string // the host really asked, without its port
	secret secret // what it was told, if anything
}

// verdict is what a failure comes to, before it is put into words for good.
type verdict struct {
	kind  fault.Kind
	text  string
	after time.Duration
}

// judge classifies a failure. This is the one place that knows git's words.
// Its order is from what is certain to what is guessed.
func (t trial) judge(ctx context.Context, err error, seen evidence) error {
	if ctx.Err() == context.Canceled {
		return fmt.Errorf("%s: %w", t.asked, context.Canceled)
	}
	if fault.KindOf(err) == fault.Bug { // its stack goes along
		return fmt.Errorf("%s: %w", t.asked, err)
	}
	v := verdict{}
	var known *fault.Error
	switch {
	case ctx.Err() != nil:
		v = verdict{kind: fault.TimedOut, text: "it took longer than it may"}
	case errors.As(err, &known):
		v = verdict{known.Kind, known.Error(), known.RetryAfter}
	default:
		v = t.read(err, seen)
	}
	text := t.secret.concealed().In(t.asked + ": " + v.text)
	return &fault.Error{Kind: v.kind, Err: errors.New(text), RetryAfter: v.after}
}

// quote is what a host says, fit for a message: what it was told is not in it,
// be it cut off.
func (t trial) quote(text string) string { return printable(t.secret.concealed().In(text)) }

func (t trial) read(err error, seen evidence) verdict {
	var line *pktline.ErrorLine
	said, saying := errorLine(seen.head)
	switch {
	case errors.Is(err, errIdle):
		return verdict{kind: fault.TimedOut, text: "it stopped answering"}
	case strings.Contains(string(seen.head), "object-format=sha256"):
		return verdict{kind: fault.Unsupported, text: "it names its objects by SHA-256, which this program does not read yet"}
	case seen.status >= 300:
		return t.byStatus(err, seen)
	case errors.Is(err, transport.ErrEmptyRemoteRepository), errors.Is(err, packp.ErrEmptyAdvRefs):
		return verdict{kind: fault.Empty, text: "it has no commits"}
	case errors.As(err, &line):
		return t.bySaying(line.Text)
	case saying: // go-git makes mere text of the error over HTTP
		return t.bySaying(said)
	case seen.status != 0 && seen.kind() != "":
		return verdict{kind: fault.Unsupported, text: "it is no git repository: it answers with " + t.quote(seen.kind())}
	}
	if v, ok := t.byNetwork(err); ok {
		return v
	}
	if said = strings.TrimSpace(seen.stderr); said != "" {
		return t.bySaying(said)
	}
	if rest, ok := strings.CutPrefix(err.Error(), "unexpected error: "); ok { // go-git's for the sideband's error channel
		return t.bySaying(rest)
	}
	return t.byShape(err)
}

// errorLine returns what an answer says that is nothing but an error.
func errorLine(head []byte) (string, bool) {
	if len(head) < 8 || string(head[4:8]) != "ERR " {
		return "", false
	}
	size, err := strconv.ParseUint(string(head[:4]), 16, 16)
	if err != nil || size < 8 {
		return "", false
	}
	return string(head[8:min(int(size), len(head))]), true
}

// kind names what an answer is that should be git's and is not; empty if it is
// git's.
func (e evidence) kind() string {
	media, _, _ := strings.Cut(e.header.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	switch {
	case strings.HasPrefix(media, "application/x-git-"):
		return ""
	case media == "text/html", strings.Contains(strings.ToLower(string(e.head)), "<html"):
		return "a web page"
	case media == "text/plain":
		return "plain text, as servers do that lack git's smart protocol"
	case media == "":
		return "something of no kind"
	}
	return media
}

// hideMissing are hosts that answer 401 to a stranger for a repository that is
// not there, so as not to tell which are private. A landscape names public
// projects: there, a repository that strangers cannot see is gone far more
// often than private.
var hideMissing = map[string]bool{"github.com": true, "gitlab.com": true, "bitbucket.org": true, "codeberg.org": true}

func (t trial) byStatus(err error, seen evidence) verdict {
	status := seen.status
	v := verdict{text: fmt.Sprintf("the host answers %d %s", status, http.StatusText(status)), after: retryAfter(seen.header, time.Now())}
	switch {
	case status < 400:
		v.kind, v.text = fault.Unsupported, "its redirect cannot be followed: "+t.quote(redirectReason(err))
	case status == http.StatusUnauthorized && t.secret.isSet():
		v.kind, v.text = fault.Denied, "the host does not take the credentials it was given: check them"
	case status == http.StatusUnauthorized && hideMissing[t.host]:
		v.kind, v.text = fault.NotFound, "missing or private: "+t.host+" does not tell strangers which; "+hint(t.host)+" if you may read it"
	case status == http.StatusUnauthorized:
		v.kind, v.text = fault.Denied, "the host wants credentials: "+hint(t.host)
	case status == http.StatusNotFound && !t.secret.isSet():
		v.kind, v.text = fault.NotFound, "there is no such repository, or only for those with credentials"
	case status == http.StatusNotFound, status == http.StatusGone:
		v.kind, v.text = fault.NotFound, "there is no such repository"
	case status == http.StatusTooManyRequests, status == http.StatusForbidden && limited(seen.header):
		v.kind, v.text = fault.Unavailable, "the host asks to be left alone for a while"
		if !t.secret.isSet() {
			v.text += "; with credentials it may allow more: " + hint(t.host)
		}
	case status == http.StatusForbidden:
		v.kind = fault.Denied
	case status == http.StatusUnavailableForLegalReasons:
		v.kind, v.text = fault.Denied, "the host withholds it for legal reasons (451)"
	case status == http.StatusProxyAuthRequired:
		v.kind, v.text = fault.Denied, "the proxy wants credentials: put them into HTTPS_PROXY"
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusMisdirectedRequest:
		v.kind = fault.Unavailable
	case status == http.StatusNotImplemented, status == http.StatusHTTPVersionNotSupported:
		v.kind = fault.Unsupported
	case status >= 500:
		v.kind = fault.Unavailable
	default:
		v.kind, v.text = fault.Unsupported, v.text+", as no git server does"
	}
	if v.kind != fault.Unavailable {
		v.after = 0
	}
	return v
}

// limited reports whether a refusal is about how often, not about what.
func limited(h http.Header) bool {
	return h.Get("Retry-After") != "" || h.Get("X-Ratelimit-Remaining") == "0"
}

// longestRest bounds what a host may ask for; a survey has an end.
const longestRest = time.Hour

// retryAfter reads a Retry-After header, in seconds or as a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	var d time.Duration
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		d = time.Duration(min(max(seconds, 0), int64(longestRest/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), longestRest)
}

// redirectReason is what go-git has against a redirect, less what it says to
// everybody.
func redirectReason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	reason := strings.TrimPrefix(err.Error(), "http redirect: ")
	switch {
	case strings.Contains(reason, "changes scheme"):
		return "it leads from https to http"
	case strings.Contains(reason, "Location header"):
		return "it leads to what is no address" // which is not quoted: it may have a password in it
	}
	return reason
}

// sayings are what git servers say, in lower case; the first that fits counts.
var sayings = []struct {
	has  string
	kind fault.Kind
	text string
}{
	{"not our ref", fault.NotFound, "it has no such commit, or does not hand it out"},
	{" not valid", fault.NotFound, "it has no such commit, or does not hand it out"}, // JGit: want 1234 not valid
	{"unadvertised object", fault.NotFound, "it has no such commit, or does not hand it out"},
	{"dubious ownership", fault.Denied, "the folder belongs to somebody else: git config --global --add safe.directory and the folder, if you trust it"},
	{"access denied or repository not exported", fault.NotFound, "there is no such repository, or it is not for everybody"},
	{"repository not found", fault.NotFound, "there is no such repository, or only for those with credentials"},
	{"repository does not exist", fault.NotFound, "there is no such repository, or only for those with credentials"},
	{"project you were looking for could not be found", fault.NotFound, "there is no such repository, or only for those with credentials"},
	{"no such repository", fault.NotFound, "there is no such repository"},
	{"does not appear to be a git repository", fault.NotFound, "there is no git repository"},
	{"not a git repository", fault.NotFound, "there is no git repository"},
	{"no such file or directory", fault.NotFound, "there is no such repository"},
	{"permission denied", fault.Denied, "permission denied"},
	{"access denied", fault.Denied, "access denied"},
	{"access to this repository has been disabled", fault.Denied, "the host has disabled it"},
	{"rate limit", fault.Unavailable, "the host asks to be left alone for a while"},
	{"too many", fault.Unavailable, "the host asks to be left alone for a while"},
}

func (t trial) bySaying(text string) verdict {
	lower := strings.ToLower(text)
	for _, s := range sayings {
		if strings.Contains(lower, s.has) {
			return verdict{kind: s.kind, text: s.text}
		}
	}
	return verdict{kind: fault.Unavailable, text: "it says: " + t.quote(strings.TrimFunc(text, func(r rune) bool { return r <= ' ' }))}
}

func (t trial) byNetwork(err error) (verdict, bool) {
	var (
		dns     *net.DNSError
		op      *net.OpError
		timeout net.Error
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		unknown x509.UnknownAuthorityError
		key     *knownhosts.KeyError
		refused *ssh.ServerAuthError
	)
	switch {
	case errors.As(err, &key) && len(key.Want) == 0:
		return verdict{kind: fault.Denied, text: fmt.Sprintf("nobody says which key %s has: run ssh-keyscan %[1]s >>~/.ssh/known_hosts and check what it wrote", t.host)}, true
	case errors.As(err, &key):
		return verdict{kind: fault.Denied, text: "the host has another key than known_hosts says: find out why before you change that"}, true
	case errors.Is(err, errNoKeys), errors.As(err, &refused), strings.Contains(err.Error(), "ssh: unable to authenticate"):
		return verdict{kind: fault.Denied, text: "the host takes none of our keys: start ssh-agent and ssh-add one that it knows"}, true
	case errors.As(err, &dns) && dns.IsNotFound:
		return verdict{kind: fault.Unavailable, text: "the name " + t.host + " has no address"}, true
	case errors.As(err, &dns):
		return verdict{kind: fault.Unavailable, text: "the name " + t.host + " could not be looked up"}, true
	case errors.As(err, &cert), errors.As(err, &unknown):
		return verdict{kind: fault.Unavailable, text: "the host's certificate is not good: " + t.quote(innermost(err))}, true
	case errors.As(err, &record):
		return verdict{kind: fault.Unavailable, text: "the host does not speak TLS there"}, true
	case errors.As(err, &timeout) && timeout.Timeout():
		return verdict{kind: fault.Unavailable, text: "it did not answer in time"}, true
	case errors.As(err, &op):
		return verdict{kind: fault.Unavailable, text: "the connection failed: " + t.quote(innermost(op.Err))}, true
	}
	return verdict{}, false
}

// byShape is for what is left: an answer that ended early or is malformed.
// Neither is the repository's fault for certain, so both are tried again.
func (t trial) byShape(err error) verdict {
	var unexpected *packp.ErrUnexpectedData
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, packp.ErrEmptyInput),
		errors.Is(err, pktline.ErrInvalidPktLen), errors.Is(err, transport.ErrEmptyUploadPackRequest),
		errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return verdict{kind: fault.Unavailable, text: "the answer ended early"}
	case errors.As(err, &unexpected):
		return verdict{kind: fault.Unavailable, text: "the answer is not what git says: " + t.quote(unexpected.Msg)}
	}
	return verdict{kind: fault.Unavailable, text: t.quote(innermost(err))}
}

// lastReason is [innermost], fit for a message.
func lastReason(err error) string { return printable(innermost(err)) }

// innermost is the innermost reason, without the addresses that the outer ones
// quote.
func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
