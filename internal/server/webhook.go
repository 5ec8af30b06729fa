package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"groma/internal/fault"
	"groma/internal/push"
	gromav1 "groma/proto/groma/v1"
)

const (
	webhookTime = 8 * time.Second // to read one, and to keep it; hosts wait ten
	tryAgain    = 30              // seconds

	smallWebhook = 64 << 10
	smallTime    = 3 * time.Second // for that much to come
)

// webhookStatus is what a host is told of each kind of refusal.
var webhookStatus = map[push.Kind]int{
	push.TooLarge:  http.StatusRequestEntityTooLarge,
	push.Unsigned:  http.StatusUnauthorized,
	push.Ping:      http.StatusOK,
	push.Ignored:   http.StatusAccepted,
	push.Malformed: http.StatusBadRequest,
}

// serveWebhook puts what was pushed to into the queue.
func (s *Server) serveWebhook(w http.ResponseWriter, r *http.Request) {
	forge := push.Forge(r.PathValue("forge"))
	secrets := s.config.Webhooks.of(string(forge))
	if !secrets.IsSet() || s.parts.Queue == nil {
		say(w, http.StatusServiceUnavailable, "webhooks of "+strconv.Quote(string(forge))+" are not set up on this server: it takes a secret and NATS")
		return
	}
	who := visitOf(r.Context()).caller.name
	event, err := s.parseWebhook(w, r, forge, secrets)
	if errors.Is(err, errCrowd) {
		w.Header().Set("Retry-After", strconv.Itoa(tryAgain))
		say(w, http.StatusServiceUnavailable, "there are too many webhooks at once: send it again later")
		return
	}
	var refusal *push.Refusal
	if errors.As(err, &refusal) {
		if !signed(refusal) {
			s.clients.blame(who, time.Now())
		}
		say(w, webhookStatus[refusal.Kind], refusal.Reason)
		return
	}
	if err != nil {
		fail(w, hidden(r.Context(), s.parts.Log, r.URL.Path, err))
		return
	}
	s.putWebhook(w, r, forge, event)
}

// signed says whether what was refused came from who knows a secret.
func signed(refusal *push.Refusal) bool {
	return refusal.Kind == push.Ping || refusal.Kind == push.Ignored || refusal.Kind == push.Malformed && refusal != errTorn
}

// errTorn is of a body that breaks off, before anybody can say who signed it.
var errTorn = &push.Refusal{Kind: push.Malformed, Reason: "the body did not come whole, or not soon enough"}

func (s *Server) parseWebhook(w http.ResponseWriter, r *http.Request, forge push.Forge, secrets Secrets) (push.Event, error) {
	words, err := secrets.Read()
	if err != nil {
		return push.Event{}, err
	}
	body, leave, err := s.readWebhook(w, r)
	if err != nil {
		return push.Event{}, err
	}
	defer leave()
	event, err := push.Parse(forge, r.Header, body, words, time.Now())
	if err == nil && len(s.config.AllowHosts) > 0 && !slices.Contains(s.config.AllowHosts, event.Host) {
		err = &push.Refusal{Kind: push.Ignored, Reason: "ignored: repositories of " + strconv.Quote(event.Host) + " are not counted here"}
	}
	return event, err
}

// errCrowd is of a body that finds no place.
var errCrowd = errors.New("there are too many webhooks at once")

// readWebhook reads a body. Nearly all are small, and have to come at once; only
// the rest of a large one needs a place, which is left by what it returns.
func (s *Server) readWebhook(w http.ResponseWriter, r *http.Request) (body []byte, leave func(), err error) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(smallTime))
	body, err = io.ReadAll(io.LimitReader(r.Body, smallWebhook+1))
	if err != nil {
		return nil, nil, errTorn
	}
	if len(body) <= smallWebhook {
		return body, func() {}, nil
	}
	leave, ok := s.webhooks.enter(r.Context(), visitOf(r.Context()).caller.name)
	if !ok {
		return nil, nil, errCrowd
	}
	_ = control.SetReadDeadline(time.Now().Add(webhookTime - smallTime))
	rest, err := io.ReadAll(io.LimitReader(r.Body, push.Most-smallWebhook))
	if err != nil {
		leave()
		return nil, nil, errTorn
	}
	return append(body, rest...), leave, nil
}

func (s *Server) putWebhook(w http.ResponseWriter, r *http.Request, forge push.Forge, event push.Event) {
	ctx, cancel := context.WithTimeout(r.Context(), webhookTime)
	defer cancel()
	err := s.parts.Queue.Put(ctx, &gromav1.RescanRequested{
		Repository: event.Repository, Address: event.Address, Delivery: event.Delivery, Cause: string(forge), At: timestamppb.Now(),
	})
	switch {
	case err == nil:
		say(w, http.StatusAccepted, "queued: "+event.Repository)
	case fault.KindOf(err) == fault.Invalid:
		say(w, http.StatusBadRequest, "it asks for what cannot be counted")
	default:
		s.parts.Log.Warn("a webhook cannot be kept", "repository", event.Repository, "error", err)
		w.Header().Set("Retry-After", strconv.Itoa(tryAgain))
		say(w, http.StatusServiceUnavailable, "the queue cannot be reached: send it again later")
	}
}
