package survey

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	"groma/internal/source"
	"groma/internal/tally"
	gromav1 "groma/proto/groma/v1"
)

// What a survey's limits are where a request does not say. They are written
// into its spec, so that whoever says nothing asks for the same as who says
// this. The figures are those of package census.
const (
	defaultFileBytes       = tally.DefaultFileBytes
	defaultRepositoryBytes = 4 << 30
	defaultSeconds         = 30 * 60
)

// Begin makes ready to start the survey that is asked for: it reads what has to
// be read, completes the spec, finds an id that is not in use, and keeps the
// sources and what was asked. The survey may never start; what is kept then is
// in nobody's way.
func Begin(ctx context.Context, store artefact.Store, request *gromav1.StartSurveyRequest, now time.Time) (*gromav1.SurveyRequest, error) {
	request, err := ReadDocuments(ctx, nil, request)
	if err != nil {
		return nil, err
	}
	spec, sources, err := Complete(request)
	if err != nil {
		return nil, err
	}
	id, started, err := Unused(ctx, store, spec, now.UTC().Truncate(time.Second))
	if err != nil {
		return nil, err
	}
	if err := KeepSources(ctx, store, id, sources); err != nil {
		return nil, err
	}
	begun := &gromav1.SurveyRequest{Survey: id, Spec: spec, StartedAt: timestamppb.New(started), Window: request.Window, ShardSize: request.ShardSize}
	data, err := canonical.MarshalIndent(begun)
	if err != nil {
		return nil, err
	}
	return begun, createOnce(ctx, store, artefact.RequestKey(id), data)
}

// Request reads how a survey was asked for. Surveys of earlier versions have
// kept that in their manifest alone.
func Request(ctx context.Context, store artefact.Store, id string) (*gromav1.SurveyRequest, error) {
	request := &gromav1.SurveyRequest{}
	return request, get(ctx, store, artefact.RequestKey(id), request)
}

// ReadDocuments returns a request with the documents in it that its spec names
// and it does not have. They are read as remote reads, a nil one from https and
// public addresses alone: a request may come from anywhere, and must not have
// files of this machine or its network read.
func ReadDocuments(ctx context.Context, remote *source.Remote, request *gromav1.StartSurveyRequest) (*gromav1.StartSurveyRequest, error) {
	whole := &gromav1.StartSurveyRequest{
		Spec: proto.CloneOf(request.GetSpec()), Document: request.GetDocument(), Clomonitor: request.GetClomonitor(),
		Annotations: request.GetAnnotations(), Window: request.GetWindow(), ShardSize: request.GetShardSize(),
	}
	if whole.Spec == nil {
		whole.Spec = &gromav1.SurveySpec{}
	}
	if len(whole.Document) == 0 {
		if err := readSource(ctx, remote, whole); err != nil {
			return nil, fault.Errorf(fault.KindOf(err), "source: %w", err)
		}
	}
	var err error
	if whole.Clomonitor, err = readBeside(ctx, remote, whole.Clomonitor, whole.Spec.Clomonitor); err != nil {
		return nil, fault.Errorf(fault.KindOf(err), "clomonitor: %w", err)
	}
	if whole.Annotations, err = readBeside(ctx, remote, whole.Annotations, whole.Spec.Annotations); err != nil {
		return nil, fault.Errorf(fault.KindOf(err), "annotations: %w", err)
	}
	return whole, nil
}

func readSource(ctx context.Context, remote *source.Remote, whole *gromav1.StartSurveyRequest) error {
	read, err := remote.Read(ctx, whole.Spec.Source)
	if err != nil {
		return err
	}
	whole.Document = read.Document.Data
	whole.Spec.Kind = cmp.Or(whole.Spec.Kind, string(read.Kind))
	whole.Spec.Name = cmp.Or(whole.Spec.Name, read.Document.Name)
	return nil
}

func readBeside(ctx context.Context, remote *source.Remote, sent []byte, name string) ([]byte, error) {
	if len(sent) > 0 || name == "" {
		return sent, nil
	}
	document, err := remote.ReadFile(ctx, name)
	return document.Data, err
}

// Complete returns the spec of a request that has its documents, with their
// digests and with whatever the request leaves open, and the documents as they
// are kept: without credentials in addresses. Requests for the same thing have
// equal specs.
func Complete(request *gromav1.StartSurveyRequest) (*gromav1.SurveySpec, Sources, error) {
	spec := proto.CloneOf(request.GetSpec())
	if spec == nil {
		spec = &gromav1.SurveySpec{}
	}
	// First of all, since documents have their names from it.
	spec.Source, spec.Clomonitor, spec.Annotations = Shown(spec.Source), Shown(spec.Clomonitor), Shown(spec.Annotations)
	sources, err := completeSources(spec, request)
	if err != nil {
		return nil, Sources{}, err
	}
	if spec.Languages, err = tally.LanguagesNamed(spec.Languages); err != nil {
		return nil, Sources{}, fault.Errorf(fault.Invalid, "%w", err)
	}
	if spec.Filter == nil {
		spec.Filter = &gromav1.Filter{}
	}
	if spec.Limits == nil {
		spec.Limits = &gromav1.Limits{}
	}
	spec.Limits.FileBytes = cmp.Or(spec.Limits.FileBytes, defaultFileBytes)
	spec.Limits.RepositoryBytes = cmp.Or(spec.Limits.RepositoryBytes, defaultRepositoryBytes)
	spec.Limits.Seconds = cmp.Or(spec.Limits.Seconds, defaultSeconds)
	return spec, sources, nil
}

// completeSources says in the spec what the documents are.
func completeSources(spec *gromav1.SurveySpec, request *gromav1.StartSurveyRequest) (sources Sources, err error) {
	if spec.Name == "" {
		spec.Name = path.Base(cmp.Or(spec.Source, "landscape"))
	}
	sources.Landscape = landscape.Document{Name: spec.Name, Data: landscape.Redact(request.GetDocument())}
	if spec.Kind == "" || len(sources.Landscape.Data) == 0 {
		read, err := source.Sniff(sources.Landscape)
		if err != nil {
			return Sources{}, err
		}
		spec.Kind = string(read.Kind)
	}
	spec.Sha256 = digest(sources.Landscape.Data)
	spec.ClomonitorSha256, spec.AnnotationsSha256 = "", ""
	if data := landscape.Redact(request.GetClomonitor()); len(data) > 0 {
		spec.Clomonitor = cmp.Or(spec.Clomonitor, "clomonitor.yaml")
		spec.ClomonitorSha256 = digest(data)
		sources.Clomonitor = &landscape.Document{Name: path.Base(spec.Clomonitor), Data: data}
	}
	if data := landscape.Redact(request.GetAnnotations()); len(data) > 0 {
		spec.Annotations = cmp.Or(spec.Annotations, "annotations.yml")
		spec.AnnotationsSha256 = digest(data)
		sources.Annotations = &landscape.Document{Name: path.Base(spec.Annotations), Data: data}
		if _, err := annotation.Parse(sources.Annotations.Name, data); err != nil {
			return Sources{}, fault.Errorf(fault.Invalid, "annotations: %w", err)
		}
	}
	return sources, nil
}

// Shown is what names a document as it may be kept: an address without its
// credentials and without its query, where raw files of private repositories
// have a token.
func Shown(name string) string {
	name = string(landscape.Redact([]byte(name)))
	if strings.Contains(name, "://") {
		name, _, _ = strings.Cut(name, "#")
		name, _, _ = strings.Cut(name, "?")
	}
	return name
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
