package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

func TestFollow_After(t *testing.T) {
	b := newWorld(t).bus()
	publish(t, b, taken("s", "1"), taken("other", "x"), taken("s", "2"), taken("s", "3"))
	var sequences []uint64
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Follow(ctx, "s", Start, func(sequence uint64, n *gromav1.Notice) {
		if sequences = append(sequences, sequence); n.GetId() == "3" {
			cancel()
		}
	})
	if err != nil || len(sequences) != 3 || !slices.IsSorted(sequences) {
		t.Fatalf("sequences %v, %v", sequences, err)
	}
	for i, want := range [][]string{{"2", "3"}, {"3", "new0"}, {"new0", "new1"}} {
		ids, stop := following(t, b, "s", From(sequences[i]))
		expect(t, ids, want...)
		publish(t, b, taken("s", fmt.Sprint("new", i)))
		expect(t, ids, fmt.Sprint("new", i))
		stop()
	}
	// A sequence of notices that were thrown away since: all that is kept.
	ids, _ := following(t, b, "s", 1000)
	expect(t, ids, "1", "2", "3", "new0")
}

func (w *world) queue() *Queue {
	w.t.Helper()
	q, err := NewQueue(w.t.Context(), w.connect())
	if err != nil {
		w.t.Fatal(err)
	}
	return q
}

func put(t *testing.T, q *Queue, repository, delivery string) {
	t.Helper()
	if err := q.Put(t.Context(), &gromav1.RescanRequested{Repository: repository, Delivery: delivery, Cause: "github"}); err != nil {
		t.Fatal(err)
	}
}

func backlog(t *testing.T, q *Queue, want int64) {
	t.Helper()
	var got int64
	for range 6000 { // what is done is taken away in a moment
		var err error
		if got, err = q.Backlog(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("backlog %d, want %d", got, want)
}

// working hands out until stop, which has to be heard.
func working(t *testing.T, q *Queue, handle func(context.Context, []*gromav1.RescanRequested) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- q.Work(ctx, handle) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Work: %v", err)
			}
		case <-time.After(patience / 2):
			t.Error("Work outlives its context")
		}
	})
	t.Cleanup(stop)
	return stop
}

// A burst is handed out in few batches, each request once.
func TestQueue_Burst(t *testing.T) {
	q := newWorld(t).queue()
	for i := range 1000 {
		put(t, q, "github.com/a/b", fmt.Sprint(i))
	}
	backlog(t, q, 1000)
	batches, seen := 0, map[string]int{}
	all := make(chan struct{})
	working(t, q, func(_ context.Context, requests []*gromav1.RescanRequested) error {
		batches++
		for _, r := range requests {
			seen[r.GetDelivery()]++
		}
		if len(seen) == 1000 {
			close(all)
		}
		return nil
	})
	select {
	case <-all:
	case <-time.After(time.Minute):
		t.Fatalf("%d of 1000 came", len(seen))
	}
	if batches > 10 {
		t.Errorf("1000 requests came in %d batches", batches)
	}
	backlog(t, q, 0)
	for delivery, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", delivery, n)
		}
	}
}

func TestQueue_Deliveries(t *testing.T) {
	q := newWorld(t).queue()
	put(t, q, "github.com/a/b", "1")
	put(t, q, "github.com/a/b", "1")
	put(t, q, "github.com/a/b", strings.Repeat("x\r\n", 1000))
	put(t, q, "github.com/a/b", "")
	put(t, q, "github.com/a/b", "")
	if err := q.Put(t.Context(), &gromav1.RescanRequested{Repository: "github.com/a/b", Delivery: "1", Cause: "gitlab"}); err != nil {
		t.Fatal(err)
	}
	backlog(t, q, 5)
	first := make(chan int, 10)
	working(t, q, func(_ context.Context, requests []*gromav1.RescanRequested) error {
		first <- len(requests)
		return nil
	})
	<-first
	backlog(t, q, 0)
	put(t, q, "github.com/a/b", "1") // done, and still the same
	backlog(t, q, 0)
}

// What fails is handed out again, and keeps nothing else from being done.
func TestQueue_Fails(t *testing.T) {
	q := newWorld(t).queue()
	put(t, q, "github.com/a/good", "1")
	put(t, q, "github.com/a/bad", "2")
	var mu sync.Mutex
	attempts := map[string]int{}
	working(t, q, func(_ context.Context, requests []*gromav1.RescanRequested) error {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range requests {
			attempts[r.GetDelivery()]++
		}
		switch {
		case len(requests) == 1 && requests[0].GetDelivery() == "2":
			return fault.Errorf(fault.Invalid, "never")
		case attempts["1"] < 2:
			return errors.New("Temporal is away")
		}
		return nil
	})
	backlog(t, q, 0)
	mu.Lock()
	defer mu.Unlock()
	if attempts["1"] != 2 {
		t.Errorf("attempts %v", attempts)
	}
}

func TestQueue_Poison(t *testing.T) {
	q := newWorld(t).queue()
	if _, err := q.js.Publish(t.Context(), requested, []byte("\xff no request")); err != nil {
		t.Fatal(err)
	}
	put(t, q, "github.com/a/b", "1")
	working(t, q, func(_ context.Context, requests []*gromav1.RescanRequested) error {
		for _, r := range requests {
			if r.GetRepository() == "" {
				t.Error("a request without a repository")
			}
		}
		return nil
	})
	backlog(t, q, 0)
}

// A server that goes away loses nothing, and work goes on when it is back.
func TestQueue_ServerRestarts(t *testing.T) {
	w := newWorld(t)
	q := w.queue()
	put(t, q, "github.com/a/b", "1")
	came := make(chan string, 10)
	working(t, q, func(_ context.Context, requests []*gromav1.RescanRequested) error {
		for _, r := range requests {
			came <- r.GetDelivery()
		}
		return nil
	})
	expect(t, came, "1")
	backlog(t, q, 0)
	w.stop()
	w.start()
	again := w.queue()
	put(t, again, "github.com/a/b", "2")
	expect(t, came, "2")
	backlog(t, again, 0)
}

func TestQueue_Error(t *testing.T) {
	w := newWorld(t)
	q := w.queue()
	if got := fault.KindOf(q.Put(t.Context(), &gromav1.RescanRequested{})); got != fault.Invalid {
		t.Errorf("no repository: kind %q", got)
	}
	w.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if got := fault.KindOf(q.Put(ctx, &gromav1.RescanRequested{Repository: "a/b/c"})); got != fault.Unavailable {
		t.Errorf("away: kind %q", got)
	}
	if _, err := q.Backlog(ctx); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("away: %v", err)
	}
}

// A full queue says so; it does not forget.
func TestQueue_Full(t *testing.T) {
	w := newWorld(t)
	js, err := jetstream.New(w.connect())
	if err != nil {
		t.Fatal(err)
	}
	config := queueConfig()
	config.MaxMsgs = 2
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	q := w.queue()
	put(t, q, "a/b/c", "1")
	put(t, q, "a/b/c", "2")
	if got := fault.KindOf(q.Put(t.Context(), &gromav1.RescanRequested{Repository: "a/b/c", Delivery: "3"})); got != fault.Unavailable {
		t.Errorf("full: kind %q", got)
	}
	backlog(t, q, 2)
}

func TestDelay(t *testing.T) {
	for attempt, want := range map[uint64]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 11: longestPause, 1 << 40: longestPause} {
		if got := delay(attempt); got != want {
			t.Errorf("after %d: %v, want %v", attempt, got, want)
		}
	}
}

// answering offers the contract's calls, and returns who asks.
func answering(t *testing.T, call Caller, log *slog.Logger) (asker *nats.Conn, stop func()) {
	t.Helper()
	w := newWorld(t)
	conn, ctx := w.connect(), t.Context()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- Answer(ctx, conn, gromav1.File_groma_v1_service_proto.Services().ByName("SurveyService"), call, log)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	asker = w.connect()
	for range 6000 { // it begins some time after the call
		if reply, err := asker.Request("$SRV.INFO.groma", nil, time.Second); err == nil && strings.Contains(string(reply.Data), "groma.api.DeleteSchedule") {
			return asker, stop
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("there is no service")
	return nil, nil
}

func rescan(_ context.Context, method protoreflect.MethodDescriptor, request, response proto.Message) error {
	r, ok := request.(*gromav1.RescanRepositoryRequest)
	switch {
	case !ok:
		return errors.New("open /var/lib/secret: denied")
	case r.GetRepository() == "":
		return &Refusal{"invalid_argument", "name a\r\nrepository"}
	}
	response.(*gromav1.RescanRepositoryResponse).Repository = string(method.Name()) + " " + r.GetRepository()
	if r.GetRepository() == "large" {
		response.(*gromav1.RescanRepositoryResponse).Unchanged = []string{strings.Repeat("x", 2<<20)}
	}
	return nil
}

func TestAnswer(t *testing.T) {
	asker, stop := answering(t, rescan, slog.New(slog.DiscardHandler))
	data, err := proto.Marshal(&gromav1.RescanRepositoryRequest{Repository: "a/b/c"})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := asker.Request("groma.api.RescanRepository", data, time.Minute)
	got := &gromav1.RescanRepositoryResponse{}
	if err == nil {
		err = proto.Unmarshal(reply.Data, got)
	}
	if err != nil || got.GetRepository() != "RescanRepository a/b/c" {
		t.Errorf("got %v, %v", got, err)
	}
	asked := &nats.Msg{Subject: "groma.api.RescanRepository", Data: []byte(`{"repository": "d/e/f"}`), Header: nats.Header{"Content-Type": {"application/json"}}}
	reply, err = asker.RequestMsg(asked, time.Minute)
	if err != nil || !json.Valid(reply.Data) || protojson.Unmarshal(reply.Data, got) != nil || got.GetRepository() != "RescanRepository d/e/f" {
		t.Errorf("got %v, %v", reply, err)
	}
	for _, test := range []struct{ subject, data, code string }{
		{"RescanRepository", "", "invalid_argument"},
		{"RescanRepository", "\xff", "invalid_argument"},
		{"RescanRepository", "\n\x05large", "resource_exhausted"},
		{"GetSurvey", "", "internal"},
	} {
		reply, err := asker.Request("groma.api."+test.subject, []byte(test.data), time.Minute)
		if err != nil || reply.Header.Get("Nats-Service-Error-Code") != test.code || strings.Contains(reply.Header.Get("Nats-Service-Error"), "/var") {
			t.Errorf("%s: got %v, %v", test.subject, reply, err)
		}
	}
	if _, err := asker.Request("groma.api.WatchSurvey", nil, time.Minute); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("a stream is offered: %v", err)
	}
	stop()
	reply, err = asker.Request("groma.api.RescanRepository", data, time.Minute)
	if !errors.Is(err, nats.ErrNoResponders) && (err != nil || reply.Header.Get("Nats-Service-Error-Code") != "unavailable") {
		t.Errorf("it is offered still: %v, %v", reply, err)
	}
}

// TestAnswer_Bounds: no more at once than there are places.
func TestAnswer_Bounds(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	asker, _ := answering(t, func(context.Context, protoreflect.MethodDescriptor, proto.Message, proto.Message) error {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		now--
		return nil
	}, slog.New(slog.DiscardHandler))
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			if _, err := asker.Request("groma.api.GetSurvey", nil, time.Minute); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if most > atOnce {
		t.Errorf("%d at once, want at most %d", most, atOnce)
	}
}
