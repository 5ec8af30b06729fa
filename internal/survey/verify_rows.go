package survey

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/fault"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// shortSum stands for a key where there are many.
func shortSum(text string) [16]byte {
	sum := sha256.Sum256([]byte(text))
	return [16]byte(sum[:16])
}

// summary looks at the summary of a shard and at everything that its rows name.
// Whether the shard of a survey should have one, its report says.
func (v *verifier) summary(ctx context.Context, key string, shard int64) error {
	packed, err := v.store.Get(ctx, key)
	if errors.Is(err, artefact.ErrMissing) {
		v.lost[shard] = true
		if key != artefact.ShardKey(v.request.Survey, shard) {
			v.once(key, wrong(key, "is missing"))
		}
		return nil
	}
	var summary *gromav1.ShardSummary
	if err == nil {
		summary, err = unpackSummary(key, packed)
	}
	findings, err := unread(key, err)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		v.lost[shard] = true
		v.once(key, findings...)
		return nil
	}
	if v.seen[key] {
		return nil
	}
	v.once(key, v.places(key, shard, summary)...)
	return v.rows(ctx, key, summary.Rows)
}

// once keeps what is found of a summary that several editions have.
func (v *verifier) once(key string, findings ...Finding) {
	if !v.seen[key] {
		v.seen[key] = true
		v.found(findings...)
	}
}

// places looks whether the rows are those of the shard, in order.
func (v *verifier) places(key string, shard int64, summary *gromav1.ShardSummary) []Finding {
	if summary.Survey != v.request.Survey || summary.Shard != shard {
		return []Finding{wrong(key, "is of shard %d of %s", summary.Shard, summary.Survey)}
	}
	keys, at := keysOf(v.manifest, shard), 0
	for _, row := range summary.Rows {
		n := slices.Index(keys[at:], row.GetTaken().GetKey())
		if n < 0 {
			return []Finding{wrong(key, "has a row of %s, which does not stand there in the shard", row.GetTaken().GetKey())}
		}
		at += n + 1
	}
	return nil
}

// rows looks at several rows at once; what is found stands in their order.
func (v *verifier) rows(ctx context.Context, key string, rows []*gromav1.Row) error {
	findings, errs := make([][]Finding, len(rows)), make([]error, len(rows))
	var wait sync.WaitGroup
	room := make(chan struct{}, verifyWidth)
	for i, row := range rows {
		room <- struct{}{}
		wait.Go(func() {
			defer func() { <-room }()
			defer fault.Catch(&errs[i])
			findings[i], errs[i] = v.row(ctx, key, row)
		})
	}
	wait.Wait()
	for _, f := range findings {
		v.found(f...)
	}
	v.out.Looked.Rows += int64(len(rows))
	return errors.Join(errs...)
}

// row looks at one row: its outcome, its census and what stands beside it.
func (v *verifier) row(ctx context.Context, key string, row *gromav1.Row) ([]Finding, error) {
	taken := row.GetTaken()
	counted := taken.GetOutcome() == "counted" || taken.GetOutcome() == "reused"
	if counted != (taken.GetCommit() != "") || counted != (row.Census != nil) {
		return []Finding{wrong(key, "says of %s that it is %q, at the commit %q, with a census: %v", taken.GetKey(), taken.GetOutcome(), taken.GetCommit(), row.Census != nil)}, nil
	}
	if !counted {
		return nil, nil
	}
	once := v.countedOnce(home(taken), taken.Commit, taken.Method)
	once.once.Do(func() {
		once.census, once.findings, once.err = v.census(ctx, home(taken), taken.Commit, taken.Method, taken.Words)
	})
	if once.err != nil {
		return nil, once.err
	}
	findings := once.take(&v.mu)
	if once.census != nil {
		if sum := factsSum(row.Census); sum != *once.census {
			findings = append(findings, wrong(key, "its row of %s has other figures than %s", taken.Key, artefact.CensusKey(home(taken), taken.Commit, taken.Method)))
		}
	}
	beside, err := v.beside(ctx, key, row)
	return append(findings, beside...), err
}

// countedOnce is a census that several rows may have.
type countedOnce struct {
	once     sync.Once
	census   *[16]byte // of its facts; nil if it cannot be read
	findings []Finding
	err      error
}

// take returns what was found, to the first who asks.
func (c *countedOnce) take(mu *sync.Mutex) []Finding {
	mu.Lock()
	defer mu.Unlock()
	findings := c.findings
	c.findings = nil
	return findings
}

func (v *verifier) countedOnce(repository, commit, method string) *countedOnce {
	key := artefact.CensusKey(repository, commit, method)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.censuses[key] == nil {
		v.censuses[key] = &countedOnce{}
	}
	return v.censuses[key]
}

// facts are what the commit and the method decide of a census, not who counted
// it when.
func facts(c *gromav1.Census) *gromav1.Census {
	return &gromav1.Census{
		Key: c.GetKey(), Commit: c.GetCommit(), CommittedAt: c.GetCommittedAt(), Method: c.GetMethod(),
		Files: c.GetFiles(), Tally: c.GetTally(), Skipped: c.GetSkipped(), Packages: c.GetPackages(),
	}
}

func factsSum(c *gromav1.Census) [16]byte {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(facts(c))
	if err != nil {
		return [16]byte{} // invalid UTF-8: like no other
	}
	return shortSum(string(data))
}

// census looks at a census and at the file list that it is the sum of. Words of
// these rules are kept of the commit; none for none.
func (v *verifier) census(ctx context.Context, repository, commit, method, rules string) (sum *[16]byte, findings []Finding, err error) {
	key := artefact.CensusKey(repository, commit, method)
	census := &gromav1.Census{}
	findings, err = unread(key, get(ctx, v.store, key, census))
	if err != nil || len(findings) > 0 {
		return nil, findings, err
	}
	v.looked(func(l *Looked) { l.Censuses++ })
	if census.Key != repository || census.Commit != commit || census.Method != method {
		findings = append(findings, wrong(key, "is of %s at %s by %s", census.Key, census.Commit, census.Method))
	}
	listed, bad, err := v.sum(ctx, repository, commit, method, v.documentsOf(ctx, repository, commit, rules))
	if err != nil {
		return nil, nil, err
	}
	findings = append(findings, bad...)
	if listed != nil {
		if text := listed.unlike(census); text != "" {
			findings = append(findings, Finding{key, "is not the sum of its file list: " + text,
				"one of the two is wrong: put both back from a backup, or delete them to have the commit counted again"})
		}
	}
	of := factsSum(census)
	return &of, findings, nil
}

func (v *verifier) looked(add func(*Looked)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	add(&v.out.Looked)
}

// A listed is what a file list adds up to.
type listed struct {
	sum            tally.Sum
	sure, possible tally.Packages
}

// documentsOf is the contents of the documents that the words of a commit are
// from, by path. What cannot be read is said where the words are looked at.
func (v *verifier) documentsOf(ctx context.Context, repository, commit, rules string) map[string]string {
	kept := &gromav1.Words{}
	if rules == "" || get(ctx, v.store, artefact.WordsKey(repository, commit, rules), kept) != nil {
		return nil
	}
	blobs := map[string]string{}
	for _, d := range kept.Documents {
		blobs[d.Path] = d.Blob
	}
	return blobs
}

// sum adds up a file list, or says why it cannot. Documents are known by what
// their words say: of a list that is another commit's, the figures may be the same.
func (v *verifier) sum(ctx context.Context, repository, commit, method string, documents map[string]string) (*listed, []Finding, error) {
	key := artefact.FilesKey(repository, commit, method)
	l, last := &listed{}, ""
	n := int64(0)
	for file, err := range v.request.Files(ctx, v.store, repository, commit, method) {
		if err != nil {
			findings, err := unread(key, err)
			return nil, findings, err
		}
		if n > 0 && file.Path <= last {
			return nil, []Finding{wrong(key, "is not sorted, first at line %d", n+1)}, nil
		}
		if file.Code+file.Comments+file.Blanks != file.Lines {
			return nil, []Finding{wrong(key, "line %d: code, comments and blanks do not add up to lines", n+1)}, nil
		}
		if blob, said := documents[file.Path]; said && blob != file.Blob {
			return nil, []Finding{{key, fmt.Sprintf("line %d: has another %s than the words of the commit are from", n+1, file.Path),
				"one of the two is another commit's: put both back from a backup, or delete them and the census to have the commit counted again"}}, nil
		}
		last = file.Path
		n++
		l.add(file)
	}
	v.looked(func(l *Looked) { l.Files += n })
	return l, nil, nil
}

func (l *listed) add(file *gromav1.FileCount) {
	l.sum.Add(file)
	if file.Ecosystem == "" || file.Class == tally.Vendored {
		return
	}
	l.possible.AddPackage(file.Path, file.Ecosystem)
	if file.Skipped == "" { // else the list does not say whether it is vendored
		l.sure.AddPackage(file.Path, file.Ecosystem)
	}
}

// unlike says where a census is not what its file list adds up to, or nothing.
func (l *listed) unlike(census *gromav1.Census) string {
	if text := otherCounts(census, l.sum.Files(), l.sum.Tally(), l.sum.Skipped()); text != "" {
		return text
	}
	sure, possible := l.sure.Count(), l.possible.Count()
	for _, ecosystem := range slices.Sorted(maps.Keys(possible)) {
		if n := census.Packages[ecosystem]; n < sure[ecosystem] || n > possible[ecosystem] {
			return fmt.Sprintf("%d packages of %s, and it has %d", sure[ecosystem], ecosystem, n)
		}
	}
	for ecosystem, n := range census.Packages {
		if n != 0 && possible[ecosystem] == 0 {
			return fmt.Sprintf("no packages of %s, and it has %d", ecosystem, n)
		}
	}
	return ""
}

// otherCounts says where the counts of a census are others, or nothing.
func otherCounts(census *gromav1.Census, files int64, tallies []*gromav1.Tally, skipped []*gromav1.Skipped) string {
	if census.Files != files {
		return fmt.Sprintf("%d files, and it has %d", files, census.Files)
	}
	type kind struct{ language, class string }
	has := map[kind]*gromav1.Tally{}
	for _, t := range census.Tally {
		has[kind{t.Language, t.Class}] = t
	}
	for _, t := range tallies {
		if other := has[kind{t.Language, t.Class}]; !proto.Equal(t, other) {
			return fmt.Sprintf("%s (%s) has %s, and it has %s", t.Language, t.Class, counts(t), counts(other))
		}
	}
	if len(tallies) != len(census.Tally) {
		return fmt.Sprintf("%d languages and classes, and it has %d", len(tallies), len(census.Tally))
	}
	same := func(a, b *gromav1.Skipped) bool { return proto.Equal(a, b) }
	if !slices.EqualFunc(skipped, census.Skipped, same) {
		return "other files are skipped"
	}
	return ""
}

func counts(t *gromav1.Tally) string {
	return fmt.Sprintf("%d files, %d lines (%d code, %d comments, %d blanks), %d bytes, complexity %d",
		t.GetFiles(), t.GetLines(), t.GetCode(), t.GetComments(), t.GetBlanks(), t.GetBytes(), t.GetComplexity())
}

// beside looks at the words and vitals that a row names.
func (v *verifier) beside(ctx context.Context, key string, row *gromav1.Row) (findings []Finding, err error) {
	taken := row.Taken
	if taken.Words != "" {
		kept := &gromav1.Words{}
		of := artefact.WordsKey(home(taken), taken.Commit, taken.Words)
		bad, err := unread(of, get(ctx, v.store, of, kept))
		if err != nil {
			return nil, err
		}
		findings = append(findings, bad...)
		v.looked(func(l *Looked) { l.Words++ })
		if len(bad) == 0 && row.Words != nil && !proto.Equal(kept, row.Words) {
			findings = append(findings, wrong(key, "its row of %s has other words than %s", taken.Key, of))
		}
	}
	if taken.Vitals == "" {
		return findings, nil
	}
	kept := &gromav1.Vitals{}
	of := artefact.VitalsKey(home(taken), taken.Commit, taken.Vitals)
	bad, err := unread(of, get(ctx, v.store, of, kept))
	if err != nil {
		return nil, err
	}
	kept.Wire, kept.Seconds = nil, 0
	v.looked(func(l *Looked) { l.Vitals++ })
	if len(bad) == 0 && row.Vitals != nil && !proto.Equal(kept, row.Vitals) {
		bad = append(bad, wrong(key, "its row of %s has other vitals than %s", taken.Key, of))
	}
	return append(findings, bad...), nil
}

// whyNot is a failure in short.
func whyNot(err error) string {
	return cmp.Or(string(fault.KindOf(err)), "failed") + ": " + fault.Clip(err.Error(), 300)
}
