package gitwire

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"groma/internal/fault"
	"groma/internal/packstream"
	"groma/internal/vitals"
)

// What bounds a history. A commit takes some 800 bytes on its way here, most of
// them its signature; the liveliest repositories have a hundred thousand a year.
const (
	mostHistoryCommits = 300_000
	mostHistoryBytes   = 384 << 20
	mostHistoryTags    = 4_000
	mostHistoryRounds  = 16
	mostMissing        = 50_000 // commits asked for by their names at a time
	mostTagBytes       = 64 << 20
	largestCommit      = 16 << 20
)

// historyMargin is how much more is asked for than is wanted. What a host
// leaves out, it leaves out with all that is behind it; see [Remote.History].
const historyMargin = 30 * 24 * time.Hour

var _ vitals.Remote = (*Remote)(nil)

// History brings the commits that can be reached from [Remote.Head], and the
// tags, without trees and contents.
//
// Asked for the commits since an instant, git stops at each one that is
// earlier, and then takes every commit with such a parent for one without any:
// behind the merge of a branch that was begun before, the main line is missing,
// too. So what is missing is asked for again, until no commit that came has a
// parent that is late enough and did not. What stays unseen is a commit that
// can only be reached through others that say they are more than thirty days
// older than what was asked for.
//
// Beside the memory of the configuration it takes some 200 bytes a commit, for
// 300,000 of them at most, and each name once.
//
// The host must offer partial clone; others are [fault.Unsupported].
func (r *Remote) History(ctx context.Context, ask vitals.Ask) (*vitals.History, error) {
	err := r.canGoBack()
	if err == nil && !r.direct {
		err = fault.Errorf(fault.Unsupported, "the host does not hand out the commit %s", r.want)
	}
	if err != nil {
		return nil, r.trial.judge(ctx, err, evidence{})
	}
	h := &reading{remote: r, since: ask.Since, known: map[packstream.Hash]bool{}, missing: map[packstream.Hash]bool{}, texts: map[string]string{}}
	if err := h.tagsAndHead(ctx, ask.Tags); err != nil {
		return nil, err
	}
	if err := h.commits(ctx); err != nil {
		return nil, err
	}
	return &h.History, nil
}

// reading is a history while it is being read.
type reading struct {
	vitals.History
	remote  *Remote
	since   time.Time
	known   map[packstream.Hash]bool // commits that need not be asked for
	missing map[packstream.Hash]bool // parents that did not come
	texts   map[string]string        // each name once, however many commits have it
}

// bound notes a limit that was reached.
func (h *reading) bound(what string, limit int64) {
	if b := (vitals.Bound{What: what, Limit: limit}); !slices.Contains(h.Bounds, b) {
		h.Bounds = append(h.Bounds, b)
	}
}

// ask asks for commits without trees.
func (h *reading) ask(ctx context.Context, wants []plumbing.Hash, depth packp.Depth, limits Limits) (*packstream.Pack, error) {
	q := h.remote.question(wants[0], depth)
	q.Wants = wants
	q.Capabilities.Set(capability.Filter)
	q.Filter = packp.FilterTreeDepth(0)
	limits.ObjectBytes = largestCommit
	return h.remote.pack(ctx, limits.filled(), q, Blobs{})
}

// depth is how far back to ask.
func (h *reading) depth() packp.Depth {
	if h.since.IsZero() {
		return packp.DepthCommits(0)
	}
	return packp.DepthSince(time.Unix(max(1, h.early().Unix()), 0)) // git takes zero for a mistake
}

func (h *reading) early() time.Time { return h.since.Add(-historyMargin) }

// commits reads the commits, and then those that did not come with them.
func (h *reading) commits(ctx context.Context) error {
	if !h.since.IsZero() && h.HeadAt.Before(h.early()) {
		return nil // git fails where it finds none
	}
	whole, err := h.bring(ctx, []plumbing.Hash{plumbing.NewHash(h.Head)})
	for round := 0; err == nil && whole && len(h.missing) > 0; round++ {
		h.First = time.Time{} // there is more behind
		if round == mostHistoryRounds || len(h.missing) > mostMissing {
			h.bound("rounds", mostHistoryRounds)
			break
		}
		var late []plumbing.Hash
		if late, err = h.lateOnes(ctx); err != nil || len(late) == 0 {
			break
		}
		whole, err = h.bring(ctx, late)
	}
	return err
}

// bring asks for commits and those before them, and reports whether there were
// not too many.
func (h *reading) bring(ctx context.Context, from []plumbing.Hash) (bool, error) {
	before := h.remote.wire.received.Load()
	limits := Limits{Objects: mostHistoryCommits, PackBytes: mostHistoryBytes}
	if h.remote.client.few {
		limits.Objects = 10
	}
	p, err := h.ask(ctx, from, h.depth(), limits)
	if fault.KindOf(err) == fault.TooLarge {
		if h.Commits, h.First = nil, (time.Time{}); h.remote.wire.received.Load()-before >= mostHistoryBytes {
			h.bound("bytes", mostHistoryBytes)
		} else {
			h.bound("commits", limits.Objects)
		}
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer p.Close()
	for _, hash := range from {
		if err := h.walk(p, packstream.Hash(hash)); err != nil {
			return false, h.remote.trial.judge(ctx, err, evidence{})
		}
	}
	return true, ctx.Err()
}

// walk takes a commit and all before it that have come.
func (h *reading) walk(p *packstream.Pack, from packstream.Hash) error {
	if _, ok := p.Find(from); !ok {
		return fault.Errorf(fault.Invalid, "it did not send the commit %s", from)
	}
	for todo := []packstream.Hash{from}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if h.known[at] {
			continue
		}
		if _, ok := p.Find(at); !ok {
			h.missing[at] = true
			continue
		}
		text, err := p.Text(at, packstream.Commit)
		if err != nil {
			return err
		}
		h.known[at] = true
		delete(h.missing, at)
		todo = append(todo, h.take(text)...)
	}
	return nil
}

// take notes a commit and returns its parents.
func (h *reading) take(text []byte) (parents []packstream.Hash) {
	parents = parentsOf(text)
	author, committed := field(text, "author"), signed(field(text, "committer"))
	if len(parents) == 0 && (h.First.IsZero() || committed.Before(h.First)) {
		h.First = committed
	}
	if !committed.Before(h.since) {
		name, mail := identity(author)
		who := vitals.Person{Name: h.once(name), Mail: h.once(mail)}
		h.Commits = append(h.Commits, vitals.Commit{Author: who, Authored: signed(author), Committed: committed, Parents: len(parents)})
	}
	return parents
}

// parentsOf are the parents of a commit. They stand together, after its tree.
func parentsOf(text []byte) (parents []packstream.Hash) {
	for line := range bytes.Lines(text) {
		name, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		switch {
		case string(name) == "parent" && sha1Name.Match(value):
			parents = append(parents, packstream.ParseHash(string(value)))
		case string(name) != "tree":
			return parents
		}
	}
	return parents
}

// longestName is how much of a stranger's name is kept.
const longestName = 128

// identity reads who signed, "Name <mail> SECONDS ZONE", as git does.
func identity(signature string) (name, mail string) {
	name, rest, _ := strings.Cut(signature, "<")
	mail, _, _ = strings.Cut(rest, ">")
	tidy := func(s string) string {
		return strings.ToValidUTF8(s[:min(len(s), longestName)], "?")
	}
	return tidy(strings.TrimSpace(name)), tidy(mail)
}

// once keeps each text once.
func (h *reading) once(text string) string {
	if kept, ok := h.texts[text]; ok {
		return kept
	}
	text = strings.Clone(text)
	h.texts[text] = text
	return text
}

// lateOnes asks for the parents that are missing, and returns those that are
// late enough to be wanted. The others are known from now on.
func (h *reading) lateOnes(ctx context.Context) (late []plumbing.Hash, err error) {
	var wants []plumbing.Hash
	for name := range h.missing {
		wants = append(wants, plumbing.Hash(name))
	}
	plumbing.HashesSort(wants) // so that the same is asked every time
	limits := Limits{Objects: int64(len(wants) + 16), PackBytes: mostHistoryBytes}
	p, err := h.ask(ctx, wants, packp.DepthCommits(1), limits)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	clear(h.missing)
	for _, want := range wants {
		text, err := p.Text(packstream.Hash(want), packstream.Commit)
		if err != nil {
			return nil, h.remote.trial.judge(ctx, err, evidence{})
		}
		if signed(field(text, "committer")).Before(h.early()) {
			h.known[packstream.Hash(want)] = true
		} else {
			late = append(late, want)
		}
	}
	return late, nil
}
