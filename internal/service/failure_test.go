package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"go.temporal.io/api/serviceerror"

	"groma/internal/artefact"
	"groma/internal/fault"
)

// TestTold: whatever fails, the caller hears a code and what to do, the log hears
// the rest, and who runs the process hears it, too.
func TestTold(t *testing.T) {
	const secret = "/srv/groma/store"
	gone, leave := context.WithCancel(t.Context())
	leave()
	late, end := context.WithTimeout(t.Context(), 0)
	defer end()
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		want connect.Code
	}{
		{"anything", t.Context(), errors.New(secret), connect.CodeInternal},
		{"a damaged artefact", t.Context(), fault.Errorf(fault.Invalid, "%s", secret), connect.CodeInternal},
		{"a missing artefact", t.Context(), fmt.Errorf("%s: %w", secret, artefact.ErrMissing), connect.CodeNotFound},
		{"the network", t.Context(), &net.OpError{Op: "dial", Err: errors.New(secret)}, connect.CodeUnavailable},
		{"Temporal", t.Context(), serviceerror.NewUnavailable(secret), connect.CodeUnavailable},
		{"NATS", t.Context(), fault.Errorf(fault.Unavailable, "%s", secret), connect.CodeUnavailable},
		{"a caller who left", gone, errors.New(secret), connect.CodeCanceled},
		{"a caller who waits no more", late, errors.New(secret), connect.CodeDeadlineExceeded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			s := New(Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
			err := s.told(test.ctx, test.err)
			var coded *connect.Error
			if !errors.As(err, &coded) || coded.Code() != test.want || coded.Message() == "" || strings.Contains(coded.Message(), secret) {
				t.Errorf("told %v, want %v", err, test.want)
			}
			if test.ctx.Err() != nil {
				return
			}
			if !strings.Contains(log.String(), secret) {
				t.Errorf("the log has %q", &log)
			}
			s.Private = true
			if private := s.told(test.ctx, test.err); !strings.Contains(private.Error(), secret) {
				t.Errorf("told in private: %v", private)
			}
		})
	}
}
