package gitwire

import (
	"context"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"groma/internal/fault"
	"groma/internal/packstream"
)

// FetchUnknown is [Remote.FetchBlobs] for a caller who knows the contents of
// most files already, from another commit or another repository: those do not
// travel, and their [File] is Absent. First come the folders, then the contents
// of each file that known does not know. It may be asked more than once about a
// file, and must not change its mind. A host that cannot be asked so sends
// everything.
func (r *Remote) FetchUnknown(ctx context.Context, limits Limits, blobs Blobs, known func(path, blob string) bool) (*Snapshot, error) {
	if !r.direct || !r.handsOutBlobs() {
		return r.FetchBlobs(ctx, limits, blobs)
	}
	limits = limits.filled()
	s, err := r.folders(ctx, limits)
	if err != nil {
		return nil, err
	}
	s.known = known
	switch err := r.missing(ctx, limits, s); {
	case err == nil:
		return s, nil
	case fault.KindOf(err) == fault.NotFound: // it hands out commits only
		s.Close()
		return r.FetchBlobs(ctx, limits, blobs)
	default:
		s.Close()
		return nil, err
	}
}

// handsOutBlobs reports whether any object may be asked for, and left out.
func (r *Remote) handsOutBlobs() bool {
	return r.abilities.Supports(capability.Filter) && r.abilities.Supports(capability.AllowTipSHA1InWant) &&
		r.abilities.Supports(capability.AllowReachableSHA1InWant)
}

// folders brings a commit and its trees.
func (r *Remote) folders(ctx context.Context, limits Limits) (*Snapshot, error) {
	q := r.question(r.want, packp.DepthCommits(1))
	q.Capabilities.Set(capability.Filter)
	q.Filter = packp.FilterBlobNone()
	p, err := r.pack(ctx, limits, q, Blobs{})
	if err != nil {
		return nil, err
	}
	s, err := newSnapshot(p, packstream.Hash(r.want))
	if err == nil && s == nil {
		err = fault.Errorf(fault.Invalid, "it did not send the commit %s", r.want)
	}
	if err != nil {
		p.Close()
		return nil, r.trial.judge(ctx, err, evidence{})
	}
	s.entries = limits.Entries
	return s, nil
}

// missing brings the contents that nobody has.
func (r *Remote) missing(ctx context.Context, limits Limits, s *Snapshot) error {
	wanted, err := s.unknown(ctx)
	if err != nil {
		return r.trial.judge(ctx, err, evidence{})
	}
	if len(wanted) == 0 {
		return nil
	}
	q := r.question(wanted[0], packp.DepthCommits(0))
	q.Wants = wanted
	s.rest, err = r.pack(ctx, limits, q, Blobs{})
	return err
}

// unknown are the contents that are not here, of files that are not known.
func (s *Snapshot) unknown(ctx context.Context) ([]plumbing.Hash, error) {
	var wanted []plumbing.Hash
	seen := map[packstream.Hash]bool{}
	w := walk{ctx: ctx.Err, snapshot: s, blob: func(path string, name packstream.Hash) {
		if _, ok := s.pack.Find(name); ok || seen[name] || s.known(path, name.String()) {
			return
		}
		seen[name] = true
		wanted = append(wanted, plumbing.Hash(name))
	}}
	return wanted, w.tree(s.tree, nil, 0)
}
