package gitwire

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

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
	mostParents        = 1_000  // of one commit; git itself makes no more than some dozens
	mostTagBytes       = 64 << 20
	largestCommit      = 1 << 20
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
// 300,000 of them at most, and each name once. Where a limit ends the reading,
// or a remote that is a shallow clone lacks what is further back, all that came
// before is kept, and the bounds say that it is not all.
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
	todo    []packstream.Hash        // commits that came, each once, and are not read yet
	taken   int64                    // how many were ever in todo
	ended   bool                     // there is more behind that nobody asks for
	texts   map[string]string        // each name once, however many commits have it
}

// stop notes a limit that ends a part of the history.
func (h *reading) stop(what string, limit int64) {
	h.ended = true
	h.bound(what, limit)
}

// most is how many commits a history may have.
func (h *reading) most() int64 {
	if h.remote.client.few {
		return 10
	}
	return mostHistoryCommits
}

// bound notes a limit that was reached.
func (h *reading) bound(what string, limit int64) {
	if b := (vitals.Bound{What: what, Limit: limit}); !slices.Contains(h.Bounds, b) {
		h.Bounds = append(h.Bounds, b)
	}
}

// ask asks for commits without trees.
func (h *reading) ask(ctx context.Context, wants []plumbing.Hash, depth packp.Depth, limits Limits) (*packstream.Pack, error) {
	q := h.remote.commitsAlone(wants[0], depth)
	q.Wants = wants
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
	if !h.since.IsZero() && !h.HeadAt.IsZero() && h.HeadAt.Before(h.early()) {
		return nil // git fails where it finds none; a head of no time may well be late
	}
	late := []plumbing.Hash{plumbing.NewHash(h.Head)}
	for round := 0; len(late) > 0; round++ {
		if round > mostHistoryRounds {
			h.stop("rounds", mostHistoryRounds)
			break
		}
		if err := h.bring(ctx, late); err != nil {
			return err
		}
		var err error
		if late, err = h.lateOnes(ctx); err != nil {
			return err
		}
	}
	if h.ended {
		h.First = time.Time{}
	}
	return nil
}

// bring asks for commits and those before them, and takes what comes.
func (h *reading) bring(ctx context.Context, from []plumbing.Hash) error {
	before := h.remote.wire.received.Load()
	p, err := h.ask(ctx, from, h.depth(), Limits{Objects: h.most(), PackBytes: mostHistoryBytes})
	if err != nil {
		return h.tooMuch(err, before)
	}
	defer p.Close()
	for _, hash := range from {
		if err := h.walk(ctx, p, packstream.Hash(hash)); err != nil {
			return h.remote.trial.judge(ctx, err, evidence{})
		}
	}
	return nil
}

// tooMuch makes a bound of the failure of a pack that is too large. What came
// before is kept: none of it is of that pack.
func (h *reading) tooMuch(err error, before int64) error {
	switch {
	case fault.KindOf(err) != fault.TooLarge:
		return err
	case h.remote.wire.received.Load()-before >= mostHistoryBytes:
		h.stop("bytes", mostHistoryBytes)
	default: // or one of them is larger than largestCommit
		h.stop("commits", h.most())
	}
	return nil
}

// walk takes a commit and all before it that have come.
func (h *reading) walk(ctx context.Context, p *packstream.Pack, from packstream.Hash) error {
	if _, ok := p.Find(from); !ok {
		return fault.Errorf(fault.Invalid, "it did not send the commit %s", from)
	}
	for h.meet(p, from); len(h.todo) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := h.todo[len(h.todo)-1]
		h.todo = h.todo[:len(h.todo)-1]
		text, err := p.Text(at, packstream.Commit)
		if err != nil {
			return err
		}
		for _, parent := range h.take(text) {
			h.meet(p, parent)
		}
	}
	return nil
}

// meet notes a commit where another names it, the first time alone: however
// many parents commits say they have, there is no more to do than commits came.
func (h *reading) meet(p *packstream.Pack, name packstream.Hash) {
	if h.known[name] || h.missing[name] {
		return
	}
	_, came := p.Find(name)
	switch {
	case came && h.taken == h.most():
		h.stop("commits", h.most())
	case came:
		h.known[name] = true
		h.taken++
		h.todo = append(h.todo, name)
	case len(h.missing) >= mostMissing:
		h.stop("missing", mostMissing)
	default:
		h.missing[name] = true
	}
}

// take notes a commit and returns its parents.
func (h *reading) take(text []byte) (parents []packstream.Hash) {
	parents, more := parentsOf(text)
	if more {
		h.stop("parents", mostParents)
	}
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

// parentsOf are the parents of a commit, or the first of them if there are more
// than there may be. They stand together, after its tree.
func parentsOf(text []byte) (parents []packstream.Hash, more bool) {
	for line := range bytes.Lines(text) {
		name, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		switch {
		case string(name) == "parent" && sha1Name.Match(value):
			if len(parents) == mostParents {
				return parents, true
			}
			parents = append(parents, packstream.ParseHash(string(value)))
		case string(name) != "tree":
			return parents, false
		}
	}
	return parents, false
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
	if len(h.missing) == 0 {
		return nil, nil
	}
	var wants []plumbing.Hash
	for name := range h.missing {
		wants = append(wants, plumbing.Hash(name))
	}
	plumbing.HashesSort(wants) // so that the same is asked every time
	before := h.remote.wire.received.Load()
	limits := Limits{Objects: int64(len(wants) + 16), PackBytes: mostHistoryBytes}
	p, err := h.ask(ctx, wants, packp.DepthCommits(1), limits)
	if h.remote.lacks(ctx, err) {
		h.stop("shallow", 0)
		return nil, nil
	}
	if err != nil {
		return nil, h.tooMuch(err, before)
	}
	defer p.Close()
	clear(h.missing)
	for _, want := range wants {
		text, err := p.Text(packstream.Hash(want), packstream.Commit)
		if err != nil {
			return nil, h.remote.trial.judge(ctx, err, evidence{})
		}
		if signed(field(text, "committer")).Before(h.early()) {
			h.known[packstream.Hash(want)], h.ended = true, true
		} else {
			late = append(late, want)
		}
	}
	return late, nil
}
