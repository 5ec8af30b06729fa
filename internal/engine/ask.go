package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.temporal.io/api/workflowservice/v1"

	"groma/internal/notice"
)

// Facts are what a running server says of itself.
type Facts struct {
	// Version is the server's.
	Version string
	// TLS is what the connection is kept private by, as "TLS 1.3"; empty if
	// it is not.
	TLS string
	// Until is when the server's certificate ends; zero without TLS.
	Until time.Time
	// RoundTrip is how long one question took, once connected.
	RoundTrip time.Duration
	// Stream says whether NATS has the stream of notices. If it has not, one
	// like it could be made.
	Stream bool
	// Keys are the ids of those that seal what Temporal keeps: that of the one
	// which does, then of the others that open. None is sealed without.
	Keys []string
	// Shut says which survey runs in Temporal and cannot be read with them, and
	// why; nil is none.
	Shut error
	// Ahead is by how much the clock was set back since an embedded Temporal's
	// database was written; zero if it was not.
	Ahead time.Duration
}

// AskTemporal connects to the running Temporal that c names, as [Open] would,
// and lets go again. What is wrong is a [Refusal].
func AskTemporal(ctx context.Context, c Config) (facts Facts, err error) {
	c = c.withDefaults()
	config, err := c.temporalTLS()
	if err != nil {
		return facts, &Refusal{What: "TLS for Temporal", Err: err, Next: "correct the file that is named"}
	}
	state, err := knock(ctx, c.Temporal, config) // which fails at once where the client goes on trying
	if err != nil {
		return facts, &Refusal{What: noTemporal + c.Temporal, Err: err, Next: advice(err, "--temporal")}
	}
	facts.Tell(state)
	keys, err := newKeyring(c.PayloadKeys, slog.New(slog.DiscardHandler))
	if err != nil {
		return facts, &Refusal{What: "the keys of Temporal's payloads", Err: err, Next: "correct the file that is named"}
	}
	facts.Keys = keys.now().IDs()
	payloads := newSealing(keys.now)
	temporal, err := dialTemporal(ctx, c, c.Temporal, payloads, slog.New(slog.DiscardHandler))
	if err != nil {
		return facts, err
	}
	defer temporal.Close()
	began := time.Now()
	info, err := temporal.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		return facts, &Refusal{What: "the Temporal at " + c.Temporal + " does not say what it is", Err: c.toldTemporal(c.Temporal).Err(err), Next: advice(err, "--temporal")}
	}
	facts.Version, facts.RoundTrip = info.ServerVersion, time.Since(began)
	facts.Shut = illegible(ctx, temporal, c.Namespace, "", payloads)
	return facts, nil
}

// Tell adds what a connection says.
func (f *Facts) Tell(state tls.ConnectionState) {
	if state.Version == 0 {
		return
	}
	f.TLS = tls.VersionName(state.Version)
	if len(state.PeerCertificates) > 0 {
		f.Until = state.PeerCertificates[0].NotAfter
	}
}

// AskNATS connects to the running NATS that c names, as [Open] would, and lets
// go again; it leaves nothing there. What is wrong is a [Refusal].
func AskNATS(ctx context.Context, c Config) (facts Facts, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	options, err := natsOptions(c, slog.New(slog.DiscardHandler))
	if err != nil {
		return facts, err
	}
	conn, err := connectNATS(ctx, c, append(options, nats.NoReconnect()))
	if err != nil {
		return facts, err
	}
	defer conn.Close()
	facts.Version = conn.ConnectedServerVersion()
	if facts.RoundTrip, err = conn.RTT(); err != nil {
		return facts, refusedByNATS(c, err)
	}
	if state, err := conn.TLSConnectionState(); err == nil {
		facts.Tell(state)
	}
	facts.Stream, err = notice.Examine(ctx, conn)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(jetstream.ErrJetStreamNotEnabled, err) // silence is how an account without it answers
	}
	if err != nil {
		return facts, noJetStream(c, err)
	}
	return facts, nil
}
