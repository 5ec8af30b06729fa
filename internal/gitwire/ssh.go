package gitwire

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"

	"groma/internal/fault"
)

// openSSH runs git-upload-pack on another machine.
func (c *Client) openSSH(ctx context.Context, a address, w *wire) (session, error) {
	conn, err := c.dialSSH(ctx, a)
	if err != nil {
		return nil, err
	}
	s, err := uploadPack(conn, a.path, w, c.config.IdleTimeout)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

func uploadPack(conn *ssh.Client, path string, w *wire, idle time.Duration) (session, error) {
	remote, err := conn.NewSession()
	if err != nil {
		return nil, err
	}
	in, err := remote.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := remote.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s := newStream(in, out, w, idle, func() { conn.Close() })
	remote.Stderr = s.stderr
	if err := remote.Start("git-upload-pack " + quoted(path)); err != nil {
		s.close()
		return nil, err
	}
	s.done = make(chan struct{})
	go func() { // ends with the connection, which close ends and waits for
		defer close(s.done)
		remote.Wait()
	}()
	return s, nil
}

// quoted is a path as a shell takes it for one word, whatever is in it.
func quoted(path string) string {
	return "'" + strings.NewReplacer(`'`, `'\''`, `!`, `'\!'`).Replace(path) + "'"
}

func (c *Client) dialSSH(ctx context.Context, a address) (*ssh.Client, error) {
	host := sshHost(a.host)
	config, err := c.sshConfig(a, host)
	if err != nil {
		return nil, err
	}
	conn, err := c.dial(ctx, a, host)
	if err != nil {
		return nil, err
	}
	// The handshake knows neither context nor patience.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	conn.SetDeadline(time.Now().Add(c.config.IdleTimeout))
	inner, channels, requests, err := ssh.NewClientConn(conn, host, config)
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return ssh.NewClient(inner, channels, requests), nil
}

// sshHost is where to connect to: ~/.ssh/config may know the host by another
// name.
func sshHost(host string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), ""
	}
	if alias := gitssh.DefaultSSHConfig.Get(name, "Hostname"); alias != "" {
		if port == "" {
			port = gitssh.DefaultSSHConfig.Get(name, "Port")
		}
		name = alias
	}
	if port == "" {
		port = "22"
	}
	return net.JoinHostPort(name, port)
}

func (c *Client) sshConfig(a address, host string) (*ssh.ClientConfig, error) {
	known, err := gitssh.NewKnownHostsDb(c.config.SSH.KnownHosts...)
	if err != nil {
		return nil, fault.Errorf(fault.Denied, "nobody says which key %s has: run ssh-keyscan %s >>~/.ssh/known_hosts and check what it wrote", a.host, bareHost(a.host))
	}
	signers := c.signers()
	user := a.user
	if user == "" {
		user = "git" // as every code host calls it
	}
	return &ssh.ClientConfig{
		User:              user,
		Auth:              []ssh.AuthMethod{ssh.PublicKeysCallback(signers)},
		HostKeyCallback:   caught(known.HostKeyCallback()),
		HostKeyAlgorithms: known.HostKeyAlgorithms(host),
	}, nil
}

// caught is a callback for a goroutine of the library's, where a panic would end
// the process.
func caught(check ssh.HostKeyCallback) ssh.HostKeyCallback {
	return func(host string, remote net.Addr, key ssh.PublicKey) (err error) {
		defer fault.Catch(&err)
		return check(host, remote, key)
	}
}

// signers returns what knows the keys: those of the agent, if one runs, and
// those of files.
func (c *Client) signers() func() ([]ssh.Signer, error) {
	return func() ([]ssh.Signer, error) {
		var signers []ssh.Signer
		if agent, err := gitssh.NewSSHAgentAuth("git"); err == nil {
			if held, err := agent.Callback(); err == nil {
				signers = held
			}
		}
		for _, file := range c.keyFiles() {
			key, err := gitssh.NewPublicKeysFromFile("git", file, "")
			if err != nil && len(c.config.SSH.Keys) > 0 {
				return nil, fault.Errorf(fault.Denied, "the key %s cannot be read: %v", file, lastReason(err))
			}
			if err == nil {
				signers = append(signers, key.Signer)
			}
		}
		if len(signers) == 0 {
			return nil, errNoKeys
		}
		return signers, nil
	}
}

var errNoKeys = errors.New("no ssh agent runs and no key was found in ~/.ssh")

func (c *Client) keyFiles() []string {
	if len(c.config.SSH.Keys) > 0 {
		return c.config.SSH.Keys
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	var files []string
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		files = append(files, filepath.Join(home, ".ssh", name))
	}
	return files
}

func bareHost(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}
