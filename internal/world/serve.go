package world

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Server serves a world's repositories over smart HTTP, protocol v0 and v2,
// at URL/OWNER/NAME and URL/OWNER/NAME.git. It needs the git command.
type Server struct {
	// URL is http://127.0.0.1:PORT, without a slash at its end.
	URL string
	// Dir holds the bare repositories as OWNER/NAME.git.
	Dir string

	http   *http.Server
	cancel context.CancelFunc // of every request in flight
	ours   bool               // Dir was made by Serve
	work   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	inside  int // requests being answered
	manners map[string]*manners
	log     []string
}

// Serve builds the world in a temporary folder and serves it until ctx ends or
// the server is closed. The caller must close it in any case.
func (w *World) Serve(ctx context.Context) (*Server, error) {
	dir, err := os.MkdirTemp("", "groma-world-")
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	if err := w.Build(ctx, dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s, err := w.ServeDir(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.ours = true
	return s, nil
}

// ServeDir serves a world that was built in dir, and leaves dir alone.
func (w *World) ServeDir(ctx context.Context, dir string) (*Server, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, fmt.Errorf("world: serving repositories needs git: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	s := &Server{URL: "http://" + l.Addr().String(), Dir: dir, manners: map[string]*manners{}}
	ctx, s.cancel = context.WithCancel(ctx)
	for name, r := range w.repos {
		m := r.manners
		s.manners[name] = &m
	}
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	context.AfterFunc(ctx, func() { s.http.Close() })
	s.work.Go(func() { s.http.Serve(l) })
	return s, nil
}

// Close stops serving, waits for every request in flight to end and removes
// what Serve made. Closing again does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	if again {
		return nil
	}
	s.cancel()
	s.http.Close()
	s.work.Wait()
	if !s.ours {
		return nil
	}
	return os.RemoveAll(s.Dir)
}

// enter lets a request in, unless the server is being closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.work.Add(1)
		s.inside++
	}
	return !s.closed
}

func (s *Server) leave() {
	s.mu.Lock()
	s.inside--
	s.mu.Unlock()
	s.work.Done()
}

// Set changes how one repository is served from now on:
//
//	well                   as git does; forgets all that was set before
//	missing                404
//	denied                 401
//	moved OWNER/NAME       301 to another repository, or to a whole address
//	status N               this status
//	html                   200 and a page for people
//	dumb                   200 and what a server without smart HTTP says
//	busy N [AFTER]         503 the next N times, with Retry-After: AFTER
//	cut N                  the pack's answer breaks off after N bytes
//	hang                   the pack's answer never comes
//	delay D                each answer comes this much later
func (s *Server) Set(name, directive string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.manners[name]
	if m == nil {
		return fmt.Errorf("world: no repository %s", name)
	}
	if err := m.set(directive); err != nil {
		return fmt.Errorf("world: %s: %w", name, err)
	}
	return nil
}

// Commit adds one commit to a repository, as [Commit] does.
func (s *Server) Commit(name, changes string) (hash string, err error) {
	return Commit(s.Dir, name, changes)
}

// Requests returns one line per request answered, "METHOD PATH STATUS".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.log...)
}

// ServeHTTP answers one request. It is for the server's own use.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.leave()
	noted := &noting{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.log = append(s.log, fmt.Sprintf("%s %s %d", r.Method, r.URL.Path, noted.status))
	}()
	name, rest := target(r.URL.Path)
	m := s.next(name)
	if m == nil {
		http.Error(noted, "Repository not found.", http.StatusNotFound)
		return
	}
	if m.delay > 0 && !wait(r, m.delay) {
		return
	}
	if m.busy > 0 {
		noted.Header().Set("Retry-After", m.after)
		http.Error(noted, "Try later.", http.StatusServiceUnavailable)
		return
	}
	if m.misbehave(noted, r, rest) {
		return
	}
	answer(noted, r, m, repoDir(s.Dir, name), rest)
}

// target splits a path into OWNER/NAME and what is asked of it, with .git
// before that if the path has it.
func target(path string) (name, rest string) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	if len(parts) < 3 {
		return "", ""
	}
	bare, git := strings.CutSuffix(parts[1], ".git")
	rest = "/" + parts[2]
	if git {
		rest = ".git" + rest
	}
	return parts[0] + "/" + bare, rest
}

// next returns the manners for one request, and uses up one busy answer.
func (s *Server) next(name string) *manners {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.manners[name]
	if m == nil {
		return nil
	}
	now := *m
	m.busy = max(0, m.busy-1)
	return &now
}

// wait waits, and reports whether anybody still wants the answer.
func wait(r *http.Request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.Context().Done():
		return false
	}
}

// answer lets git-upload-pack answer, which is all that a fetch needs.
func answer(w *noting, r *http.Request, m *manners, dir, rest string) {
	switch strings.TrimPrefix(rest, ".git") {
	case "/info/refs":
		if r.URL.Query().Get("service") != "git-upload-pack" {
			http.Error(w, "Only git-upload-pack is served.", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		if !strings.Contains(r.Header.Get("Git-Protocol"), "version=2") {
			io.WriteString(w, "001e# service=git-upload-pack\n0000")
		}
		uploadPack(w, r, nil, "--stateless-rpc", "--advertise-refs", dir)
	case "/git-upload-pack":
		body, err := unzipped(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if !bytes.HasPrefix(body, []byte("0014command=ls-refs\n")) { // so it wants a pack
			if m.hang {
				wait(r, time.Hour)
				return
			}
			w.cut = m.cut
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		uploadPack(w, r, body, "--stateless-rpc", dir)
	default:
		http.NotFound(w, r)
	}
}

func unzipped(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	from, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(from)
}

func uploadPack(w *noting, r *http.Request, in []byte, args ...string) {
	cmd := exec.CommandContext(r.Context(), "git", append([]string{"upload-pack"}, args...)...)
	cmd.Env = environment(r.Header.Get("Git-Protocol"))
	// From memory: what is left of the request when git exits must not keep
	// the command waiting.
	if in != nil {
		cmd.Stdin = bytes.NewReader(in)
	}
	cmd.Stdout = w
	cmd.Run() // its exit status says no more than its output
	if w.broken {
		panic(http.ErrAbortHandler)
	}
}

// environment is what git gets to know: nothing of the machine's settings.
func environment(protocol string) []string {
	clean := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	return append(clean,
		"GIT_PROTOCOL="+protocol,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_CONFIG_COUNT=3",
		"GIT_CONFIG_KEY_0=uploadpack.allowFilter", "GIT_CONFIG_VALUE_0=true",
		"GIT_CONFIG_KEY_1=uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_1=true",
		"GIT_CONFIG_KEY_2=safe.directory", "GIT_CONFIG_VALUE_2=*",
	)
}

// noting notes the status of an answer and, with a limit, breaks it off.
type noting struct {
	http.ResponseWriter
	status int
	cut, n int64
	broken bool
}

func (w *noting) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *noting) Write(p []byte) (int, error) {
	if w.cut > 0 && w.n+int64(len(p)) > w.cut {
		p = p[:w.cut-w.n]
		w.ResponseWriter.Write(p)
		w.ResponseWriter.(http.Flusher).Flush()
		w.broken = true
		return 0, errors.New("cut")
	}
	n, err := w.ResponseWriter.Write(p)
	w.n += int64(n)
	return n, err
}
