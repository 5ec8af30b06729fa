package landscape

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Address is one repository's address, understood.
//
// Two addresses with the same key ask for the same repository. No field holds
// a password, a token, or any other part of the text that could be one.
type Address struct {
	// Key is host/owner/name. On hosts that do not tell upper from lower case
	// it is in lower case. An address that names no repository has a key, too,
	// so that it can be kept; then Name is empty.
	Key string
	// Host is in lower case, with its port where that is not the scheme's. It
	// is "local" for a path on this machine and "invalid" for what cannot be
	// read as an address.
	Host string
	// Owner may hold slashes. It is "-" where a repository has none, as in
	// https://go.googlesource.com/go.
	Owner string
	// Name is the repository's name, without .git except on this machine,
	// where project and project.git are two folders.
	Name string
	// Fetch is what to ask git for. Reading it again gives the same repository.
	Fetch string
	// Branch is the branch that stands in the address, as in /tree/main.
	Branch string
	// Spelling is the address as it was met, less what may be secret.
	Spelling string
	// secret is set where user information was left out.
	secret bool
}

// Hosts of addresses that are on no host.
const (
	hostLocal   = "local"
	hostInvalid = "invalid"
)

// noOwner stands for the owner of a repository that has none.
const noOwner = "-"

// ParseAddress reads the address of a repository: an http, https, ssh or git
// URL, git's user@host:path, host/owner/name without a scheme, or an absolute
// path. The error says why it is no repository; the address is then good for
// keeping a record of it, and for nothing else.
func ParseAddress(raw string) (Address, error) {
	text := strings.TrimSpace(raw)
	text = strings.TrimPrefix(text, "git+") // as package managers write it
	if err := readable(text); err != nil {
		return unreadable(text, err)
	}
	scheme, rest, hasScheme := strings.Cut(text, "://")
	first, _, hasPath := strings.Cut(text, "/")
	switch {
	case hasScheme && strings.Contains(rest, "://"):
		return unreadable(text, errors.New("there are two addresses in one"))
	case hasScheme && strings.EqualFold(scheme, "file"):
		return parseFileURL(text)
	case hasScheme:
		return parseURL(text)
	case strings.HasPrefix(text, "//"):
		return parseURL("https:" + text)
	case strings.HasPrefix(text, "/"):
		return parsePath(text)
	case hasPath && portOnly.MatchString(first), hasPath && likeHost(first):
		return parseURL(defaultScheme(first) + "://" + text)
	case strings.Contains(first, ":"):
		return parseSCP(text)
	case hasPath && !strings.HasPrefix(text, "."):
		return unreadable(text, errors.New("it names no host: write it in full, for example https://github.com/OWNER/NAME"))
	}
	return unreadable(text, errors.New("it is neither the URL of a repository nor an absolute path"))
}

// readable refuses text that no address is made of.
func readable(text string) error {
	switch {
	case text == "":
		return errors.New("it is empty")
	case len(text) > 4096:
		return errors.New("it is longer than any address")
	case !utf8.ValidString(text):
		return errors.New("it is not text in UTF-8")
	case strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("it holds control characters")
	case strings.ContainsFunc(text, unicode.IsSpace) && !strings.HasPrefix(text, "/"):
		return errors.New("it holds spaces")
	}
	return nil
}

var (
	hostName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$`)
	portOnly = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]+$`)
	userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
)

// likeHost says whether the first part of an address without a scheme is a
// host, as in github.com/owner/name.
func likeHost(first string) bool {
	return first == "localhost" ||
		strings.Contains(first, ".") && !strings.HasPrefix(first, ".") && hostName.MatchString(strings.ToLower(first))
}

func defaultScheme(host string) string {
	name, _, _ := strings.Cut(host, ":")
	if staysHTTP(strings.ToLower(name), "") {
		return "http"
	}
	return "https"
}

// staysHTTP says whether http is meant: on this machine, at a bare number, on
// a name without a dot, or at a port of its own, nobody promises https.
func staysHTTP(host, port string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || port != "" || !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost")
}

var defaultPorts = map[string]string{"http": "80", "https": "443", "ssh": "22", "git": "9418"}

// location is where an address points, before it is known what stands there.
type location struct {
	scheme   string
	user     string // for ssh only; elsewhere it may be a secret
	host     string // with its port
	segments []string
	spelling string
	secret   bool
	// scp is the path of git's user@host:path, which may begin at the user's
	// home and so is no URL's path.
	scp string
}

func parseURL(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return unreadable(text, errors.New("it is no valid URL"))
	}
	at := location{scheme: strings.ToLower(u.Scheme)}
	if _, ok := defaultPorts[at.scheme]; !ok {
		return unreadable(text, fmt.Errorf("repositories are not fetched over %q: use https, ssh, git or a path", clean(at.scheme)))
	}
	if at.host, err = hostOf(u, at.scheme); err != nil {
		return unreadable(text, err)
	}
	if at.segments, err = segmentsOf(u.EscapedPath()); err != nil {
		return unreadable(text, err)
	}
	if at.scheme == "ssh" {
		at.user = safeUser(u.User.Username())
	}
	at.spelling = spellingOf(u, at.user)
	at.secret = u.User != nil && u.User.String() != at.user
	return at.address()
}

// hostOf returns the host as it stands in keys.
func hostOf(u *url.URL, scheme string) (string, error) {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() && ip.Zone() == "" {
		host = "[" + ip.String() + "]"
	} else if host == "" {
		return "", errors.New("it names no host")
	} else if !hostName.MatchString(host) {
		return "", errors.New("its host name has letters that host names do not have")
	}
	if host == hostLocal || host == hostInvalid {
		return "", fmt.Errorf("%q is not the name of a host", host)
	}
	if port := u.Port(); port != "" && port != defaultPorts[scheme] {
		host += ":" + port
	}
	return host, nil
}

// segmentsOf splits a URL's path into its decoded parts.
func segmentsOf(escaped string) ([]string, error) {
	var segments []string
	for part := range strings.SplitSeq(escaped, "/") {
		if part == "" {
			continue
		}
		segment, err := url.PathUnescape(part)
		if err != nil {
			return nil, errors.New("its path is no valid URL path")
		}
		if err := soundSegment(segment); err != nil {
			return nil, err
		}
		segments = append(segments, segment)
	}
	return segments, nil
}

func soundSegment(segment string) error {
	switch {
	case segment == "." || segment == "..":
		return errors.New("its path has . or .. in it")
	case strings.TrimSpace(segment) == "":
		return errors.New("its path has a name of nothing but spaces")
	case strings.ContainsAny(segment, `/\`) || strings.ContainsFunc(segment, unicode.IsControl) || !utf8.ValidString(segment):
		return errors.New("its path holds characters that the names of repositories do not have")
	}
	return nil
}

func safeUser(user string) string {
	if userName.MatchString(user) {
		return user
	}
	return ""
}

// spellingOf is the URL as it was written, less password, query and fragment.
func spellingOf(u *url.URL, user string) string {
	plain := *u
	plain.User, plain.RawQuery, plain.ForceQuery, plain.Fragment, plain.RawFragment = nil, "", false, "", ""
	if user != "" {
		plain.User = url.User(user)
	}
	return plain.String()
}

// parseSCP reads git's user@host:path.
func parseSCP(text string) (Address, error) {
	front, typed, _ := strings.Cut(text, ":")
	if i := strings.IndexAny(typed, "?#"); i >= 0 {
		typed = typed[:i]
	}
	at := location{scheme: "ssh", scp: strings.TrimRight(typed, "/")}
	host, hasUser := front, false
	if i := strings.LastIndexByte(front, '@'); i >= 0 {
		at.user, host, hasUser = front[:i], front[i+1:], true
	}
	switch {
	case strings.Contains(typed, "@"), // a password comes before it
		len(strings.TrimSuffix(host, ".")) == 1,    // a drive of Windows
		!hasUser && !strings.Contains(at.scp, "/"), // prose
		hasUser && !userName.MatchString(at.user):
		return unreadable(text, errors.New("it is no address of the form user@host:owner/name"))
	}
	var err error
	if at.host, err = hostOf(&url.URL{Host: host}, at.scheme); err != nil {
		return unreadable(text, err)
	}
	for part := range strings.SplitSeq(at.scp, "/") {
		if part == "" {
			continue
		}
		if err := soundSegment(part); err != nil {
			return unreadable(text, err)
		}
		at.segments = append(at.segments, part)
	}
	at.spelling = scpForm(at.user, at.host, typed)
	return at.address()
}

func scpForm(user, host, path string) string {
	if user != "" {
		host = user + "@" + host
	}
	return host + ":" + path
}

func parseFileURL(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil || u.Path == "" || u.Path[0] != '/' {
		return unreadable(text, errors.New("a file URL is written file:///absolute/path"))
	}
	if u.Host != "" && u.Host != "localhost" {
		return unreadable(text, errors.New("a file URL with a host names a file on another machine"))
	}
	if err := readable(u.Path); err != nil {
		return unreadable(text, err)
	}
	a, err := parsePath(u.Path)
	a.Spelling = spellingOf(u, "")
	return a, err
}

// parsePath reads an absolute path on this machine.
func parsePath(text string) (Address, error) {
	clean := path.Clean(text)
	for strings.HasSuffix(clean, "/.git") { // a working tree is named by its folder
		clean = path.Clean(strings.TrimSuffix(clean, ".git"))
	}
	// Trimming what follows would make it another path.
	if clean == "/" || strings.TrimSpace(clean) != clean {
		return unreadable(text, errors.New("it is no path of a repository"))
	}
	owner := strings.Trim(path.Dir(clean), "/")
	if owner == "" {
		owner = noOwner
	}
	return Address{
		Key: hostLocal + clean, Host: hostLocal, Owner: owner, Name: path.Base(clean),
		Fetch: clean, Spelling: text,
	}, nil
}

// address says which repository stands at a location.
func (at location) address() (Address, error) {
	forge := forgeOf(&at.host)
	if at.scheme == "git" && forge.known || at.scheme == "http" && !staysHTTP(hostAndPort(at.host)) {
		at.scheme = "https"
	}
	if len(at.segments) == 0 {
		return at.noRepository(nil, errors.New("it names a website, not a repository"))
	}
	if segments, err := forge.refuse(at.segments); err != nil {
		return at.noRepository(segments, err)
	}
	segments, branch := forge.repository(at.segments)
	names := slices.Clone(segments)
	last := len(names) - 1
	for strings.HasSuffix(names[last], ".git") {
		names[last] = strings.TrimSuffix(names[last], ".git")
	}
	if names[last] == "" || soundSegment(names[last]) != nil {
		return at.noRepository(at.segments, errors.New("it gives the repository no name"))
	}
	if forge.known {
		segments = names // elsewhere a server may know the one and not the other
	}
	owner := strings.Join(names[:last], "/")
	if owner == "" {
		owner = noOwner
	}
	return Address{
		Key:  forge.fold(at.host + "/" + owner + "/" + names[last]),
		Host: at.host, Owner: owner, Name: names[last],
		Fetch: at.fetch(forge, segments), Branch: branch, Spelling: at.spelling, secret: at.secret,
	}, nil
}

func hostAndPort(host string) (name, port string) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") {
		return host, ""
	}
	return host[:i], host[i+1:]
}

// fetch is what to ask git for.
func (at location) fetch(f forge, segments []string) string {
	switch {
	case at.scheme != "ssh":
		return (&url.URL{Scheme: at.scheme, Host: at.host, Path: "/" + strings.Join(segments, "/")}).String()
	case f.known:
		at.user = "git"
	case at.scp != "" && len(segments) == len(at.segments):
		return scpForm(at.user, at.host, at.scp)
	}
	u := &url.URL{Scheme: "ssh", Host: at.host, Path: "/" + strings.Join(segments, "/")}
	if at.user != "" {
		u.User = url.User(at.user)
	}
	return u.String()
}

// noRepository is the address of something else on a host.
func (at location) noRepository(segments []string, err error) (Address, error) {
	scheme := at.scheme
	if scheme != "http" {
		scheme = "https" // a page, whatever was written before it
	}
	u := url.URL{Scheme: scheme, Host: at.host, Path: "/" + strings.Join(segments, "/")}
	a := Address{Key: at.host, Host: at.host, Fetch: u.String(), Spelling: at.spelling, secret: at.secret}
	if len(segments) > 0 {
		a.Owner = strings.Join(segments, "/")
		forge := forgeOf(&at.host)
		a.Key = forge.fold(at.host + "/" + a.Owner)
	}
	return a, err
}

// unreadable keeps what cannot be read as an address, under a key made of it.
func unreadable(text string, err error) (Address, error) {
	spelling := withoutSecrets(text)
	sum := sha256.Sum256([]byte(spelling))
	owner := Slug(spelling)
	owner = strings.Trim(owner[:min(len(owner), 60)], "-") + "-" + hex.EncodeToString(sum[:4])
	return Address{Key: hostInvalid + "/" + owner, Host: hostInvalid, Owner: owner, Fetch: spelling, Spelling: spelling}, err
}

// withoutSecrets cuts from text that is no address all that could be a
// password: what stands before the last @, and what follows a question mark
// or a hash.
func withoutSecrets(text string) string {
	text = strings.Join(strings.Fields(clean(text)), " ")
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		text = text[:i]
	}
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		scheme, _, ok := strings.Cut(text, "://")
		if text = text[i+1:]; ok && slices.Contains(shownSchemes, scheme) {
			text = scheme + "://" + text
		}
	}
	return strings.TrimSpace(text)
}

var shownSchemes = []string{"http", "https", "ssh", "git", "file", "ftp", "ftps", "svn"}
