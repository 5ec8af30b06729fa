package survey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// edition looks at one edition: its facts, its summaries, and whether its report
// is what they give.
func (v *verifier) edition(ctx context.Context, kept *gromav1.Edition) (*edition, error) {
	v.edited(kept)
	e := &edition{store: v.store, shards: Shards(v.manifest), number: kept.Number, name: kept.Name, made: kept.MadeAt,
		summaries: summariesOf(&gromav1.Editions{Survey: v.request.Survey, Editions: v.editions.Editions[:kept.Number]})}
	v.lost = map[int64]bool{}
	for shard := range e.shards {
		if err := v.summary(ctx, e.summaries.key(shard), shard); err != nil {
			return nil, err
		}
	}
	if err := v.revised(ctx, kept, e.summaries); err != nil {
		return nil, err
	}
	return e, v.reports(ctx, e, kept)
}

var revisedEdition = regexp.MustCompile(`^[0-9]{4,}-[0-9a-f]{8}$`)

// edited looks at what editions.json says of an edition by itself.
func (v *verifier) edited(e *gromav1.Edition) {
	at := slices.Index(v.editions.Editions, e)
	key, say := artefact.EditionsKey(v.request.Survey), func(format string, args ...any) {
		v.found(wrong(artefact.EditionsKey(v.request.Survey), "edition %d: %s", at+1, fmt.Sprintf(format, args...)))
	}
	if v.editions.Survey != v.request.Survey && at == 0 {
		v.found(wrong(key, "is of another survey, %s", v.editions.Survey))
	}
	named := e.Name == artefact.FirstEdition
	if at > 0 {
		named = revisedEdition.MatchString(e.Name) && strings.HasPrefix(e.Name, fmt.Sprintf("%04d-", e.Number))
	}
	if e.Number != int64(at)+1 || !named {
		say("is numbered %d and named %s", e.Number, e.Name)
		e.Number = int64(at) + 1
	}
	var sum int64
	for _, n := range e.Outcomes {
		sum += n
	}
	if sum != e.Repositories {
		say("its outcomes add up to %d, and it has %d repositories", sum, e.Repositories)
	}
	if !slices.IsSorted(e.Shards) || slices.ContainsFunc(e.Shards, func(n int64) bool { return n < 0 || n >= Shards(v.manifest) }) {
		say("it has shards %v, and the survey has %d", e.Shards, Shards(v.manifest))
	}
	keys := keysOfAll(v.manifest)
	for _, r := range e.Revisions {
		if _, ok := slices.BinarySearch(keys, r.Key); !ok {
			say("it revises %s, which the survey has not", r.Key)
		}
	}
}

// reports compares the reports that are kept with those that the summaries give.
func (v *verifier) reports(ctx context.Context, e *edition, kept *gromav1.Edition) error {
	id := v.request.Survey
	var err error
	if e.manifest, err = Manifest(ctx, v.store, id); err != nil {
		return err
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(v.lost)), func(shard int64) bool { return v.unreadable(ctx, e, shard) }) {
		v.note("edition %d: its report is not compared with its summaries, since not all of them can be read", e.number)
		return v.readable(ctx, e)
	}
	if err := e.gather(ctx); err != nil {
		return err
	}
	made := e.facts()
	made.Shards, made.Revisions = kept.Shards, kept.Revisions
	lost := len(v.lost) > 0
	before := len(v.out.Findings)
	if err := v.markdown(ctx, e, lost); err != nil {
		return err
	}
	e.forget()
	if err := v.rowsOf(ctx, e); err != nil {
		return err
	}
	if !proto.Equal(made, kept) && len(v.out.Findings) == before {
		v.found(wrong(artefact.EditionsKey(id), "edition %d: its figures are not those of its report", e.number))
	}
	return nil
}

// unreadable says whether a shard has a summary that cannot be read.
func (v *verifier) unreadable(ctx context.Context, e *edition, shard int64) bool {
	_, err := shardRows(ctx, v.store, e.summaries.key(shard))
	return err != nil
}

// readable looks whether the reports can be read, where more cannot be known.
func (v *verifier) readable(ctx context.Context, e *edition) error {
	for _, name := range []string{"report.md", "report.json"} {
		key := artefact.EditionKey(v.request.Survey, e.name, name)
		_, err := v.store.Get(ctx, key)
		findings, err := unread(key, err)
		if err != nil {
			return err
		}
		v.found(findings...)
	}
	return nil
}

func (v *verifier) note(format string, args ...any) {
	v.out.Notes = append(v.out.Notes, fmt.Sprintf(format, args...))
}

// markdown compares report.md. Words change from one version of the program to
// the next, so one that has its checksum is what was kept.
func (v *verifier) markdown(ctx context.Context, e *edition, lost bool) error {
	key := artefact.EditionKey(v.request.Survey, e.name, "report.md")
	data, checked, err := artefact.Checked(ctx, v.store.Store, key)
	if err == nil {
		_, err = v.store.Get(ctx, key) // to be counted
	}
	findings, err := unread(key, err)
	if err != nil || len(findings) > 0 || lost {
		v.found(findings...)
		return err
	}
	switch made := report.Markdown(report.Analyses(e.lean, report.Settings{})...); {
	case bytes.Equal(data, made):
	case !v.signed(data, e):
		v.found(wrong(key, "is another survey's, or another edition's: it does not name %s and when this edition was made", v.request.Survey))
	case checked:
		v.note("%s is as it was kept, and not what this version makes of the same rows: another version wrote it, or the rows are wrong", key)
	default:
		v.found(Finding{key, "is not what its summaries give, unless another version wrote it; it is kept without a checksum, so nobody can tell",
			"'groma report' makes it anew"})
	}
	return nil
}

// signed says whether a report.md names its survey and the second in which its
// edition was made, as every version's does.
func (v *verifier) signed(data []byte, e *edition) bool {
	made := e.made.AsTime().Format("2006-01-02 15:04:05")
	return bytes.Contains(data, []byte(v.request.Survey)) && bytes.Contains(data, []byte(made))
}

// rowsOf compares report.json: its bytes, or where another version has written
// them, what they say.
func (v *verifier) rowsOf(ctx context.Context, e *edition) error {
	key := artefact.EditionKey(v.request.Survey, e.name, "report.json")
	data, err := v.store.Get(ctx, key)
	findings, err := unread(key, err)
	if err != nil || len(findings) > 0 {
		v.found(findings...)
		return err
	}
	same := &comparing{want: data}
	if err := e.write(ctx, same); err != nil && !errors.Is(err, errDiffers) {
		return err
	}
	if same.at == len(data) && !same.differs {
		return nil
	}
	return v.compareRows(ctx, e, key, data)
}

var errDiffers = errors.New("it differs")

// comparing is written to, and says whether that is what it wants.
type comparing struct {
	want    []byte
	at      int
	differs bool
}

func (c *comparing) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(c.want[c.at:], p) {
		c.differs = true
		return 0, errDiffers
	}
	c.at += len(p)
	return len(p), nil
}

// compareRows says which rows of report.json are not what the summaries give.
func (v *verifier) compareRows(ctx context.Context, e *edition, key string, data []byte) error {
	next, stop := iter.Pull2(e.rows(ctx))
	defer stop()
	var others []string
	lost := map[int64]bool{}
	n := int64(0)
	head, err := eachRow(data, func(kept *gromav1.Repository) error {
		made, err, ok := next()
		if err != nil {
			return err
		}
		shard := n / max(v.manifest.ShardSize, 1)
		n++
		switch {
		case ok && canonicalEqual(made, kept):
		case v.lost[shard]:
			lost[shard] = true
		default:
			others = append(others, kept.GetKey())
		}
		return nil
	})
	var malformed *malformedError
	switch {
	case errors.As(err, &malformed):
		v.found(wrong(key, "cannot be read: %s", malformed.text))
		return nil
	case err != nil:
		return err
	}
	v.compared(e, key, head, n, others, lost)
	return nil
}

// compared says what came of comparing rows.
func (v *verifier) compared(e *edition, key string, head *gromav1.Report, n int64, others []string, lost map[int64]bool) {
	for _, shard := range slices.Sorted(maps.Keys(lost)) {
		of := e.summaries.key(shard)
		v.once(of, wrong(of, "is missing, and the report has rows of it"))
	}
	made := &gromav1.Report{Survey: e.lean.Survey, Totals: e.lean.Totals, LeftOut: e.lean.LeftOut, Annotations: e.lean.Annotations, Projects: e.lean.Projects, Warnings: e.lean.Warnings}
	switch {
	case n != int64(len(e.lean.Repositories)):
		v.found(wrong(key, "has %d repositories, and the survey %d", n, len(e.lean.Repositories)))
	case len(others) > 0:
		v.found(wrong(key, "its row of %s is not what the summaries give; %d rows are not", others[0], len(others)))
	case len(lost) > 0:
	case !canonicalEqual(made, head):
		v.found(wrong(key, "what it says of the survey in all, its totals, projects or warnings, is not what the summaries and the manifest give"))
	default:
		v.note("%s is written as another version of the program does, and says the same", key)
	}
}

type malformedError struct{ text string }

func (e *malformedError) Error() string { return e.text }

// eachRow reads report.json one row at a time, and returns all the rest of it.
func eachRow(data []byte, row func(*gromav1.Repository) error) (*gromav1.Report, error) {
	in := json.NewDecoder(bytes.NewReader(data))
	rest := map[string]json.RawMessage{}
	if err := delimiter(in, '{'); err != nil {
		return nil, err
	}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return nil, &malformedError{err.Error()}
		}
		if name == "repositories" {
			err = eachElement(in, row)
		} else {
			var value json.RawMessage
			if err = in.Decode(&value); err != nil {
				err = &malformedError{err.Error()}
			}
			rest[fmt.Sprint(name)] = value
		}
		if err != nil {
			return nil, err
		}
	}
	if err := delimiter(in, '}'); err != nil {
		return nil, err
	}
	whole, err := json.Marshal(rest)
	head := &gromav1.Report{}
	if err == nil {
		err = canonical.Unmarshal(whole, head)
	}
	if err != nil {
		return nil, &malformedError{err.Error()}
	}
	return head, nil
}

func eachElement(in *json.Decoder, row func(*gromav1.Repository) error) error {
	if err := delimiter(in, '['); err != nil {
		return err
	}
	for in.More() {
		var value json.RawMessage
		r := &gromav1.Repository{}
		err := in.Decode(&value)
		if err == nil {
			err = canonical.Unmarshal(value, r)
		}
		if err != nil {
			return &malformedError{err.Error()}
		}
		if err := row(r); err != nil {
			return err
		}
	}
	return delimiter(in, ']')
}

func delimiter(in *json.Decoder, want json.Delim) error {
	token, err := in.Token()
	if err != nil {
		return &malformedError{err.Error()}
	}
	if token != want {
		return &malformedError{fmt.Sprintf("%v stands where %v should", token, want)}
	}
	return nil
}
