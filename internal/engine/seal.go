package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"groma/internal/sealed"
	"groma/internal/secret"
	"groma/workflows"
)

// A keyring has the keys of a file as it is now: one that changes is read anew.
type keyring struct {
	path   string
	logger *slog.Logger

	mu     sync.Mutex
	keys   *sealed.Keys
	file   fs.FileInfo // as it was when the keys were read
	looked time.Time
	failed string // why it could not be read when it was looked at last
}

// lookEvery is how often it is looked whether the file has changed.
const lookEvery = time.Second

// newKeyring reads a file of keys. Without a path it has none, for ever.
func newKeyring(path string, logger *slog.Logger) (*keyring, error) {
	k := &keyring{path: path, logger: logger}
	if path == "" {
		return k, nil
	}
	return k, k.read()
}

// now is what seals and opens at this moment; nil if nothing does. A file that
// cannot be read any more leaves things as they are, and that is logged once:
// nothing is ever kept unsealed for it.
func (k *keyring) now() *sealed.Keys {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.path == "" || time.Since(k.looked) < lookEvery {
		return k.keys
	}
	err := k.read()
	switch {
	case err == nil:
		k.failed = ""
	case err.Error() != k.failed:
		k.failed = err.Error()
		k.logger.Warn("the file of keys cannot be read; those that were read before are used", "file", k.path, "error", err)
	}
	return k.keys
}

// read reads the file if it is another than the one that was read last.
func (k *keyring) read() error {
	k.looked = time.Now()
	file, err := os.Stat(k.path)
	if err != nil {
		return err
	}
	if k.file != nil && os.SameFile(k.file, file) && k.file.ModTime().Equal(file.ModTime()) && k.file.Size() == file.Size() {
		return nil
	}
	text, err := secret.ReadFile(k.path)
	if err != nil {
		return err
	}
	keys, err := sealed.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	k.keys, k.file = keys, file
	return nil
}

// sealing is a converter of all that Temporal keeps. In a workflow, what cannot
// be opened is a panic: an error would end the workflow, or be taken for the
// outcome of what was asked, where a panic ends the attempt alone, and Temporal
// has it made again, by a worker that has the key.
type sealing struct {
	converter.DataConverter
	inWorkflows converter.DataConverter
}

func newSealing(keys func() *sealed.Keys) sealing {
	codec, plain := sealed.Codec{Keys: keys}, converter.GetDefaultDataConverter()
	return sealing{
		DataConverter: converter.NewCodecDataConverter(plain, codec),
		inWorkflows:   converter.NewCodecDataConverter(plain, orPanic{codec}),
	}
}

// WithWorkflowContext is how the SDK asks for the converter of a workflow.
func (s sealing) WithWorkflowContext(converter.WorkflowContext) converter.DataConverter {
	return s.inWorkflows
}

// WithContext is how it asks for that of an activity.
func (s sealing) WithContext(context.Context) converter.DataConverter { return s }

type orPanic struct{ sealed.Codec }

func (o orPanic) Decode(payloads []*common.Payload) ([]*common.Payload, error) {
	opened, err := o.Codec.Decode(payloads)
	if err != nil {
		panic(err)
	}
	return opened, nil
}

// failures is a converter of errors. Their texts are sealed where payloads are:
// only then, since without a key they would be hidden from nobody but people.
type failures struct{ converter.FailureConverter }

func newFailures(data converter.DataConverter, seals bool) failures {
	return failures{temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: data, EncodeCommonAttributes: seals})}
}

// ErrorToFailure has an activity that cannot read what it is asked fail by the
// worker's trouble: others can, and the repository is not to blame.
func (f failures) ErrorToFailure(err error) *failure.Failure {
	var shut *sealed.Error
	if _, ours := err.(*temporal.ApplicationError); !ours && errors.As(err, &shut) {
		err = temporal.NewApplicationError(shut.Error(), workflows.Trouble)
	}
	return f.FailureConverter.ErrorToFailure(err)
}
