package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"groma/internal/fault"
)

const (
	serviceName    = "groma"
	serviceVersion = "1.0.0" // of the contract, groma.v1
	servicePrefix  = "groma.api"

	// atOnce is how many requests are answered at once by one process. Others
	// wait, at most as many as waiting says; NATS drops what is beyond.
	atOnce  = 16
	waiting = 256
	// answerTime is how long one answer may take.
	answerTime = 2 * time.Minute

	jsonType  = "application/json"
	protoType = "application/protobuf"
)

// A Caller answers one RPC by filling in the response. An error that is a
// [*Refusal] says what may be told; of any other nothing is.
type Caller func(ctx context.Context, method protoreflect.MethodDescriptor, request, response proto.Message) error

// A Refusal is an answer that is none.
type Refusal struct {
	// Code is Connect's, as in not_found.
	Code string
	// Text says what to do next.
	Text string
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Text }

// Answer offers the calls of a service that have one answer to whoever may ask
// over NATS, until ctx ends; then it returns nil, with no answer under way. The
// subject of a call is groma.api.<Call>, its message the request in Protocol
// Buffers, or in JSON if its header Content-Type says application/json; the
// answer is of the same kind. An error is one of NATS's services, with Connect's
// code. Any number of processes may answer: each request goes to one of them.
// The log hears of panics.
func Answer(ctx context.Context, conn *nats.Conn, service protoreflect.ServiceDescriptor, call Caller, log *slog.Logger) error {
	a := answerer{call: call, log: log, places: make(chan struct{}, atOnce)}
	var cancel context.CancelFunc
	ctx, cancel = context.WithCancel(ctx)
	defer a.end()
	defer cancel()
	offered, err := micro.AddService(conn, micro.Config{
		Name: serviceName, Version: serviceVersion, Description: "surveys of software landscapes: " + string(service.FullName()),
	})
	if err != nil {
		return fmt.Errorf("answer over NATS: %w", err)
	}
	defer offered.Stop()
	group := offered.AddGroup(servicePrefix)
	for i := range service.Methods().Len() {
		method := service.Methods().Get(i)
		if method.IsStreamingClient() || method.IsStreamingServer() {
			continue
		}
		handler := micro.HandlerFunc(func(r micro.Request) { a.take(ctx, method, r) })
		if err := group.AddEndpoint(string(method.Name()), handler, micro.WithEndpointPendingLimits(waiting, waiting<<20)); err != nil {
			return fmt.Errorf("answer over NATS: %w", err)
		}
	}
	<-ctx.Done()
	return nil
}

// An answerer answers a few requests at a time.
type answerer struct {
	call     Caller
	log      *slog.Logger
	places   chan struct{}
	mu       sync.Mutex
	ended    bool
	underWay sync.WaitGroup
}

// begin says whether one more may be answered.
func (a *answerer) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.ended {
		a.underWay.Add(1)
	}
	return !a.ended
}

// end lets no more begin, and waits for those that have.
func (a *answerer) end() {
	a.mu.Lock()
	a.ended = true
	a.mu.Unlock()
	a.underWay.Wait()
}

// take answers a request as soon as there is a place.
func (a *answerer) take(ctx context.Context, method protoreflect.MethodDescriptor, r micro.Request) {
	if !a.begin() {
		_ = r.Error("unavailable", "the server stops: ask again in a moment", nil)
		return
	}
	a.places <- struct{}{}
	go func() {
		defer a.underWay.Done()
		defer func() { <-a.places }()
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		a.answer(ctx, method, r)
	}()
}

// answer tells the asker, who may have gone, what came of it.
func (a *answerer) answer(ctx context.Context, method protoreflect.MethodDescriptor, r micro.Request) {
	encoding := encodingOf(r.Headers().Get("Content-Type"))
	data, err := a.ask(ctx, method, r.Data(), encoding)
	if err == nil {
		err = r.Respond(data, micro.WithHeaders(micro.Headers{"Content-Type": {encoding.kind}}))
		if err == nil {
			return
		}
		err = &Refusal{"resource_exhausted", fmt.Sprintf("the answer has %d bytes, more than this NATS carries: ask for less, or over HTTP", len(data))}
	}
	if stack := fault.StackOf(err); stack != "" {
		a.log.ErrorContext(ctx, "a panic was caught", "event", string(method.Name()), "error", err, "stack", stack)
	}
	refusal := &Refusal{Code: "internal", Text: "the server failed: its log says why"}
	errors.As(err, &refusal)
	_ = r.Error(refusal.Code, oneLine(refusal.Text), nil)
}

// oneLine is what fits into a header of NATS.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func (a *answerer) ask(ctx context.Context, method protoreflect.MethodDescriptor, data []byte, e encoding) (_ []byte, err error) {
	defer fault.Catch(&err)
	request, err := newMessage(method.Input())
	if err != nil {
		return nil, err
	}
	if err := e.read(data, request); err != nil {
		return nil, &Refusal{"invalid_argument", fmt.Sprintf("the message is no %s in %s", method.Input().Name(), e.kind)}
	}
	response, err := newMessage(method.Output())
	if err != nil {
		return nil, err
	}
	if err := a.call(ctx, method, request, response); err != nil {
		return nil, err
	}
	return e.write(response)
}

func newMessage(d protoreflect.MessageDescriptor) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		return nil, err
	}
	return kind.New().Interface(), nil
}

// An encoding is how messages are written.
type encoding struct {
	kind  string
	read  func([]byte, proto.Message) error
	write func(proto.Message) ([]byte, error)
}

func encodingOf(contentType string) encoding {
	kind, _, _ := strings.Cut(contentType, ";")
	if strings.EqualFold(strings.TrimSpace(kind), jsonType) {
		return encoding{jsonType, protojson.Unmarshal, protojson.Marshal}
	}
	return encoding{protoType, proto.Unmarshal, proto.Marshal}
}
