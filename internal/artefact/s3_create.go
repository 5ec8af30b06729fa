package artefact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/minio/minio-go/v7"
)

// Create asks the server to store the object only if there is none.
func (s *S3) Create(ctx context.Context, key string, data []byte) error {
	return s.create(ctx, key, bytes.NewReader(data), int64(len(data)), sumOf(data))
}

// CreateFrom is Create for what is written bit by bit. A request has to say
// first how long it is, so it is written to a file before.
func (s *S3) CreateFrom(ctx context.Context, key string, write func(io.Writer) error) error {
	file, err := os.CreateTemp("", "groma-part-")
	if err != nil {
		return fmt.Errorf("artefact: keep %s: %w", key, err)
	}
	defer os.Remove(file.Name()) // where an open file cannot lose its name
	defer file.Close()
	_ = os.Remove(file.Name()) // so that it goes with the process, whatever ends it
	sum := sha256.New()
	if err := write(io.MultiWriter(file, sum)); err != nil {
		return err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("artefact: keep %s: %w", key, err)
	}
	return s.create(ctx, key, file, size, hex.EncodeToString(sum.Sum(nil)))
}

// folderThere is what servers answer that keep objects as files where a folder
// has the name, or had it just then: nothing is kept under the key.
const folderThere = "ExistingObjectIsDirectory"

func (s *S3) create(ctx context.Context, key string, data io.ReadSeeker, size int64, sum string) error {
	err := s.putFrom(ctx, key, data, size, sum, func(o *minio.PutObjectOptions) { o.SetMatchETagExcept("*") })
	var answer minio.ErrorResponse
	errors.As(err, &answer)
	if refusedCondition(err) && answer.Code != minio.NoSuchKey && answer.Code != folderThere { // which say nothing of this key
		return fmt.Errorf("%s: %w", key, ErrExists)
	}
	return err
}
