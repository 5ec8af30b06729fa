package survey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/census"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// A kept is a store in a folder whose files a test can reach.
type kept struct {
	*artefact.Folder
	root string
}

func newKept(t *testing.T) kept {
	t.Helper()
	root := t.TempDir()
	store, err := artefact.NewFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	return kept{store, root}
}

func (k kept) file(key string) string { return filepath.Join(k.root, filepath.FromSlash(key)) }

// keys are those that are kept, three of a kind.
func (k kept) keys(t *testing.T) (keys []string) {
	t.Helper()
	of := map[string]int{}
	for key, err := range k.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		folder, _, _ := strings.Cut(key, "/")
		if of[folder+path.Ext(key)]++; folder == "surveys" || of[folder+path.Ext(key)] <= 3 {
			keys = append(keys, key)
		}
	}
	return keys
}

// change puts something else under a key, with its checksum, as a mistake of the
// program would.
func (k kept) change(t *testing.T, key string, data []byte) {
	t.Helper()
	if err := errors.Join(k.Delete(t.Context(), key), k.Create(t.Context(), key, data)); err != nil {
		t.Fatal(err)
	}
}

// forgetSums leaves what is kept as a version did that knew no checksums.
func (k kept) forgetSums(t *testing.T) {
	t.Helper()
	for key, err := range k.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(k.file(key))
		if err := errors.Join(err, os.Remove(k.file(key)), os.WriteFile(k.file(key), data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func verify(t *testing.T, store artefact.Store, id string) *Verification {
	t.Helper()
	v, err := Verify(t.Context(), store, VerifyRequest{Survey: id, Files: census.Files})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wholly keeps the census of a repository at a commit and all that belongs to
// it, and returns what came of it.
func wholly(t *testing.T, store artefact.Store, i int, commit string) *gromav1.Taken {
	t.Helper()
	taken := &gromav1.Taken{Key: key(i), Outcome: "counted", Commit: commit, Method: "m", Branch: "main", Attempts: 1, Words: "w", Vitals: "v"}
	lines := int64(10*i) + int64(commit[len(commit)-1])
	files := []*gromav1.FileCount{
		{Path: "Cargo.toml", Blob: "b0" + commit, Language: "TOML", Class: "configuration", Lines: 2, Code: 2, Bytes: 20, Ecosystem: "cargo"},
		{Path: "README.md", Blob: "b3" + commit, Language: "Markdown", Class: "documentation", Lines: 1, Code: 1, Bytes: 9},
		{Path: "logo.png", Blob: "b1", Skipped: tally.Binary, Bytes: 99},
		{Path: "src/main.rs", Blob: "b2" + commit, Language: "Rust", Class: "source", Lines: lines, Code: lines - 3, Comments: 2, Blanks: 1, Bytes: 10 * lines},
	}
	var sum tally.Sum
	var lists bytes.Buffer
	for _, file := range files {
		sum.Add(file)
		line, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		lists.Write(append(line, '\n'))
	}
	committed := timestamppb.New(began.Add(-time.Hour))
	for _, err := range []error{
		createOnce(t.Context(), store, artefact.FilesKey(taken.Key, commit, "m"), encoder().EncodeAll(lists.Bytes(), nil)),
		createOnce(t.Context(), store, artefact.CountedKey(taken.Key, commit, "m", committed.AsTime()), nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	keep(t, store, artefact.WordsKey(taken.Key, commit, "w"), &gromav1.Words{Key: taken.Key, Commit: commit, Rules: "w",
		Documents: []*gromav1.Document{{Path: "README.md", Blob: "b3" + commit, Kind: "readme", SayingsCount: 1}}})
	keep(t, store, artefact.VitalsKey(taken.Key, commit, "v"), &gromav1.Vitals{Key: taken.Key, Seconds: 3})
	keep(t, store, artefact.CensusKey(taken.Key, commit, "m"), &gromav1.Census{
		Key: taken.Key, Commit: commit, Method: "m", Files: sum.Files(), CommittedAt: committed, Survey: "x",
		Tally: sum.Tally(), Skipped: sum.Skipped(), Packages: map[string]int64{"cargo": 1},
	})
	return taken
}

// whole keeps a survey of n repositories in shards of 10, one in seven of which
// cannot be had, as Begin does before.
func whole(t *testing.T, store artefact.Store, id string, n int, commit func(i int) string) *gromav1.Manifest {
	t.Helper()
	s := spec()
	s.Sha256 = digest(list(n).Landscape.Data)
	keep(t, store, artefact.RequestKey(id), &gromav1.SurveyRequest{Survey: id, Spec: s})
	return surveyedAs(t, store, id, s, n, func(i int) *gromav1.Taken {
		if i%7 == 5 {
			return &gromav1.Taken{Key: key(i), Outcome: "not-found", Reason: "gone", Attempts: 1}
		}
		return wholly(t, store, i, commit(i))
	})
}

func allAt(commit string) func(int) string { return func(int) string { return commit } }

// verifiable is a survey with two editions.
func verifiable(t *testing.T) kept {
	t.Helper()
	store := newKept(t)
	whole(t, store, id, 25, allAt("c0"))
	if e := revise(t, store, began.Add(time.Hour), wholly(t, store, 3, "c1"), wholly(t, store, 21, "c1")); e == nil {
		t.Fatal("no edition")
	}
	return store
}

func TestVerify(t *testing.T) {
	v := verify(t, verifiable(t), id)
	if !v.Well() || len(v.Notes) > 0 {
		t.Errorf("findings %v, notes %v", v.Findings, v.Notes)
	}
	v.Looked.Artefacts, v.Looked.Unchecked = 0, 0
	want := Looked{Editions: 2, Repositories: 25, Rows: 25 + 15, Censuses: 22 + 2, Files: 4 * 24, Words: 22 + 14, Vitals: 22 + 14}
	if v.Looked != want {
		t.Errorf("looked at %+v, want %+v", v.Looked, want)
	}
}

// TestVerify_Flipped flips a bit of each artefact in turn: it is found under its
// key, and by who reads it.
func TestVerify_Flipped(t *testing.T) {
	store := verifiable(t)
	if v := verify(t, store, id); v.Looked.Unchecked > 0 {
		t.Skip("files of this file system have no attributes")
	}
	for n, key := range store.keys(t) {
		before, err := os.ReadFile(store.file(key))
		if err != nil || len(before) == 0 {
			continue // that a commit is counted, which says nothing
		}
		after := bytes.Clone(before)
		after[(n*7919)%len(after)] ^= 1 << (n % 8)
		if err := os.WriteFile(store.file(key), after, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Get(t.Context(), key); !errors.Is(err, artefact.ErrDamaged) {
			t.Errorf("%s is read: %v", key, err)
		}
		if v := verify(t, store, id); !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Key == key && f.Do != "" }) {
			t.Errorf("%s: found %v", key, v.Findings)
		}
		if err := os.WriteFile(store.file(key), before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if v := verify(t, store, id); !v.Well() {
		t.Errorf("put back: %v", v.Findings)
	}
}

// TestVerify_Unchecked changes a digit where there are no checksums, as an
// earlier version kept: what else is kept tells.
func TestVerify_Unchecked(t *testing.T) {
	store := verifiable(t)
	store.forgetSums(t)
	if v := verify(t, store, id); !v.Well() || v.Looked.Unchecked != v.Looked.Artefacts {
		t.Fatalf("found %v, %+v", v.Findings, v.Looked)
	}
	for _, key := range store.keys(t) {
		before, err := os.ReadFile(store.file(key))
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.LastIndexAny(before, "123456789")
		if sum := regexp.MustCompile(`"sha256": ?"`).FindIndex(before); sum != nil { // what is last may be the name of a field
			at = sum[1]
		}
		if strings.HasPrefix(key, "vitals/") || at < 0 {
			continue // what it once cost is nobody's figure
		}
		after := bytes.Clone(before)
		after[at] ^= 1
		if err := os.WriteFile(store.file(key), after, 0o600); err != nil {
			t.Fatal(err)
		}
		if v := verify(t, store, id); v.Well() {
			t.Errorf("%s: nothing is found", key)
		}
		if err := os.WriteFile(store.file(key), before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVerify_Planted: figures that are wrong with a right checksum.
func TestVerify_Planted(t *testing.T) {
	ofCensus := func(change func(*gromav1.Census)) func(*testing.T, kept) string {
		return func(t *testing.T, store kept) string {
			key := artefact.CensusKey(key(2), "c0", "m")
			c := &gromav1.Census{}
			if err := get(t.Context(), store, key, c); err != nil {
				t.Fatal(err)
			}
			change(c)
			data, err := canonical.MarshalIndent(c)
			if err != nil {
				t.Fatal(err)
			}
			store.change(t, key, data)
			return key
		}
	}
	ofRow := func(change func(*gromav1.Row)) func(*testing.T, kept) string {
		return func(t *testing.T, store kept) string {
			key := artefact.ShardKey(id, 1)
			rows, err := shardRows(t.Context(), store, key)
			if err != nil {
				t.Fatal(err)
			}
			change(rows[1])
			data, err := proto.Marshal(&gromav1.ShardSummary{Survey: id, Shard: 1, Rows: rows})
			if err != nil {
				t.Fatal(err)
			}
			store.change(t, key, encoder().EncodeAll(data, nil))
			return key
		}
	}
	store := verifiable(t)
	for name, plant := range map[string]func(*testing.T, kept) string{
		"lines":         ofCensus(func(c *gromav1.Census) { c.Tally[0].Lines++; c.Tally[0].Code++ }),
		"files":         ofCensus(func(c *gromav1.Census) { c.Files++ }),
		"bytes":         ofCensus(func(c *gromav1.Census) { c.Tally[1].Bytes-- }),
		"a language":    ofCensus(func(c *gromav1.Census) { c.Tally = c.Tally[:1] }),
		"one more":      ofCensus(func(c *gromav1.Census) { c.Tally = append(c.Tally, &gromav1.Tally{Language: "Zig", Class: "source"}) }),
		"skipped":       ofCensus(func(c *gromav1.Census) { c.Skipped[0].Why = "lfs-pointer" }),
		"packages":      ofCensus(func(c *gromav1.Census) { c.Packages["cargo"] = 2 }),
		"no packages":   ofCensus(func(c *gromav1.Census) { c.Packages = nil }),
		"other package": ofCensus(func(c *gromav1.Census) { c.Packages["npm"] = 1 }),
		"of another":    ofCensus(func(c *gromav1.Census) { c.Key = key(3) }),
		"row's census":  ofRow(func(r *gromav1.Row) { r.Census.Tally[0].Lines++ }),
		"row's outcome": ofRow(func(r *gromav1.Row) { r.Taken.Outcome = "not-found" }),
		"row's key":     ofRow(func(r *gromav1.Row) { r.Taken.Key = key(1) }),
		"row's vitals":  ofRow(func(r *gromav1.Row) { r.Vitals.Key = key(1) }),
	} {
		t.Run(name, func(t *testing.T) {
			before := map[string][]byte{}
			for _, key := range []string{artefact.CensusKey(key(2), "c0", "m"), artefact.ShardKey(id, 1)} {
				var err error
				if before[key], err = store.Get(t.Context(), key); err != nil {
					t.Fatal(err)
				}
			}
			key := plant(t, store)
			defer func() { store.change(t, key, before[key]) }()
			if v := verify(t, store, id); !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Key == key }) {
				t.Errorf("%s: found %v", key, v.Findings)
			}
		})
	}
}

// TestVerify_Editions: what is said of editions, and which rows are in a shard.
func TestVerify_Editions(t *testing.T) {
	store := verifiable(t)
	editions, err := Editions(t.Context(), store, id)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*gromav1.Editions){
		"outcomes add up to": func(e *gromav1.Editions) { e.Editions[1].Outcomes["counted"]++ },
		"is numbered":        func(e *gromav1.Editions) { e.Editions[1].Number = 3 },
		"it has shards":      func(e *gromav1.Editions) { e.Editions[1].Shards = []int64{2, 0} },
		"it revises":         func(e *gromav1.Editions) { e.Editions[1].Revisions[0].Key = "github.com/o/other" },
		"it revised":         func(e *gromav1.Editions) { e.Editions[1].Revisions[0].Commit = "c2" },
		"not what its rows":  func(e *gromav1.Editions) { e.Editions[1].Revisions[1].MovedTo = "github.com/o/other" },
		"is not what its rows say": func(e *gromav1.Editions) {
			e.Editions[1].Revisions = append(e.Editions[1].Revisions, e.Editions[1].Revisions[0])
		},
		"does not say that":    func(e *gromav1.Editions) { e.Editions[1].Revisions = e.Editions[1].Revisions[:1] },
		"is of another survey": func(e *gromav1.Editions) { e.Survey = "other" },
	} {
		changed := proto.CloneOf(editions)
		change(changed)
		data, err := canonical.MarshalIndent(changed)
		if err != nil {
			t.Fatal(err)
		}
		store.change(t, artefact.EditionsKey(id), data)
		if v := verify(t, store, id); !slices.ContainsFunc(v.Findings, func(f Finding) bool { return strings.Contains(fmt.Sprint(f), want) }) {
			t.Errorf("want one that says %q, found %v", want, v.Findings)
		}
	}
}

// TestVerify_Order: rows stand where their repositories do.
func TestVerify_Order(t *testing.T) {
	store, key := verifiable(t), artefact.ShardKey(id, 1)
	rows, err := shardRows(t.Context(), store, key)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(rows)
	data, err := proto.Marshal(&gromav1.ShardSummary{Survey: id, Shard: 1, Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	store.change(t, key, encoder().EncodeAll(data, nil))
	if v := verify(t, store, id); !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Key == key && strings.Contains(fmt.Sprint(f), "does not stand there") }) {
		t.Errorf("found %v", v.Findings)
	}
}

// TestVerify_ReportDiffers: a report that says something else than its rows.
func TestVerify_ReportDiffers(t *testing.T) {
	for from, to := range map[string]string{
		`"lines": 58`:        `"lines": 59`,
		`"repositories": 25`: `"repositories": 24`,
		`"not-found": 3`:     `"not-found": 4`,
		`"name": "list.txt"`: `"name": "list"`,
	} {
		store := verifiable(t)
		key := artefact.EditionKey(id, artefact.FirstEdition, "report.json")
		data, err := store.Get(t.Context(), key)
		if err != nil || !bytes.Contains(data, []byte(from)) {
			t.Fatalf("%s: %v", from, err)
		}
		store.change(t, key, bytes.Replace(data, []byte(from), []byte(to), 1))
		if v := verify(t, store, id); len(v.Findings) != 1 || v.Findings[0].Key != key {
			t.Errorf("%s: found %v", from, v.Findings)
		}
	}
	// Other white space, as another version might write, is none.
	store := verifiable(t)
	key := artefact.EditionKey(id, artefact.FirstEdition, "report.json")
	data, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	store.change(t, key, append(data, '\n'))
	if v := verify(t, store, id); !v.Well() || len(v.Notes) != 1 {
		t.Errorf("found %v, notes %v", v.Findings, v.Notes)
	}
}

func TestVerify_Unfinished(t *testing.T) {
	store := newKept(t)
	planned(t, store, 3, 10)
	for _, id := range []string{id, "no-such"} {
		if _, err := Verify(t.Context(), store, VerifyRequest{Survey: id, Files: census.Files}); !errors.Is(err, artefact.ErrMissing) {
			t.Errorf("%s: %v, want ErrMissing", id, err)
		}
	}
}

// TestVerify_Recount counts a sample again: the same seed draws the same, one
// that differs is found, and one that is not handed out is not.
func TestVerify_Recount(t *testing.T) {
	store := newKept(t)
	keep(t, store, artefact.RequestKey(id), &gromav1.SurveyRequest{Survey: id, Spec: spec()})
	method := tally.Method(0)
	surveyedAs(t, store, id, spec(), 25, func(i int) *gromav1.Taken {
		taken := &gromav1.Taken{Key: key(i), Outcome: "counted", Commit: "c0", Method: method}
		keepCensusOf(t, store, taken)
		return taken
	})
	recount := func(seed uint64, n int) *Verification {
		v, err := Verify(t.Context(), store, VerifyRequest{Survey: id, Recount: n, Seed: seed, Files: census.Files,
			Count: func(ctx context.Context, address, commit string, _ *gromav1.Limits) (*gromav1.Census, error) {
				of := strings.TrimPrefix(address, "https://")
				c := &gromav1.Census{}
				if err := get(ctx, store, artefact.CensusKey(of, commit, method), c); err != nil {
					return nil, err
				}
				switch of {
				case key(1):
					c.Tally[0].Lines++
				case key(2):
					return nil, errors.New("no such commit")
				}
				c.Key, c.Method = "", ""
				return c, nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		v.Findings = slices.DeleteFunc(v.Findings, func(f Finding) bool { return strings.HasSuffix(f.Key, ".files.zst") })
		return v
	}
	drawn := map[string]int{}
	for seed := range uint64(60) {
		v := recount(seed, 5)
		if len(v.Recounted) != 5 || seed == 0 && fmt.Sprint(v.Recounted) != fmt.Sprint(recount(seed, 5).Recounted) {
			t.Fatalf("drew %v", v.Recounted)
		}
		for _, r := range v.Recounted {
			drawn[r.Key]++
		}
	}
	for i := range 25 {
		if n := drawn[key(i)]; n < 2 || n > 30 {
			t.Errorf("%s was drawn %d times of 60, want about 12", key(i), n)
		}
	}
	v := recount(0, 99)
	if len(v.Recounted) != 25 || len(v.Findings) != 1 || v.Findings[0].Key != artefact.CensusKey(key(1), "c0", method) {
		t.Errorf("%d recounted, found %v", len(v.Recounted), v.Findings)
	}
	for _, r := range v.Recounted {
		if r.Same != (r.Key != key(1) && r.Key != key(2)) || (r.Why != "") != (r.Key == key(2)) {
			t.Errorf("recounted %+v", r)
		}
	}
}
