package cli

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"golang.org/x/crypto/ssh"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// nobody hears what servers of the test complain of.
var nobody = log.New(io.Discard, "", 0)

// listen listens on this machine until the test ends.
func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// refusingGRPC refuses every call, and says what it was told. It is a Temporal or
// a collector as far as anybody gets.
func (w *secretWorld) refusingGRPC(t *testing.T, config *tls.Config) (address string) {
	t.Helper()
	options := []grpc.ServerOption{grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		said, _ := metadata.FromIncomingContext(stream.Context())
		w.heard(fmt.Sprint(said))
		return status.Errorf(codes.Unauthenticated, "you said %v", said)
	})}
	if config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	listener, server := listen(t), grpc.NewServer(options...)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// A collecting server keeps all spans that it is sent, as text for a search.
type keepingSpans struct {
	collector.UnimplementedTraceServiceServer
	w *secretWorld
}

func (k keepingSpans) Export(ctx context.Context, sent *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	said, _ := metadata.FromIncomingContext(ctx)
	k.w.heard(fmt.Sprint(said))
	text, err := proto.Marshal(sent)
	if err != nil {
		return nil, err
	}
	k.w.write("spans", text)
	return &collector.ExportTraceServiceResponse{}, nil
}

func (w *secretWorld) collector(t *testing.T) (address string) {
	t.Helper()
	listener, server := listen(t), grpc.NewServer()
	collector.RegisterTraceServiceServer(server, keepingSpans{w: w})
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// refusingNATS takes no login, and says what it was told.
func (w *secretWorld) refusingNATS(t *testing.T, config *tls.Config) (address string) {
	t.Helper()
	listener := listen(t)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go w.refuseNATS(conn, config)
		}
	}()
	return listener.Addr().String()
}

func (w *secretWorld) refuseNATS(conn net.Conn, config *tls.Config) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "INFO {\"server_id\":\"x\",\"version\":\"2.12.0\",\"proto\":1,\"max_payload\":1048576,\"headers\":true,\"auth_required\":true,\"nonce\":\"abcdefgh\",\"tls_required\":%t}\r\n", config != nil)
	if config != nil {
		secure := tls.Server(conn, config)
		if secure.Handshake() == nil && len(secure.ConnectionState().PeerCertificates) > 0 {
			w.prove("NATS TLS key")
		}
		conn = secure
	}
	for scan := bufio.NewScanner(conn); scan.Scan(); {
		said, ok := strings.CutPrefix(scan.Text(), "CONNECT ")
		if !ok {
			continue
		}
		w.heard(said)
		if strings.Contains(said, `"nkey":"U`) {
			w.prove("NATS nkey")
		}
		if strings.Contains(said, `"jwt":"`) && strings.Contains(said, `"sig":"`) {
			w.prove("NATS credentials, seed")
		}
		fmt.Fprintf(conn, "-ERR 'you said %s'\r\n", strings.ReplaceAll(said, "'", ""))
		return
	}
}

// refusingGroma is a server that refuses every call, and says what it was told.
func (w *secretWorld) refusingGroma(t *testing.T) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.told(r)
		said := r.Header.Get("Authorization")
		if r.URL.Path == "/healthz" {
			return
		}
		out.Header().Set("Content-Type", "application/json")
		out.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(out, `{"code":"unauthenticated","message":"you said %s"}`, said)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// refusingSSH takes no key. It returns its address and a line of known_hosts.
func (w *secretWorld) refusingSSH(t *testing.T) (address, known string) {
	t.Helper()
	_, own, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(own)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
		w.prove("key of ~/.ssh")
		return nil, errors.New("no")
	}}
	config.AddHostKey(signer)
	listener := listen(t)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _, _, _ = ssh.NewServerConn(conn, config)
			}()
		}
	}()
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	return listener.Addr().String(), fmt.Sprintf("[%s]:%s %s", host, port, ssh.MarshalAuthorizedKey(signer.PublicKey()))
}

// sshKey is a private key as ssh-keygen writes it, and a mark in it.
func sshKey(t *testing.T) (text, mark string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	text = string(pem.EncodeToMemory(block))
	return text, innerLine(text)
}

// innerLine is a line in the middle of a PEM, of its secret part.
func innerLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)/2]
}

// natsCredentials is a file as nsc writes it: a JWT, its signature, and a seed.
func natsCredentials(t *testing.T) (text, signature, seed string) {
	t.Helper()
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	user, seed := natsSeed(t)
	word, err := jwt.NewUserClaims(user).Encode(account)
	if err != nil {
		t.Fatal(err)
	}
	file, err := jwt.FormatUserConfig(word, []byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	return string(file), word[strings.LastIndexByte(word, '.')+1:], seed
}

func natsSeed(t *testing.T) (public, seed string) {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err = pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	text, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return public, string(text)
}
