package notice

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	gromav1 "groma/proto/groma/v1"
)

// record is a log that several goroutines write to.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *record) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

func (r *record) expect(t *testing.T, words ...string) {
	t.Helper()
	text := r.String()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("the log lacks %s: %.1000s", word, text)
		}
	}
}

// TestAnswer_Panics: a call that panics is answered, by its asker's code, and the
// process answers others.
func TestAnswer_Panics(t *testing.T) {
	log := &record{}
	asker, _ := answering(t, func(_ context.Context, _ protoreflect.MethodDescriptor, _, response proto.Message) error {
		if _, ok := response.(*gromav1.GetSurveyResponse); ok {
			panic("a secret")
		}
		return nil
	}, log.logger())
	reply, err := asker.Request("groma.api.GetSurvey", nil, 5*time.Second)
	if err != nil || reply.Header.Get("Nats-Service-Error-Code") != "internal" || strings.Contains(reply.Header.Get("Nats-Service-Error"), "secret") {
		t.Errorf("got %v, %v, want an internal error that quotes nothing", reply, err)
	}
	log.expect(t, "event=GetSurvey", "stack=", "goroutine ")
	reply, err = asker.Request("groma.api.RescanRepository", nil, 5*time.Second)
	if err != nil || reply.Header.Get("Nats-Service-Error-Code") != "" {
		t.Errorf("after it: %v, %v", reply, err)
	}
}

// TestQueue_Panics: a request that brings about a panic stays in the queue, and
// keeps no other from being done.
func TestQueue_Panics(t *testing.T) {
	q, log := newWorld(t).queue(), &record{}
	q.Log = log.logger()
	put(t, q, "github.com/a/bad", "1")
	var mu sync.Mutex
	tries := 0
	working(t, q, func(_ context.Context, requests []*gromav1.RescanRequested) error {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range requests {
			if r.GetRepository() == "github.com/a/bad" {
				if tries++; tries < 3 {
					panic("a bug")
				}
			}
		}
		return nil
	})
	put(t, q, "github.com/a/good", "2")
	backlog(t, q, 0)
	log.expect(t, "tried again", "stack=", "goroutine ")
}
