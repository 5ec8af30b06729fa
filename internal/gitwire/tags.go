package gitwire

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"groma/internal/fault"
	"groma/internal/packstream"
	"groma/internal/vitals"
)

// tagsAndHead reads the tags that are wanted and the head, all at once.
func (h *reading) tagsAndHead(ctx context.Context, choose func([]string) []string) error {
	refs, err := h.remote.tags(ctx)
	if err != nil {
		return err
	}
	const prefix = "refs/tags/"
	for name, hash := range refs.References {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			commit, peeled := refs.Peeled[name]
			if !peeled {
				commit = hash
			}
			h.Tags = append(h.Tags, vitals.Tag{Name: strings.ToValidUTF8(short, "?"), Commit: commit.String()})
		}
	}
	slices.SortFunc(h.Tags, func(a, b vitals.Tag) int { return strings.Compare(a.Name, b.Name) })
	chosen := map[string]plumbing.Hash{}
	for _, name := range h.choose(choose) {
		if hash, ok := refs.References[prefix+name]; ok {
			chosen[name] = hash
		}
	}
	return h.readTags(ctx, chosen)
}

// choose lets the caller choose among the tags, as many as there may be.
func (h *reading) choose(choose func([]string) []string) []string {
	if choose == nil {
		return nil
	}
	names := make([]string, len(h.Tags))
	for i, tag := range h.Tags {
		names[i] = tag.Name
	}
	names = choose(names)
	if len(names) > mostHistoryTags {
		h.bound("tags", mostHistoryTags)
		names = names[:mostHistoryTags]
	}
	return names
}

// readTags reads the times of the tags chosen, and the head.
func (h *reading) readTags(ctx context.Context, chosen map[string]plumbing.Hash) error {
	r := h.remote
	wants := append(slices.Collect(maps.Values(chosen)), r.want)
	limits := Limits{Objects: int64(4*len(wants) + 16), PackBytes: mostTagBytes}
	p, err := h.ask(ctx, wants, packp.DepthCommits(1), limits)
	if fault.KindOf(err) == fault.TooLarge && len(chosen) > 0 {
		h.bound("tags", 0)
		return h.readTags(ctx, nil)
	}
	if err != nil {
		return err
	}
	defer p.Close()
	head, err := sentSnapshot(p, packstream.Hash(r.want))
	if err != nil {
		return r.trial.judge(ctx, err, evidence{})
	}
	h.Head, h.HeadAt, r.root = head.Commit, head.CommittedAt, head.tree
	for i := range h.Tags {
		if hash, ok := chosen[h.Tags[i].Name]; ok {
			h.Tags[i].At = tagged(p, packstream.Hash(hash))
		}
	}
	return nil
}

// tagged is the time of a tag: its own if it is annotated and says one, else
// that of the commit.
func tagged(p *packstream.Pack, name packstream.Hash) time.Time {
	for range 10 {
		o, ok := p.Find(name)
		if !ok || o.Kind != packstream.Commit && o.Kind != packstream.Tag {
			return time.Time{}
		}
		text, err := p.Text(name, o.Kind)
		if err != nil {
			return time.Time{}
		}
		if o.Kind == packstream.Commit {
			return signed(field(text, "committer"))
		}
		if at := signed(field(text, "tagger")); !at.IsZero() {
			return at
		}
		name = packstream.ParseHash(field(text, "object"))
	}
	return time.Time{}
}

// lister is a session with a host that is asked for its tags by themselves.
type lister interface {
	tags(context.Context) (*packp.AdvRefs, error)
}

// tags asks for the tags. A host of protocol v0 has told them already.
func (r *Remote) tags(ctx context.Context) (*packp.AdvRefs, error) {
	if l, ok := r.session.(lister); ok {
		refs, err := l.tags(ctx)
		switch {
		case err != nil:
			return nil, r.trial.judge(ctx, err, r.session.evidence())
		case refs != nil:
			return refs, nil
		}
	}
	return r.refs, nil
}

// tags asks a host of v2; one of v0 has nothing to add.
func (h *httpSession) tags(ctx context.Context) (*packp.AdvRefs, error) {
	if h.second == nil {
		return nil, nil
	}
	refs := packp.NewAdvRefs()
	return refs, h.second.list(ctx, refs, []string{"refs/tags/"})
}
