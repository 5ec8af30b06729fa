package survey

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// SummariseShard keeps all that the report needs of one shard in one artefact,
// so that the report reads hundreds of them and never a hundred thousand. It
// returns the artefact's key.
func SummariseShard(ctx context.Context, store artefact.Store, request *gromav1.SummariseShardRequest) (string, error) {
	summary := &gromav1.ShardSummary{Survey: request.Survey, Shard: request.Shard, Rows: make([]*gromav1.Row, len(request.Taken))}
	room := int64(roomBeside)
	for i, taken := range request.Taken {
		row, err := Row(ctx, store, taken)
		if err != nil {
			return "", err
		}
		room -= trim(row, room)
		summary.Rows[i] = row
	}
	key := artefact.ShardKey(request.Survey, request.Shard)
	return key, keepSummary(ctx, store, key, summary)
}

func keepSummary(ctx context.Context, store artefact.Store, key string, summary *gromav1.ShardSummary) error {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(summary)
	if err != nil {
		return err
	}
	return createOnce(ctx, store, key, encoder().EncodeAll(data, nil))
}

// What stands beside the counts in one summary, in bytes. It is some of
// maxSummary, so that no repository, however much it says, keeps a summary from
// being read.
const (
	roomBeside = maxSummary / 2
	mostBeside = 4 << 20 // of one repository
)

// trim takes words, then vitals, from a row that has more of them than there is
// room for, and returns what it takes then.
func trim(row *gromav1.Row, room int64) int64 {
	room = min(room, mostBeside)
	if size := int64(proto.Size(row.Words) + proto.Size(row.Vitals)); size <= room {
		return size
	}
	row.Words = nil
	if size := int64(proto.Size(row.Vitals)); size <= room {
		return size
	}
	row.Vitals, row.Taken = nil, proto.CloneOf(row.Taken)
	row.Taken.Vitals, row.Taken.WithoutVitals = "", "there is more of them than a report has room for"
	return 0
}

// Row joins what came of a repository with its census. A census that is lost or
// damaged fails this repository and no other.
func Row(ctx context.Context, store artefact.Store, taken *gromav1.Taken) (*gromav1.Row, error) {
	row := &gromav1.Row{Taken: taken}
	if taken.Commit == "" {
		return row, nil
	}
	census := &gromav1.Census{}
	err := get(ctx, store, artefact.CensusKey(home(taken), taken.Commit, taken.Method), census)
	switch {
	case err == nil:
		row.Census = census
		return row, besides(ctx, store, row)
	case errors.Is(err, artefact.ErrMissing) || fault.KindOf(err) == fault.Invalid:
		row.Taken = &gromav1.Taken{Key: taken.Key, Outcome: "failed", Attempts: taken.Attempts, Seconds: taken.Seconds,
			Reason: "its census was kept and cannot be read any more; survey again: " + err.Error()}
	default:
		return nil, err
	}
	return row, nil
}

// besides adds what is kept of a commit beside its count. What is lost or
// damaged is missing; of vitals the row says so.
func besides(ctx context.Context, store artefact.Store, row *gromav1.Row) error {
	taken := row.Taken
	if taken.Words != "" {
		w := &gromav1.Words{}
		lost, err := getOr(ctx, store, artefact.WordsKey(home(taken), taken.Commit, taken.Words), w)
		if err != nil {
			return err
		}
		if lost == nil {
			row.Words = w
		}
	}
	if taken.Vitals == "" {
		return nil
	}
	v := &gromav1.Vitals{}
	lost, err := getOr(ctx, store, artefact.VitalsKey(home(taken), taken.Commit, taken.Vitals), v)
	switch {
	case err != nil:
		return err
	case lost != nil:
		row.Taken = proto.CloneOf(taken)
		row.Taken.Vitals, row.Taken.WithoutVitals = "", "they were kept and cannot be read any more: "+lost.Error()
	default:
		v.Wire, v.Seconds = nil, 0 // what they once cost is no figure of this survey
		row.Vitals = v
	}
	return nil
}

// getOr reads what is kept under a key. What is lost or damaged is no error,
// since another try would find the same.
func getOr(ctx context.Context, store artefact.Store, key string, m proto.Message) (lost, err error) {
	err = get(ctx, store, key, m)
	if errors.Is(err, artefact.ErrMissing) || fault.KindOf(err) == fault.Invalid {
		return err, nil
	}
	return nil, err
}

// home is the key under which a repository's census is kept: that of the
// address it has now, so that what moved is counted once.
func home(taken *gromav1.Taken) string {
	if taken.MovedTo != "" {
		return taken.MovedTo
	}
	return taken.Key
}

// Aggregate makes the first edition of a survey's report from the summaries of
// its shards, and returns its outcomes and its key. A shard without a summary
// leaves its repositories without a count, which their rows say. The summaries
// are read twice, one after the other, so that a report larger than memory can
// be made.
func Aggregate(ctx context.Context, store artefact.Store, request *gromav1.AggregateRequest) (outcomes map[string]int64, key string, err error) {
	key = artefact.EditionKey(request.Survey, artefact.FirstEdition, "report.json")
	kept, err := Editions(ctx, store, request.Survey)
	if errors.Is(err, artefact.ErrMissing) {
		kept, err = aggregate(ctx, store, request)
	}
	if err != nil {
		return nil, "", err
	}
	if kept.Cancelled == nil { // what an earlier try kept may be the report alone
		kept.Cancelled = &request.Cancelled
	}
	if err := keepFirst(ctx, store, kept); err != nil {
		return nil, "", err
	}
	return kept.Editions[0].Outcomes, key, nil
}

// aggregate makes and keeps the report, and returns what editions it makes.
func aggregate(ctx context.Context, store artefact.Store, request *gromav1.AggregateRequest) (*gromav1.Editions, error) {
	manifest, err := Manifest(ctx, store, request.Survey)
	if err != nil {
		return nil, err
	}
	e := edition{store: store, manifest: manifest, shards: request.Shards, summaries: summaries{survey: request.Survey},
		number: 1, name: artefact.FirstEdition, made: now()}
	if err := e.gather(ctx); err != nil {
		return nil, err
	}
	err = e.keep(ctx)
	if errors.Is(err, artefact.ErrExists) { // that of an earlier try
		return Editions(ctx, store, request.Survey)
	}
	if err != nil {
		return nil, err
	}
	return &gromav1.Editions{Survey: request.Survey, Editions: []*gromav1.Edition{e.facts()}}, keepReportedOf(ctx, store, e.lean, request.Cancelled)
}

// An edition is a report in the making.
type edition struct {
	store     artefact.Store
	manifest  *gromav1.Manifest
	shards    int64
	summaries summaries
	number    int64
	name      string
	made      *timestamppb.Timestamp
	lean      *gromav1.Report // rows have what an analysis reads
}

// facts are what is kept of an edition that is whole.
func (e *edition) facts() *gromav1.Edition {
	return editionOf(e.number, e.name, e.made, e.lean.Totals)
}

// gather reads every summary once, for what an analysis needs.
func (e *edition) gather(ctx context.Context) error {
	lean := report.NewLean(e.manifest)
	for shard := range e.shards {
		rows, err := e.shardRows(ctx, e.manifest, shard)
		if err != nil {
			return err
		}
		for _, row := range rows {
			lean.Add(row)
		}
	}
	e.lean = lean.Report(e.made.AsTime())
	report.Revised(e.lean, e.number)
	if landscape := e.manifest.GetLandscape(); landscape != nil {
		landscape.Repositories = nil // read again when the rows are written
	}
	return nil
}

// keep keeps every form of the report, report.json last: it says that the
// edition is whole.
func (e *edition) keep(ctx context.Context) error {
	id := e.manifest.Survey
	if err := createOnce(ctx, e.store, artefact.EditionKey(id, e.name, "report.md"), report.Markdown(report.Analyses(e.lean, report.Settings{})...)); err != nil {
		return err
	}
	e.forget()
	return artefact.CreateFrom(ctx, e.store, artefact.EditionKey(id, e.name, "report.json"), func(w io.Writer) error {
		return e.write(ctx, w)
	})
}

// forget forgets what only analyses ask of rows.
func (e *edition) forget() {
	for _, row := range e.lean.Repositories {
		row.Tally, row.Vitals, row.Words, row.Packages = nil, nil, nil, nil
	}
}

// write writes report.json, as canonical.MarshalIndent writes a report, one
// repository after the other.
func (e *edition) write(ctx context.Context, w io.Writer) error {
	head := proto.CloneOf(&gromav1.Report{Survey: e.lean.Survey, Totals: e.lean.Totals, LeftOut: e.lean.LeftOut, Annotations: e.lean.Annotations})
	head.Projects, head.Warnings = e.lean.Projects, e.lean.Warnings
	data, err := canonical.MarshalIndent(head)
	if err != nil {
		return err
	}
	before, after, _ := bytes.Cut(data, []byte(noRepositories))
	out := bufio.NewWriter(w)
	out.Write(before)
	out.WriteString(strings.TrimSuffix(noRepositories, "]"))
	n := 0
	for row, err := range e.rows(ctx) {
		if err != nil {
			return err
		}
		if err := writeElement(out, row, n); err != nil {
			return err
		}
		n++
	}
	if n > 0 {
		out.WriteString("\n  ")
	}
	out.WriteString("]")
	out.Write(after)
	return out.Flush()
}

// noRepositories is how report.json says that there are none. No text within it
// can look so, since a line end within a text is written \n.
const noRepositories = "\n  \"repositories\": []"

// writeElement writes an element of a list one level deep.
func writeElement(out *bufio.Writer, row *gromav1.Repository, n int) error {
	line, err := canonical.Marshal(row)
	if err != nil {
		return err
	}
	if n > 0 {
		out.WriteByte(',')
	}
	out.WriteString("\n    ")
	var indented bytes.Buffer
	if err := json.Indent(&indented, line, "    ", "  "); err != nil {
		return err
	}
	_, err = out.Write(indented.Bytes())
	return err
}

// rows are all rows of the report, in order, each made when it is asked for.
func (e *edition) rows(ctx context.Context) iter.Seq2[*gromav1.Repository, error] {
	return func(yield func(*gromav1.Repository, error) bool) {
		manifest, err := Manifest(ctx, e.store, e.manifest.Survey)
		if err != nil {
			yield(nil, err)
			return
		}
		planned := manifest.GetLandscape().GetRepositories()
		settled := e.lean.Repositories // sorted by key, as those of a manifest are
		for shard := int64(0); len(planned) > 0; shard++ {
			size := min(len(planned), int(max(manifest.ShardSize, 1)))
			rows := map[string]*gromav1.Row{}
			if shard < e.shards {
				found, err := e.shardRows(ctx, manifest, shard)
				if err != nil {
					yield(nil, err)
					return
				}
				for _, row := range found {
					rows[row.GetTaken().GetKey()] = row
				}
			}
			for i, p := range planned[:size] {
				if !yield(report.Whole(settled[i], p, rows[p.Key]), nil) {
					return
				}
			}
			planned, settled = planned[size:], settled[size:]
		}
	}
}

// shardRows are the rows of a shard. A summary that is damaged fails the
// repositories of its shard and no others: the report is made.
func (e *edition) shardRows(ctx context.Context, manifest *gromav1.Manifest, shard int64) ([]*gromav1.Row, error) {
	rows, err := shardRows(ctx, e.store, e.summaries.key(shard))
	if fault.KindOf(err) != fault.Invalid {
		return rows, err
	}
	targets, failed := Targets(manifest, shard)
	for _, target := range targets {
		rows = append(rows, &gromav1.Row{Taken: &gromav1.Taken{Key: target.Key, Outcome: "failed",
			Reason: "what came of it was kept and cannot be read any more; survey again: " + err.Error()}})
	}
	return rows, failed
}

func shardRows(ctx context.Context, store artefact.Store, key string) ([]*gromav1.Row, error) {
	packed, err := store.Get(ctx, key)
	if errors.Is(err, artefact.ErrMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	summary, err := unpackSummary(key, packed)
	return summary.GetRows(), err
}

func unpackSummary(key string, packed []byte) (*gromav1.ShardSummary, error) {
	data, err := decoder().DecodeAll(packed, nil)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "%s: %w", key, err)
	}
	summary := &gromav1.ShardSummary{}
	if err := proto.Unmarshal(data, summary); err != nil {
		return nil, fault.Errorf(fault.Invalid, "%s: %w", key, err)
	}
	return summary, nil
}

// encoder and decoder are safe for concurrent use by EncodeAll and DecodeAll.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder { return must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))) })
	decoder = sync.OnceValue(func() *zstd.Decoder {
		return must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSummary)))
	})
)

// maxSummary bounds a summary's inflated size: some hundred repositories of
// some hundred languages are far from it.
const maxSummary = 256 << 20

func must[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("survey: %v", err)) // options are constants
	}
	return value
}
