package artefact

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"groma/internal/conceal"
	"groma/internal/fault"
)

// S3 keeps artefacts in a bucket of any S3 that honours conditional writes.
type S3 struct {
	core   minio.Core
	bucket string
	prefix string // "" or ends in a slash
	plain  bool   // over HTTP, without TLS
	idle   time.Duration
	keys   *knownKeys
}

// longestIdle is how long nothing may come of an object that is being read.
const longestIdle = time.Minute

// S3Config says where a bucket is and who asks.
type S3Config struct {
	Endpoint string // host:port
	Plain    bool   // HTTP instead of HTTPS
	Region   string // empty asks the server
	Bucket   string
	Prefix   string // what every key begins with, empty for none

	Secrets
}

// NewS3 connects, and fails if the bucket cannot be reached or if the server
// does not honour conditional writes, on which "written once" rests.
func NewS3(ctx context.Context, config S3Config) (*S3, error) {
	s, err := connectS3(config, nil, 0)
	if err != nil {
		return nil, err
	}
	key, err := s.probe(ctx)
	if key != "" {
		_ = s.remove(ctx, key) // not all keys may; what is left is one byte
	}
	if err != nil {
		return nil, fmt.Errorf("artefact: bucket %s at %s: %w", config.Bucket, config.Endpoint, err)
	}
	return s, nil
}

// connectS3 asks nothing yet. Nil is the usual transport, and zero the usual
// number of tries.
func connectS3(config S3Config, transport http.RoundTripper, tries int) (*S3, error) {
	if err := config.Secrets.validate(); err != nil {
		return nil, fmt.Errorf("artefact: %w", err)
	}
	if transport == nil {
		var err error
		if transport, err = config.transport(); err != nil {
			return nil, err
		}
	}
	keys := &knownKeys{Provider: config.provider(), set: config.address()}
	core, err := minio.NewCore(config.Endpoint, &minio.Options{
		Creds:      credentials.New(keys),
		Secure:     !config.Plain,
		Region:     config.Region,
		Transport:  transport,
		MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("artefact: connect to %s: %w", config.Endpoint, err)
	}
	prefix := strings.Trim(config.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	return &S3{core: *core, bucket: config.Bucket, prefix: prefix, plain: config.Plain, idle: longestIdle, keys: keys}, nil
}

// transport is minio-go's own, with the TLS that is asked for, and less what it
// would tell of a proxy.
func (c S3Config) transport() (*http.Transport, error) {
	t, err := minio.DefaultTransport(!c.Plain)
	if err != nil {
		return nil, err
	}
	if c.TLS != nil {
		t.TLSClientConfig = c.TLS.Clone()
	}
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		return conceal.ProxyAnswer(answer.StatusCode)
	}
	return t, nil
}

// probe is [probe], and has the server refuse a write whose If-Match does not
// hold any more, which [S3.Swap] sends only where two swap at once. It returns the key if anything may be under it.
func (s *S3) probe(ctx context.Context) (key string, err error) {
	key, err = probe(ctx, s)
	if err != nil {
		return key, err
	}
	_, stale, _, err := s.get(ctx, key)
	if err != nil {
		return key, err
	}
	if err := s.Swap(ctx, key, []byte("3"), []byte("4")); err != nil {
		return key, fmt.Errorf("swap an object again, by If-Match: %w", err)
	}
	err = s.put(ctx, key, []byte("5"), func(o *minio.PutObjectOptions) { o.SetMatchETag(stale) })
	if err == nil {
		return key, fault.Errorf(fault.Unsupported, "the server ignores If-Match, so one of two writes at once could be lost; use an S3 that honours conditional writes")
	}
	if !refusedCondition(err) {
		return key, fmt.Errorf("write an object that has changed, by If-Match: %w", err)
	}
	data, err := s.Get(ctx, key)
	if err == nil && string(data) != "4" {
		return key, fault.Errorf(fault.Unsupported, "the server refuses a write by If-Match, and keeps it all the same; use an S3 that honours conditional writes")
	}
	return key, err
}

// probe keeps two things under one key: the second must be refused, and the
// first be there until it is swapped for another. It returns the key if anything
// may be under it.
func probe(ctx context.Context, s Store) (key string, err error) {
	key = "probe/" + strings.ToLower(rand.Text())
	if err := s.Create(ctx, key, []byte("1")); err != nil {
		return "", fmt.Errorf("write a first object: %w", err)
	}
	err = s.Create(ctx, key, []byte("2"))
	if err == nil {
		return key, fault.Errorf(fault.Unsupported, "the server ignores If-None-Match, so an artefact could be overwritten; use an S3 that honours conditional writes")
	}
	if !errors.Is(err, ErrExists) {
		return key, fmt.Errorf("write the same object again: %w", err)
	}
	data, err := s.Get(ctx, key)
	if err == nil && string(data) != "1" {
		return key, fault.Errorf(fault.Unsupported, "the server refuses a second write, and keeps it all the same; use an S3 that honours conditional writes")
	}
	if err != nil {
		return key, err
	}
	if err := s.Swap(ctx, key, []byte("1"), []byte("3")); err != nil {
		return key, fmt.Errorf("swap an object for another: %w", err)
	}
	return key, nil
}

func (s *S3) remove(ctx context.Context, key string) error {
	return s.core.Client.RemoveObject(context.WithoutCancel(ctx), s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
}

// Swap asks the server to store the object only if what is there is still what
// was read and compared, which its ETag says. A server that answers with the
// ETag of one object and the bytes of the next refuses that, so it is asked
// again as long as the bytes are those.
func (s *S3) Swap(ctx context.Context, key string, before, data []byte) error {
	if before == nil {
		err := s.Create(ctx, key, data)
		if errors.Is(err, ErrExists) {
			return fmt.Errorf("%s: %w", key, ErrChanged)
		}
		return err
	}
	for tried := ""; ; {
		kept, tag, _, err := s.get(ctx, key)
		if err != nil && !errors.Is(err, ErrMissing) {
			return err
		}
		if err != nil || !bytes.Equal(kept, before) || tag == tried {
			return fmt.Errorf("%s: %w", key, ErrChanged)
		}
		tried = tag
		err = s.put(ctx, key, data, func(o *minio.PutObjectOptions) { o.SetMatchETag(tag) })
		if !refusedCondition(err) {
			return err
		}
	}
}

// put stores an object in one request. Multipart is off since the condition is
// lost when parts are completed; over plain HTTP a checksum in the header
// replaces the signed stream.
func (s *S3) put(ctx context.Context, key string, data []byte, condition func(*minio.PutObjectOptions)) error {
	return s.putFrom(ctx, key, bytes.NewReader(data), int64(len(data)), sumOf(data), condition)
}

// putFrom is put for what can be read again from where it begins.
func (s *S3) putFrom(ctx context.Context, key string, data io.ReadSeeker, size int64, sum string, condition func(*minio.PutObjectOptions)) error {
	if err := validKey(key); err != nil {
		return err
	}
	options := minio.PutObjectOptions{
		ContentType:          "application/octet-stream",
		DisableMultipart:     true,
		DisableContentSha256: s.plain,
		SendContentMd5:       s.plain,
		UserMetadata:         map[string]string{sumHeader: sum},
	}
	condition(&options)
	_, err := s.core.Client.PutObject(ctx, s.bucket, s.prefix+key, data, size, options)
	if err != nil {
		return s.keys.hide(fmt.Errorf("artefact: keep %s: %w", key, err))
	}
	return nil
}

// refusedCondition says whether a write was refused for its condition: it does
// not hold, or two write at once, or there is nothing to match.
func refusedCondition(err error) bool {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return false
	}
	return answer.StatusCode == http.StatusPreconditionFailed || answer.StatusCode == http.StatusConflict || answer.Code == minio.NoSuchKey
}

// sumHeader is the header in which an object's checksum travels with it: no
// request is made for it alone.
const sumHeader = "X-Amz-Meta-Groma-Sha256"

// Get reads one object, and compares it with its checksum.
func (s *S3) Get(ctx context.Context, key string) ([]byte, error) {
	data, _, err := s.checked(ctx, key)
	return data, err
}

func (s *S3) checked(ctx context.Context, key string) (data []byte, checked bool, err error) {
	data, _, sum, err := s.get(ctx, key)
	return data, sum != "", err
}

// get reads an object, its ETag and its checksum. What does not have its
// checksum is read once more, since it may have been damaged on its way.
func (s *S3) get(ctx context.Context, key string) (data []byte, tag, sum string, err error) {
	for range 2 {
		data, tag, sum, err = s.read(ctx, key)
		if err != nil || sound(data, sum) {
			return data, tag, sum, err
		}
	}
	return nil, "", sum, damaged(key, sum, data)
}

// read asks once. Core's GetObject asks at once; the client's own is lazy and
// can fail in the middle of a read.
func (s *S3) read(ctx context.Context, key string) (data []byte, tag, sum string, err error) {
	if err := validKey(key); err != nil {
		return nil, "", "", err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, info, header, err := s.core.GetObject(ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	if err == nil {
		data, err = s.readAll(body, cancel)
		if err == nil {
			return data, info.ETag, header.Get(sumHeader), nil
		}
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, "", "", fmt.Errorf("%s: %w", key, ErrMissing)
	}
	return nil, "", "", s.keys.hide(fmt.Errorf("artefact: read %s: %w", key, err))
}

// readAll reads a body to its end. A server that stops in the middle of it would
// hold up whoever asks for ever.
func (s *S3) readAll(body io.ReadCloser, cancel func()) ([]byte, error) {
	var idle atomic.Bool
	timer := time.AfterFunc(s.idle, func() {
		idle.Store(true)
		cancel()
	})
	defer timer.Stop()
	data, err := io.ReadAll(coming{body, timer, s.idle})
	err = errors.Join(err, body.Close())
	if err != nil && idle.Load() {
		return nil, fault.Errorf(fault.Unavailable, "nothing came for %v after %d bytes", s.idle, len(data))
	}
	return data, err
}

// coming sets a timer back whenever bytes come.
type coming struct {
	io.Reader
	timer *time.Timer
	idle  time.Duration
}

func (c coming) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if n > 0 {
		c.timer.Reset(c.idle)
	}
	return n, err
}

// List yields keys as S3 sorts them, which is by their bytes. What is no key, as
// a server leaves it that was killed, is passed over.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for entry, err := range s.Entries(ctx, prefix) {
			if !yield(entry.Key, err) {
				return
			}
		}
	}
}

// Entries is List, with what the server says of each object.
func (s *S3) Entries(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // ends the listing's goroutine when yield stops early
		options := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}
		for object := range s.core.Client.ListObjects(ctx, s.bucket, options) {
			if object.Err != nil {
				yield(Entry{}, s.keys.hide(fmt.Errorf("artefact: list %s: %w", prefix, object.Err)))
				return
			}
			key := strings.TrimPrefix(object.Key, s.prefix)
			if validKey(key) == nil && !yield(Entry{Key: key, Bytes: object.Size, Kept: object.LastModified}, nil) {
				return
			}
		}
	}
}

// Delete deletes one object; S3 takes it well that there is none.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := validKey(key); err != nil {
		return err
	}
	if err := s.core.Client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{}); err != nil {
		return s.keys.hide(fmt.Errorf("artefact: delete %s: %w", key, err))
	}
	return nil
}

// Leftovers are the server's own matter: an object comes in one request.
func (s *S3) Leftovers(ctx context.Context, _ time.Time, _ bool) (Leftovers, error) {
	return Leftovers{}, ctx.Err()
}
