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
	webhookWait = 5 * time.Second // for one of those that are read at once to end
	webhookTime = 8 * time.Second // hosts wait ten
	tryAgain    = 30              // seconds
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
	release, ok := s.readWebhook(r.Context())
	if !ok {
		w.Header().Set("Retry-After", strconv.Itoa(tryAgain))
		say(w, http.StatusServiceUnavailable, "there are too many webhooks at once: send it again later")
		return
	}
	defer release()
	event, err := s.parseWebhook(w, r, forge, secrets)
	var refusal *push.Refusal
	if errors.As(err, &refusal) {
		if refusal.Kind == push.Unsigned {
			s.clients.blame(visitOf(r.Context()).caller.name, time.Now())
		}
		say(w, webhookStatus[refusal.Kind], refusal.Reason)
		return
	}
	if err != nil {
		fail(w, hidden(s.parts.Log, r.URL.Path, err))
		return
	}
	s.putWebhook(w, r, forge, event)
}

// readWebhook waits for a place among those that are read.
func (s *Server) readWebhook(ctx context.Context) (release func(), ok bool) {
	select {
	case s.webhooks <- struct{}{}:
		return func() { <-s.webhooks }, true
	case <-time.After(webhookWait):
	case <-ctx.Done():
	}
	return nil, false
}

func (s *Server) parseWebhook(w http.ResponseWriter, r *http.Request, forge push.Forge, secrets Secrets) (push.Event, error) {
	words, err := secrets.values()
	if err != nil {
		return push.Event{}, err
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(webhookTime))
	body, err := io.ReadAll(io.LimitReader(r.Body, push.Most+1))
	if err != nil {
		return push.Event{}, &push.Refusal{Kind: push.Malformed, Reason: "the body did not come whole"}
	}
	event, err := push.Parse(forge, r.Header, body, words, time.Now())
	if err == nil && len(s.config.AllowHosts) > 0 && !slices.Contains(s.config.AllowHosts, event.Host) {
		err = &push.Refusal{Kind: push.Ignored, Reason: "ignored: repositories of " + strconv.Quote(event.Host) + " are not counted here"}
	}
	return event, err
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
