package artefact

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"groma/internal/fault"
)

// ErrReadOnly says that storage answers and lists, but lets nothing be kept.
var ErrReadOnly = errors.New("storage lets nothing be kept by who asks")

// An Examination is what [Examine] saw.
type Examination struct {
	// Clock says how far the server's clock is ahead of this machine's, give
	// or take a second; Told whether the server said.
	Clock time.Duration
	Told  bool
	// TLS is how the connection is kept private; its version is 0 if it is not.
	TLS tls.ConnectionState
	// Left is the key of a probe that could not be deleted, empty if none.
	Left string
}

// Examine asks the storage at an address, as [Open] takes it, for everything
// that a survey needs of it: to list, to keep, and to refuse what is kept
// already or has changed. It deletes what it kept, and makes no folder that was not there.
//
// Failures are faults: Invalid for an address that cannot be read, Unavailable
// for a server that does not answer, Denied for keys that it does not accept,
// NotFound for a bucket that is not there, Unsupported for storage that would
// let an artefact be overwritten; or [ErrReadOnly]. An Examination is filled
// as far as it went.
func Examine(ctx context.Context, address string, secrets Secrets) (Examination, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" && u.Scheme != "s3" || u.User != nil || u.Scheme == "file" && (u.Host != "" || u.Path == "") {
		_, err := Open(ctx, address, secrets) // knows what is wrong with it
		return Examination{}, fault.Errorf(fault.Invalid, "%w", err)
	}
	if u.Scheme == "file" {
		return Examination{}, examineFolder(ctx, u.Path)
	}
	config, err := s3Config(u, secrets)
	if err != nil {
		return Examination{}, fault.Errorf(fault.Invalid, "%w", err)
	}
	return examineS3(ctx, config)
}

// examineFolder keeps something twice in a folder of its own, in the storage
// folder or in what is there of the way to it.
func examineFolder(ctx context.Context, root string) error {
	place := filepath.Join(root, incoming) // which no listing looks into
	for {
		info, err := os.Stat(place)
		if err == nil && info.IsDir() {
			break
		}
		if err == nil {
			return fault.Errorf(fault.Invalid, "%s is no folder", place)
		}
		if parent := filepath.Dir(place); parent != place {
			place = parent
			continue
		}
		return err
	}
	trial, err := os.MkdirTemp(place, ".groma-trial-")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	defer os.RemoveAll(trial)
	f, err := NewFolder(trial)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	_, err = probe(ctx, f)
	return err
}

func examineS3(ctx context.Context, config S3Config) (Examination, error) {
	transport, err := config.transport()
	if err != nil {
		return Examination{}, err
	}
	watch := &clockWatch{next: transport}
	s, err := connectS3(config, watch, 1)
	if err != nil {
		return Examination{}, fault.Errorf(fault.Invalid, "%w", err)
	}
	defer transport.CloseIdleConnections()
	key, err := s.examine(ctx)
	e := Examination{}
	e.Clock, e.Told, e.TLS = watch.read()
	if key != "" && s.remove(ctx, key) != nil {
		e.Left = s.prefix + key
	}
	return e, err
}

// examine returns the key of what it kept.
func (s *S3) examine(ctx context.Context) (key string, err error) {
	if err := s.listsOne(ctx); err != nil {
		return "", refused(ctx, err)
	}
	key, err = s.probe(ctx)
	var answer minio.ErrorResponse
	errors.As(err, &answer)
	switch {
	case err == nil, fault.KindOf(err) == fault.Unsupported:
		return key, err
	case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusMethodNotAllowed:
		return key, fmt.Errorf("%w: %w", ErrReadOnly, err)
	case answer.StatusCode == http.StatusNotImplemented:
		return key, fault.Errorf(fault.Unsupported, "the server does not know If-None-Match or If-Match: %w", err)
	}
	return key, refused(ctx, err)
}

// listsOne asks for the first key, if there is any.
func (s *S3) listsOne(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing's goroutine
	first := <-s.core.Client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix, MaxKeys: 1})
	return s.keys.hide(first.Err)
}

// refused gives a failure of S3 its kind.
func refused(ctx context.Context, err error) error {
	var answer minio.ErrorResponse
	answered := errors.As(err, &answer)
	switch {
	case !answered || ctx.Err() != nil:
		return fault.Errorf(fault.Unavailable, "%w", err)
	case answer.Code == minio.NoSuchBucket:
		return fault.Errorf(fault.NotFound, "%w", err)
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return fault.Errorf(fault.Denied, "%w", err)
	}
	return fault.Errorf(fault.Unavailable, "%w", err)
}

// clockWatch reads the clock of the server in its answers, and how they came.
type clockWatch struct {
	next http.RoundTripper

	mu    sync.Mutex
	ahead time.Duration
	told  bool
	tls   tls.ConnectionState
}

func (w *clockWatch) RoundTrip(request *http.Request) (*http.Response, error) {
	began := time.Now()
	answer, err := w.next.RoundTrip(request)
	if err != nil {
		return answer, err
	}
	if answer.TLS != nil {
		w.mu.Lock()
		w.tls = *answer.TLS
		w.mu.Unlock()
	}
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		middle := began.Add(time.Since(began) / 2)
		w.mu.Lock()
		w.ahead, w.told = date.Add(time.Second/2).Sub(middle), true // a date is cut to its second
		w.mu.Unlock()
	}
	return answer, nil
}

func (w *clockWatch) read() (ahead time.Duration, told bool, secure tls.ConnectionState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ahead, w.told, w.tls
}
