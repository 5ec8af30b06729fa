package survey

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// Revise makes an edition in which the repositories that a request names are as
// they were found now, and all others as they were. It is nil if no row
// differs. Only the shards of those repositories are written again.
//
// What failed only for now (timed-out, failed) changes no row: it says nothing
// of the repository, and would take a good count away. What failed for good
// does, since a repository that is gone has no code any more.
//
// Of several at once each makes an edition on top of the one before, so that
// none is lost. The same request again, after an answer that was lost, finds
// the edition that it made. A survey that is not there any more fails it with
// [fault.NotFound].
func Revise(ctx context.Context, store artefact.Store, request *gromav1.ReviseRequest) (*gromav1.Edition, error) {
	digest, taken, err := asked(request)
	if err != nil {
		return nil, err
	}
	for {
		kept, editions, err := readEditions(ctx, store, request.Survey)
		if err != nil {
			return nil, err
		}
		if own := ownEdition(editions, digest); own != nil {
			return own, nil
		}
		r := revision{store: store, editions: editions, madeAt: toSecond(request.MadeAt), digest: digest}
		edition, err := r.make(ctx, taken)
		if err != nil || edition == nil {
			return nil, err
		}
		err = r.add(ctx, kept, edition)
		if !errors.Is(err, artefact.ErrChanged) {
			return edition, err
		}
	}
}

// asked returns what a request asks for by key, the last of each, and a digest
// of all that an edition depends on but the one before it.
func asked(request *gromav1.ReviseRequest) (digest string, taken map[string]*gromav1.Taken, err error) {
	taken = make(map[string]*gromav1.Taken, len(request.Taken))
	for _, t := range request.Taken {
		taken[t.GetKey()] = t
	}
	ordered := &gromav1.ReviseRequest{Survey: request.Survey, MadeAt: request.MadeAt}
	for _, key := range slices.Sorted(maps.Keys(taken)) {
		ordered.Taken = append(ordered.Taken, taken[key])
	}
	data, err := canonical.Marshal(ordered)
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), taken, err
}

// revisedName is the name of the edition that a request makes after another:
// the same on every try, and another for whoever makes one at the same time.
func revisedName(before *gromav1.Edition, digest string) string {
	sum := sha256.Sum256([]byte(before.Name + "\n" + digest))
	return fmt.Sprintf("%04d-%s", before.Number+1, hex.EncodeToString(sum[:4]))
}

// ownEdition is the one that an earlier try of a request made, or nil.
func ownEdition(editions *gromav1.Editions, digest string) *gromav1.Edition {
	for i, e := range editions.Editions[1:] {
		if e.Name == revisedName(editions.Editions[i], digest) {
			return e
		}
	}
	return nil
}

// A revision is an edition in the making, on top of those there are.
type revision struct {
	store    artefact.Store
	editions *gromav1.Editions
	madeAt   *timestamppb.Timestamp
	digest   string

	name      string
	summaries summaries // of the edition before, until the shards are written
	revisions []*gromav1.Revision
}

// make keeps everything of the edition but that it is there. It is nil if no
// row differs.
func (r *revision) make(ctx context.Context, taken map[string]*gromav1.Taken) (*gromav1.Edition, error) {
	manifest, err := Manifest(ctx, r.store, r.editions.Survey)
	if err != nil {
		return nil, notThere(r.editions.Survey, err)
	}
	last := r.editions.Editions[len(r.editions.Editions)-1]
	r.name, r.summaries = revisedName(last, r.digest), summariesOf(r.editions)
	shards, err := r.reviseShards(ctx, manifest, taken)
	if err != nil || len(shards) == 0 {
		return nil, err
	}
	for _, shard := range shards {
		r.summaries.revised[shard] = r.name
	}
	e := edition{store: r.store, manifest: manifest, shards: Shards(manifest), summaries: r.summaries,
		number: last.Number + 1, name: r.name, made: r.madeAt}
	if err := e.gather(ctx); err != nil {
		return nil, err
	}
	if err := e.keep(ctx); err != nil && !errors.Is(err, artefact.ErrExists) { // that of an earlier try is the same
		return nil, err
	}
	facts := e.facts()
	facts.Shards, facts.Revisions = shards, r.revisions
	return facts, nil
}

// reviseShards returns the shards that it has written anew, in order.
func (r *revision) reviseShards(ctx context.Context, manifest *gromav1.Manifest, taken map[string]*gromav1.Taken) (shards []int64, err error) {
	byShard := shardsOf(manifest, taken)
	for _, shard := range slices.Sorted(maps.Keys(byShard)) {
		changed, err := r.reviseShard(ctx, manifest, shard, byShard[shard])
		if err != nil {
			return nil, err
		}
		if changed {
			shards = append(shards, shard)
		}
	}
	slices.SortFunc(r.revisions, func(a, b *gromav1.Revision) int { return cmp.Compare(a.Key, b.Key) })
	return shards, nil
}

// add says that an edition is there, if none is that was not there before.
func (r *revision) add(ctx context.Context, kept []byte, edition *gromav1.Edition) error {
	r.editions.Editions = append(r.editions.Editions, edition)
	data, err := canonical.MarshalIndent(r.editions)
	if err != nil {
		return err
	}
	return r.store.Swap(ctx, artefact.EditionsKey(r.editions.Survey), kept, data)
}

// A place is a repository of a shard that is asked for anew.
type place struct {
	position int // in the shard
	taken    *gromav1.Taken
}

// shardsOf sorts what was taken by shard, in the manifest's order. What no
// survey asks for, since the manifest has it not or has decided it, is left out.
func shardsOf(manifest *gromav1.Manifest, taken map[string]*gromav1.Taken) map[int64][]place {
	size := max(manifest.ShardSize, 1)
	byShard := map[int64][]place{}
	for i, planned := range manifest.GetLandscape().GetRepositories() {
		if t := taken[planned.Key]; t != nil && planned.Outcome == "" {
			shard := int64(i) / size
			byShard[shard] = append(byShard[shard], place{int(int64(i) % size), t})
		}
	}
	return byShard
}

// reviseShard keeps the summary of a shard with the rows that differ, if any.
func (r *revision) reviseShard(ctx context.Context, manifest *gromav1.Manifest, shard int64, places []place) (changed bool, err error) {
	s, err := openShard(ctx, r.store, r.summaries.key(shard), keysOf(manifest, shard))
	if fault.KindOf(err) == fault.Invalid {
		return false, nil // written anew it would hide what a backup may bring back; other shards are revised
	}
	if err != nil {
		return false, err
	}
	for _, p := range places {
		before := s.rows[p.position]
		after, err := s.replace(ctx, r.store, p)
		if err != nil {
			return false, err
		}
		if after != nil {
			changed = true
			after.RescannedAt = r.madeAt
			r.revisions = append(r.revisions, revisionOf(before.GetTaken(), after.Taken))
		}
	}
	if !changed {
		return false, nil
	}
	summary := &gromav1.ShardSummary{Survey: r.editions.Survey, Shard: shard, Rows: slices.DeleteFunc(s.rows, func(row *gromav1.Row) bool { return row == nil })}
	return true, keepSummary(ctx, r.store, artefact.RevisedShardKey(r.editions.Survey, r.name, shard), summary)
}

// keysOf are the keys of a shard's repositories, in the manifest's order.
func keysOf(manifest *gromav1.Manifest, shard int64) []string {
	repositories := manifest.GetLandscape().GetRepositories()
	size := max(manifest.ShardSize, 1)
	var keys []string
	for _, planned := range repositories[shard*size : min((shard+1)*size, int64(len(repositories)))] {
		keys = append(keys, planned.Key)
	}
	return keys
}

func revisionOf(before, after *gromav1.Taken) *gromav1.Revision {
	r := &gromav1.Revision{Key: after.Key, OutcomeBefore: "failed", Outcome: after.Outcome, Commit: after.Commit, MovedTo: after.MovedTo}
	if before != nil { // else the survey ended before it was counted
		r.OutcomeBefore, r.CommitBefore = before.Outcome, before.Commit
	}
	return r
}

// An openedShard has the rows of a shard, nil for a repository without one, and
// the room that is left for what stands beside their counts.
type openedShard struct {
	rows []*gromav1.Row
	room int64
}

func openShard(ctx context.Context, store artefact.Store, key string, keys []string) (*openedShard, error) {
	rows, err := shardRows(ctx, store, key)
	if err != nil {
		return nil, err
	}
	s := &openedShard{rows: make([]*gromav1.Row, len(keys)), room: roomBeside}
	byKey := make(map[string]*gromav1.Row, len(rows))
	for _, row := range rows {
		byKey[row.GetTaken().GetKey()] = row
	}
	for i, key := range keys {
		s.rows[i] = byKey[key]
		s.room -= beside(s.rows[i])
	}
	return s, nil
}

func beside(row *gromav1.Row) int64 {
	return int64(proto.Size(row.GetWords()) + proto.Size(row.GetVitals()))
}

// replace puts what was found now in a row's place and returns it, or nil if
// nothing differs.
func (s *openedShard) replace(ctx context.Context, store artefact.Store, p place) (*gromav1.Row, error) {
	after, err := Row(ctx, store, p.taken)
	if err != nil || !lasting(after.Taken) {
		return nil, err
	}
	before := s.rows[p.position]
	room := s.room + beside(before)
	if sameCount(before.GetTaken(), after.Taken) {
		keepBeside(before, after)
	}
	took := trim(after, room)
	if before != nil && same(before.Taken, after.Taken) {
		return nil, nil
	}
	s.rows[p.position], s.room = after, room-took
	return after, nil
}

// lasting says whether what came of a repository is more than a passing
// failure.
func lasting(taken *gromav1.Taken) bool {
	return taken.GetCommit() != "" || fault.Kind(taken.GetOutcome()).Permanent()
}

func sameCount(before, after *gromav1.Taken) bool {
	return before.GetCommit() != "" && before.GetCommit() == after.GetCommit() && before.GetMethod() == after.GetMethod() &&
		before.GetMovedTo() == after.GetMovedTo()
}

// keepBeside keeps what is known beside a count that is the same, where this
// time it did not come.
func keepBeside(before, after *gromav1.Row) {
	after.Taken = proto.CloneOf(after.Taken)
	if after.Taken.Words == "" {
		after.Taken.Words, after.Words = before.Taken.Words, before.Words
	}
	if after.Taken.Vitals == "" {
		after.Taken.Vitals, after.Taken.WithoutVitals, after.Vitals = before.Taken.Vitals, before.Taken.WithoutVitals, before.Vitals
	}
}

// same says whether a reader of the report would find no difference worth an
// edition: what it cost and how often it was tried is none.
func same(before, after *gromav1.Taken) bool {
	return outcomeOf(before) == outcomeOf(after) && before.Commit == after.Commit && before.Method == after.Method &&
		before.MovedTo == after.MovedTo && before.Branch == after.Branch && before.Vitals == after.Vitals &&
		before.Words == after.Words && before.Reason == after.Reason
}

// outcomeOf is the outcome, where counted and reused are one.
func outcomeOf(taken *gromav1.Taken) string {
	if taken.Outcome == "reused" {
		return "counted"
	}
	return taken.Outcome
}

// Differs says whether [Revise] would change the row of what was taken. It fails
// with [fault.NotFound] if the survey is not there any more, and with
// [fault.Invalid] if what is kept of the repository's shard is damaged.
func Differs(ctx context.Context, store artefact.Store, id string, taken *gromav1.Taken) (bool, error) {
	if !lasting(taken) {
		return false, nil
	}
	editions, err := Editions(ctx, store, id)
	if err != nil {
		return false, err
	}
	m, err := indexOf(store).members(ctx, store, id)
	if err != nil {
		return false, notThere(id, err)
	}
	at, ok := m.find(taken.Key)
	if !ok {
		return false, nil
	}
	shard := int64(at) / m.shardSize
	s, err := openShard(ctx, store, summariesOf(editions).key(shard), m.keys(shard))
	if err != nil {
		return false, err
	}
	after, err := s.replace(ctx, store, place{int(int64(at) % m.shardSize), taken})
	return after != nil, err
}
