package survey

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// revised looks whether an edition says it revised just those rows that its
// summaries have otherwise than the edition before. What cannot be read is said
// elsewhere.
func (v *verifier) revised(ctx context.Context, kept *gromav1.Edition, after summaries) error {
	if kept.Number == 1 {
		return nil
	}
	before := summariesOf(&gromav1.Editions{Survey: v.request.Survey, Editions: v.editions.Editions[:kept.Number-1]})
	want := map[string]*gromav1.Revision{}
	for _, shard := range kept.Shards {
		if shard < 0 || shard >= Shards(v.manifest) || v.lost[shard] {
			return nil
		}
		err := v.revisedRows(ctx, shard, before.key(shard), after.key(shard), want)
		if fault.KindOf(err) == fault.Invalid {
			return nil
		}
		if err != nil {
			return err
		}
	}
	for _, r := range kept.Revisions {
		if !proto.Equal(r, want[r.Key]) {
			v.found(wrong(artefact.EditionsKey(v.request.Survey), "edition %d: what it says it revised of %s is not what its rows say", kept.Number, r.Key))
			return nil
		}
		delete(want, r.Key)
	}
	if len(want) > 0 {
		first := slices.Min(slices.Collect(maps.Keys(want)))
		v.found(wrong(artefact.EditionsKey(v.request.Survey), "edition %d: it does not say that it revised %s, as its rows do", kept.Number, first))
	}
	return nil
}

// revisedRows adds the rows of a shard that are others after than before.
func (v *verifier) revisedRows(ctx context.Context, shard int64, before, after string, want map[string]*gromav1.Revision) error {
	keys := keysOf(v.manifest, shard)
	was, err := openShard(ctx, v.store, before, keys)
	if err != nil {
		return err
	}
	is, err := openShard(ctx, v.store, after, keys)
	if err != nil {
		return err
	}
	for i, row := range is.rows {
		if row != nil && !proto.Equal(row, was.rows[i]) {
			want[keys[i]] = revisionOf(was.rows[i].GetTaken(), row.Taken)
		}
	}
	return nil
}
