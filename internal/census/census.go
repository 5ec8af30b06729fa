// Package census takes one repository's whole census: it probes, fetches,
// counts and keeps, in plain Go.
//
// Everything a repository needs is made for it and thrown away after it, so
// that one repository never harms another. A failure that another try cannot
// mend is an outcome, not an error.
package census

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"groma/internal/artefact"
	"groma/internal/canonical"
	"groma/internal/fault"
	"groma/internal/gitwire"
	"groma/internal/landscape"
	"groma/internal/tally"
	"groma/internal/telemetry"
	"groma/internal/vitals"
	gromav1 "groma/proto/groma/v1"
)

// What bounds a census where the survey does not say.
const (
	DefaultRepositoryBytes = 4 << 30
	DefaultTime            = 30 * time.Minute
)

// A Request asks for the census of one repository.
type Request struct {
	Survey  string // empty for a census by itself
	Key     string // host/owner/name
	Address string
	Branch  string    // empty for the remote's default branch
	Commit  string    // empty for the branch's head
	AsOf    time.Time // what the branch had then; zero for its head
	Limits  *gromav1.Limits
	// Recount counts a commit again that is counted, from everything, and
	// fails unless the tally is the same.
	Recount bool
	// Windows are those of the vitals; none asks for none.
	Windows []vitals.Window
	// Words asks for what the documents say.
	Words bool
	// Last says that there is no try after this one: a repository then goes
	// without what is kept beside its count, rather than without its count.
	Last bool
}

// RequestFor asks for what a survey asks of one of its repositories.
func RequestFor(survey string, target *gromav1.CensusTarget, limits *gromav1.Limits) Request {
	request := Request{
		Survey: survey, Key: target.GetKey(), Address: target.GetAddress(), Branch: target.GetBranch(), Limits: limits,
		Recount: target.GetRecount(), Words: true,
	}
	if at := target.GetAsOf(); at != nil {
		request.AsOf = at.AsTime()
	}
	for _, w := range target.GetWindows() {
		request.Windows = append(request.Windows, vitals.Window{Name: w.Name, From: w.GetFrom().AsTime(), Until: w.GetUntil().AsTime()})
	}
	return request
}

// A Taker takes censuses, any number at a time.
type Taker struct {
	Git   *gitwire.Client
	Store artefact.Store
	// Contents are remembered from one repository to the next; nil remembers
	// nothing.
	Contents *Contents
	// Metrics hear of censuses; nil ones do not.
	Metrics *telemetry.Metrics
	// Log hears of panics; nil does not.
	Log *slog.Logger
}

// Take takes the census of one repository and keeps it. It fails only if
// another try can help. A panic is an outcome, too: failed, for the same
// contents bring it about again.
func (t *Taker) Take(ctx context.Context, request Request) (*gromav1.Taken, error) {
	ctx, done := t.Metrics.Census(ctx, request.Survey, request.Key)
	taken := &gromav1.Taken{Key: request.Key}
	err := t.takeInTime(ctx, request, taken)
	done(telemetry.Census{Outcome: taken.Outcome, Commit: taken.Commit, Bytes: taken.BytesReceived, Err: err})
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// takeInTime takes a census within the time that it may take. What comes of it,
// or came until it failed, is in taken.
func (t *Taker) takeInTime(ctx context.Context, request Request, taken *gromav1.Taken) error {
	start := time.Now()
	limited, cancel := context.WithTimeoutCause(ctx, limitOf(request.Limits), errTime)
	defer cancel()
	err := t.take(limited, request, taken)
	taken.Seconds = time.Since(start).Seconds()
	if err == nil {
		return nil
	}
	if context.Cause(limited) == errTime && taken.Commit != "" { // the count is kept
		if len(request.Windows) > 0 && taken.Vitals == "" {
			taken.WithoutVitals = "the time that a repository may take was over"
		}
		return nil
	}
	if context.Cause(limited) == errTime {
		err = fault.Errorf(fault.TimedOut, "it took longer than the %s that a repository may take", limitOf(request.Limits))
		settle(taken, request, err)
		return nil
	}
	if !fault.KindOf(err).Permanent() {
		return err
	}
	logBug(ctx, t.log(request), err)
	settle(taken, request, err)
	return nil
}

var errTime = errors.New("the census has used up its time")

func limitOf(limits *gromav1.Limits) time.Duration {
	if s := limits.GetSeconds(); s > 0 {
		return time.Duration(s) * time.Second
	}
	return DefaultTime
}

func (t *Taker) take(ctx context.Context, request Request, taken *gromav1.Taken) (err error) {
	defer fault.Catch(&err)
	remote, err := t.probe(ctx, request)
	if err != nil {
		return err
	}
	defer remote.Close()
	defer func() { taken.Requests, taken.BytesReceived = remote.Wire() }()
	taken.Branch, taken.MovedTo = fault.Clip(remote.Head.Branch, longest), movedKey(request.Key, remote.MovedTo)

	home := request.Key
	if taken.MovedTo != "" {
		home = taken.MovedTo
	}
	method := tally.Method(request.Limits.GetFileBytes())
	census, err := t.census(ctx, remote, request, home, method, taken)
	if err != nil {
		return err
	}
	taken.Commit, taken.Method = census.Commit, method
	return t.beside(ctx, remote, request, home, taken)
}

func (t *Taker) probe(ctx context.Context, request Request) (*gitwire.Remote, error) {
	ctx, done := t.Metrics.Phase(ctx, telemetry.Probe)
	remote, err := t.Git.Probe(ctx, gitwire.Request{Address: request.Address, Branch: request.Branch, Commit: request.Commit, AsOf: request.AsOf})
	done(err)
	return remote, err
}

// census is the census of what a remote has: the one that is kept, or one that
// is taken now. It says in taken what was done.
func (t *Taker) census(ctx context.Context, remote *gitwire.Remote, request Request, home, method string, taken *gromav1.Taken) (*gromav1.Census, error) {
	kept, err := t.kept(ctx, home, remote.Head.Commit, method)
	switch {
	case err != nil:
		return nil, err
	case kept == nil:
		kept, err = t.count(ctx, remote, request, home, method)
		taken.Outcome, taken.BlobsCounted = "counted", kept.GetBlobsCounted()
	case kept.Survey == request.Survey: // by us, in an earlier try
		taken.Outcome, taken.BlobsCounted = "counted", kept.BlobsCounted
	case request.Recount:
		taken.Outcome = "counted"
		taken.BlobsCounted, err = t.recount(ctx, remote, request, kept)
	default:
		taken.Outcome = "reused"
	}
	return kept, err
}

// kept returns the census that is kept of a commit, or nil.
func (t *Taker) kept(ctx context.Context, key, commit, method string) (*gromav1.Census, error) {
	if commit == "" {
		return nil, nil
	}
	data, err := t.Store.Get(ctx, artefact.CensusKey(key, commit, method))
	if errors.Is(err, artefact.ErrMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	census := &gromav1.Census{}
	if err := canonical.Unmarshal(data, census); err != nil {
		return nil, fault.Errorf(fault.Invalid, "its kept census is damaged; delete %s to count it again: %w", artefact.CensusKey(key, commit, method), err)
	}
	return census, nil
}

// recount counts again from everything what is counted, and compares. Equal
// methods mean equal tallies: if they differ, something is broken, and nobody
// but a person can say which of the two is right.
func (t *Taker) recount(ctx context.Context, remote *gitwire.Remote, request Request, kept *gromav1.Census) (blobs int64, err error) {
	counted, err := Count(ctx, remote, request.Limits, Options{Metrics: t.Metrics, Log: t.log(request)})
	if err != nil {
		return 0, err
	}
	what := difference(kept, counted.Census)
	if what == "" {
		if what, err = t.otherList(ctx, kept, counted.Files); err != nil {
			return 0, err
		}
	}
	if what != "" {
		return 0, fault.Errorf(fault.Invalid, "counted again it is another census: %s; delete %s to have the new one kept",
			what, artefact.CensusKey(kept.Key, kept.Commit, kept.Method))
	}
	return counted.Census.BlobsCounted, nil
}

// count counts what the remote has and keeps it: the census last, since it says
// that all is there.
func (t *Taker) count(ctx context.Context, remote *gitwire.Remote, request Request, home, method string) (*gromav1.Census, error) {
	options := Options{Words: request.Words, Metrics: t.Metrics, Log: t.log(request)}
	if !request.Recount {
		earlier, err := t.earlier(ctx, home, remote.Head.Commit, method)
		if err != nil {
			return nil, err
		}
		options.Earlier, options.Contents = earlier, t.Contents
	}
	counted, err := Count(ctx, remote, request.Limits, options)
	if err != nil {
		return nil, err
	}
	census := counted.Census
	census.Key, census.Method, census.Survey = home, method, request.Survey
	ctx, done := t.Metrics.Phase(ctx, telemetry.Keep)
	kept, err := t.keep(ctx, counted)
	done(err)
	return kept, err
}

// keep keeps what was counted, or returns what somebody who was faster has kept,
// with the same tally.
func (t *Taker) keep(ctx context.Context, counted *Counted) (*gromav1.Census, error) {
	census := counted.Census
	list, err := packFiles(counted.Files)
	if err != nil {
		return nil, err
	}
	data, err := canonical.MarshalIndent(census)
	if err != nil {
		return nil, err
	}
	err = t.Store.Create(ctx, artefact.FilesKey(census.Key, census.Commit, census.Method), list)
	if err != nil && !errors.Is(err, artefact.ErrExists) {
		return nil, err
	}
	if w := counted.Words; w != nil {
		w.Key = census.Key
		if err := t.create(ctx, artefact.WordsKey(w.Key, w.Commit, w.Rules), w); err != nil {
			return nil, err
		}
	}
	err = t.Store.Create(ctx, artefact.CountedKey(census.Key, census.Commit, census.Method, census.CommittedAt.AsTime()), nil)
	if err != nil && !errors.Is(err, artefact.ErrExists) {
		return nil, err
	}
	err = t.Store.Create(ctx, artefact.CensusKey(census.Key, census.Commit, census.Method), data)
	if errors.Is(err, artefact.ErrExists) {
		return t.kept(ctx, census.Key, census.Commit, census.Method)
	}
	return census, err
}

// movedKey is the key of the address that a remote redirected to, or empty if
// it is the same repository still.
func movedKey(key, address string) string {
	if address == "" {
		return ""
	}
	to, err := landscape.ParseAddress(address)
	if err != nil || to.Key == key || len(to.Key) > longest {
		return ""
	}
	return to.Key
}

// settle makes a failure the outcome of a repository.
func settle(taken *gromav1.Taken, request Request, err error) {
	taken.Outcome, taken.Reason = Outcome(fault.KindOf(err)), reason(request, err)
}

// reason is an error for the row of a repository, which has the address.
func reason(request Request, err error) string {
	return fault.Clip(strings.TrimPrefix(err.Error(), request.Address+": "), longest)
}

// Outcome is what a repository ends in that failed for good in this way.
func Outcome(kind fault.Kind) string {
	switch kind {
	case fault.NotFound, fault.Denied, fault.Empty, fault.TooLarge, fault.TimedOut, fault.Unsupported:
		return string(kind)
	}
	return "failed"
}

// longest bounds what a stranger's server can put into one field of a payload.
const longest = 300
