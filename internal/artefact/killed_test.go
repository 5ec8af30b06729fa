package artefact_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"groma/internal/artefact"
)

// TestS3_Killed kills the server of an S3 again and again while several write:
// every key is whole or missing, and whatever was acknowledged is there.
func TestS3_Killed(t *testing.T) {
	const kills = 8
	folder := newBucket(t)
	w := &witness{}
	for round := range kills {
		server := startGateway(t, folder)
		store := server.open(t)
		w.check(t, store)
		w.writeUntilKilled(t, store, server, fmt.Sprintf("k%d", round))
	}
	w.check(t, startGateway(t, folder).open(t))
	t.Logf("%d artefacts kept and %d swaps done, as was acknowledged; %d writes cut off, of which %d are there; %d kills",
		len(w.kept), len(w.swapped), len(w.open), w.survived, kills)
}

// A witness remembers what storage acknowledged, and what it may have kept
// without saying so.
type witness struct {
	mu       sync.Mutex
	kept     []string // keys
	swapped  []string // lines of the journal
	open     []string // keys and lines of which nobody knows
	survived int
}

func (w *witness) note(list *[]string, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, what)
}

const journal = "editions/journal"

// writeUntilKilled has several write, and kills the server when they have
// written some, so that others are in the middle of it.
func (w *witness) writeUntilKilled(t *testing.T, store artefact.Store, server *gateway, round string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var left atomic.Int64
	left.Store(20 + rand.Int64N(60))
	var wait sync.WaitGroup
	for writer := range 6 {
		wait.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				key := fmt.Sprintf("%s/w%d-%d", round, writer, n)
				if writer%2 == 0 {
					w.create(ctx, store, key)
				} else {
					w.swap(ctx, store, key)
				}
				if left.Add(-1) == 0 {
					server.kill()
					cancel()
				}
			}
		})
	}
	wait.Wait()
}

func (w *witness) create(ctx context.Context, store artefact.Store, key string) {
	if store.Create(ctx, key, content(key)) == nil {
		w.note(&w.kept, key)
	} else {
		w.note(&w.open, key)
	}
}

// swap adds a line to the journal.
func (w *witness) swap(ctx context.Context, store artefact.Store, line string) {
	for {
		before, err := store.Get(ctx, journal)
		if errors.Is(err, artefact.ErrMissing) {
			before, err = nil, nil
		}
		if err != nil {
			return
		}
		lines, _, _ := strings.Cut(string(before), "#")
		err = store.Swap(ctx, journal, before, journalOf(lines+line+"\n"))
		switch {
		case err == nil:
			w.note(&w.swapped, line)
			return
		case !errors.Is(err, artefact.ErrChanged):
			w.note(&w.open, line)
			return
		}
	}
}

// journalOf is the journal with these lines. What follows them makes it small or
// large, and leaves nothing of it to be missed.
func journalOf(lines string) []byte {
	return append([]byte(lines+"#"), bytes.Repeat([]byte{'.'}, sizes[strings.Count(lines, "\n")%3])...)
}

var sizes = []int{10, 300_000, 4_000_000}

// content is what is kept under a key: some bytes, some hundred thousand or
// some millions.
func content(key string) []byte {
	digest := 0
	for _, c := range key {
		digest = digest*31 + int(c)
	}
	return bytes.Repeat([]byte(key+"\n"), 1+sizes[uint(digest)%3]/(len(key)+1))
}

func (w *witness) check(t *testing.T, store artefact.Store) {
	t.Helper()
	listed := map[string]bool{}
	for key, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if listed[key] = true; key == journal || strings.HasPrefix(key, "probe/") {
			continue
		}
		if got, err := store.Get(t.Context(), key); err != nil || !bytes.Equal(got, content(key)) {
			t.Errorf("%s: %d of %d bytes: %v", key, len(got), len(content(key)), err)
		}
	}
	kept, err := store.Get(t.Context(), journal)
	if err != nil && !(errors.Is(err, artefact.ErrMissing) && len(w.swapped) == 0) {
		t.Fatal(err)
	}
	lines, _, _ := strings.Cut(string(kept), "#")
	if err == nil && !bytes.Equal(kept, journalOf(lines)) {
		t.Errorf("the journal is not whole: %d bytes, want %d", len(kept), len(journalOf(lines)))
	}
	for _, key := range w.kept {
		if !listed[key] {
			t.Errorf("%s was acknowledged and is lost", key)
		}
	}
	for _, line := range w.swapped {
		if n := strings.Count("\n"+lines, "\n"+line+"\n"); n != 1 {
			t.Errorf("the swap %s was acknowledged and is there %d times", line, n)
		}
	}
	w.survived = 0
	for _, what := range w.open {
		if listed[what] || strings.Contains("\n"+lines, "\n"+what+"\n") {
			w.survived++
		}
	}
}

// A gateway is a versitygw in a process of its own.
type gateway struct {
	process *exec.Cmd
	address string
	scheme  string
	secrets artefact.Secrets
}

// versitygw is the path of one.
var versitygw = os.Getenv("GROMA_TEST_VERSITYGW")

// newBucket is a folder for a gateway, with a bucket in it. Without a versitygw
// the test is skipped.
func newBucket(t *testing.T) (folder string) {
	t.Helper()
	if versitygw == "" {
		t.Skip("GROMA_TEST_VERSITYGW names no versitygw to start")
	}
	folder = t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "groma"), 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

// startGateway starts one over a folder, with more flags if there are any.
func startGateway(t *testing.T, folder string, flags ...string) *gateway {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{address: listener.Addr().String(), scheme: "http", secrets: artefact.Secrets{AccessKey: "test", SecretKey: "secretsecret"}}
	listener.Close()
	g.process = exec.Command(versitygw, append(append([]string{"--port", g.address, "--quiet"}, flags...), "posix", folder)...)
	g.process.Env = append(os.Environ(), "ROOT_ACCESS_KEY=test", "ROOT_SECRET_KEY=secretsecret")
	if err := g.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.kill)
	return g
}

func (g *gateway) kill() {
	_ = g.process.Process.Kill()
	_, _ = g.process.Process.Wait()
}

// store is its address, as [artefact.Open] takes it.
func (g *gateway) store() string {
	return "s3://groma?endpoint=" + g.scheme + "://" + g.address + "&region=us-east-1"
}

// open waits until the gateway answers.
func (g *gateway) open(t *testing.T) artefact.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := net.Dial("tcp", g.address)
		if err == nil {
			conn.Close()
			break
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("the gateway does not answer: %v", err)
		}
	}
	store, err := artefact.Open(ctx, g.store(), g.secrets)
	if err != nil {
		t.Fatal(err)
	}
	return store
}
