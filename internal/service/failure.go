package service

import (
	"context"
	"errors"
	"net"

	"connectrpc.com/connect/v2"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"groma/internal/artefact"
	"groma/internal/fault"
)

// invalid is what is wrong with a request, as its caller hears it.
func invalid(err error) error {
	return connect.NewError(connect.CodeInvalidArgument, fault.Clip(err.Error(), longestText))
}

// longestText bounds what a failure says; most of it may be the caller's own.
const longestText = 1000

// temporal is where surveys run.
func (s *Service) temporal() (client.Client, error) {
	if s.Temporal == nil {
		return nil, connect.NewError(connect.CodeUnavailable, "no server runs surveys here: begin one with 'groma survey', or ask a server with --server URL")
	}
	return s.Temporal, nil
}

// told is a failure as a caller may hear it. One with a code is what it is;
// of others only the kind is told, and the log has the rest.
func (s *Service) told(ctx context.Context, err error) error {
	var coded *connect.Error
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, "it took longer than the caller waits").WithCause(err)
	case ctx.Err() != nil:
		return connect.NewError(connect.CodeCanceled, "the caller has gone").WithCause(err)
	}
	code, text := kindOf(err)
	if stack := fault.StackOf(err); stack != "" {
		s.Log.ErrorContext(ctx, "a panic was caught", "error", err, "stack", stack)
	} else {
		s.Log.ErrorContext(ctx, "a call failed", "error", err)
	}
	if s.Private {
		text = err.Error()
	}
	return connect.NewError(code, text).WithCause(err)
}

// kindOf is what may be said of a failure that is not the caller's.
func kindOf(err error) (connect.Code, string) {
	var network net.Error
	var away *serviceerror.Unavailable
	var late *serviceerror.DeadlineExceeded
	switch {
	case isShut(err):
		return connect.CodeInternal, "what Temporal keeps of it is sealed under a key that this server does not have: whoever runs the server asks 'groma doctor' which"
	case errors.As(err, &away), errors.As(err, &late):
		return connect.CodeUnavailable, "Temporal does not answer: try again later; whoever runs the server asks 'groma doctor' why"
	case errors.As(err, &network), errors.Is(err, context.DeadlineExceeded), fault.KindOf(err) == fault.Unavailable:
		return connect.CodeUnavailable, "a part of the server does not answer: try again later; whoever runs the server asks 'groma doctor' why"
	case errors.Is(err, artefact.ErrMissing):
		return connect.CodeNotFound, "what belongs to it is not kept any more"
	case fault.KindOf(err) == fault.Invalid:
		return connect.CodeInternal, "what is kept of it cannot be read: the server's log says what"
	}
	return connect.CodeInternal, "the server failed: its log says why"
}

// refused is a failure to read what a request names: the caller's to mend,
// unless it passes.
func (s *Service) refused(err error) error {
	switch fault.KindOf(err) {
	case fault.Unknown, fault.Bug:
		return err
	case fault.Unavailable, fault.TimedOut:
		s.Log.Warn("a document cannot be read", "error", err)
		text := "a document that the request names cannot be read from its address now: try again later, or send the document itself"
		if s.Private {
			text = err.Error()
		}
		return connect.NewError(connect.CodeUnavailable, text).WithCause(err)
	}
	return invalid(err)
}
