// Package survey plans surveys, seals their shards, aggregates their reports and
// revises them, in plain Go.
//
// Each step reads what the steps before it kept and keeps what it makes, once:
// taking a step again finds what is there, so a survey can be stopped between
// any two steps and go on. A report never changes: what a rescan finds makes
// another edition of it, and no edition is ever lost.
package survey

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/annotation"
	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	"groma/internal/landscape"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// DefaultShardSize is how many repositories a shard has unless somebody says
// otherwise: enough that storage is read in few pieces, few enough that a
// workflow's history stays far within its limits.
const DefaultShardSize = 500

// MaxShardSize keeps what a shard's repositories are called and came to within
// one payload of Temporal's, 2 MiB; maxShards keeps a survey within its history.
const (
	MaxShardSize = 1000
	maxShards    = 2000
)

// longestAddress is how long a repository's key, address and branch may be
// together. Hosts allow far less; what is longer is no repository.
const longestAddress = 1000

// A Sources is the documents that a survey is of, as they were read.
type Sources struct {
	Landscape  landscape.Document
	Clomonitor *landscape.Document // nil for none
	// Annotations are an analyst's words, nil for none.
	Annotations *landscape.Document
}

// ID makes the name of a survey from what it is of and when it starts, for
// example cncf-landscape-20261122-073345-1f0c. Surveys of different things that
// start in the same second have different names.
func ID(spec *gromav1.SurveySpec, started time.Time) string {
	name := strings.TrimSuffix(spec.GetName(), path.Ext(spec.GetName()))
	return fmt.Sprintf("%s-%s-%s", landscape.Slug(name), started.UTC().Format("20060102-150405"), Fingerprint(spec)[:4])
}

// Unused is the ID of a survey that is begun now, or as many seconds later as
// others have taken the names before.
func Unused(ctx context.Context, store artefact.Store, spec *gromav1.SurveySpec, started time.Time) (string, time.Time, error) {
	for {
		id := ID(spec, started)
		taken, err := begunThen(ctx, store, id)
		if err != nil || !taken {
			return id, started, err
		}
		started = started.Add(time.Second)
	}
}

// begunThen reports whether a survey of the same name was begun in the same
// second. Which of two comes after the other is told by their seconds.
func begunThen(ctx context.Context, store artefact.Store, id string) (bool, error) {
	_, err := store.Get(ctx, artefact.SourceKey(id))
	if !errors.Is(err, artefact.ErrMissing) {
		return err == nil, err
	}
	for _, err := range store.List(ctx, artefact.SurveysPrefix+id[:len(id)-len("1f0c")]) {
		return err == nil, err
	}
	return false, nil
}

// Fingerprint is a digest of what was asked for: equal specs have equal ones,
// whatever path the source was named by. A field that a later version adds
// changes no fingerprint as long as it is empty.
func Fingerprint(spec *gromav1.SurveySpec) string {
	spec = proto.Clone(spec).(*gromav1.SurveySpec)
	spec.Source, spec.Clomonitor, spec.Annotations = "", "", "" // their digests are there
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(spec)
	if err != nil {
		panic(err) // only invalid UTF-8 can do this, and arguments are checked for it
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])[:16]
}

// KeepSources keeps the documents of a survey, before it is planned.
func KeepSources(ctx context.Context, store artefact.Store, id string, sources Sources) error {
	documents := map[string]*landscape.Document{artefact.SourceKey(id): &sources.Landscape, artefact.JoinedKey(id): sources.Clomonitor,
		artefact.AnnotationsKey(id): sources.Annotations}
	for key, document := range documents {
		if document == nil {
			continue
		}
		if err := createOnce(ctx, store, key, document.Data); err != nil {
			return err
		}
	}
	return nil
}

// Plan reads the kept sources of a survey and keeps its manifest.
func Plan(ctx context.Context, store artefact.Store, request *gromav1.PlanRequest) (*gromav1.Manifest, error) {
	manifest, err := Manifest(ctx, store, request.Survey)
	if !errors.Is(err, artefact.ErrMissing) {
		return manifest, err
	}
	annotations, err := readAnnotations(ctx, store, request)
	if err != nil {
		return nil, err
	}
	read, err := readSources(ctx, store, request, annotations)
	if err != nil {
		return nil, err
	}
	manifest = &gromav1.Manifest{
		Survey:    request.Survey,
		StartedAt: request.StartedAt,
		Spec:      request.Spec,
		Method:    tally.Method(request.Spec.GetLimits().GetFileBytes()),
		Landscape: read,
		ShardSize: request.ShardSize,

		Annotations: annotations,
	}
	if manifest.ShardSize <= 0 {
		manifest.ShardSize = DefaultShardSize
	}
	if manifest.Windows, err = windows(request); err != nil {
		return nil, err
	}
	if n := Shards(manifest); n > maxShards {
		return nil, fault.Errorf(fault.Invalid, "%d repositories in shards of %d are %d shards, more than the %d that one survey may have; make shards larger (--shard-size)", len(read.Repositories), manifest.ShardSize, n, maxShards)
	}
	data, err := canonical.MarshalIndent(manifest)
	if err != nil {
		return nil, err
	}
	if err := createOnce(ctx, store, artefact.ManifestKey(request.Survey), data); err != nil {
		return nil, err
	}
	return Manifest(ctx, store, request.Survey)
}

// readAnnotations reads an analyst's words, or nil where there are none.
func readAnnotations(ctx context.Context, store artefact.Store, request *gromav1.PlanRequest) (*gromav1.Annotations, error) {
	if request.Spec.GetAnnotationsSha256() == "" {
		return nil, nil
	}
	data, err := store.Get(ctx, artefact.AnnotationsKey(request.Survey))
	if err != nil {
		return nil, err
	}
	read, err := annotation.Parse(path.Base(request.Spec.Annotations), data)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "read the annotations: %w", err)
	}
	return read, nil
}

func readSources(ctx context.Context, store artefact.Store, request *gromav1.PlanRequest, annotations *gromav1.Annotations) (*gromav1.Landscape, error) {
	data, err := store.Get(ctx, artefact.SourceKey(request.Survey))
	if err != nil {
		return nil, err
	}
	var joined *landscape.Document
	if request.Spec.GetClomonitorSha256() != "" {
		data, err := store.Get(ctx, artefact.JoinedKey(request.Survey))
		if err != nil {
			return nil, err
		}
		joined = &landscape.Document{Name: request.Spec.Clomonitor, Data: data}
	}
	source := landscape.Document{Name: request.Spec.GetName(), Data: data}
	read, err := landscape.Read(landscape.Kind(request.Spec.GetKind()), source, joined, request.Spec.GetFilter())
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "read the landscape: %w", err)
	}
	if annotations != nil {
		read = annotation.Apply(read, annotations)
	}
	if len(read.Repositories) == 0 {
		return nil, fault.Errorf(fault.Invalid, "the landscape %s has no repository to survey (%s); widen the filters", source.Name, leftOut(read))
	}
	for _, r := range read.Repositories {
		if r.Outcome == "" && len(r.Key)+len(r.Address)+len(r.Branch) > longestAddress {
			r.Outcome, r.Reason = "unsupported", "its address is too long to be a repository's"
		}
	}
	return read, nil
}

// Manifest reads what a survey set out to do.
func Manifest(ctx context.Context, store artefact.Store, id string) (*gromav1.Manifest, error) {
	manifest, key := &gromav1.Manifest{}, artefact.ManifestKey(id)
	err := get(ctx, store, key, manifest)
	if err == nil && manifest.ShardSize < 1 {
		err = fault.Errorf(fault.Invalid, "%s: its shards have %d repositories each", key, manifest.ShardSize)
	}
	return manifest, err
}

// Shards is how many shards a manifest has.
func Shards(manifest *gromav1.Manifest) int64 {
	n := int64(len(manifest.GetLandscape().GetRepositories()))
	return (n + manifest.ShardSize - 1) / manifest.ShardSize
}

// Decided are the outcomes that reading the landscape has decided, counted.
func Decided(manifest *gromav1.Manifest) map[string]int64 {
	outcomes := map[string]int64{}
	for _, r := range manifest.GetLandscape().GetRepositories() {
		if r.Outcome != "" {
			outcomes[r.Outcome]++
		}
	}
	return outcomes
}

// Targets are the repositories of one shard that have to be asked for, in the
// manifest's order.
func Targets(manifest *gromav1.Manifest, shard int64) ([]*gromav1.CensusTarget, error) {
	if shard < 0 || shard >= Shards(manifest) {
		return nil, fault.Errorf(fault.Invalid, "survey %s has no shard %d", manifest.Survey, shard)
	}
	repositories := manifest.GetLandscape().GetRepositories()
	from := shard * manifest.ShardSize
	to := min(from+manifest.ShardSize, int64(len(repositories)))
	targets := make([]*gromav1.CensusTarget, 0, to-from)
	for _, r := range repositories[from:to] {
		if r.Outcome != "" {
			continue // decided when the landscape was read
		}
		targets = append(targets, &gromav1.CensusTarget{
			Key: r.Key, Address: r.Address, Branch: r.Branch, AsOf: manifest.GetSpec().GetAsOf(), Recount: manifest.GetSpec().GetRecount(), Windows: manifest.GetWindows(),
		})
	}
	return targets, nil
}

// createOnce keeps data unless something is kept under the key already: then
// an earlier try of the same step finished, and its work stands.
func createOnce(ctx context.Context, store artefact.Store, key string, data []byte) error {
	err := store.Create(ctx, key, data)
	if errors.Is(err, artefact.ErrExists) {
		return nil
	}
	return err
}

func get(ctx context.Context, store artefact.Store, key string, m proto.Message) error {
	data, err := store.Get(ctx, key)
	if err != nil {
		return err
	}
	if err := canonical.Unmarshal(data, m); err != nil {
		return fault.Errorf(fault.Invalid, "%s: %w", key, err)
	}
	return nil
}

func leftOut(read *gromav1.Landscape) string {
	if len(read.LeftOut) == 0 {
		return "nothing was left out"
	}
	var total int64
	for _, n := range read.LeftOut {
		total += n
	}
	return fmt.Sprintf("%d of %d items were left out", total, read.Items)
}

// now is the time of the clock.
func now() *timestamppb.Timestamp { return toSecond(timestamppb.Now()) }

// toSecond cuts a time to its second: reports are for people.
func toSecond(t *timestamppb.Timestamp) *timestamppb.Timestamp {
	return &timestamppb.Timestamp{Seconds: t.GetSeconds()}
}
