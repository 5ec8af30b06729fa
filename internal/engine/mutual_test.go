//go:build !groma_noembed

package engine

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"

	"groma/internal/engine/enginetest"
)

// startMutual starts a Temporal that lets nobody in without a certificate, and
// returns its address. It is the server that is embedded otherwise.
func startMutual(t *testing.T, authority *enginetest.Authority) (address string) {
	t.Helper()
	path, log := filepath.Join(t.TempDir(), "temporal.db"), slog.New(slog.DiscardHandler)
	if err := prepareDatabase(t.Context(), path, false, log); err != nil {
		t.Fatal(err)
	}
	if err := makeNamespace(sqliteConfig(path), "default"); err != nil {
		t.Fatal(err)
	}
	ports, letGo, err := freePorts(len(services))
	if err != nil {
		t.Fatal(err)
	}
	defer letGo()
	lodgings, hosts := lodge(services, ports)
	address = lodgings[string(primitives.FrontendService)].address
	c := serverConfig(sqliteConfig(path), lodgings, address)
	certificate, key := authority.Issue(t, "temporal.example.org", time.Hour)
	inside := config.ClientTLS{RootCAFiles: []string{authority.File}, ServerName: "temporal.example.org"}
	guarded := config.ServerTLS{CertFile: certificate, KeyFile: key, ClientCAFiles: []string{authority.File}, RequireClientAuth: true}
	c.Global.TLS = config.RootTLS{
		Frontend:  config.GroupTLS{Server: guarded, Client: inside},
		Internode: config.GroupTLS{Server: guarded, Client: inside}, // the server's own services, too
	}
	stop, err := runServer(newServerLog(log),
		temporal.WithConfig(c), temporal.ForServices(services), temporal.WithStaticHosts(hosts), temporal.WithLogger(newServerLog(log)),
		temporal.WithDynamicConfigClient(settings), temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return address
}

// TestMutual: a survey's engine asks a real Temporal over mutual TLS, and works
// for it; who proves nothing, or something else, hears what is missing.
func TestMutual(t *testing.T) {
	authority, other := enginetest.NewAuthority(t), enginetest.NewAuthority(t)
	c := Config{Temporal: startMutual(t, authority), NATS: Off, Store: "file://" + t.TempDir()}
	certificate, key := authority.Issue(t, "groma", time.Hour)
	c.TemporalTLS = TLS{CA: authority.File, Certificate: certificate, Key: key}
	e := open(t, c)
	work(t, e, waiting)
	run, err := e.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "w", TaskQueue: queue}, waiting)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Temporal.SignalWorkflow(t.Context(), "w", "", "end", "done"); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := run.Get(t.Context(), &got); err != nil || got != "done" {
		t.Errorf("the workflow returns %q, %v", got, err)
	}
	facts, err := AskTemporal(t.Context(), c)
	if err != nil || facts.TLS != "TLS 1.3" || facts.Shut != nil {
		t.Errorf("AskTemporal: %+v, %v", facts, err)
	}
	certificate, key = other.Issue(t, "stranger", time.Hour)
	for name, test := range map[string]struct {
		tls  TLS
		next string
	}{
		"no certificate":    {TLS{CA: authority.File}, "--temporal-tls-cert"},
		"another authority": {TLS{CA: authority.File, Certificate: certificate, Key: key}, "--temporal-tls-cert"},
		"another server":    {TLS{CA: other.File, Certificate: certificate, Key: key}, "--temporal-tls-ca"},
		"no TLS":            {TLS{}, "it wants TLS"},
	} {
		c.TemporalTLS = test.tls
		var refusal *Refusal
		if _, err := AskTemporal(t.Context(), c); !errors.As(err, &refusal) || !strings.Contains(refusal.Next, test.next) {
			t.Errorf("%s: %v, want a refusal with %q", name, err, test.next)
		}
	}
}
