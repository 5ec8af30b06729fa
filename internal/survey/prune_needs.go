package survey

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"groma/internal/artefact"
	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// Needs are what stays of the censuses and of what is kept beside them.
type needs struct {
	all          bool              // everything: somebody is about to say what
	repositories map[string]bool   // everything of these, as they stand in keys
	censuses     map[[16]byte]bool // with file list and note
	beside       map[[16]byte]bool // words and vitals, by key
	commits      map[[16]byte]bool // words and vitals of these, too
}

func newNeeds() *needs {
	return &needs{repositories: map[string]bool{}, censuses: map[[16]byte]bool{}, beside: map[[16]byte]bool{}, commits: map[[16]byte]bool{}}
}

// taken needs what a row names.
func (n *needs) taken(taken *gromav1.Taken) {
	if taken.GetCommit() == "" {
		return
	}
	n.censuses[censusSum(artefact.CountedAs(home(taken), taken.Commit, taken.Method))] = true
	if taken.Words != "" {
		n.beside[shortSum(artefact.WordsKey(home(taken), taken.Commit, taken.Words))] = true
	}
	if taken.Vitals != "" {
		n.beside[shortSum(artefact.VitalsKey(home(taken), taken.Commit, taken.Vitals))] = true
	}
}

func censusSum(c artefact.Counted) [16]byte {
	return shortSum(c.Repository + " " + c.Commit + " " + c.Method)
}
func commitSum(c artefact.Counted) [16]byte { return shortSum(c.Repository + " " + c.Commit) }

// need finds what the surveys that stay need.
func (p *pruning) need(ctx context.Context) error {
	moved, err := p.movedTo(ctx)
	if err != nil {
		return err
	}
	p.moved = moved
	for _, id := range p.ids() {
		s := p.found[id]
		switch s.state {
		case pruneKept:
			err = p.needOf(ctx, s, moved)
		case pruneUnfinished:
			err = p.needOfUnfinished(ctx, s, moved)
		case pruneBegins:
			p.everything(id)
		}
		if err != nil {
			return fault.Errorf(fault.KindOf(err), "survey %s cannot be read, so nobody knows what it needs; 'groma verify %s' says more, 'groma prune %s' removes it: %w", id, id, id, err)
		}
	}
	return nil
}

func (p *pruning) everything(id string) {
	p.needed.all = true
	p.out.Notes = append(p.out.Notes, "survey "+id+" is about to begin: censuses and what is kept beside them stay for now")
}

// movedTo is where repositories were found to have moved, by any survey or rescan.
func (p *pruning) movedTo(ctx context.Context) (map[string][]string, error) {
	moved := map[string][]string{}
	add := func(key, to string) {
		if to != "" && !slices.Contains(moved[key], to) {
			moved[key] = append(moved[key], to)
		}
	}
	for key, err := range p.store.List(ctx, artefact.ReportedPrefix) {
		if err != nil {
			return nil, err
		}
		r := &gromav1.ReportedSurvey{}
		err := get(ctx, p.store, key, r)
		if errors.Is(err, artefact.ErrMissing) || fault.KindOf(err) == fault.Invalid {
			continue // of a survey that goes, or is found out elsewhere
		}
		if err != nil {
			return nil, err
		}
		for _, m := range r.Moved {
			add(m.Key, m.MovedTo)
		}
	}
	for _, s := range p.found {
		for _, e := range s.editions.GetEditions() {
			for _, revision := range e.Revisions {
				add(revision.Key, revision.MovedTo)
			}
		}
	}
	return moved, nil
}

// needOf finds what every edition of a survey names.
func (p *pruning) needOf(ctx context.Context, s *pruneSurvey, moved map[string][]string) error {
	manifest, err := Manifest(ctx, p.store, s.id)
	if err != nil {
		return err
	}
	for shard := range Shards(manifest) {
		if err := p.needOfSummary(ctx, artefact.ShardKey(s.id, shard), manifest, shard, moved); err != nil {
			return err
		}
	}
	for _, e := range s.editions.Editions {
		for _, shard := range e.Shards {
			if err := p.needOfSummary(ctx, artefact.RevisedShardKey(s.id, e.Name, shard), manifest, shard, moved); err != nil {
				return err
			}
		}
	}
	return nil
}

// needOfSummary needs what the rows of a summary name. Where there is none, it
// is of a survey that was cancelled, or is lost: everything of the shard stays.
func (p *pruning) needOfSummary(ctx context.Context, key string, manifest *gromav1.Manifest, shard int64, moved map[string][]string) error {
	packed, err := p.store.Get(ctx, key)
	if errors.Is(err, artefact.ErrMissing) {
		if shard >= 0 && shard < Shards(manifest) {
			p.repositories(keysOf(manifest, shard), moved)
		}
		return nil
	}
	if err != nil {
		return err
	}
	summary, err := unpackSummary(key, packed)
	if err != nil {
		return err
	}
	for _, row := range summary.Rows {
		p.needed.taken(row.Taken)
	}
	return nil
}

// repositories need everything that is kept of them, wherever they may be now.
func (p *pruning) repositories(keys []string, moved map[string][]string) {
	for _, key := range keys {
		for _, home := range append(moved[key], key) {
			p.needed.repositories[artefact.RepositoryPath(home)] = true
		}
	}
}

// needOfUnfinished needs everything of the repositories that a survey asks for,
// and whatever its rows name already.
func (p *pruning) needOfUnfinished(ctx context.Context, s *pruneSurvey, moved map[string][]string) error {
	manifest, err := Manifest(ctx, p.store, s.id)
	if errors.Is(err, artefact.ErrMissing) {
		if !s.youngest.Before(p.young) {
			p.everything(s.id)
		}
		return nil // it never began, or will ask before it names anything
	}
	if err != nil {
		return err
	}
	for _, r := range manifest.GetLandscape().GetRepositories() {
		p.repositories(append(slices.Clone(r.Aliases), r.Key), moved)
	}
	for shard := range Shards(manifest) {
		if err := p.needOfSummary(ctx, artefact.ShardKey(s.id, shard), manifest, shard, moved); err != nil {
			return err
		}
	}
	return nil
}

// goes says whether nobody needs something, and nobody can be about to.
func (p *pruning) goes(entry artefact.Entry) bool {
	of, ok := artefact.CountedOf(entry.Key)
	n := p.needed
	switch {
	case !ok || !entry.Kept.Before(p.young) || n.repositories[of.Repository] || n.commits[commitSum(of)]:
		return false
	case strings.HasPrefix(entry.Key, "census/"), strings.HasPrefix(entry.Key, "counted/"):
		return !n.censuses[censusSum(of)]
	}
	return !n.beside[shortSum(entry.Key)]
}

// removeShared removes censuses and what belongs to them: the census first,
// since it says that all of it is there.
func (p *pruning) removeShared(ctx context.Context) error {
	if p.needed.all {
		return nil
	}
	if err := errors.Join(p.needYoung(ctx), p.needRescanned(ctx)); err != nil {
		return err
	}
	isCensus := func(e artefact.Entry) bool { return strings.HasSuffix(e.Key, ".json") }
	for _, step := range []struct {
		kind, prefix string
		of           func(artefact.Entry) bool
	}{
		{"censuses", "census/", isCensus},
		{"notes of what is counted", "counted/", always},
		{"file lists", "census/", func(e artefact.Entry) bool { return !isCensus(e) }},
		{"words", "words/", always},
		{"vitals", "vitals/", always},
	} {
		goes := func(e artefact.Entry) bool { return step.of(e) && p.goes(e) }
		if err := p.removeAll(ctx, p.kind(step.kind), step.prefix, goes); err != nil {
			return err
		}
	}
	return nil
}

// needYoung keeps all that belongs to a census that is young, however old it is
// itself: who counts again what was deleted finds the old file list.
func (p *pruning) needYoung(ctx context.Context) error {
	young := map[[16]byte]bool{}
	for entry, err := range p.store.Entries(ctx, "census/") {
		if err != nil {
			return err
		}
		if of, ok := artefact.CountedOf(entry.Key); ok && !entry.Kept.Before(p.young) {
			young[commitSum(of)] = true
		}
	}
	maps.Copy(p.needed.commits, young)
	return nil
}

// needRescanned keeps all that belongs to repositories whose rescan was asked for
// lately. An edition that is being made may name what was counted long ago, for a
// survey that goes.
func (p *pruning) needRescanned(ctx context.Context) error {
	const noted = time.Hour // a note stands for all that are asked for within an hour
	horizon := p.young.Add(-noted)
	for entry, err := range p.store.Entries(ctx, artefact.PushedPrefix) {
		if err != nil {
			return err
		}
		if entry.Kept.Before(horizon) {
			continue
		}
		repository, err := p.store.Get(ctx, entry.Key)
		if errors.Is(err, artefact.ErrMissing) {
			continue // another prune's
		}
		if err != nil {
			return err
		}
		p.repositories([]string{strings.TrimSpace(string(repository))}, p.moved)
	}
	return nil
}
