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
			from := w
			if w, err = r.back(ctx, w.at, packp.DepthCommits(stride)); r.lacks(ctx, err) {
				err = r.trial.judge(ctx, fault.Errorf(fault.Unsupported, "%s: the earliest commit that it has of the branch, %s, is not before %s", r.cutOff(), from.later, instant(r.request.AsOf)), evidence{})
			}
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
	limits := Limits{PackBytes: mostHistory, Objects: mostCommits, ObjectBytes: largestCommit}
	p, err := r.pack(ctx, limits.filled(), r.commitsAlone(plumbing.Hash(from), depth), Blobs{})
	if err != nil {
		return way{}, err
	}
	defer p.Close()
	w, err := before(ctx, p, from, r.request.AsOf)
	if err != nil {
		return way{}, r.trial.judge(ctx, err, evidence{})
	}
	return w, nil
}

// commitsAlone is a question for a commit and some before it, without their
// trees.
func (r *Remote) commitsAlone(from plumbing.Hash, depth packp.Depth) *packp.UploadPackRequest {
	q := r.question(from, depth)
	q.Capabilities.Set(capability.Filter)
	q.Filter = packp.FilterTreeDepth(0)
	return q
}

// lacks reports whether a failure to bring the parents of commits that the
// remote has means that it lacks them: it is a shallow clone, and over v0 says
// so. Otherwise it is asked for its head again, in case all of it has gone.
func (r *Remote) lacks(ctx context.Context, err error) bool {
	if fault.KindOf(err) != fault.NotFound {
		return false
	}
	if len(r.refs.Shallows) > 0 {
		return true
	}
	p, err := r.pack(ctx, Limits{ObjectBytes: largestCommit}.filled(), r.commitsAlone(r.want, packp.DepthCommits(1)), Blobs{})
	if err != nil {
		return false
	}
	p.Close()
	return true
}

// cutOff says of a remote that lacks commits why it does.
func (r *Remote) cutOff() string {
	if len(r.refs.Shallows) > 0 {
		return "it is a shallow clone (git fetch --unshallow there brings the rest)"
	}
	return "it has only the end of its history, as a shallow clone does"
}

// before goes back along first parents to a commit before an instant. It
// begins at a commit or at a tag of one.
func before(ctx context.Context, p *packstream.Pack, from packstream.Hash, asOf time.Time) (way, error) {
	tip, err := sentSnapshot(p, from)
	if err != nil {
		return way{}, err
	}
	for w := (way{at: packstream.ParseHash(tip.Commit)}); ; {
		if err := ctx.Err(); err != nil {
			return way{}, err
		}
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
