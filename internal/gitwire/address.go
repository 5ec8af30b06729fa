package gitwire

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"groma/internal/fault"
)

// address is a parsed address of a repository.
type address struct {
	scheme string // http, https, ssh, git or file
	user   string // ssh only
	host   string // with its port, if it has one
	path   string // as it goes over the wire
	// trusted says that the operator names this host, by a mirror.
	trusted bool
}

var (
	helper  = regexp.MustCompile(`^[A-Za-z0-9+.-]+::`)
	scpLike = regexp.MustCompile(`^(?:([^@/:]+)@)?([^@/:\[]{2,}|\[[0-9A-Fa-f:.]+\]):([^:].*)$`)
)

// parseAddress reads an address as git does, less what can do harm: helpers
// such as ext::, passwords, and hosts or users that a program could take for
// an option.
func parseAddress(text string) (address, error) {
	switch {
	case text == "":
		return address{}, fault.Errorf(fault.Invalid, "the address is empty")
	case printable(text) != text:
		return address{}, fault.Errorf(fault.Invalid, "the address %q is not printable", printable(text))
	case helper.MatchString(text):
		return address{}, fault.Errorf(fault.Unsupported, "%s: remote helpers are not run; use an https or ssh address", text)
	case strings.Contains(text, "://"):
		return parseURL(text)
	}
	if m := scpLike.FindStringSubmatch(text); m != nil {
		return address{scheme: "ssh", user: m[1], host: m[2], path: m[3]}.checked(text)
	}
	return local(text)
}

func parseURL(text string) (address, error) {
	bare, password, secret := cutPassword(text)
	u, err := url.Parse(bare)
	if err != nil {
		return address{}, fault.Errorf(fault.Invalid, "%q is no address", bare)
	}
	a := address{scheme: strings.ToLower(u.Scheme), user: u.User.Username(), host: u.Host, path: u.EscapedPath()}
	switch a.scheme {
	case "http", "https":
		a.user = "" // a name alone is no credential
	case "ssh", "git":
		a.path = u.Path
		if rest, ok := strings.CutPrefix(u.Path, "/~"); ok {
			a.path = "~" + rest
		}
	case "file":
		if u.Host != "" && u.Host != "localhost" {
			return address{}, fault.Errorf(fault.Unsupported, "%s: a file address names no host; write file:///path", bare)
		}
		return local(u.Path)
	default:
		return address{}, fault.Errorf(fault.Unsupported, "%s: want https, ssh, git or file, not %s", bare, a.scheme)
	}
	if secret && password != "" {
		return address{}, fault.Errorf(fault.Invalid, "%s: the address holds a password; put it into ~/.netrc or a token file instead", bare)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return address{}, fault.Errorf(fault.Invalid, "%s: an address of a repository has no ? or #", bare)
	}
	return a.checked(bare)
}

func (a address) checked(text string) (address, error) {
	host := strings.Trim(a.host, "[]")
	switch {
	case a.host == "":
		return address{}, fault.Errorf(fault.Invalid, "%s: the address names no host", text)
	case strings.HasPrefix(host, "-"), strings.HasPrefix(a.user, "-"), strings.HasPrefix(a.path, "-"):
		return address{}, fault.Errorf(fault.Invalid, "%s: no part of an address may begin with a hyphen", text)
	case strings.Trim(a.path, "/") == "":
		return address{}, fault.Errorf(fault.Invalid, "%s: the address names a host, but no repository", text)
	}
	return a, nil
}

func local(path string) (address, error) {
	abs, err := filepath.Abs(path)
	if err != nil || path == "" {
		return address{}, fault.Errorf(fault.Invalid, "%q is no path", path)
	}
	return address{scheme: "file", path: abs}, nil
}

// cutPassword takes user:password@ out of a URL's text. It works on what does
// not parse, too, so that an error can quote the rest.
func cutPassword(text string) (bare, password string, found bool) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text, "", false
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return text, "", false
	}
	user, password, found := strings.Cut(authority[:at], ":")
	if !found {
		return text, "", false
	}
	return scheme + "://" + user + "@" + authority[at+1:] + path, password, true
}

// printable makes text fit for a message: control characters and invalid bytes
// become question marks, and it does not go on for ever.
func printable(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	return fault.Clip(clean, 400)
}
