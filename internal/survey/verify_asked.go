package survey

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// editionsKept looks whether editions.json is lost: without it a survey has only
// its first edition, as those of earlier versions do.
func (v *verifier) editionsKept(ctx context.Context) error {
	id := v.request.Survey
	_, err := v.store.Get(ctx, artefact.EditionsKey(id))
	if !errors.Is(err, artefact.ErrMissing) {
		return err
	}
	_, err = v.store.Get(ctx, artefact.ReportedKey(id))
	if err != nil && !errors.Is(err, artefact.ErrMissing) && fault.KindOf(err) != fault.Invalid {
		return err
	}
	if errors.Is(err, artefact.ErrMissing) && !v.summed(ctx, artefact.EditionKey(id, artefact.FirstEdition, "report.json")) {
		return nil
	}
	v.found(Finding{artefact.EditionsKey(id), "is missing, though it was kept", "put it back from a backup; without it only the first edition is known"})
	return nil
}

// summed says whether something is kept with its checksum. What a version has
// kept that knows checksums has all beside it that versions before them had not.
func (v *verifier) summed(ctx context.Context, key string) bool {
	_, checked, _ := artefact.Checked(ctx, v.store.Store, key)
	return checked
}

// documents looks at what was asked for: the sources against their digests, and
// everything that repeats the spec against the manifest's.
func (v *verifier) documents(ctx context.Context) error {
	id, spec := v.request.Survey, v.manifest.GetSpec()
	keys := keysOfAll(v.manifest)
	if !slices.IsSorted(keys) || len(slices.Compact(keys)) != len(v.manifest.GetLandscape().GetRepositories()) {
		v.found(wrong(artefact.ManifestKey(id), "has its repositories out of order, or one of them twice"))
	}
	for _, d := range []struct{ key, sum string }{
		{artefact.SourceKey(id), spec.GetSha256()}, {artefact.JoinedKey(id), spec.GetClomonitorSha256()}, {artefact.AnnotationsKey(id), spec.GetAnnotationsSha256()},
	} {
		if err := v.document(ctx, d.key, d.sum); err != nil {
			return err
		}
	}
	request, reported := &gromav1.SurveyRequest{}, &gromav1.ReportedSurvey{}
	for _, d := range []struct {
		key  string
		of   proto.Message
		spec func() *gromav1.SurveySpec
	}{{artefact.RequestKey(id), request, request.GetSpec}, {artefact.ReportedKey(id), reported, reported.GetSpec}} {
		err := get(ctx, v.store, d.key, d.of)
		if errors.Is(err, artefact.ErrMissing) {
			if err := v.absent(ctx, d.key); err != nil {
				return err
			}
			continue
		}
		findings, err := unread(d.key, err)
		if err != nil {
			return err
		}
		if v.found(findings...); len(findings) == 0 && !proto.Equal(d.spec(), spec) {
			v.found(wrong(d.key, "asks for something else than the manifest does"))
		}
	}
	if request.Survey != "" && request.Survey != id {
		v.found(wrong(artefact.RequestKey(id), "is of another survey, %q", request.Survey))
	}
	if said := v.editions.Cancelled; said != nil && reported.Spec != nil && *said != reported.Cancelled {
		v.found(wrong(artefact.EditionsKey(id), "says of whether the survey was cancelled the opposite of %s", artefact.ReportedKey(id)))
	}
	return nil
}

// absent is told of request.json and reported/, which surveys of earlier versions
// have not. It is a finding where the survey is none of them: its manifest or its
// report has a checksum, or it has an editions.json, which comes with reported/.
func (v *verifier) absent(ctx context.Context, key string) error {
	id := v.request.Survey
	if key == artefact.RequestKey(id) {
		if v.summed(ctx, artefact.ManifestKey(id)) {
			v.found(Finding{key, "is missing, though it was kept", "put it back from a backup; a survey that has a report does without it"})
		}
		return nil
	}
	_, err := v.store.Get(ctx, artefact.EditionsKey(id))
	if err != nil && !errors.Is(err, artefact.ErrMissing) {
		return err
	}
	if err == nil || v.summed(ctx, artefact.EditionKey(id, artefact.FirstEdition, "report.json")) {
		v.found(Finding{key, "is missing, though it was kept",
			"put it back from a backup, or delete " + artefact.OlderKey + ", if it is there, to have it made again; without it no rescan revises this survey"})
	}
	return nil
}

func (v *verifier) document(ctx context.Context, key, sum string) error {
	if sum == "" {
		return nil
	}
	data, err := v.store.Get(ctx, key)
	findings, err := unread(key, err)
	if err != nil {
		return err
	}
	v.found(findings...)
	if len(findings) == 0 && digest(data) != sum {
		v.found(wrong(key, "has the SHA-256 %s, the survey is of %s", digest(data), sum))
	}
	return nil
}
