package gitwire

import (
	"bufio"
	"context"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"groma/internal/packstream"
)

// teller is a session with a host that tells how large objects are.
type teller interface {
	// tells reports whether it does.
	tells() bool
	// sizes asks for the sizes of objects. What it does not know is not in
	// the answer.
	sizes(context.Context, []packstream.Hash) (map[packstream.Hash]int64, error)
}

// leaveOut asks for a pack without files that are larger than they may be, and
// reports whether that can be. It takes a host that tells their sizes: what is
// known of a file must not depend on the host.
func (r *Remote) leaveOut(q *packp.UploadPackRequest, limits Limits) bool {
	t, ok := r.session.(teller)
	if limits.FileBytes <= 0 || !ok || !t.tells() || !r.abilities.Supports(capability.Filter) {
		return false
	}
	q.Capabilities.Set(capability.Filter)
	q.Filter = packp.FilterBlobLimit(uint64(limits.FileBytes)+1, packp.BlobLimitPrefixNone)
	return true
}

// measure asks for the sizes of the files that were left out, and reports
// whether each of them is as large as it has to be.
func (r *Remote) measure(ctx context.Context, s *Snapshot, limits Limits) (bool, error) {
	names, err := s.missing(ctx)
	if err != nil {
		return false, r.trial.judge(ctx, err, evidence{})
	}
	if len(names) == 0 {
		return true, nil
	}
	if s.large, err = r.session.(teller).sizes(ctx, names); err != nil {
		return false, nil // a host that is in trouble will say so again
	}
	for _, name := range names {
		if s.large[name] <= limits.FileBytes {
			return false, nil
		}
	}
	return true, nil
}

func (h *httpSession) tells() bool { return h.second != nil && h.second.offer.has("object-info") }

func (h *httpSession) sizes(ctx context.Context, names []packstream.Hash) (map[packstream.Hash]int64, error) {
	return h.second.sizes(ctx, names)
}

// sizes asks by the command object-info.
func (s *second) sizes(ctx context.Context, names []packstream.Hash) (map[packstream.Hash]int64, error) {
	q := s.command("object-info")
	q.line("size")
	for _, name := range names {
		q.line("oid %s", name)
	}
	q.flush()
	s.watch.limit, s.watch.over = mostRefs, errManyRefs
	answer, err := s.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	p := packets{from: bufio.NewReader(answer), left: len(names) + 2}
	sizes := map[packstream.Hash]int64{}
	m, err := p.until(func(text []byte) error {
		name, size, _ := strings.Cut(string(text), " ")
		if n, err := strconv.ParseInt(size, 10, 64); err == nil && n >= 0 {
			sizes[packstream.ParseHash(name)] = n
		}
		return nil
	})
	if err == nil && m != flush {
		err = unexpected("the end of the sizes", []byte{byte(m)})
	}
	return sizes, err
}
