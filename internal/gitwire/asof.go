package gitwire

import (
	"context"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"groma/internal/fault"
	"groma/internal/packstream"
)

// What bounds the way back to an instant. A commit takes some 300 bytes on its
// way here; the longest histories have a million.
const (
	mostHistory = 1 << 30
	mostCommits = 4 << 20
	mostRounds  = 32
	stride      = 100 // commits, where clocks were wrong
)

// goBack makes Head the commit that its branch had at the instant asked for:
// the first, from the branch's own last one along first parents, whose
// committer's time is before it. Commits alone come over the wire.
func (r *Remote) goBack(ctx context.Context) error {
	w, err := r.back(ctx, packstream.Hash(r.want), packp.DepthCommits(1))
	for round := 0; err == nil && !w.found; round++ {
		switch {
		case round == mostRounds:
			return r.trial.judge(ctx, fault.Errorf(fault.Unsupported, "the times of its commits are in no order"), evidence{})
		case round%2 == 0: // this one is later: ask for all that are
			w, err = r.back(ctx, w.later, packp.DepthSince(r.since()))
		default: // the first that was not among them should be earlier
			w, err = r.back(ctx, w.at, packp.DepthCommits(stride))
		}
	}
	if err != nil {
		return err
	}
	r.Head.Commit, r.want = w.at.String(), plumbing.Hash(w.at)
	return nil
}

// way is how far somebody has gone back.
type way struct {
	at    packstream.Hash // what was looked for, or the first that did not come
	found bool
	later packstream.Hash // the last that came and is not before the instant
}

// canGoBack reports what a remote lacks to be asked for its past, if anything.
func (r *Remote) canGoBack() error {
	for _, c := range []capability.Capability{capability.Filter, capability.DeepenSince, capability.AllowReachableSHA1InWant} {
		if !r.abilities.Supports(c) {
			return fault.Errorf(fault.Unsupported, "the host cannot be asked for a commit of the past: it does not offer git's %s", c)
		}
	}
	return nil
}

// since is the instant asked for as git understands it: it takes zero for a
// mistake.
func (r *Remote) since() time.Time {
	if r.request.AsOf.Unix() < 1 {
		return time.Unix(1, 0)
	}
	return r.request.AsOf
}

// back asks for a commit and some before it, without their trees, and goes
// back in what comes.
func (r *Remote) back(ctx context.Context, from packstream.Hash, depth packp.Depth) (way, error) {
	q := r.question(plumbing.Hash(from), depth)
	q.Capabilities.Set(capability.Filter)
	q.Filter = packp.FilterTreeDepth(0)
	p, err := r.pack(ctx, Limits{PackBytes: mostHistory, Objects: mostCommits}.filled(), q, Blobs{})
	if err != nil {
		return way{}, err
	}
	defer p.Close()
	w, err := before(p, from, r.request.AsOf)
	if err != nil {
		return way{}, r.trial.judge(ctx, err, evidence{})
	}
	return w, nil
}

// before goes back along first parents to a commit before an instant. It
// begins at a commit or at a tag of one.
func before(p *packstream.Pack, from packstream.Hash, asOf time.Time) (way, error) {
	tip, err := newSnapshot(p, from)
	switch {
	case err != nil:
		return way{}, err
	case tip == nil:
		return way{}, fault.Errorf(fault.Invalid, "it did not send the commit %s", from)
	}
	for w := (way{at: packstream.ParseHash(tip.Commit)}); ; {
		if _, ok := p.Find(w.at); !ok {
			return w, nil
		}
		text, err := p.Text(w.at, packstream.Commit)
		if err != nil {
			return way{}, err
		}
		if w.found = signed(field(text, "committer")).Before(asOf); w.found {
			return w, nil
		}
		parent := field(text, "parent")
		if parent == "" {
			return way{}, fault.Errorf(fault.Empty, "it has no commit before %s", instant(asOf))
		}
		w.at, w.later = packstream.ParseHash(parent), w.at
	}
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
