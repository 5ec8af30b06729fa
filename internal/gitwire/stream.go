package gitwire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"groma/internal/fault"
)

// stream is a session with a git-upload-pack at the other end of a pipe:
// through the git protocol, ssh, or a process here. go-git has transports for
// these, too; they cannot be interrupted while they connect, and a process
// whose pack nobody wants any more is waited for without end.
type stream struct {
	in     io.Writer
	out    *bufio.Reader
	tap    *tap
	stderr *tail
	end    func()        // ends the conversation, from any goroutine, any number of times
	done   chan struct{} // closed once all of stderr is here; nil if there is none
}

func newStream(in io.Writer, out io.Reader, w *wire, idle time.Duration, end func()) *stream {
	w.requests.Add(1)
	s := &stream{in: in, end: sync.OnceFunc(end), stderr: &tail{}}
	s.tap = newTap(out, w, idle, mostRefs, errManyRefs, s.end)
	s.out = bufio.NewReaderSize(s.tap, 64<<10)
	return s
}

func (s *stream) advertise(ctx context.Context, _ string) (*packp.AdvRefs, error) {
	defer context.AfterFunc(ctx, s.end)()
	refs := packp.NewAdvRefs()
	if err := refs.Decode(s.out); err != nil {
		return nil, err
	}
	return refs, nil
}

func (s *stream) fetch(ctx context.Context, request *packp.UploadPackRequest) (io.ReadCloser, error) {
	s.tap.over = nil // a pack has a limit of its own
	stop := context.AfterFunc(ctx, s.end)
	response, err := s.ask(request)
	if err != nil {
		stop()
		return nil, err
	}
	return &answer{response, stop}, nil
}

func (s *stream) ask(request *packp.UploadPackRequest) (*packp.UploadPackResponse, error) {
	var question bytes.Buffer
	if err := request.UploadRequest.Encode(&question); err != nil {
		return nil, err
	}
	if err := pktline.NewEncoder(&question).EncodeString("done\n"); err != nil {
		return nil, err
	}
	// Whoever cannot take the question may have said why before hanging up.
	_, writing := s.in.Write(question.Bytes())
	response := packp.NewUploadPackResponse(request)
	if err := response.Decode(io.NopCloser(s.out)); err != nil {
		return nil, err
	}
	return response, writing
}

// answer is a pack that comes; its context is watched until it is closed.
type answer struct {
	io.Reader
	stop func() bool
}

func (a *answer) Close() error {
	a.stop()
	return nil
}

func (s *stream) reusable() bool  { return false }
func (s *stream) address() string { return "" }

func (s *stream) close() {
	s.end()
	s.tap.timer.Stop()
	if s.done != nil {
		<-s.done
	}
}

// lastWords is how long a remote that has failed may take to say why.
const lastWords = 2 * time.Second

func (s *stream) evidence() evidence {
	if s.done != nil && s.tap.ended {
		select {
		case <-s.done:
		case <-time.After(lastWords):
		}
	}
	s.close()
	return evidence{head: s.tap.head, stderr: s.stderr.String()}
}

// openGit talks to a git daemon.
func (c *Client) openGit(ctx context.Context, a address, w *wire) (session, error) {
	host := a.host
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), "9418")
	}
	conn, err := c.dial(ctx, a, host)
	if err != nil {
		return nil, err
	}
	s := newStream(conn, conn, w, c.config.IdleTimeout, func() { conn.Close() })
	request := packp.GitProtoRequest{RequestCommand: "git-upload-pack", Pathname: a.path, Host: a.host}
	if err := request.Encode(conn); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// openLocal runs git upload-pack in a repository of this machine.
func (c *Client) openLocal(a address, w *wire) (session, error) {
	_, err := os.Stat(a.path)
	if errors.Is(err, fs.ErrNotExist) { // git looks for the folder with .git, too
		_, err = os.Stat(a.path + ".git")
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fault.Errorf(fault.Denied, "the folder may not be read")
	case err != nil:
		return nil, fault.Errorf(fault.NotFound, "there is no such folder")
	}
	if _, err := exec.LookPath("git"); err != nil {
		return nil, fault.Errorf(fault.Unsupported, "reading local repositories needs git: install it")
	}
	// It is our own process, so it may be told to hand out any commit, and
	// commits without their trees.
	cmd := exec.Command("git", "-c", "uploadpack.allowAnySHA1InWant=true", "-c", "uploadpack.allowFilter=true", "upload-pack", a.path)
	cmd.Env = localEnvironment()
	cmd.WaitDelay = 5 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// A pipe of our own: one made by cmd would be closed under its reader.
	out, outWriter := io.Pipe()
	cmd.Stdout = outWriter
	s := newStream(in, out, w, c.config.IdleTimeout, func() {
		in.Close()
		out.Close()
		cmd.Process.Kill()
	})
	cmd.Stderr = s.stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s.done = make(chan struct{})
	go func() { // ends with the process, which close kills and waits for
		defer close(s.done)
		cmd.Wait()
		outWriter.Close()
	}()
	return s, nil
}

// localEnvironment is this process's, less what would point git elsewhere, and
// with messages in the language that errors.go reads.
func localEnvironment() []string {
	misleading := []string{"GIT_DIR=", "GIT_WORK_TREE=", "GIT_INDEX_FILE=", "GIT_OBJECT_DIRECTORY=", "GIT_ALTERNATE_OBJECT_DIRECTORIES=", "GIT_COMMON_DIR=", "GIT_NAMESPACE=", "GIT_PROTOCOL=", "GIT_TRACE"}
	environment := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return slices.ContainsFunc(misleading, func(prefix string) bool { return strings.HasPrefix(v, prefix) })
	})
	return append(environment, "LC_ALL=C", "LANGUAGE=C")
}

// tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - sniffed; extra > 0 {
		t.text = slices.Delete(t.text, 0, extra)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
