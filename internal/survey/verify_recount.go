package survey

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A Recounted is a row that was counted anew from its remote, or could not be.
type Recounted struct {
	Key    string `json:"key"`
	Commit string `json:"commit"`
	Same   bool   `json:"same"`
	// Why there is nothing to compare with, or empty.
	Why   string `json:"why,omitempty"`
	Lines int64  `json:"lines"` // in all classes, as kept
}

// recount counts a sample of rows anew. What a remote does not hand out any more
// is said, and no finding: nothing that is kept is wrong for it.
func (v *verifier) recount(ctx context.Context, of summaries) error {
	v.out.Seed = v.request.Seed
	rows, err := v.sample(ctx, of)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r, findings := v.recountRow(ctx, row)
		if err := ctx.Err(); err != nil {
			return err
		}
		v.out.Recounted = append(v.out.Recounted, r)
		v.found(findings...)
	}
	return nil
}

// sample draws rows that have a count, each set of them as likely as any other,
// holding no more of them than are drawn. It is sorted by key.
func (v *verifier) sample(ctx context.Context, of summaries) ([]*gromav1.Row, error) {
	random := rand.New(rand.NewPCG(v.request.Seed, 0))
	var drawn []*gromav1.Row
	n := 0
	for shard := range Shards(v.manifest) {
		if v.lost[shard] {
			continue
		}
		rows, err := shardRows(ctx, v.store, of.key(shard))
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.Census == nil {
				continue
			}
			if n++; len(drawn) < v.request.Recount {
				drawn = append(drawn, row)
			} else if at := random.IntN(n); at < len(drawn) {
				drawn[at] = row
			}
		}
	}
	slices.SortFunc(drawn, func(a, b *gromav1.Row) int { return strings.Compare(a.Taken.Key, b.Taken.Key) })
	return drawn, nil
}

func (v *verifier) recountRow(ctx context.Context, row *gromav1.Row) (Recounted, []Finding) {
	taken, limits := row.Taken, v.manifest.GetSpec().GetLimits()
	r := Recounted{Key: taken.Key, Commit: taken.Commit}
	for _, t := range row.Census.Tally {
		r.Lines += t.Lines
	}
	if method := tally.Method(limits.GetFileBytes()); method != taken.Method {
		r.Why = fmt.Sprintf("it was counted by %s, this program counts by %s", taken.Method, method)
		return r, nil
	}
	counted, err := v.request.Count(ctx, v.address(taken.Key), taken.Commit, limits)
	if err != nil {
		r.Why = whyNot(err)
		return r, nil
	}
	text := otherCounts(row.Census, counted.Files, counted.Tally, counted.Skipped)
	counted.Key, counted.Method = row.Census.Key, row.Census.Method
	if text == "" && !proto.Equal(facts(row.Census), facts(counted)) {
		text = "the commit's time or its packages are others"
	}
	if r.Same = text == ""; r.Same {
		return r, nil
	}
	key := artefact.CensusKey(home(taken), taken.Commit, taken.Method)
	return r, []Finding{{key, "counted anew it is another: " + text, "delete it and its file list, and survey again; if it happens again, this is a bug"}}
}

// address is where a repository of the manifest is asked for.
func (v *verifier) address(key string) string {
	repositories := v.manifest.GetLandscape().GetRepositories()
	at, ok := slices.BinarySearchFunc(repositories, key, func(r *gromav1.PlannedRepository, key string) int { return strings.Compare(r.Key, key) })
	if !ok {
		return "https://" + key
	}
	return repositories[at].Address
}
