package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/grpc/codes"

	"groma/internal/fault"
)

// A Refusal is why a running server is of no use, with what may help.
type Refusal struct {
	// What failed, in a few words.
	What string
	// Next is what to do about it, in one sentence.
	Next string
	Err  error // nil if What says it all
}

func (r *Refusal) Error() string {
	if r.Err == nil {
		return fmt.Sprintf("%s: %s", r.What, r.Next)
	}
	return fmt.Sprintf("%s: %s: %s", r.What, r.Why(), r.Next)
}

// Why is the cause, bounded: a server has a say in it.
func (r *Refusal) Why() string {
	if r.Err == nil {
		return ""
	}
	return fault.Clip(r.Err.Error(), 500)
}

func (r *Refusal) Unwrap() error { return r.Err }

// knock connects as the server's client would, and lets go again. It exists
// since gRPC and NATS tell of a failure in words only.
func knock(ctx context.Context, address string, config *tls.Config) (state tls.ConnectionState, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience/3)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil || config == nil {
		return state, errors.Join(err, closed(conn))
	}
	defer conn.Close()
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return state, err
	}
	return secure.ConnectionState(), greeted(ctx, secure)
}

func closed(conn net.Conn) error {
	if conn == nil {
		return nil
	}
	return conn.Close()
}

// greeted waits for the first byte: a server that refuses a certificate says so
// only after the handshake is done, as the client sees it. Silence is no refusal.
func greeted(ctx context.Context, conn net.Conn) error {
	until := time.Now().Add(time.Second)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		until = deadline
	}
	_ = conn.SetReadDeadline(until)
	_, err := conn.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// speaksTLS says whether what listens there takes part in a handshake, whoever
// it turns out to be.
func speaksTLS(ctx context.Context, address string) bool {
	_, err := knock(ctx, address, &tls.Config{InsecureSkipVerify: true}) // nothing is sent
	var alert tls.AlertError
	return err == nil || errors.As(err, &alert) || strings.Contains(err.Error(), "remote error: tls")
}

// advice says what may help against a failure to connect. flag is what the
// names of the server's settings begin with, as --nats.
func advice(err error, flag string) string {
	var (
		noTLS    tls.RecordHeaderError
		noName   *net.DNSError
		deadline interface{ Timeout() bool }
	)
	if next := CertificateAdvice(err, flag); next != "" {
		return next
	}
	switch {
	case errors.As(err, &noTLS), errors.Is(err, nats.ErrSecureConnWanted):
		return "it speaks no TLS there: leave " + flag + "-tls and its like out, or have TLS turned on at the server"
	case errors.As(err, &noName):
		return "no such host is known here: check the name in " + flag + ", and this machine's DNS"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, nats.ErrNoServers):
		return "nothing listens there: start the server, or check the host and port in " + flag
	case errors.As(err, &deadline) && deadline.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "it does not answer: check the address, firewalls on the way, and whether it is too busy"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "it hangs up: check that it is the right server and port in " + flag
	}
	return "check the address in " + flag + ", and the server's own log"
}

// CertificateAdvice says what may help against a failure for which a certificate
// is to blame, on either side; empty for any other.
func CertificateAdvice(err error, flag string) string {
	var (
		unknown x509.UnknownAuthorityError
		wrong   x509.HostnameError
		invalid x509.CertificateInvalidError
		alert   tls.AlertError
	)
	switch {
	case errors.As(err, &unknown):
		return "give the certificate that signed the server's with " + flag + "-tls-ca FILE"
	case errors.As(err, &wrong):
		return "its certificate is for another name: use that name in the address, or give it with " + flag + "-tls-server-name"
	case errors.As(err, &invalid):
		return "its certificate is not valid now, or not for this: have it renewed, and check this machine's clock"
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls"), errors.Is(err, nats.ErrTLS):
		return "it wants another certificate of who asks: check " + flag + "-tls-cert and " + flag + "-tls-key"
	}
	return ""
}

const noTemporal = "no Temporal answers at "

// refusedByTemporal says why Temporal could not be asked.
func refusedByTemporal(ctx context.Context, c Config, address string, config *tls.Config, err error) error {
	namespace, err := c.Namespace, c.toldTemporal(address).Err(err)
	r := &Refusal{What: noTemporal + address, Err: err}
	if r.Next = temporalAdvice(address, namespace, err); r.Next != "" {
		r.What = "the Temporal at " + address + " does not let in who asks"
		return r
	}
	ctx = context.WithoutCancel(ctx) // which may have ended by now; a knock has its own patience
	if _, cause := knock(ctx, address, config); cause != nil {
		r.Err, r.Next = cause, advice(cause, "--temporal")
		return r
	}
	switch {
	case config == nil && speaksTLS(ctx, address):
		r.Next = "it wants TLS: give --temporal-tls, or --temporal-tls-ca FILE"
	case errors.Is(err, context.DeadlineExceeded):
		r.Next = "something listens there that does not speak Temporal's protocol, or is too busy to: check the port in --temporal (7233 as a rule)"
	default:
		r.Next = advice(err, "--temporal")
	}
	return r
}

// temporalAdvice is what helps if Temporal has answered, and empty otherwise.
func temporalAdvice(address, namespace string, err error) string {
	switch serviceerror.ToStatus(err).Code() {
	case codes.Unauthenticated:
		return "give an API key with GROMA_TEMPORAL_API_KEY or --temporal-api-key-file, or check the one that is given"
	case codes.PermissionDenied:
		return fmt.Sprintf("check that the API key or certificate is for namespace %q", namespace)
	}
	return ""
}

// noNamespace says that Temporal is well but a survey has no place in it.
func noNamespace(address, namespace string) error {
	return &Refusal{
		What: fmt.Sprintf("the Temporal at %s has no namespace %q", address, namespace),
		Next: fmt.Sprintf("make it with `temporal operator namespace create --address %s -n %s`, or name another with --namespace", address, namespace),
	}
}

// refusedByNATS says why NATS could not be asked.
func refusedByNATS(c Config, err error) error {
	address, err := c.NATS, c.toldNATS().Err(err)
	r := &Refusal{What: "no NATS answers at " + ShownNATS(address), Err: err, Next: advice(err, "--nats")}
	if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked) {
		r.What = "the NATS at " + ShownNATS(address) + " does not let in who asks"
		r.Next = "give what it wants: --nats-credentials, --nats-nkey, GROMA_NATS_TOKEN, or --nats-user with GROMA_NATS_PASSWORD"
	}
	return r
}

// noJetStream says that NATS is well but keeps nothing, or not for us.
func noJetStream(c Config, err error) error {
	address, err := c.NATS, c.toldNATS().Err(err)
	r := &Refusal{What: "the NATS at " + ShownNATS(address) + " keeps no notices", Err: err,
		Next: "check what its account may do with JetStream, or do without notices: --nats off"}
	if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		r.Next = "turn JetStream on (nats-server --jetstream, or jetstream in its configuration, and for the account), or do without notices: --nats off"
	}
	return r
}
