package engine

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/nats-io/nkeys"
	"google.golang.org/grpc"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/status"

	"groma/internal/conceal"
	"groma/internal/secret"
)

// toldTemporal is what a running Temporal, or a proxy before it, is told and may
// say again.
func (c Config) toldTemporal(address string) conceal.Secrets {
	told := conceal.Secrets{}
	if key, err := c.TemporalAPIKey.Read(); err == nil {
		told = conceal.Words(key)
	}
	// As gRPC does, which asks through it.
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: address}}); err == nil {
		told = told.And(conceal.Address(proxy))
	}
	return told
}

// toldNATS is what a running NATS is told. It is read anew, as the files are for
// each connection.
func (c Config) toldNATS() conceal.Secrets {
	told := conceal.Words(orNothing(c.NATSLogin.Token), orNothing(c.NATSLogin.Password))
	for address := range strings.SplitSeq(c.NATS, ",") {
		if u, err := url.Parse(strings.TrimSpace(address)); err == nil {
			told = told.And(conceal.Address(u))
		}
	}
	if c.NATSLogin.Credentials == "" {
		return told
	}
	text, err := secret.ReadFile(c.NATSLogin.Credentials)
	if err != nil {
		return told
	}
	if word, err := nkeys.ParseDecoratedJWT(text); err == nil {
		told = told.And(conceal.Words(append(strings.Split(word, "."), word)...))
	}
	return told
}

// quietGRPC silences gRPC's own log, which variables switch on: it has the
// passwords of proxies in it.
var quietGRPC = sync.OnceFunc(func() { grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard)) })

// discreet has every failure of a call say nothing of what the server was told:
// the library logs them, and they end in histories.
func discreet(told conceal.Secrets) []grpc.DialOption {
	quietGRPC()
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, asked, answer any, conn *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption) error {
		err := call(ctx, method, asked, answer, conn, options...)
		said, ok := status.FromError(err)
		if err == nil || !ok || told.In(said.Message()) == said.Message() {
			return err
		}
		// Details say no more than the message, and in bytes of their own.
		return status.Error(said.Code(), told.In(said.Message()))
	})}
}
