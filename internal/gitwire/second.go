package gitwire

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"groma/internal/fault"
)

// offer is what a host of protocol v2 says it can do: commands and features,
// each with its value.
type offer map[string]string

// What an advertisement of v2 and the part of an answer before its pack may
// be. git's own advertisement has some 200 bytes.
const (
	longestOffer = 64 << 10
	mostPackets  = 4 << 20
)

// isSecond reports whether an answer to a probe is of protocol v2. The first
// line of v0 may stand before it.
func isSecond(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte(serviceLine))
	return bytes.HasPrefix(head, []byte("000eversion 2\n")) || bytes.HasPrefix(head, []byte("000dversion 2"))
}

const serviceLine = "001e# service=git-upload-pack\n0000"

// readOffer reads a capability advertisement of v2.
func readOffer(from io.Reader) (offer, error) {
	p := packets{from: io.LimitReader(from, longestOffer), left: mostPackets}
	o := offer{}
	read := func(text []byte) error {
		name, value, _ := strings.Cut(string(text), "=")
		o[name] = value
		return nil
	}
	m, err := p.until(read)
	if _, ok := o["# service"]; err == nil && ok {
		delete(o, "# service")
		m, err = p.until(read)
	}
	switch _, second := o["version 2"]; {
	case err != nil:
		return nil, err
	case m != flush || !second:
		return nil, unexpected("the end of what it offers", []byte{byte(m)})
	}
	delete(o, "version 2")
	return o, nil
}

func (o offer) has(name string) bool {
	_, ok := o[name]
	return ok
}

// can reports whether a command has a feature.
func (o offer) can(command, feature string) bool {
	return slices.Contains(strings.Fields(o[command]), feature)
}

// second speaks protocol v2: it asks for the refs that matter, and no others.
// To its callers it looks like v0, whose messages go-git has.
type second struct {
	watch *watcher
	offer offer
	url   string // of the repository, redirects followed
	auth  string // to be sent there, if anything
}

var errSHA256 = fault.Errorf(fault.Unsupported, "it names its objects by SHA-256, which this program does not read yet")

// refs asks for HEAD and what a branch may be. Only where that is not found it
// asks for all branches and tags, as far as what is said of a failure needs
// them.
func (s *second) refs(ctx context.Context, branch string) (*packp.AdvRefs, error) {
	if format, ok := s.offer["object-format"]; ok && format != "sha1" {
		return nil, errSHA256
	}
	refs := packp.NewAdvRefs()
	names := namesOf(branch)
	if err := s.list(ctx, refs, append([]string{"HEAD"}, names...)); err != nil {
		return nil, err
	}
	found := branch == "" && refs.Head != nil || slices.ContainsFunc(names, func(name string) bool {
		_, ok := refs.References[name]
		return ok
	})
	if !found {
		if err := s.list(ctx, refs, []string{"refs/heads/", "refs/tags/"}); err != nil {
			return nil, err
		}
	}
	return refs, s.declare(refs.Capabilities)
}

// namesOf are the refs that a branch may be, in the order in which they count;
// none if no ref can be called so. A whole ref is one, too.
func namesOf(branch string) []string {
	const longest = 4 << 10
	control := func(r rune) bool { return r <= ' ' || r == 0x7f }
	if branch == "" || len(branch) > longest || strings.ContainsFunc(branch, control) {
		return nil
	}
	names := []string{"refs/heads/" + branch, "refs/tags/" + branch}
	if strings.HasPrefix(branch, "refs/") {
		names = append(names, branch)
	}
	return names
}

// list asks for the refs whose names begin in one of these ways.
func (s *second) list(ctx context.Context, refs *packp.AdvRefs, prefixes []string) error {
	q := s.command("ls-refs")
	q.line("peel")
	q.line("symrefs")
	if s.offer.can("ls-refs", "unborn") {
		q.line("unborn")
	}
	for _, prefix := range prefixes {
		q.line("ref-prefix %s", prefix)
	}
	q.flush()
	s.watch.limit, s.watch.over = mostRefs, errManyRefs
	answer, err := s.ask(ctx, q)
	if err != nil {
		return err
	}
	defer answer.Close()
	return readRefs(bufio.NewReader(answer), refs)
}

// readRefs reads an answer to ls-refs into what is known of the refs.
func readRefs(from io.Reader, refs *packp.AdvRefs) error {
	p := packets{from: from, left: mostPackets}
	m, err := p.until(func(text []byte) error { return readRef(string(text), refs) })
	if err == nil && m != flush {
		err = unexpected("the end of its refs", []byte{byte(m)})
	}
	return err
}

// readRef reads "HASH NAME", with what is known of it behind: symref-target:
// and peeled:. Instead of a hash, HEAD may be unborn.
func readRef(text string, refs *packp.AdvRefs) error {
	hash, rest, _ := strings.Cut(text, " ")
	name, rest, _ := strings.Cut(rest, " ")
	if name == "" || hash != "unborn" && !sha1Name.MatchString(hash) {
		return unexpected("a ref", []byte(text))
	}
	for attribute := range strings.FieldsSeq(rest) {
		if target, ok := strings.CutPrefix(attribute, "symref-target:"); ok && name == "HEAD" {
			refs.Capabilities.Set(capability.SymRef, "HEAD:"+target)
		}
		if peeled, ok := strings.CutPrefix(attribute, "peeled:"); ok && sha1Name.MatchString(peeled) {
			refs.Peeled[name] = plumbing.NewHash(peeled)
		}
	}
	if hash == "unborn" {
		return nil
	}
	if h := plumbing.NewHash(hash); name == "HEAD" {
		refs.Head = &h
	} else {
		refs.References[name] = h
	}
	return nil
}

// declare says in the words of v0 what fetch can do. Whoever speaks v2 hands
// out any object, and sends its packs through a sideband.
func (s *second) declare(to *capability.List) error {
	able := []capability.Capability{capability.OFSDelta, capability.NoProgress, capability.Sideband64k, capability.AllowTipSHA1InWant, capability.AllowReachableSHA1InWant}
	if s.offer.can("fetch", "shallow") {
		able = append(able, capability.Shallow, capability.DeepenSince)
	}
	if s.offer.can("fetch", "filter") {
		able = append(able, capability.Filter)
	}
	for _, c := range able {
		if err := to.Set(c); err != nil {
			return err
		}
	}
	return nil
}

// fetch asks for a pack, and reads what comes before it.
func (s *second) fetch(ctx context.Context, request *packp.UploadPackRequest) (io.ReadCloser, error) {
	s.watch.limit, s.watch.over = 0, nil // a pack has a limit of its own
	answer, err := s.ask(ctx, s.wanting(request))
	if err != nil {
		return nil, err
	}
	from := bufio.NewReaderSize(answer, 64<<10)
	if err := skipToPack(from); err != nil {
		answer.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{from, answer}, nil
}

// wanting is a request for a pack in the words of v2.
func (s *second) wanting(request *packp.UploadPackRequest) *question {
	q := s.command("fetch")
	for _, c := range []capability.Capability{capability.OFSDelta, capability.NoProgress} {
		if request.Capabilities.Supports(c) {
			q.line("%s", c)
		}
	}
	for _, h := range request.Wants {
		q.line("want %s", h)
	}
	for _, h := range request.Shallows {
		q.line("shallow %s", h)
	}
	switch depth := request.Depth.(type) {
	case packp.DepthCommits:
		if depth > 0 {
			q.line("deepen %d", int(depth))
		}
	case packp.DepthSince:
		q.line("deepen-since %d", time.Time(depth).Unix())
	}
	if request.Filter != "" {
		q.line("filter %s", request.Filter)
	}
	for _, h := range request.Haves {
		q.line("have %s", h)
	}
	q.line("done")
	q.flush()
	return q
}

// skipToPack reads the sections before a pack.
func skipToPack(from io.Reader) error {
	p := packets{from: from, left: mostPackets}
	for {
		section, m, err := p.next()
		switch {
		case err != nil:
			return err
		case m != line:
			return unexpected("the pack", nil)
		case string(section) == "packfile":
			return nil
		}
		m, err = p.until(func([]byte) error { return nil })
		switch {
		case err != nil:
			return err
		case m != delimiter:
			return unexpected("the end of a section", []byte{byte(m)})
		}
	}
}

// command begins a question.
func (s *second) command(name string) *question {
	q := &question{}
	q.line("command=%s", name)
	if s.offer.has("agent") {
		q.line("agent=groma")
	}
	if s.offer.has("object-format") {
		q.line("object-format=sha1")
	}
	q.delimiter()
	return q
}

// ask sends a question. Nothing redirects it: where the repository is was
// found out before.
func (s *second) ask(ctx context.Context, q *question) (io.ReadCloser, error) {
	asked, encoding, err := q.encoded()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/git-upload-pack", bytes.NewReader(asked))
	if err != nil {
		return nil, err
	}
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	r.Header.Set("User-Agent", capability.DefaultAgent())
	r.Header.Set("Content-Type", "application/x-git-upload-pack-request")
	r.Header.Set("Accept", "application/x-git-upload-pack-result")
	if s.auth != "" {
		r.Header.Set("Authorization", s.auth)
	}
	response, err := s.watch.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK || s.watch.kind() != "application/x-git-upload-pack-result" {
		io.CopyN(io.Discard, response.Body, sniffed) // to be looked at
		response.Body.Close()
		return nil, errNotGit
	}
	return response.Body, nil
}
