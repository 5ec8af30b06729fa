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
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"groma/internal/fault"
)

// S3 keeps artefacts in a bucket of any S3 that honours conditional writes.
type S3 struct {
	core   minio.Core
	bucket string
	prefix string // "" or ends in a slash
	plain  bool   // over HTTP, without TLS
}

// S3Config says where a bucket is and who asks.
type S3Config struct {
	Endpoint string // host:port
	Plain    bool   // HTTP instead of HTTPS
	Region   string // empty asks the server
	Bucket   string
	Prefix   string // what every key begins with, empty for none

	AccessKey, SecretKey, SessionToken string // empty asks anonymously
}

// NewS3 connects, and fails if the bucket cannot be reached or if the server
// does not honour conditional writes, on which "written once" rests.
func NewS3(ctx context.Context, config S3Config) (*S3, error) {
	s, err := connectS3(config, nil, 0)
	if err != nil {
		return nil, err
	}
	key, err := probe(ctx, s)
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
	core, err := minio.NewCore(config.Endpoint, &minio.Options{
		Creds:      credentials.NewStaticV4(config.AccessKey, config.SecretKey, config.SessionToken),
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
	return &S3{core: *core, bucket: config.Bucket, prefix: prefix, plain: config.Plain}, nil
}

// probe keeps two things under one key: the second must be refused, and the
// first be there. It returns the key if anything may be under it.
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
	return key, err
}

func (s *S3) remove(ctx context.Context, key string) error {
	return s.core.Client.RemoveObject(context.WithoutCancel(ctx), s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
}

// Create asks the server to store the object only if there is none. Multipart
// is off since the condition is lost when parts are completed; over plain HTTP
// a checksum in the header replaces the signed stream.
func (s *S3) Create(ctx context.Context, key string, data []byte) error {
	if err := validKey(key); err != nil {
		return err
	}
	options := minio.PutObjectOptions{
		ContentType:          "application/octet-stream",
		DisableMultipart:     true,
		DisableContentSha256: s.plain,
		SendContentMd5:       s.plain,
	}
	options.SetMatchETagExcept("*")
	_, err := s.core.Client.PutObject(ctx, s.bucket, s.prefix+key, bytes.NewReader(data), int64(len(data)), options)
	switch status := minio.ToErrorResponse(err).StatusCode; {
	case err == nil:
		return nil
	case status == http.StatusPreconditionFailed, status == http.StatusConflict:
		return fmt.Errorf("%s: %w", key, ErrExists)
	default:
		return fmt.Errorf("artefact: keep %s: %w", key, err)
	}
}

// Get reads one object. Core's GetObject asks at once; the client's own is
// lazy and can fail in the middle of a read.
func (s *S3) Get(ctx context.Context, key string) ([]byte, error) {
	if err := validKey(key); err != nil {
		return nil, err
	}
	body, _, _, err := s.core.GetObject(ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	if err == nil {
		var data []byte
		data, err = io.ReadAll(body)
		err = errors.Join(err, body.Close())
		if err == nil {
			return data, nil
		}
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, fmt.Errorf("%s: %w", key, ErrMissing)
	}
	return nil, fmt.Errorf("artefact: read %s: %w", key, err)
}

// List yields keys as S3 sorts them, which is by their bytes.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // ends the listing's goroutine when yield stops early
		options := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}
		for object := range s.core.Client.ListObjects(ctx, s.bucket, options) {
			if object.Err != nil {
				yield("", fmt.Errorf("artefact: list %s: %w", prefix, object.Err))
				return
			}
			if !yield(strings.TrimPrefix(object.Key, s.prefix), nil) {
				return
			}
		}
	}
}
