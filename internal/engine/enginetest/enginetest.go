// Package enginetest runs servers for tests that want to connect to them: a
// real NATS, and as much of a Temporal as a connection asks for at first. Each
// listens on loopback only, and ends with its test.
package enginetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	namespace "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// An Authority signs certificates that nobody trusts but who is told to.
type Authority struct {
	// File has its own certificate.
	File string

	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	folder      string
}

// NewAuthority makes one whose files go with the test.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{folder: t.TempDir()}
	a.certificate, a.key = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, a.certificate, a.certificate, &a.key.PublicKey, a.key)
	check(t, err)
	a.certificate, err = x509.ParseCertificate(der)
	check(t, err)
	a.File = a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

// Issue signs a certificate for 127.0.0.1 and a name, to serve with and to ask
// with, and returns its files. It ends after the time given.
func (a *Authority) Issue(t testing.TB, name string, lasts time.Duration) (certificate, key string) {
	t.Helper()
	own := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(lasts),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &own.PublicKey, a.key)
	check(t, err)
	secret, err := x509.MarshalECPrivateKey(own)
	check(t, err)
	return a.write(t, name+".pem", "CERTIFICATE", der), a.write(t, name+"-key.pem", "EC PRIVATE KEY", secret)
}

// Server is how a server speaks TLS with a certificate that lasts that long.
// If mutual, whoever asks has to have one of the same authority.
func (a *Authority) Server(t testing.TB, lasts time.Duration, mutual bool) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(a.Issue(t, "server.example.org", lasts))
	check(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	if mutual {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		config.ClientCAs.AddCert(a.certificate)
	}
	return config
}

func (a *Authority) write(t testing.TB, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(a.folder, name)
	check(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return key
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Temporal answers what a connection asks first, for one namespace, "default",
// to whoever has the key; an empty one is anybody's.
type Temporal struct {
	workflowservice.UnimplementedWorkflowServiceServer
	Key string
}

// TemporalVersion is what it says it is.
const TemporalVersion = "1.99.0-test"

// Start returns its address. Nil is without TLS.
func (f *Temporal) Start(t testing.TB, config *tls.Config) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	options := []grpc.ServerOption{grpc.UnaryInterceptor(f.admit)}
	if config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	s := grpc.NewServer(options...)
	workflowservice.RegisterWorkflowServiceServer(s, f)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(listener) // until it is stopped
	}()
	t.Cleanup(func() {
		s.Stop()
		<-done
	})
	return listener.Addr().String()
}

func (f *Temporal) admit(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	said, _ := metadata.FromIncomingContext(ctx)
	if words := said.Get("authorization"); f.Key != "" && (len(words) != 1 || words[0] != "Bearer "+f.Key) {
		return nil, status.Error(codes.Unauthenticated, "no such key")
	}
	return handle(ctx, request)
}

func (f *Temporal) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{ServerVersion: TemporalVersion, Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (f *Temporal) DescribeNamespace(_ context.Context, request *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	if request.Namespace != "default" {
		return nil, serviceerror.ToStatus(serviceerror.NewNamespaceNotFound(request.Namespace)).Err()
	}
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespace.NamespaceInfo{Name: request.Namespace}}, nil
}

// NATS starts a server with what options say of TLS, logins and JetStream, and
// returns its address without a scheme.
func NATS(t testing.TB, options server.Options) (address string) {
	t.Helper()
	options.Host, options.Port, options.NoSigs, options.StoreDir = "127.0.0.1", -1, true, t.TempDir()
	s, err := server.NewServer(&options)
	check(t, err)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS is not ready")
	}
	return s.Addr().String()
}
