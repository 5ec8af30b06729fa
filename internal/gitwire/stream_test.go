package gitwire

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"groma/internal/fault"
	"groma/internal/world/worldtest"
)

// gitDaemon serves a folder by the git protocol: a listener here, git daemon's
// one-connection mode behind it.
func gitDaemon(t *testing.T, dir string) (host string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(git(t, "--exec-path"), "git-daemon")); err != nil {
		t.Skip("git daemon is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer conn.Close()
				cmd := exec.Command("git", "-c", "safe.directory=*", "daemon", "--inetd", "--export-all", "--base-path="+dir, dir)
				cmd.Env = append(localEnvironment(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
				f, err := conn.(*net.TCPConn).File()
				if err != nil {
					return
				}
				defer f.Close()
				cmd.Stdin, cmd.Stdout = f, f
				cmd.Run()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		work.Wait()
	})
	return l.Addr().String()
}

func TestGit(t *testing.T) {
	s := worldtest.Serve(t, text1+history)
	host := gitDaemon(t, s.Dir)
	c := client(t, Config{})
	head, listing, err := take(t.Context(), c, Request{Address: "git://" + host + "/o/plain.git"})
	if err != nil {
		t.Fatal(err)
	}
	if head.Branch != "main" || !slices.Equal(listing, plainListing) {
		t.Errorf("head %v, files\n%s", head, strings.Join(listing, "\n"))
	}
	for name, want := range map[string]fault.Kind{"o/gone.git": fault.NotFound, "o/void.git": fault.Empty} {
		_, err := c.Probe(t.Context(), Request{Address: "git://" + host + "/" + name})
		if got := fault.KindOf(err); got != want {
			t.Errorf("%s: %v (%q), want %q", name, err, got, want)
		}
	}
}

// A git daemon hands out tips only; an older commit is found by going back.
func TestGit_Deepen(t *testing.T) {
	s := worldtest.Serve(t, history)
	first := git(t, "-C", filepath.Join(s.Dir, "o/past.git"), "rev-parse", "main")
	for i := range 120 {
		if _, err := s.Commit("o/past", fmt.Sprintf("-- f%d --\n%d\n", i%3, i)); err != nil {
			t.Fatal(err)
		}
	}
	git(t, "-C", filepath.Join(s.Dir, "o/past.git"), "tag", "-d", "v1")
	host := gitDaemon(t, s.Dir)
	c := client(t, Config{})
	recent := git(t, "-C", filepath.Join(s.Dir, "o/past.git"), "rev-parse", "main~10")
	for commit, files := range map[string]int{first: 1, recent: 4} {
		head, listing, err := take(t.Context(), c, Request{Address: "git://" + host + "/o/past.git", Commit: commit})
		if err != nil {
			t.Fatal(err)
		}
		if head.Commit != commit || len(listing) != files {
			t.Errorf("head %v, files %q", head, listing)
		}
	}
	_, _, err := take(t.Context(), c, Request{Address: "git://" + host + "/o/past.git", Commit: strings.Repeat("1", 40)})
	if fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), "branch main") {
		t.Errorf("no such commit: %v", err)
	}
}

// sshServer runs git-upload-pack for whoever has the key.
type sshServer struct {
	host     string
	identity string // file of a key it takes
	stranger string // file of one it does not
	known    string // known_hosts
}

func serveSSH(t *testing.T, dir string) sshServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	files := t.TempDir()
	s := sshServer{host: l.Addr().String(), known: filepath.Join(files, "known_hosts")}
	hostKey, _ := newKey(t, files, "host")
	welcome, identity := newKey(t, files, "welcome")
	_, stranger := newKey(t, files, "stranger")
	s.identity, s.stranger = identity, stranger
	line := knownhosts.Line([]string{s.host}, hostKey.PublicKey())
	if err := os.WriteFile(s.known, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(welcome.PublicKey().Marshal()) {
			return nil, fmt.Errorf("who is this")
		}
		return nil, nil
	}}
	config.AddHostKey(hostKey)
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { answerSSH(conn, config, dir) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		work.Wait()
	})
	return s
}

func newKey(t *testing.T, dir, name string) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, file
}

func answerSSH(conn net.Conn, config *ssh.ServerConfig, dir string) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		for r := range requests {
			if r.Type != "exec" {
				r.Reply(false, nil)
				continue
			}
			r.Reply(true, nil)
			var command struct{ Text string }
			ssh.Unmarshal(r.Payload, &command)
			// A shell, as on a real host, so that quoting is put to the test.
			cmd := exec.Command("sh", "-c", command.Text)
			cmd.Dir = dir
			cmd.Env = append(localEnvironment(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
			in, err := cmd.StdinPipe()
			if err != nil {
				return
			}
			go func() {
				io.Copy(in, bufio.NewReader(channel))
				in.Close()
			}()
			cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
			status := struct{ Status uint32 }{}
			if cmd.Run() != nil {
				status.Status = 128
			}
			channel.SendRequest("exit-status", false, ssh.Marshal(status))
			channel.Close()
		}
	}
}

func TestSSH(t *testing.T) {
	s := worldtest.Serve(t, text1)
	host := serveSSH(t, s.Dir)
	c := client(t, Config{SSH: SSH{Keys: []string{host.identity}, KnownHosts: []string{host.known}}})
	address := "ssh://git@" + host.host + s.Dir
	for _, name := range []string{"/o/plain.git", "/o/plain"} {
		head, listing, err := take(t.Context(), c, Request{Address: address + name})
		if err != nil {
			t.Fatal(err)
		}
		if head.Branch != "main" || !slices.Equal(listing, plainListing) {
			t.Errorf("%s: head %v, files\n%s", name, head, strings.Join(listing, "\n"))
		}
	}
	touched := filepath.Join(t.TempDir(), "touched")
	for name, want := range map[string]fault.Kind{
		"/o/gone.git":                 fault.NotFound,
		"/o/void.git":                 fault.Empty,
		"/o/'; touch " + touched + "": fault.NotFound,
		"/$(touch " + touched + ")":   fault.NotFound,
	} {
		_, err := c.Probe(t.Context(), Request{Address: address + name})
		if got := fault.KindOf(err); got != want {
			t.Errorf("%s: %v (%q), want %q", name, err, got, want)
		}
	}
	if _, err := os.Stat(touched); err == nil {
		t.Error("an address was run as a command")
	}
}

func TestSSH_Error(t *testing.T) {
	s := worldtest.Serve(t, text1)
	host, other := serveSSH(t, s.Dir), serveSSH(t, s.Dir)
	address := "ssh://git@" + host.host + s.Dir + "/o/plain.git"
	impostor := filepath.Join(t.TempDir(), "known_hosts")
	text, err := os.ReadFile(other.known)
	if err != nil {
		t.Fatal(err)
	}
	name := func(host string) string { return knownhosts.Normalize(host) }
	os.WriteFile(impostor, []byte(strings.ReplaceAll(string(text), name(other.host), name(host.host))), 0o600)
	for _, test := range []struct {
		name string
		ssh  SSH
		says string
	}{
		{"a key it does not know", SSH{Keys: []string{host.stranger}, KnownHosts: []string{host.known}}, "none of our keys"},
		{"a host nobody knows", SSH{Keys: []string{host.identity}, KnownHosts: []string{other.known}}, "ssh-keyscan"},
		{"no known_hosts", SSH{Keys: []string{host.identity}, KnownHosts: []string{"/nowhere"}}, "ssh-keyscan"},
		{"an impostor", SSH{Keys: []string{host.identity}, KnownHosts: []string{impostor}}, "another key"},
		{"no key", SSH{Keys: []string{"/nowhere"}, KnownHosts: []string{host.known}}, "key"},
	} {
		_, err := client(t, Config{SSH: test.ssh}).Probe(t.Context(), Request{Address: address})
		if got := fault.KindOf(err); got != fault.Denied || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v (%q)", test.name, err, got)
		}
	}
}
