package gitwire

import (
	"context"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"groma/internal/fault"
	"groma/internal/packstream"
)

// mostRootBytes bounds a top folder; one of a thousand files takes 40 KB.
const mostRootBytes = 64 << 20

// RootFile brings one file of the top folder of [Remote.Head]: its tree and its
// contents, and nothing else. It returns nil if there is no such file; one that
// is larger than most is [fault.TooLarge].
func (r *Remote) RootFile(ctx context.Context, name string, most int64) ([]byte, error) {
	if !r.HandsOutBlobs() {
		err := fault.Errorf(fault.Unsupported, "the host does not hand out a single file")
		return nil, r.trial.judge(ctx, err, evidence{})
	}
	blob, err := r.rootEntry(ctx, name)
	if err != nil || blob == (packstream.Hash{}) {
		return nil, err
	}
	q := r.question(plumbing.Hash(blob), packp.DepthCommits(0))
	limits := Limits{PackBytes: most + 4<<10, ObjectBytes: most, Objects: 1}
	p, err := r.pack(ctx, limits.filled(), q, Blobs{})
	if err != nil {
		return nil, err
	}
	defer p.Close()
	text, err := p.Text(blob, packstream.Blob)
	if err != nil {
		return nil, r.trial.judge(ctx, err, evidence{})
	}
	return slices.Clone(text), nil
}

// rootEntry is the hash of a file of the top folder, or zero.
func (r *Remote) rootEntry(ctx context.Context, name string) (none packstream.Hash, err error) {
	if err := r.findRoot(ctx); err != nil {
		return none, err
	}
	p, err := r.treeless(ctx, r.root, 0)
	if err != nil {
		return none, err
	}
	defer p.Close()
	text, err := p.Text(r.root, packstream.Tree)
	if err != nil {
		return none, r.trial.judge(ctx, err, evidence{})
	}
	entries, err := packstream.ParseTree(text)
	if err != nil {
		return none, r.trial.judge(ctx, fault.Errorf(fault.Invalid, "tree %s: %w", r.root, err), evidence{})
	}
	for _, e := range entries {
		if string(e.Name) == name && (e.Mode == Regular || e.Mode == Executable) {
			return e.Hash, nil
		}
	}
	return none, nil
}

// findRoot finds the top folder of the head, unless it is known.
func (r *Remote) findRoot(ctx context.Context) error {
	if r.root != (packstream.Hash{}) {
		return nil
	}
	p, err := r.treeless(ctx, packstream.Hash(r.want), 1)
	if err != nil {
		return err
	}
	defer p.Close()
	head, err := sentSnapshot(p, packstream.Hash(r.want))
	if err != nil {
		return r.trial.judge(ctx, err, evidence{})
	}
	r.root = head.tree
	return nil
}

// treeless asks for one object, which may be a tree, without those below it.
// Hosts that offer a filter of trees often offer this one alone.
func (r *Remote) treeless(ctx context.Context, name packstream.Hash, depth packp.DepthCommits) (*packstream.Pack, error) {
	q := r.question(plumbing.Hash(name), depth)
	q.Capabilities.Set(capability.Filter)
	q.Filter = packp.FilterTreeDepth(0)
	return r.pack(ctx, Limits{PackBytes: mostRootBytes, Objects: 64}.filled(), q, Blobs{})
}
