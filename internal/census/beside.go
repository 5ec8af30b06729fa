package census

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	"groma/internal/gitwire"
	"groma/internal/telemetry"
	"groma/internal/vitals"
	gromav1 "groma/proto/groma/v1"
)

// beside keeps what is asked for of a commit beside its count. It fails only if
// another try can help and there is one: whatever happens here, the count is kept.
func (t *Taker) beside(ctx context.Context, remote *gitwire.Remote, request Request, home string, taken *gromav1.Taken) error {
	giveUp := func(err error) bool {
		logBug(ctx, t.log(request), err)
		return ctx.Err() == nil && (fault.KindOf(err).Permanent() || request.Last)
	}
	if err := t.keepWords(ctx, remote, request, home, taken); err != nil && !giveUp(err) {
		return err
	}
	err := t.keepVitals(ctx, remote, request, home, taken)
	if err != nil && giveUp(err) {
		taken.WithoutVitals = reason(request, err)
		return nil
	}
	return err
}

// keepVitals keeps what the history of a commit says, unless it is kept.
func (t *Taker) keepVitals(ctx context.Context, remote *gitwire.Remote, request Request, home string, taken *gromav1.Taken) (err error) {
	defer fault.Catch(&err)
	if len(request.Windows) == 0 {
		return nil
	}
	method := vitals.Method(request.Windows)
	_, err = t.Store.Get(ctx, artefact.VitalsKey(home, taken.Commit, method))
	if errors.Is(err, artefact.ErrMissing) {
		measuring, done := t.Metrics.Phase(ctx, telemetry.Vitals)
		method, err = t.measure(measuring, remote, request, home, taken.Commit)
		done(err)
	}
	if err == nil {
		taken.Vitals = method
	}
	return err
}

// shallow is what the method of vitals ends in that a shallow clone was asked
// for: it may have its history one day.
const shallow = "-shallow"

// measure asks for a history and keeps what it says, by the method it returns.
func (t *Taker) measure(ctx context.Context, remote *gitwire.Remote, request Request, home, commit string) (method string, err error) {
	requests, received := remote.Wire()
	v, err := vitals.Of(ctx, remote, request.Windows)
	if err != nil {
		return "", err
	}
	method = vitals.Method(request.Windows)
	if slices.ContainsFunc(v.Bounds, func(b *gromav1.Bound) bool { return b.What == "shallow" }) {
		method += shallow
	}
	v.Key = home
	v.Wire = &gromav1.Wire{}
	v.Wire.Requests, v.Wire.BytesReceived = remote.Wire()
	v.Wire.Requests -= requests
	v.Wire.BytesReceived -= received
	return method, t.create(ctx, artefact.VitalsKey(home, commit, method), v)
}

// create keeps a message as JSON, unless somebody was faster.
func (t *Taker) create(ctx context.Context, key string, m proto.Message) error {
	data, err := canonical.MarshalIndent(m)
	if err != nil {
		return err
	}
	err = t.Store.Create(ctx, key, data)
	if errors.Is(err, artefact.ErrExists) {
		return nil
	}
	return err
}
