package survey

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"
	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// Containing are the surveys that a rescan of a repository revises, sorted by
// id: of surveys of landscapes of one name that asked the same, the latest that
// has a report, passing over those that were cancelled and those of an instant in
// the past. Older ones are history and stay as they are. A repository that has moved since is found by the key
// of where it is, too.
func Containing(ctx context.Context, store artefact.Store, repository string) ([]*gromav1.Containing, error) {
	index := indexOf(store)
	latest, err := index.latest(ctx, store)
	if err != nil {
		return nil, err
	}
	var found []*gromav1.Containing
	for _, id := range latest {
		m, editions, err := index.revisable(ctx, store, id)
		if errors.Is(err, artefact.ErrMissing) || fault.KindOf(err) == fault.Invalid {
			continue // gone or damaged: another survey's rescan does not fail for it
		}
		if err != nil {
			return nil, err
		}
		for _, at := range m.named(repository, editions) {
			found = append(found, &gromav1.Containing{Survey: id, Target: m.target(at), Limits: m.spec.GetLimits()})
		}
	}
	return found, nil
}

// keepReported keeps that a survey has a report, and whether it was cancelled.
func keepReported(ctx context.Context, store artefact.Store, id string, cancelled bool) error {
	key := artefact.ReportedKey(id)
	if _, err := store.Get(ctx, key); !errors.Is(err, artefact.ErrMissing) {
		return err
	}
	r, err := ReportOf(ctx, store, id, 1)
	if err != nil {
		return err
	}
	return keepReportedOf(ctx, store, r, cancelled)
}

func keepReportedOf(ctx context.Context, store artefact.Store, r *gromav1.Report, cancelled bool) error {
	reported := &gromav1.ReportedSurvey{Spec: r.GetSurvey().GetSpec(), Cancelled: cancelled}
	var keys []string
	for _, row := range r.GetRepositories() {
		keys = append(keys, row.Key)
		if row.MovedTo != "" {
			reported.Moved = append(reported.Moved, &gromav1.MovedRepository{Key: row.Key, MovedTo: row.MovedTo})
		}
	}
	reported.Sample = sample(keys)
	data, err := canonical.MarshalIndent(reported)
	if err != nil {
		return err
	}
	return createOnce(ctx, store, artefact.ReportedKey(r.GetSurvey().GetId()), data)
}

// An index remembers what never changes of the surveys in one store, so that a
// rescan reads little.
type index struct {
	busy     chan struct{}                               // holds one while something is read
	reported *lru.Cache[string, *gromav1.ReportedSurvey] // by survey
	has      *lru.Cache[string, *members]                // by survey
	weight   int                                         // repositories in has
	older    bool                                        // surveys of earlier versions are found
}

const (
	mostReported = 10_000
	mostMembers  = 500_000 // about a hundred bytes each
	mostStores   = 8
)

var indexes = must(lru.New[artefact.Store, *index](mostStores))

// indexOf is what is remembered of a store. A store that cannot be told from
// another is forgotten at once.
func indexOf(store artefact.Store) *index {
	if !reflect.ValueOf(store).Comparable() {
		return newIndex()
	}
	fresh := newIndex()
	if known, ok, _ := indexes.PeekOrAdd(store, fresh); ok {
		return known
	}
	return fresh
}

func newIndex() *index {
	i := &index{busy: make(chan struct{}, 1), reported: must(lru.New[string, *gromav1.ReportedSurvey](mostReported))}
	i.has = must(lru.NewWithEvict(mostReported, func(_ string, m *members) { i.weight -= len(m.repositories) }))
	return i
}

// lock waits for others that read, as long as the context lets it.
func (i *index) lock(ctx context.Context) error {
	select {
	case i.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (i *index) unlock() { <-i.busy }

// ids are those of all surveys that have a report, sorted.
func (i *index) ids(ctx context.Context, store artefact.Store) ([]string, error) {
	if err := i.lock(ctx); err != nil {
		return nil, err
	}
	defer i.unlock()
	if err := i.findOlder(ctx, store); err != nil {
		return nil, err
	}
	var ids []string
	for key, err := range store.List(ctx, artefact.ReportedPrefix) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, artefact.ReportedOf(key))
	}
	return ids, nil
}

// latest are the surveys that rescans revise, sorted by id.
func (i *index) latest(ctx context.Context, store artefact.Store) ([]string, error) {
	ids, err := i.ids(ctx, store)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ids, func(a, b string) int { // by name, the latest first
		aName, aBegan := splitID(a)
		bName, bBegan := splitID(b)
		return cmp.Or(cmp.Compare(aName, bName), cmp.Compare(bBegan, aBegan), cmp.Compare(a, b))
	})
	var latest []string
	var later line
	for _, id := range ids {
		first, err := i.firstOfLine(ctx, store, id, &later)
		if err != nil {
			return nil, err
		}
		if first {
			latest = append(latest, id)
		}
	}
	slices.Sort(latest)
	return latest, nil
}

// A line has the surveys of one name that are known, the earliest last.
type line struct {
	name    string
	surveys []*gromav1.ReportedSurvey
}

// firstOfLine says whether a survey is of now, and none of the later ones of its
// name takes its place. It joins them: what has taken its place may have
// changed until it has little in common with an earlier one.
func (i *index) firstOfLine(ctx context.Context, store artefact.Store, id string, later *line) (bool, error) {
	if name, _ := splitID(id); name != later.name {
		*later = line{name: name}
	}
	this, err := i.reportedOf(ctx, store, id)
	if errors.Is(err, artefact.ErrMissing) || fault.KindOf(err) == fault.Invalid {
		return false, nil
	}
	if err != nil || this.GetSpec().GetAsOf() != nil || this.GetCancelled() {
		return false, err
	}
	first := true
	for _, that := range slices.Backward(later.surveys) {
		if first = !follows(that, this); !first {
			break
		}
	}
	later.surveys = append(later.surveys, this)
	return first, nil
}

func (i *index) reportedOf(ctx context.Context, store artefact.Store, id string) (*gromav1.ReportedSurvey, error) {
	if known, ok := i.reported.Get(id); ok {
		return known, nil
	}
	r := &gromav1.ReportedSurvey{}
	if err := get(ctx, store, artefact.ReportedKey(id), r); err != nil {
		return nil, err
	}
	i.reported.Add(id, r)
	return r, nil
}

// findOlder keeps, once, of surveys that an earlier version made that they have
// a report. It looks at every key of every survey, so it is kept that it has.
func (i *index) findOlder(ctx context.Context, store artefact.Store) error {
	if i.older {
		return nil
	}
	_, err := store.Get(ctx, artefact.OlderKey)
	if errors.Is(err, artefact.ErrMissing) {
		err = lookForOlder(ctx, store)
	}
	i.older = err == nil
	return err
}

func lookForOlder(ctx context.Context, store artefact.Store) error {
	for key, err := range store.List(ctx, artefact.SurveysPrefix) {
		if err != nil {
			return err
		}
		id, _, _ := artefact.SurveyOf(key)
		if key != artefact.EditionKey(id, artefact.FirstEdition, "report.json") {
			continue
		}
		if err := keepOlder(ctx, store, id); err != nil && fault.KindOf(err) != fault.Invalid {
			return err
		}
	}
	return createOnce(ctx, store, artefact.OlderKey, []byte("{}"))
}

// keepOlder keeps of one of them what [Aggregate] keeps now beside a report, so
// that the report, which can be large, is not read for it again.
func keepOlder(ctx context.Context, store artefact.Store, id string) error {
	if _, err := store.Get(ctx, artefact.ReportedKey(id)); !errors.Is(err, artefact.ErrMissing) {
		return err
	}
	editions, err := Editions(ctx, store, id)
	if err != nil {
		return err
	}
	return keepFirst(ctx, store, editions)
}

// members returns what a survey's manifest says of its repositories.
func (i *index) members(ctx context.Context, store artefact.Store, id string) (*members, error) {
	if err := i.lock(ctx); err != nil {
		return nil, err
	}
	defer i.unlock()
	if known, ok := i.has.Get(id); ok {
		return known, nil
	}
	manifest, err := Manifest(ctx, store, id)
	if err != nil {
		return nil, err
	}
	m := membersOf(manifest)
	reported, err := i.reportedOf(ctx, store, id)
	if err != nil && !errors.Is(err, artefact.ErrMissing) {
		return nil, err
	}
	m.moved = reported.GetMoved()
	for i.weight+len(m.repositories) > mostMembers && i.has.Len() > 0 {
		i.has.RemoveOldest()
	}
	i.weight += len(m.repositories)
	i.has.Add(id, m)
	return m, nil
}

// revisable returns what a survey has and its editions, which are read each
// time: they say that it is still there, and what has moved since.
func (i *index) revisable(ctx context.Context, store artefact.Store, id string) (*members, *gromav1.Editions, error) {
	editions, err := Editions(ctx, store, id)
	if err != nil {
		return nil, nil, err
	}
	m, err := i.members(ctx, store, id)
	return m, editions, err
}

// Members are the repositories of one survey, sorted by key, and how it asks
// for them.
type members struct {
	spec         *gromav1.SurveySpec
	windows      []*gromav1.Window
	shardSize    int64
	repositories []member
	moved        []*gromav1.MovedRepository
}

// A member is one repository. Most addresses are https:// and the key, and are
// not kept again.
type member struct {
	key, address, branch string
	decided              bool // when the landscape was read
}

func membersOf(manifest *gromav1.Manifest) *members {
	planned := manifest.GetLandscape().GetRepositories()
	m := &members{spec: manifest.GetSpec(), windows: manifest.GetWindows(), shardSize: max(manifest.ShardSize, 1), repositories: make([]member, len(planned))}
	for i, p := range planned {
		m.repositories[i] = member{key: p.Key, address: p.Address, branch: p.Branch, decided: p.Outcome != ""}
		if p.Address == "https://"+p.Key {
			m.repositories[i].address = ""
		}
	}
	return m
}

// find returns where a repository stands that the survey asks for.
func (m *members) find(key string) (at int, ok bool) {
	at, ok = slices.BinarySearchFunc(m.repositories, key, func(r member, key string) int { return cmp.Compare(r.key, key) })
	return at, ok && !m.repositories[at].decided
}

// named are the places of a repository: that of its key, and of those that were
// found where it is, by the survey or by a rescan since.
func (m *members) named(key string, editions *gromav1.Editions) []int {
	keys := []string{key}
	for _, moved := range m.moved {
		if moved.MovedTo == key {
			keys = append(keys, moved.Key)
		}
	}
	for _, e := range editions.GetEditions() {
		for _, revision := range e.Revisions {
			if revision.MovedTo == key {
				keys = append(keys, revision.Key)
			}
		}
	}
	slices.Sort(keys)
	var places []int
	for _, key := range slices.Compact(keys) {
		if at, ok := m.find(key); ok {
			places = append(places, at)
		}
	}
	return places
}

// keys are those of a shard's repositories, in the manifest's order.
func (m *members) keys(shard int64) []string {
	var keys []string
	for _, r := range m.repositories[shard*m.shardSize : min((shard+1)*m.shardSize, int64(len(m.repositories)))] {
		keys = append(keys, r.key)
	}
	return keys
}

// target is what it takes to ask for a repository as the survey does. A rescan
// counts nothing again that is counted.
func (m *members) target(at int) *gromav1.CensusTarget {
	r := m.repositories[at]
	t := &gromav1.CensusTarget{Key: r.key, Address: r.address, Branch: r.branch, Windows: m.windows}
	if t.Address == "" {
		t.Address = "https://" + r.key
	}
	return t
}
