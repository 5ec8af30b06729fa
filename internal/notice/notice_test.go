package notice

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"groma/internal/fault"
	gromav1 "groma/proto/groma/v1"
)

// A world is a NATS server in this process that can be shut down and started
// again over the same files.
type world struct {
	t      *testing.T
	dir    string
	mu     sync.Mutex
	server *server.Server
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir()}
	w.start()
	t.Cleanup(w.stop)
	return w
}

func (w *world) start() {
	w.t.Helper()
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: w.dir, NoSigs: true, NoLog: true})
	if err != nil {
		w.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		w.t.Fatal("the server did not start")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = s
}

func (w *world) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.server != nil {
		w.server.Shutdown()
		w.server.WaitForShutdown()
		w.server = nil
	}
}

func (w *world) InProcessConn() (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.server == nil {
		return nil, errors.New("the server is down")
	}
	return w.server.InProcessConn()
}

func (w *world) connect() *nats.Conn {
	w.t.Helper()
	conn, err := nats.Connect("", nats.InProcessServer(w), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(conn.Close)
	return conn
}

func (w *world) bus() *Bus {
	w.t.Helper()
	b, err := New(w.t.Context(), w.connect())
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func taken(survey, id string) *gromav1.Notice {
	return &gromav1.Notice{Id: id, Survey: survey, Event: &gromav1.Notice_Taken{Taken: &gromav1.Taken{Key: id}}}
}

func publish(t *testing.T, b *Bus, notices ...*gromav1.Notice) {
	t.Helper()
	for _, n := range notices {
		if err := b.Publish(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
}

// following starts to follow and returns the ids as they come, and a function
// that stops.
func following(t *testing.T, b *Bus, survey string, from From) (ids <-chan string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, done := make(chan string, 1000), make(chan error, 1)
	go func() {
		done <- b.Follow(ctx, survey, from, func(_ uint64, n *gromav1.Notice) { out <- n.GetId() })
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Follow: %v", err)
			}
		case <-time.After(patience / 2):
			t.Error("Follow outlives its context")
		}
	})
	t.Cleanup(stop)
	return out, stop
}

func expect(t *testing.T, ids <-chan string, want ...string) {
	t.Helper()
	for _, id := range want {
		select {
		case got := <-ids:
			if got != id {
				t.Fatalf("got notice %q, want %q", got, id)
			}
		case <-time.After(time.Minute):
			t.Fatalf("notice %q did not come", id)
		}
	}
}

func expectNoMore(t *testing.T, ids <-chan string) {
	t.Helper()
	select {
	case got := <-ids:
		t.Fatalf("notice %q came, want no more", got)
	case <-time.After(50 * time.Millisecond):
	}
}

func TestFollow_ReplaysThenLive(t *testing.T) {
	b := newWorld(t).bus()
	publish(t, b, taken("s", "1"), taken("other", "x"), taken("s", "2"))
	ids, _ := following(t, b, "s", Start)
	expect(t, ids, "1", "2")
	publish(t, b, taken("other", "y"), taken("s", "3"))
	expect(t, ids, "3")
	expectNoMore(t, ids)
}

func TestFollow_Now(t *testing.T) {
	b := newWorld(t).bus()
	publish(t, b, taken("s", "old"))
	ids, _ := following(t, b, "s", Now)
	// Following begins some time after the call; publish until it is heard.
	for i := range 1000 {
		publish(t, b, taken("s", fmt.Sprint("new-", i)))
		select {
		case got := <-ids:
			if got == "old" {
				t.Fatal("a follower from now on hears of the past")
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("nothing came")
}

func TestFollow_EverySurvey(t *testing.T) {
	b := newWorld(t).bus()
	publish(t, b, taken("a", "1"), taken("b", "2"))
	ids, _ := following(t, b, "", Start)
	expect(t, ids, "1", "2")
}

func TestFollow_AllEvents(t *testing.T) {
	b := newWorld(t).bus()
	publish(t, b,
		&gromav1.Notice{Id: "p", Survey: "s", Event: &gromav1.Notice_Planned{Planned: &gromav1.Planned{}}},
		taken("s", "t"),
		&gromav1.Notice{Id: "r", Survey: "s", Event: &gromav1.Notice_Reported{Reported: &gromav1.Reported{}}})
	ids, _ := following(t, b, "s", Start)
	expect(t, ids, "p", "t", "r")
}

func TestPublish_TwiceComesOnce(t *testing.T) {
	b := newWorld(t).bus()
	publish(t, b, taken("s", "1"), taken("s", "1"), taken("s", "2"), taken("s", "1"))
	ids, _ := following(t, b, "s", Start)
	expect(t, ids, "1", "2")
	expectNoMore(t, ids)
}

func TestPublish_HostileNames(t *testing.T) {
	b := newWorld(t).bus()
	names := []string{"*", ">", "a.b", "a", "a b", "a\tb", "\r\nPUB x 0\r\n", "%", "%2A", "ünï", "$JS.API.>", "\x00", strings.Repeat("é", 5000)}
	for i, name := range names {
		publish(t, b, taken(name, fmt.Sprint(i)))
	}
	for i, name := range names {
		ids, stop := following(t, b, name, Start)
		expect(t, ids, fmt.Sprint(i))
		expectNoMore(t, ids)
		stop()
	}
}

func TestFollow_ServerRestarts(t *testing.T) {
	w := newWorld(t)
	b := w.bus()
	publish(t, b, taken("s", "1"))
	ids, _ := following(t, b, "s", Start)
	expect(t, ids, "1")
	w.stop()
	w.start()
	again := w.bus() // a publisher of its own, connected for sure
	publish(t, again, taken("s", "1"), taken("s", "2"))
	expect(t, ids, "2")
	expectNoMore(t, ids)
}

func TestFollow_StopsWhileServerIsDown(t *testing.T) {
	w := newWorld(t)
	b := w.bus()
	publish(t, b, taken("s", "1"))
	ids, stop := following(t, b, "s", Start)
	expect(t, ids, "1")
	w.stop()
	stop() // fails the test if it takes long
}

func TestFollow_ClosedConnection_Error(t *testing.T) {
	w := newWorld(t)
	conn := w.connect()
	b, err := New(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	publish(t, b, taken("s", "1"))
	begun, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- b.Follow(t.Context(), "s", Start, func(uint64, *gromav1.Notice) { close(begun) }) }()
	<-begun
	conn.Close()
	select {
	case err := <-done:
		if err == nil {
			t.Error("Follow says nothing of a closed connection")
		}
	case <-time.After(time.Minute):
		t.Error("Follow does not notice a closed connection")
	}
}

func TestFollow_PassesOverStrangers(t *testing.T) {
	w := newWorld(t)
	b := w.bus()
	if _, err := b.js.Publish(t.Context(), "groma.notice.s.taken", []byte("\xff no notice")); err != nil {
		t.Fatal(err)
	}
	publish(t, b, taken("s", "1"))
	ids, _ := following(t, b, "s", Start)
	expect(t, ids, "1")
}

func TestNew_KeepsOperatorsBounds(t *testing.T) {
	w := newWorld(t)
	js, err := jetstream.New(w.connect())
	if err != nil {
		t.Fatal(err)
	}
	made := jetstream.StreamConfig{Name: Stream, Subjects: []string{"old.>"}, MaxBytes: 1 << 20, Duplicates: time.Second}
	if _, err := js.CreateStream(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		publish(t, w.bus(), taken("s", "1"))
	}
	stream, err := js.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	got := stream.CachedInfo().Config
	if got.MaxBytes != 1<<20 || got.Duplicates != window || !slices.Equal(got.Subjects, []string{everything}) {
		t.Errorf("config is %+v", got)
	}
}

func TestNew_NoJetStream_Error(t *testing.T) {
	s, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.Shutdown()
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := New(t.Context(), conn); err == nil {
		t.Error("New is content without JetStream")
	}
}

func TestNilBus(t *testing.T) {
	var b *Bus
	if err := b.Publish(t.Context(), taken("s", "1")); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Follow(ctx, "s", Start, nil); err != nil {
		t.Error(err)
	}
}

func TestPublish_Error(t *testing.T) {
	b := newWorld(t).bus()
	event := &gromav1.Notice_Taken{Taken: &gromav1.Taken{}}
	for name, n := range map[string]*gromav1.Notice{
		"nothing":    nil,
		"no id":      {Survey: "s", Event: event},
		"no survey":  {Id: "1", Event: event},
		"no event":   {Id: "1", Survey: "s"},
		"header":     {Id: "1\r\nNats-Rollup: all", Survey: "s", Event: event},
		"not UTF-8":  {Id: "\xff", Survey: "s", Event: event},
		"not UTF-8s": {Id: "1", Survey: "\xff", Event: event},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.KindOf(b.Publish(t.Context(), n)); got != fault.Invalid {
				t.Errorf("kind %q, want %q", got, fault.Invalid)
			}
		})
	}
}

func TestPublish_Gone_Error(t *testing.T) {
	w := newWorld(t)
	b := w.bus()
	w.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if got := fault.KindOf(b.Publish(ctx, taken("s", "1"))); got != fault.Unavailable {
		t.Errorf("kind %q, want %q", got, fault.Unavailable)
	}
}
