package gitwire

import (
	"context"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"groma/internal/fault"
	"groma/internal/packstream"
)

// HandsOutBlobs reports whether the host lets a caller choose which contents
// travel: by [Remote.FetchFolders] first and [Remote.Bring] then.
func (r *Remote) HandsOutBlobs() bool {
	return r.direct && r.abilities.Supports(capability.Filter) && r.abilities.Supports(capability.AllowTipSHA1InWant) &&
		r.abilities.Supports(capability.AllowReachableSHA1InWant)
}

// Each of the packs of a snapshot that is brought in parts has its share of the
// memory that one pack may have.
const (
	folderShare = 4
	bringShare  = 2 // of what is brought first
	moreShare   = 4 // of what is brought then
)

// FetchFolders brings the tree of [Remote.Head] for a caller who knows the
// contents of most files already: its files are Absent, and have no Size, until
// [Remote.Bring] brings them. The host must be one that [Remote.HandsOutBlobs].
func (r *Remote) FetchFolders(ctx context.Context, limits Limits) (*Snapshot, error) {
	limits = limits.filled()
	limits.memory = r.client.config.MemoryBytes / folderShare
	q := r.question(r.want, packp.DepthCommits(1))
	q.Capabilities.Set(capability.Filter)
	q.Filter = packp.FilterBlobNone()
	p, err := r.pack(ctx, limits, q, Blobs{})
	if err != nil {
		return nil, err
	}
	s, err := sentSnapshot(p, packstream.Hash(r.want))
	if err != nil {
		p.Close()
		return nil, r.trial.judge(ctx, err, evidence{})
	}
	s.entries, s.partial = limits.Entries, true
	return s, nil
}

// Bring brings contents into a snapshot of [Remote.FetchFolders], by their
// hashes; [Snapshot.Find] finds them then. A host that hands out commits only,
// whatever it offers, is [fault.NotFound].
func (r *Remote) Bring(ctx context.Context, limits Limits, s *Snapshot, blobs []string) error {
	if len(blobs) == 0 {
		return nil
	}
	limits = limits.filled()
	limits.memory = r.client.config.MemoryBytes / bringShare
	if len(s.packs) > 1 {
		limits.memory = r.client.config.MemoryBytes / moreShare
	}
	q := r.question(plumbing.NewHash(blobs[0]), packp.DepthCommits(0))
	q.Wants = nil
	for _, blob := range blobs {
		q.Wants = append(q.Wants, plumbing.NewHash(blob))
	}
	p, err := r.pack(ctx, limits, q, Blobs{})
	if err != nil {
		return err
	}
	s.packs = append(s.packs, p)
	for _, blob := range blobs {
		if o, ok := p.Find(packstream.ParseHash(blob)); !ok || o.Kind != packstream.Blob {
			return r.trial.judge(ctx, fault.Errorf(fault.Invalid, "it did not send the contents %s", blob), evidence{})
		}
	}
	return nil
}
