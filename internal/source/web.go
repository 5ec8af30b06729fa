package source

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"groma/internal/conceal"
	"groma/internal/fault"
	"groma/internal/landscape"
)

// patience is how long a file of a few megabytes may take, redirects and all.
const patience = 2 * time.Minute

func isURL(arg string) bool {
	scheme, _, ok := strings.Cut(arg, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// readURL brings a file, or takes the URL for a repository's. Both look alike;
// a file is known by its extension or by a host that serves nothing else.
func readURL(ctx context.Context, client *http.Client, arg string) (Source, error) {
	u, err := url.Parse(arg)
	if err != nil || u.Host == "" {
		return oneRepository(arg)
	}
	if page := rawOf(u); page != nil {
		return Source{}, wantsRaw(u, page)
	}
	if !namesFile(u) {
		return oneRepository(arg)
	}
	document, err := get(ctx, client, arg)
	if err != nil {
		return Source{}, err
	}
	return Sniff(document)
}

var (
	fileExtensions = []string{".yml", ".yaml", ".json", ".txt", ".list"}
	fileHosts      = []string{"raw.githubusercontent.com", "gist.githubusercontent.com"}
	blobPage       = regexp.MustCompile(`^/([^/]+)/([^/]+)/blob/(.+)$`)
)

func namesFile(u *url.URL) bool {
	return slices.Contains(fileExtensions, strings.ToLower(path.Ext(u.Path))) ||
		slices.Contains(fileExtensions, strings.ToLower(path.Ext(u.RawQuery))) ||
		slices.Contains(fileHosts, strings.ToLower(u.Hostname())) ||
		strings.Contains(u.Path, "/-/raw/")
}

// rawOf returns where the file itself is, if the URL is of a page about it.
func rawOf(u *url.URL) *url.URL {
	raw := &url.URL{Scheme: "https", Host: u.Host}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	if m := blobPage.FindStringSubmatch(u.Path); m != nil && host == "github.com" {
		raw.Host = "raw.githubusercontent.com"
		raw.Path = "/" + m[1] + "/" + m[2] + "/" + m[3]
		return raw
	}
	for _, kind := range []struct{ page, file string }{{"/-/blob/", "/-/raw/"}, {"/src/branch/", "/raw/branch/"}} {
		if before, after, ok := strings.Cut(u.Path, kind.page); ok && slices.Contains(fileExtensions, path.Ext(after)) {
			raw.Path = before + kind.file + after
			return raw
		}
	}
	return nil
}

func wantsRaw(u, raw *url.URL) error {
	return fault.Errorf(fault.Invalid, "%s is a web page about a file: use the file itself, %s", public(u), raw)
}

// public is a URL as it may be shown: less user, password and query, any of
// which may be secret.
func public(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery, shown.Fragment, shown.RawFragment = nil, "", "", ""
	return shown.String()
}

// shortestInDocument is the least that a secret has which is looked for in what
// comes: a shorter one may be a word of it.
const shortestInDocument = 12

// get brings a file over HTTP.
func get(ctx context.Context, client *http.Client, arg string) (landscape.Document, error) {
	u, err := url.Parse(arg)
	if err != nil || u.Host == "" {
		return landscape.Document{}, fault.Errorf(fault.Invalid, "the address of the file is no valid URL")
	}
	if raw := rawOf(u); raw != nil {
		return landscape.Document{}, wantsRaw(u, raw)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	name := public(u)
	told := conceal.Address(u) // which the host may say again, in whatever it answers
	response, err := ask(ctx, client, u)
	if err != nil {
		return landscape.Document{}, told.Err(err)
	}
	defer response.Body.Close()
	if err := judge(name, response); err != nil {
		return landscape.Document{}, err
	}
	data, err := readBounded(name, response.Body)
	if err != nil {
		return landscape.Document{}, told.Err(err)
	}
	return landscape.Document{Name: name, Data: []byte(told.AtLeast(shortestInDocument).In(string(data)))}, nil
}

func ask(ctx context.Context, client *http.Client, u *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "%s is no valid URL", public(u))
	}
	request.Header.Set("User-Agent", "groma")
	response, err := client.Do(request)
	if err != nil {
		var withURL *url.Error
		if errors.As(err, &withURL) {
			err = withURL.Err // the rest repeats the URL, query and all
		}
		if strings.Contains(err.Error(), "Location header") { // which it quotes, with a password if there is one
			return nil, fault.Errorf(fault.Unsupported, "asking for %s: it redirects to what is no address", public(u))
		}
		if kind := kindOf(err); kind.Permanent() { // it says itself what to do
			return nil, fault.Errorf(kind, "asking for %s: %w", public(u), err)
		}
		return nil, fault.Errorf(kindOf(err), "asking for %s: %w: check the address and the network", public(u), err)
	}
	return response, nil
}

// kindOf tells what a failure to read may be. A network's failures pass.
func kindOf(err error) fault.Kind {
	var network net.Error
	switch kind := fault.KindOf(err); {
	case kind.Permanent():
		return kind
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return fault.TimedOut
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Unavailable
	}
	return fault.Unknown
}

// judge says what is wrong with an answer, if anything is.
func judge(name string, response *http.Response) error {
	kind, advice := fault.Unknown, ""
	switch status := response.StatusCode; {
	case status == http.StatusOK && strings.HasPrefix(response.Header.Get("Content-Type"), "text/html"):
		return fault.Errorf(fault.Invalid, "%s is a web page, not a file: use the address of the file itself, often under \"raw\"", name)
	case status == http.StatusOK:
		return nil
	case status == http.StatusNotFound || status == http.StatusGone:
		kind, advice = fault.NotFound, ": check the address; a private file is not found either"
	case status == http.StatusUnauthorized, status == http.StatusForbidden && response.Header.Get("X-RateLimit-Remaining") != "0":
		kind, advice = fault.Denied, ": download the file, and name the copy"
	case status == http.StatusForbidden, status == http.StatusTooManyRequests, status >= 500:
		kind, advice = fault.Unavailable, ": try again later"
	case status == http.StatusRequestTimeout:
		kind = fault.TimedOut
	case status >= 400:
		kind = fault.Invalid
	}
	// The words beside the status are the host's, which may say what it was told.
	err := fault.Errorf(kind, "asking for %s: the answer is %d %s%s", name, response.StatusCode, http.StatusText(response.StatusCode), advice)
	var failure *fault.Error
	if seconds, notNumber := strconv.Atoi(response.Header.Get("Retry-After")); notNumber == nil && seconds > 0 && errors.As(err, &failure) {
		failure.RetryAfter = time.Duration(min(seconds, 86400)) * time.Second
	}
	return err
}
