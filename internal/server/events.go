package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
	"groma/proto/groma/v1/gromav1connect"
)

// aliveEvery is how often a stream of events says something, so that nobody
// between takes it for dead.
const aliveEvery = 15 * time.Second

// serveEvents tells what happens in a survey, as server-sent events: notice,
// with the sequence for its id, progress, and ended, which is the last unless
// the query says follow. Each has JSON for its data, as the contract writes it.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	request, err := watchRequest(r)
	if err != nil {
		fail(w, err)
		return
	}
	if r.Method == http.MethodHead { // the header is all that is asked for
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	name := visitOf(r.Context()).caller.name
	if !s.streams.open(name) {
		w.Header().Set("Retry-After", strconv.Itoa(tryAgain))
		fail(w, connect.NewError(connect.CodeResourceExhausted, "there are too many streams: end some, or try again later"))
		return
	}
	defer s.streams.close(name)
	ctx, cancel := s.untilStop(r.Context())
	defer cancel()
	events, err := s.client.WatchSurvey(ctx, request)
	if err != nil {
		fail(w, coded(err))
		return
	}
	defer events.Close()
	tell(ctx, w, receive(ctx, events))
}

func watchRequest(r *http.Request) (*gromav1.WatchSurveyRequest, error) {
	query := r.URL.Query()
	word := r.Header.Get("Last-Event-ID")
	if word == "" {
		word = query.Get("after")
	}
	after, err := number(word)
	if err != nil || after < 0 {
		return nil, connect.NewError(connect.CodeInvalidArgument, "after and Last-Event-ID are the number of an event")
	}
	only := query.Get("only")
	if only != "" && only != "notices" && only != "progress" {
		return nil, connect.NewError(connect.CodeInvalidArgument, "only is notices or progress")
	}
	return &gromav1.WatchSurveyRequest{
		Survey: surveyIn(r), After: after, Notices: only == "notices", Progress: only == "progress", Follow: query.Has("follow"),
	}, nil
}

// An arrival is what came of waiting for the next event.
type arrival struct {
	event *gromav1.WatchSurveyResponse
	err   error
}

// receive hands on what comes, and ends with its context or the first error.
func receive(ctx context.Context, events gromav1connect.SurveyServiceWatchSurveyClientStream) <-chan arrival {
	arrivals := make(chan arrival)
	go func() {
		for {
			event, err := events.Receive()
			select {
			case arrivals <- arrival{event, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return arrivals
}

// tell writes events as they come. What goes wrong before the first has a
// status of its own.
func tell(ctx context.Context, w http.ResponseWriter, arrivals <-chan arrival) {
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	begun := false
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			start(w, &begun)
			_, err = io.WriteString(w, ": still here\n\n")
		case next := <-arrivals:
			if next.err != nil {
				last(w, begun, next.err)
				return
			}
			start(w, &begun)
			err = write(w, next.event)
		}
		if err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
	}
}

func start(w http.ResponseWriter, begun *bool) {
	if *begun {
		return
	}
	*begun = true
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // for proxies that collect what comes in bits
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, "retry: 3000\n\n") // of a client who has gone the next write tells
}

// last is what is said at the end of a stream, if that is not just its end.
func last(w http.ResponseWriter, begun bool, err error) {
	switch {
	case errors.Is(err, io.EOF) && begun:
	case errors.Is(err, io.EOF):
		start(w, &begun)
	case !begun:
		fail(w, coded(err))
	default:
		_, _ = fmt.Fprintf(w, "event: failed\ndata: %s\n\n", strconv.Quote(coded(err).Message()))
	}
}

var oneLine = protojson.MarshalOptions{EmitUnpopulated: false}

// write writes one event.
func write(w io.Writer, event *gromav1.WatchSurveyResponse) error {
	name, message := "", proto.Message(nil)
	switch {
	case event.GetNotice() != nil:
		name, message = "notice", event.GetNotice()
	case event.GetProgress() != nil:
		name, message = "progress", event.GetProgress()
	case event.GetEnded() != nil:
		name, message = "ended", event.GetEnded()
	default:
		return nil // of a newer contract
	}
	data, err := oneLine.Marshal(message)
	if err != nil {
		return err
	}
	if event.GetSequence() > 0 {
		if _, err := fmt.Fprintf(w, "id: %d\n", event.GetSequence()); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, data)
	return err
}
