package survey

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/census"
	gromav1 "groma/proto/groma/v1"
)

// later is when everything a test has kept is older than the grace.
func later() time.Time { return time.Now().Add(48 * time.Hour) }

func prune(t *testing.T, store artefact.Keeper, request PruneRequest) *Pruned {
	t.Helper()
	request.Grace = 24 * time.Hour
	if request.Now.IsZero() {
		request.Now = later()
	}
	p, err := Prune(t.Context(), store, request)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func all(t *testing.T, store artefact.Store) (keys []string) {
	t.Helper()
	for key, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

// surveyID is as ID makes it.
func surveyID(name string, n int) string { return fmt.Sprintf("%s-202601%02d-000000-aaaa", name, n+1) }

func TestPrune(t *testing.T) {
	store := newKept(t)
	first, second := surveyID("a", 0), surveyID("a", 1)
	whole(t, store, first, 3, allAt("c0"))
	whole(t, store, second, 3, func(i int) string { return fmt.Sprint("c", i%2) })
	before := all(t, store)

	// Without a rule nothing goes; without being told to, neither.
	for _, request := range []PruneRequest{{Do: true}, {KeepLast: 2, Do: true}, {KeepLast: 1}, {Remove: []string{first}},
		{KeepLast: 1, Keep: []string{first}, Do: true}, {KeepNewer: 100 * 365 * 24 * time.Hour, Do: true}} {
		prune(t, store, request)
		if got := all(t, store); !slices.Equal(got, before) {
			t.Fatalf("%+v removes some of %v, left is %v", request, before, got)
		}
	}
	would := prune(t, store, PruneRequest{KeepLast: 1})
	did := prune(t, store, PruneRequest{KeepLast: 1, Do: true})
	if fmt.Sprint(would.Kinds, would.Surveys) != fmt.Sprint(did.Kinds, did.Surveys) || !slices.Equal(did.Surveys, []string{first}) || did.Kept != 1 {
		t.Errorf("would %+v, did %+v", would, did)
	}
	gone := slices.DeleteFunc(before, func(key string) bool { return slices.Contains(all(t, store), key) })
	for _, key := range gone {
		of, ok := artefact.CountedOf(key)
		if !strings.HasPrefix(key, "surveys/"+first+"/") && key != artefact.ReportedKey(first) && !(ok && of.Commit == "c0" && strings.HasSuffix(of.Repository, "r001")) {
			t.Errorf("%s is gone", key)
		}
	}
	if len(gone) != 8+5 {
		t.Errorf("%d are gone: %v", len(gone), gone)
	}
	if v := verify(t, store, second); !v.Well() {
		t.Errorf("found %v", v.Findings)
	}
	if again := prune(t, store, PruneRequest{KeepLast: 1, Do: true}); len(again.Surveys) > 0 || slices.ContainsFunc(again.Kinds, func(k PrunedKind) bool { return k.Artefacts > 0 }) {
		t.Errorf("once more: %+v", again)
	}
}

// TestPrune_Lines: what asks something else of the same landscape does not
// stand for what asks this.
func TestPrune_Lines(t *testing.T) {
	store := newKept(t)
	for n, languages := range [][]string{{"Go"}, {"Rust"}, {"Go"}} {
		s := spec()
		s.Languages, s.Sha256 = languages, fmt.Sprint(n)
		surveyedAs(t, store, surveyID("a", n), s, 2, func(i int) *gromav1.Taken { return wholly(t, store, i, "c0") })
	}
	surveyedAs(t, store, surveyID("b", 0), spec(), 2, func(i int) *gromav1.Taken { return wholly(t, store, i, "c0") })
	p := prune(t, store, PruneRequest{KeepLast: 1})
	if !slices.Equal(p.Surveys, []string{surveyID("a", 0)}) || p.Kept != 3 {
		t.Errorf("goes %v, %d stay", p.Surveys, p.Kept)
	}
}

// TestPrune_Grace: what is young stays, and all that belongs to it; so does what
// an unfinished survey asks for.
func TestPrune_Grace(t *testing.T) {
	store := newKept(t)
	for i := range 4 {
		wholly(t, store, i, "c9")
	}
	before := all(t, store)
	prune(t, store, PruneRequest{Do: true, Now: time.Now()})
	if got := all(t, store); !slices.Equal(got, before) {
		t.Errorf("young, and left is %v", got)
	}
	planned(t, store, 2, 10) // of the first two
	prune(t, store, PruneRequest{Do: true})
	for _, key := range before {
		of, _ := artefact.CountedOf(key)
		_, err := store.Get(t.Context(), key)
		if stays := of.Repository == key2path(0) || of.Repository == key2path(1); stays != (err == nil) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if _, err := Manifest(t.Context(), store, id); err != nil {
		t.Error(err)
	}
	// It goes by its name, once it cannot be running any more.
	if _, err := Prune(t.Context(), store, PruneRequest{Remove: []string{id}, Do: true, Grace: time.Hour, Now: time.Now()}); err == nil {
		t.Error("an unfinished survey goes")
	}
	prune(t, store, PruneRequest{Remove: []string{id}, Do: true})
	if got := all(t, store); len(got) > 0 {
		t.Errorf("left is %v", got)
	}
}

func key2path(i int) string { return artefact.RepositoryPath(key(i)) }

// TestPrune_Odds: probes, editions that lost and notes of no survey go; a survey
// that is about to begin keeps all that it may reuse.
func TestPrune_Odds(t *testing.T) {
	store := verifiable(t)
	lost := artefact.EditionKey(id, "0002-00000000", "report.md")
	for _, key := range []string{"probe/abc", lost, artefact.RevisedShardKey(id, "0002-00000000", 1), artefact.ReportedKey("gone")} {
		if err := store.Create(t.Context(), key, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	before := all(t, store)
	prune(t, store, PruneRequest{Do: true})
	if got := len(before) - len(all(t, store)); got != 4 {
		t.Errorf("%d are gone, want 4", got)
	}
	if v := verify(t, store, id); !v.Well() {
		t.Errorf("found %v", v.Findings)
	}
	wholly(t, store, 99, "c9")
	if err := KeepSources(t.Context(), store, "begins", list(1)); err != nil {
		t.Fatal(err)
	}
	p, err := Prune(t.Context(), store, PruneRequest{Do: true, Now: time.Now(), Grace: time.Hour})
	if err != nil || len(p.Notes) != 1 {
		t.Errorf("%+v: %v", p, err)
	}
	prune(t, store, PruneRequest{Do: true}) // by now it never began
	if _, err := store.Get(t.Context(), artefact.SourceKey("begins")); !errors.Is(err, artefact.ErrMissing) {
		t.Errorf("what never began: %v", err)
	}
}

// TestPrune_Pushed: notes of pushes go, unless a survey runs that will ask for
// them.
func TestPrune_Pushed(t *testing.T) {
	store := verifiable(t)
	for _, at := range []time.Time{began, began.Add(time.Hour)} {
		if err := KeepPushed(t.Context(), store, key(0), at); err != nil {
			t.Fatal(err)
		}
	}
	noted := func() (n int) {
		for _, key := range all(t, store) {
			if strings.HasPrefix(key, artefact.PushedPrefix) {
				n++
			}
		}
		return n
	}
	prune(t, store, PruneRequest{Do: true, Grace: time.Hour, Now: time.Now()})
	if n := noted(); n != 2 {
		t.Errorf("%d young notes are left", n)
	}
	if err := KeepSources(t.Context(), store, "begins", list(1)); err != nil {
		t.Fatal(err)
	}
	prune(t, store, PruneRequest{Do: true, Grace: time.Hour, Now: time.Now().Add(30 * time.Minute)})
	if n := noted(); n != 2 {
		t.Errorf("%d notes are left for a survey that begins", n)
	}
	prune(t, store, PruneRequest{Do: true, Grace: time.Hour, Now: time.Now().Add(2 * longestSurvey)})
	if n := noted(); n != 0 {
		t.Errorf("%d notes are left", n)
	}
}

// TestPrune_MovedSince: a survey that runs may name what is counted of a
// repository where a rescan has found it.
func TestPrune_MovedSince(t *testing.T) {
	store := newKept(t)
	surveyed(t, store, id, 12)
	taken := counted(t, store, 3, "c1")
	taken.MovedTo = "github.com/o/new"
	keepCensusOf(t, store, taken)
	revise(t, store, began, taken)
	younger := proto.CloneOf(taken)
	younger.Commit = "c2" // counted, and not sealed yet
	keepCensusOf(t, store, younger)
	planAs(t, store, surveyID("list", 9), list(12))
	prune(t, store, PruneRequest{KeepLast: 1, Do: true})
	if _, err := store.Get(t.Context(), artefact.CensusKey("github.com/o/new", "c2", "m")); err != nil {
		t.Error(err)
	}
}

// TestPrune_BeingRevised: an edition that is being made names what was counted
// long ago, for a survey that goes.
func TestPrune_BeingRevised(t *testing.T) {
	store := newKept(t)
	goes := surveyID("a", 0)
	whole(t, store, goes, 3, allAt("c1"))
	whole(t, store, id, 3, allAt("c0"))
	if err := KeepPushed(t.Context(), store, key(1), began); err != nil {
		t.Fatal(err)
	}
	lately := later().Add(-24*time.Hour - 30*time.Minute) // a note stands for an hour
	if err := os.Chtimes(store.file(artefact.PushedKey(began, key(1))), lately, lately); err != nil {
		t.Fatal(err)
	}
	prune(t, store, PruneRequest{Remove: []string{goes}, Do: true})
	reused := wholly(t, newKept(t), 1, "c1") // what a rescan has found
	if e := revise(t, store, began.Add(time.Hour), reused); e == nil {
		t.Fatal("no edition")
	}
	if v := verify(t, store, id); !v.Well() {
		t.Errorf("found %v", v.Findings)
	}
	if _, err := store.Get(t.Context(), artefact.CensusKey(key(2), "c1", "m")); !errors.Is(err, artefact.ErrMissing) {
		t.Errorf("what nobody rescans stays: %v", err)
	}
}

// TestPrune_BeingCounted: what belongs to a census is kept before it, and stays while
// there may be one to come.
func TestPrune_BeingCounted(t *testing.T) {
	store := newKept(t)
	wholly(t, store, 1, "c1")
	if err := store.Delete(t.Context(), artefact.CensusKey(key(1), "c1", "m")); err != nil {
		t.Fatal(err)
	}
	keep(t, store, artefact.WordsKey(key(2), "c1", "w"), &gromav1.Words{Key: key(2), Commit: "c1", Rules: "w"})
	before := all(t, store)
	prune(t, store, PruneRequest{Do: true, Now: time.Now()})
	if got := all(t, store); !slices.Equal(got, before) || len(got) == 0 {
		t.Errorf("left is %v", got)
	}
	prune(t, store, PruneRequest{Do: true})
	if got := all(t, store); len(got) > 0 {
		t.Errorf("old, and left is %v", got)
	}
}

// TestPrune_Begins: a survey whose sources are kept, and nothing else yet, may reuse
// anything.
func TestPrune_Begins(t *testing.T) {
	store := newKept(t)
	wholly(t, store, 1, "c1")
	if err := KeepSources(t.Context(), store, "begins", list(1)); err != nil {
		t.Fatal(err)
	}
	lately := later().Add(-time.Hour)
	if err := os.Chtimes(store.file(artefact.SourceKey("begins")), lately, lately); err != nil {
		t.Fatal(err)
	}
	before := all(t, store)
	prune(t, store, PruneRequest{Do: true})
	if got := all(t, store); !slices.Equal(got, before) {
		t.Errorf("left is %v", got)
	}
}

// A busy store has a survey begun as soon as something is deleted.
type busy struct {
	artefact.Keeper
	begin func()
}

func (b *busy) Delete(ctx context.Context, key string) error {
	b.begin()
	return b.Keeper.Delete(ctx, key)
}

// TestPrune_BegunMeanwhile: a survey that is begun while others are removed finds
// all that it may reuse.
func TestPrune_BegunMeanwhile(t *testing.T) {
	store := newKept(t)
	whole(t, store, id, 3, allAt("c0"))
	begin := sync.OnceFunc(func() {
		if err := KeepSources(t.Context(), store, "begins", list(3)); err != nil {
			t.Error(err)
		}
	})
	_, err := Prune(t.Context(), &busy{store, begin}, PruneRequest{Remove: []string{id}, Do: true, Now: later()})
	if err == nil || !strings.Contains(err.Error(), "begins") {
		t.Errorf("Prune: %v", err)
	}
	for i := range 3 {
		if _, err := store.Get(t.Context(), artefact.CensusKey(key(i), "c0", "m")); err != nil {
			t.Error(err)
		}
	}
}

// TestPrune_Damaged: what needs nobody knows what stops it before anything goes.
func TestPrune_Damaged(t *testing.T) {
	store := verifiable(t)
	wholly(t, store, 99, "c9")
	store.change(t, artefact.ShardKey(id, 0), []byte("not a summary"))
	before := all(t, store)
	if _, err := Prune(t.Context(), store, PruneRequest{Do: true, Now: later()}); err == nil || !strings.Contains(err.Error(), id) {
		t.Errorf("Prune: %v", err)
	}
	if got := all(t, store); !slices.Equal(got, before) {
		t.Errorf("left is %v", got)
	}
	prune(t, store, PruneRequest{Do: true, Remove: []string{id}})
	if got := all(t, store); len(got) > 0 {
		t.Errorf("left is %v", got)
	}
}

// A dying is a store that dies after some deletions.
type dying struct {
	artefact.Keeper
	left int
}

var errDied = errors.New("killed")

func (d *dying) Delete(ctx context.Context, key string) error {
	if d.left--; d.left < 0 {
		return errDied
	}
	return d.Keeper.Delete(ctx, key)
}

// TestPrune_Property has random surveys and editions share censuses and prunes
// by random rules, killed now and then: whatever stays verifies without a
// finding, and nothing that goes looks whole.
func TestPrune_Property(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			store := newKept(t)
			var ids []string
			for n := range 2 + random.IntN(3) {
				id := surveyID([]string{"a", "b"}[random.IntN(2)], n)
				ids = append(ids, id)
				randomly(t, store, random, id)
			}
			for pass := range 3 {
				request := PruneRequest{Do: true, Now: later(), Grace: time.Hour, KeepLast: 1 + random.IntN(2)}
				if pass == 2 {
					request.KeepLast = 1
				}
				_, err := Prune(t.Context(), &dying{store, random.IntN(60)}, request)
				if err != nil && !errors.Is(err, errDied) {
					t.Fatal(err)
				}
				well(t, store, ids)
			}
			prune(t, store, PruneRequest{Do: true, KeepLast: 1})
			well(t, store, ids)
			complete(t, store)
		})
	}
}

// randomly keeps a survey with some editions, of commits that others may have.
func randomly(t *testing.T, store artefact.Store, random *rand.Rand, id string) {
	t.Helper()
	commit := func(int) string { return fmt.Sprint("c", random.IntN(3)) }
	n := 3 + random.IntN(12)
	whole(t, store, id, n, commit)
	for e := range random.IntN(3) {
		var taken []*gromav1.Taken
		for range 1 + random.IntN(2) {
			taken = append(taken, wholly(t, store, random.IntN(n), commit(0)))
		}
		_, err := Revise(t.Context(), store, &gromav1.ReviseRequest{Survey: id, Taken: taken, MadeAt: timestamppb.New(began.Add(time.Duration(e+1) * time.Hour))})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// well wants each survey to verify, or not to be found at all.
func well(t *testing.T, store artefact.Store, ids []string) {
	t.Helper()
	for _, id := range ids {
		_, asked := store.Get(t.Context(), artefact.RequestKey(id))
		_, planned := store.Get(t.Context(), artefact.ManifestKey(id))
		if asked != nil && planned != nil {
			continue // nobody finds it
		}
		v, err := Verify(t.Context(), store, VerifyRequest{Survey: id, Files: census.Files})
		if err != nil || !v.Well() {
			t.Errorf("%s stays, and %+v: %v", id, v, err)
		}
	}
}

// complete wants nothing to be kept that no survey names.
func complete(t *testing.T, store artefact.Store) {
	t.Helper()
	named := newNeeds()
	for _, key := range all(t, store) {
		if !strings.Contains(key, "/shards/") {
			continue
		}
		rows, err := shardRows(t.Context(), store, key)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			named.taken(row.Taken)
		}
	}
	for _, key := range all(t, store) {
		of, ok := artefact.CountedOf(key)
		if ok && !named.censuses[censusSum(of)] && !named.beside[shortSum(key)] {
			t.Errorf("%s is kept, and nobody names it", key)
		}
	}
}
