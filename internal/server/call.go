package server

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/grpcreflect/v2"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"groma/internal/notice"
	"groma/proto/groma/v1/gromav1connect"
)

const (
	healthCheck     = "/grpc.health.v1.Health/Check"
	reflection      = "/" + grpcreflect.ReflectV1ServiceName + "/ServerReflectionInfo"
	reflectionAlpha = "/" + grpcreflect.ReflectV1AlphaServiceName + "/ServerReflectionInfo"
)

// roles says what each call takes. One that is not here is refused.
var roles = map[string]Role{
	gromav1connect.SurveyServiceGetSurveyProcedure:        Read,
	gromav1connect.SurveyServiceListSurveysProcedure:      Read,
	gromav1connect.SurveyServiceWatchSurveyProcedure:      Read,
	gromav1connect.SurveyServiceGetCensusProcedure:        Read,
	gromav1connect.SurveyServiceGetReportProcedure:        Read,
	gromav1connect.SurveyServiceListEditionsProcedure:     Read,
	gromav1connect.SurveyServiceDiffSurveysProcedure:      Read,
	gromav1connect.SurveyServiceListSchedulesProcedure:    Read,
	gromav1connect.SurveyServiceStartSurveyProcedure:      Trigger,
	gromav1connect.SurveyServicePauseSurveyProcedure:      Trigger,
	gromav1connect.SurveyServiceResumeSurveyProcedure:     Trigger,
	gromav1connect.SurveyServiceCancelSurveyProcedure:     Trigger,
	gromav1connect.SurveyServiceRescanRepositoryProcedure: Trigger,
	gromav1connect.SurveyServiceRunScheduleProcedure:      Trigger,
	gromav1connect.SurveyServiceCreateScheduleProcedure:   Admin,
	gromav1connect.SurveyServicePauseScheduleProcedure:    Admin,
	gromav1connect.SurveyServiceDeleteScheduleProcedure:   Admin,
	reflection:      Read,
	reflectionAlpha: Read,
	healthCheck:     Nobody,
}

// admit lets a call through if its caller has the role that it takes.
func (s *Server) admit(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		role, ok := roles[spec.Procedure]
		if !ok {
			return connect.NewError(connect.CodeUnimplemented, "there is no such call")
		}
		if err := permit(visitOf(ctx).caller, role); err != nil {
			return err
		}
		return next(ctx, spec, stream)
	}
}

// permit says why somebody may not do what takes a role.
func permit(c caller, role Role) *connect.Error {
	switch {
	case c.role >= role:
		return nil
	case !c.known:
		return connect.Errorf(connect.CodeUnauthenticated, "this takes a token of role %s: send it as Authorization: Bearer TOKEN", role)
	}
	return connect.Errorf(connect.CodePermissionDenied, "this takes a token of role %s, and yours is of role %s", role, c.role)
}

const (
	callTime   = 2 * time.Minute // documents may have to be fetched for it
	rescanTime = time.Hour       // of which the caller may wait as long as it likes

	// smallMessage is what calls take that carry no document.
	smallMessage = 1 << 20
	wordsMessage = 4 << 20 // with an analyst's words
)

var errStopping = errors.New("the server stops")

// bound gives a call its time. Streams have none, but end when the server
// stops, as does a rescan that somebody waits for: it goes on without.
func (s *Server) bound(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		lasting := spec.StreamType != connect.StreamTypeUnary
		if lasting {
			name := visitOf(ctx).caller.name
			if !s.streams.open(name) {
				return connect.NewError(connect.CodeResourceExhausted, "there are too many streams: end some, or try again later")
			}
			defer s.streams.close(name)
		} else {
			limit := callTime
			if spec.Procedure == gromav1connect.SurveyServiceRescanRepositoryProcedure {
				lasting, limit = true, rescanTime
			}
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		if !lasting {
			return next(ctx, spec, stream)
		}
		ctx, cancel := s.untilStop(ctx)
		defer cancel()
		err := next(ctx, spec, stream)
		if err != nil && errors.Is(context.Cause(ctx), errStopping) {
			return connect.NewError(connect.CodeUnavailable, "the server stops: ask again in a moment")
		}
		return err
	}
}

// untilStop is a context that ends when the server stops, too.
func (s *Server) untilStop(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	release := context.AfterFunc(s.stopping, func() { cancel(errStopping) })
	return ctx, func() {
		release()
		cancel(nil)
	}
}

// messageBytes bounds one message of a call.
func (s *Server) messageBytes(procedure string) int64 {
	switch procedure {
	case gromav1connect.SurveyServiceStartSurveyProcedure, gromav1connect.SurveyServiceCreateScheduleProcedure:
		return s.config.MaxBody
	case gromav1connect.SurveyServiceGetReportProcedure:
		return min(wordsMessage, s.config.MaxBody)
	}
	return min(smallMessage, s.config.MaxBody)
}

// registerHealth answers gRPC's question whether the server is ready, which
// balancers ask. It cannot be watched.
func registerHealth(server *connect.Server, ready func(context.Context) error) {
	schema := grpc_health_v1.File_grpc_health_v1_health_proto.Services().ByName("Health").Methods().ByName("Check")
	server.Register(connect.Method{
		Spec: connect.Spec{StreamType: connect.StreamTypeUnary, Schema: schema, Procedure: healthCheck},
		Handler: func(ctx context.Context, _ connect.Spec, stream connect.ServerStream) error {
			if err := stream.Receive(&grpc_health_v1.HealthCheckRequest{}); err != nil {
				return err
			}
			status := grpc_health_v1.HealthCheckResponse_SERVING
			if ready != nil && ready(ctx) != nil {
				status = grpc_health_v1.HealthCheckResponse_NOT_SERVING
			}
			return stream.Send(&grpc_health_v1.HealthCheckResponse{Status: status})
		},
	})
}

// Caller is the service of parts for [notice.Answer]. NATS says who may ask: by
// the subjects that an account may publish to.
func Caller(parts Parts) notice.Caller {
	client := connect.NewClient(inProcess(parts.API, logOr(parts.Log)))
	return func(ctx context.Context, method protoreflect.MethodDescriptor, request, response proto.Message) error {
		procedure := "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
		spec := connect.Spec{StreamType: connect.StreamTypeUnary, Schema: method, Procedure: procedure}
		err := client.CallUnary(ctx, spec, request, response)
		var written *connect.Error
		if errors.As(err, &written) {
			return &notice.Refusal{Code: written.Code().String(), Text: written.Message()}
		}
		return err
	}
}
