package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"connectrpc.com/connect/v2"
)

// guard goes around every call: it keeps what went wrong inside
// from whoever asked.
func guard(log *slog.Logger) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
			defer func() {
				if reason := recover(); reason != nil {
					err = hidden(ctx, log, spec.Procedure, fmt.Errorf("panic: %v\n%s", reason, debug.Stack()))
				}
			}()
			return told(ctx, log, spec.Procedure, next(ctx, spec, stream))
		}
	}
}

// noted has the log of requests say which calls failed, and how. It is for calls
// that come over HTTP: those of pages may outlast their request.
func noted(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		err := next(ctx, spec, stream)
		if err != nil {
			visitOf(ctx).code = connect.CodeOf(err).String()
		}
		return err
	}
}

// told is an error as a caller may hear it. What was written for callers says
// so by having a code of its own.
func told(ctx context.Context, log *slog.Logger, procedure string, err error) error {
	var written *connect.Error
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case errors.As(err, &written) && !written.IsRemote() && written.Code() != connect.CodeUnknown:
		return written
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, "it took too long: ask for less, or later")
	case ctx.Err() != nil:
		return connect.NewError(connect.CodeCanceled, "nobody waits for the answer any more")
	}
	return hidden(ctx, log, procedure, err)
}

// hidden logs an error, and returns one that says only where to look for it.
func hidden(ctx context.Context, log *slog.Logger, where string, err error) *connect.Error {
	id := newID()
	log.ErrorContext(ctx, "a request failed", "id", id, "at", where, "error", err)
	return connect.Errorf(connect.CodeInternal, "the server failed: its log says why, under %s", id)
}

func newID() string {
	id := make([]byte, 8)
	rand.Read(id)
	return hex.EncodeToString(id)
}

// statuses are HTTP's words for codes, the rest being 500.
var statuses = map[connect.Code]int{
	connect.CodeCanceled:           499,
	connect.CodeInvalidArgument:    http.StatusBadRequest,
	connect.CodeDeadlineExceeded:   http.StatusGatewayTimeout,
	connect.CodeNotFound:           http.StatusNotFound,
	connect.CodeAlreadyExists:      http.StatusConflict,
	connect.CodePermissionDenied:   http.StatusForbidden,
	connect.CodeResourceExhausted:  http.StatusTooManyRequests,
	connect.CodeFailedPrecondition: http.StatusBadRequest,
	connect.CodeAborted:            http.StatusConflict,
	connect.CodeOutOfRange:         http.StatusBadRequest,
	connect.CodeUnimplemented:      http.StatusNotImplemented,
	connect.CodeUnavailable:        http.StatusServiceUnavailable,
	connect.CodeUnauthenticated:    http.StatusUnauthorized,
}

// fail answers a request for a page or a file with what went wrong.
func fail(w http.ResponseWriter, err error) {
	status, ok := statuses[connect.CodeOf(err)]
	if !ok {
		status = http.StatusInternalServerError
	}
	var written *connect.Error
	text := http.StatusText(status)
	if errors.As(err, &written) {
		text = written.Message()
	}
	say(w, status, text)
}

// say answers with one line of text.
func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

// isCall says whether a request is for a call: their paths begin with the name
// of a service, which has dots.
func isCall(r *http.Request) bool {
	service, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return strings.HasPrefix(service, "groma.v1.") || strings.HasPrefix(service, "grpc.")
}

// refuse answers a request of either kind, a call in the words of its protocol.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err *connect.Error) {
	visitOf(r.Context()).code = err.Code().String()
	if isCall(r) && s.errors.IsSupported(r) {
		_ = s.errors.Write(w, r, err) // of a caller who has gone
		return
	}
	if err.Code() == connect.CodeUnauthenticated {
		w.Header().Add("WWW-Authenticate", `Bearer realm="groma"`)
		w.Header().Add("WWW-Authenticate", `Basic realm="groma: any user, and a token as the password", charset="UTF-8"`)
	}
	fail(w, err)
}
