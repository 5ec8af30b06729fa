package survey

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// A PruneRequest says what may go. Without a rule no survey does.
type PruneRequest struct {
	Remove    []string      // these surveys go
	Keep      []string      // these stay, whatever a rule says
	KeepLast  int           // of each landscape and question, so many stay and older ones go; zero is no rule
	KeepNewer time.Duration // those that began within it stay, and older ones go; zero is no rule
	// Grace is how old what no survey names has to be before it goes: somebody
	// may be about to name it.
	Grace time.Duration
	Now   time.Time
	Do    bool // else it only says what would go
}

// Pruned is what went, or would go.
type Pruned struct {
	Done       bool         `json:"done"`
	Surveys    []string     `json:"surveys"` // that went
	Kept       int64        `json:"kept"`    // surveys that have a report and stay
	Unfinished int64        `json:"unfinished"`
	Kinds      []PrunedKind `json:"kinds"`
	Notes      []string     `json:"notes,omitempty"`
}

// A PrunedKind is one kind of artefacts that went.
type PrunedKind struct {
	Kind      string `json:"kind"`
	Artefacts int64  `json:"artefacts"`
	Bytes     int64  `json:"bytes"`
}

// Prune removes surveys, and whatever no survey that stays needs. What a kept
// survey's any edition names stays, and so does everything of repositories
// that an unfinished survey asks for or that were rescanned within the grace, and
// everything younger than it.
//
// It may be stopped at any moment: what says that a survey exists goes first and
// what it needs last, so that no survey is left that looks whole and is not; the
// next prune goes on. A survey that cannot be read stops it before anything
// goes, since nobody knows what it needs. No survey should be begun meanwhile.
func Prune(ctx context.Context, store artefact.Keeper, request PruneRequest) (*Pruned, error) {
	p := &pruning{store: store, request: request, young: request.Now.Add(-request.Grace), needed: newNeeds(), found: map[string]*pruneSurvey{},
		out: &Pruned{Done: request.Do, Surveys: []string{}, Kinds: []PrunedKind{}}}
	for _, step := range []func(context.Context) error{p.look, p.decide, p.need, p.removeSurveys, p.removeLost, p.stillTheSame, p.removeShared, p.removeOdds} {
		if err := step(ctx); err != nil {
			return p.out, err
		}
	}
	return p.out, nil
}

type pruning struct {
	store   artefact.Keeper
	request PruneRequest
	young   time.Time // what was kept after it stays
	needed  *needs
	found   map[string]*pruneSurvey
	moved   map[string][]string // where repositories were found to have moved
	out     *Pruned
}

// A pruneSurvey is what is kept of one survey.
type pruneSurvey struct {
	id             string
	planned, asked bool // there is a manifest, or a request
	listed         bool // there is editions.json
	youngest       time.Time
	folders        map[string]time.Time // of editions, to the youngest in each
	state          pruneState
	editions       *gromav1.Editions
	spec           *gromav1.SurveySpec
	began          time.Time
}

type pruneState int

const (
	pruneUnfinished pruneState = iota
	pruneKept
	pruneGoes
	pruneRemains // of a survey that was removed in part
	pruneBegins  // its sources are kept, and it is not asked for yet
)

// look finds the surveys.
func (p *pruning) look(ctx context.Context) error {
	for entry, err := range p.store.Entries(ctx, artefact.SurveysPrefix) {
		if err != nil {
			return err
		}
		id, rest, ok := artefact.SurveyOf(entry.Key)
		if !ok {
			continue
		}
		s := p.found[id]
		if s == nil {
			s = &pruneSurvey{id: id, folders: map[string]time.Time{}}
			p.found[id] = s
		}
		s.add(rest, entry.Kept)
	}
	for _, id := range slices.Concat(p.request.Remove, p.request.Keep) {
		if p.found[id] == nil {
			return fault.Errorf(fault.NotFound, "no survey is called %s", id)
		}
	}
	return nil
}

func (s *pruneSurvey) add(rest string, at time.Time) {
	s.youngest = latest(s.youngest, at)
	switch folder, _, _ := strings.Cut(strings.TrimPrefix(rest, "editions/"), "/"); {
	case strings.HasPrefix(rest, "editions/"):
		s.folders[folder] = latest(s.folders[folder], at)
	case rest == "manifest.json":
		s.planned = true
	case rest == "request.json":
		s.asked = true
	case rest == "editions.json":
		s.listed = true
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ids are the surveys that were found, in order.
func (p *pruning) ids() []string {
	ids := make([]string, 0, len(p.found))
	for id := range p.found {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// decide says of every survey what becomes of it.
func (p *pruning) decide(ctx context.Context) error {
	lines := map[string][]*pruneSurvey{}
	for _, id := range p.ids() {
		s := p.found[id]
		err := p.read(ctx, s)
		if slices.Contains(p.request.Remove, id) {
			if err := p.mayGo(s, err); err != nil {
				return err
			}
			s.state = pruneGoes
			continue
		}
		if err != nil {
			return fault.Errorf(fault.KindOf(err), "survey %s cannot be read, so nobody knows what it needs; 'groma verify %s' says more, 'groma prune %s' removes it: %w", id, id, id, err)
		}
		if s.state == pruneKept && !slices.Contains(p.request.Keep, id) {
			line := lineOf(s)
			lines[line] = append(lines[line], s)
		}
	}
	for _, line := range lines {
		p.choose(line)
	}
	for _, s := range p.found {
		switch s.state {
		case pruneKept:
			p.out.Kept++
		case pruneUnfinished, pruneBegins:
			p.out.Unfinished++
		}
	}
	return nil
}

// mayGo refuses to remove a survey that may be running, though it was named.
func (p *pruning) mayGo(s *pruneSurvey, err error) error {
	if err != nil && fault.KindOf(err) != fault.Invalid && !errors.Is(err, artefact.ErrMissing) {
		return err
	}
	if err == nil && (s.state == pruneUnfinished || s.state == pruneBegins) && !s.youngest.Before(p.young) {
		return fault.Errorf(fault.Invalid, "survey %s is unfinished and may be running: let it end, or end it with 'groma cancel %s', and then prune", s.id, s.id)
	}
	return nil
}

// read finds the state of a survey before any rule.
func (p *pruning) read(ctx context.Context, s *pruneSurvey) (err error) {
	old := s.youngest.Before(p.young)
	switch {
	case !s.planned && !s.asked && old:
		s.state = pruneRemains
		return nil
	case !s.planned && !s.asked:
		s.state = pruneBegins
		return nil
	case !s.listed && !old: // it may be writing its report just now
		return nil
	}
	s.editions, err = Editions(ctx, p.store, s.id)
	if errors.Is(err, artefact.ErrMissing) {
		return nil // unfinished
	}
	if err != nil {
		return err
	}
	s.state = pruneKept
	manifest, err := Manifest(ctx, p.store, s.id)
	if err != nil {
		return err
	}
	s.spec, s.began = manifest.GetSpec(), manifest.GetStartedAt().AsTime()
	return nil
}

// lineOf is the landscape and the question of a survey: of those that ask the
// same of one landscape, whatever it says meanwhile, later ones stand for
// earlier ones.
func lineOf(s *pruneSurvey) string {
	spec := proto.CloneOf(s.spec)
	if spec == nil {
		return s.id
	}
	spec.Sha256, spec.ClomonitorSha256, spec.AnnotationsSha256, spec.Recount = "", "", "", false
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(spec)
	if err != nil {
		return s.id
	}
	name, _ := splitID(s.id)
	return name + "/" + hex.EncodeToString(data)
}

// choose applies the rules to surveys of one line.
func (p *pruning) choose(line []*pruneSurvey) {
	if p.request.KeepLast == 0 && p.request.KeepNewer == 0 {
		return
	}
	slices.SortFunc(line, func(a, b *pruneSurvey) int { return cmp.Or(b.began.Compare(a.began), cmp.Compare(b.id, a.id)) })
	for i, s := range line {
		last := p.request.KeepLast > 0 && i < p.request.KeepLast
		newer := p.request.KeepNewer > 0 && s.began.After(p.request.Now.Add(-p.request.KeepNewer))
		if !last && !newer {
			s.state = pruneGoes
		}
	}
}

// removeSurveys removes what belongs to the surveys that go.
func (p *pruning) removeSurveys(ctx context.Context) error {
	whole, remains := p.kind("surveys"), p.kind("remains of surveys")
	for _, id := range p.ids() {
		switch p.found[id].state {
		case pruneGoes:
			p.out.Surveys = append(p.out.Surveys, id)
			if err := p.removeSurvey(ctx, id, whole); err != nil {
				return err
			}
		case pruneRemains:
			if err := p.removeSurvey(ctx, id, remains); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeSurvey removes first what says that the survey exists.
func (p *pruning) removeSurvey(ctx context.Context, id string, to int) error {
	var entries []artefact.Entry
	for _, prefix := range []string{artefact.ReportedKey(id), artefact.SurveysPrefix + id + "/"} {
		for entry, err := range p.store.Entries(ctx, prefix) {
			if err != nil {
				return err
			}
			entries = append(entries, entry)
		}
	}
	slices.SortStableFunc(entries, func(a, b artefact.Entry) int { return cmp.Compare(goesAs(id, a.Key), goesAs(id, b.Key)) })
	for _, entry := range entries {
		if err := p.remove(ctx, to, entry); err != nil {
			return err
		}
	}
	return nil
}

// goesAs is when a key of a survey goes. Without a request and a manifest nobody
// finds it; rescans do not even before.
func goesAs(id, key string) int {
	first := []string{artefact.ReportedKey(id), artefact.RequestKey(id), artefact.ManifestKey(id), artefact.EditionsKey(id)}
	if at := slices.Index(first, key); at >= 0 {
		return at
	}
	if strings.HasSuffix(key, "/report.json") {
		return len(first)
	}
	return len(first) + 1
}

// removeLost removes editions that lost against another of the same number, and
// that editions.json does not name.
func (p *pruning) removeLost(ctx context.Context) error {
	to := p.kind("editions that lost")
	for _, id := range p.ids() {
		s := p.found[id]
		if s.state != pruneKept {
			continue
		}
		named := map[string]bool{artefact.FirstEdition: true}
		for _, e := range s.editions.Editions {
			named[e.Name] = true
		}
		for folder, youngest := range s.folders {
			if named[folder] || !youngest.Before(p.young) {
				continue
			}
			if err := p.removeAll(ctx, to, artefact.SurveysPrefix+id+"/editions/"+folder+"/", always); err != nil {
				return err
			}
		}
	}
	return nil
}

func always(artefact.Entry) bool { return true }

// kind is where artefacts of a kind are counted.
func (p *pruning) kind(name string) int {
	p.out.Kinds = append(p.out.Kinds, PrunedKind{Kind: name})
	return len(p.out.Kinds) - 1
}

func (p *pruning) removeAll(ctx context.Context, to int, prefix string, goes func(artefact.Entry) bool) error {
	for entry, err := range p.store.Entries(ctx, prefix) {
		if err == nil && goes(entry) {
			err = p.remove(ctx, to, entry)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// remove removes one artefact, or counts it where nothing is to go.
func (p *pruning) remove(ctx context.Context, to int, entry artefact.Entry) error {
	if p.request.Do {
		if err := p.store.Delete(ctx, entry.Key); err != nil {
			return err
		}
	}
	p.out.Kinds[to].Artefacts++
	p.out.Kinds[to].Bytes += entry.Bytes
	return nil
}

// stillTheSame stops before anything shared goes if a survey was begun
// meanwhile: it may reuse what is about to go.
func (p *pruning) stillTheSame(ctx context.Context) error {
	if !p.request.Do {
		return nil
	}
	for key, err := range p.store.List(ctx, artefact.SurveysPrefix) {
		if err != nil {
			return err
		}
		if id, _, ok := artefact.SurveyOf(key); ok && p.found[id] == nil {
			return fmt.Errorf("survey %s was begun meanwhile; the surveys that were to go are gone, prune again for what they alone needed", id)
		}
	}
	return nil
}

// removeOdds removes what is of no survey at all.
func (p *pruning) removeOdds(ctx context.Context) error {
	old := func(entry artefact.Entry) bool { return entry.Kept.Before(p.young) }
	if err := p.removeAll(ctx, p.kind("probes of storage"), "probe/", old); err != nil {
		return err
	}
	orphan := func(entry artefact.Entry) bool { return old(entry) && p.found[artefact.ReportedOf(entry.Key)] == nil }
	if err := p.removeAll(ctx, p.kind("remains of surveys, notes"), artefact.ReportedPrefix, orphan); err != nil {
		return err
	}
	if err := p.removeAll(ctx, p.kind("notes of pushes"), artefact.PushedPrefix, p.heard); err != nil {
		return err
	}
	left, err := p.store.Leftovers(ctx, p.young, p.request.Do)
	to := p.kind("writes that never ended")
	p.out.Kinds[to].Artefacts, p.out.Kinds[to].Bytes = left.Parts, left.Bytes
	return err
}

// heard reports whether no survey asks for a note of a push any more: those that
// run ask for all since they began.
func (p *pruning) heard(entry artefact.Entry) bool {
	horizon := p.young
	for _, s := range p.found {
		if s.state == pruneUnfinished || s.state == pruneBegins {
			horizon = p.request.Now.Add(-max(longestSurvey, p.request.Grace))
		}
	}
	return entry.Kept.Before(horizon)
}
