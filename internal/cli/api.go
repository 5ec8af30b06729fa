package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"github.com/spf13/pflag"

	"groma/internal/conceal"
	"groma/internal/engine"
	"groma/internal/outward"
	"groma/internal/service"
	"groma/proto/groma/v1/gromav1connect"
)

// An api is the service that a command asks, in this process or elsewhere.
type api struct {
	gromav1connect.SurveyServiceClient
	// remote is the server's address, empty in this process.
	remote string
	// silent says that there are no notices.
	silent bool
	// idle says that this process holds the data folder and has no worker.
	idle  bool
	close func()
}

// inProcess is a service as its clients see it.
func inProcess(s *service.Service) gromav1connect.SurveyServiceClient {
	server := connect.NewServer()
	gromav1connect.RegisterSurveyServiceHandler(server, s)
	return gromav1connect.NewSurveyServiceClient(connect.NewClient(connectinprocess.New(server)))
}

// serverFlag names the server.
const serverFlag = "server"

// serverSettings say which server to ask; without one, this process is it.
type serverSettings struct {
	address, tokenFile, ca string
}

func (s *serverSettings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.address, serverFlag, "", "URL of a groma server to ask, as in https://groma.example.org (default: this process does it)")
	flags.StringVar(&s.tokenFile, "server-token-file", "", "file with the token for the server (or GROMA_SERVER_TOKEN)")
	flags.StringVar(&s.ca, "server-ca", "", "file of certificates to trust the server by (default: the system's)")
}

// remote is the server that the settings name.
func (s *serverSettings) remote(terminal Terminal) (*api, error) {
	client, told, err := s.client(terminal)
	if err != nil {
		return nil, err
	}
	dispatch := connecthttp.NewTransport(client, strings.TrimSuffix(s.address, "/"))
	return &api{
		SurveyServiceClient: gromav1connect.NewSurveyServiceClient(connect.NewClient(dispatch, discreet(told))),
		remote:              s.address,
		close:               client.CloseIdleConnections,
	}, nil
}

// client asks the server over HTTP. It also returns what the server is told of
// who asks, and may say again.
func (s *serverSettings) client(terminal Terminal) (*http.Client, conceal.Secrets, error) {
	none := conceal.Secrets{}
	u, err := url.Parse(s.address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, none, usagef("--server: want https://host or http://host:port, without a login or settings in it")
	}
	token, err := secretOf(terminal, "GROMA_SERVER_TOKEN", s.tokenFile).Read()
	if err != nil {
		return nil, none, usagef("--server-token-file: %w", err)
	}
	if token != "" && u.Scheme == "http" && !outward.Loopback(u.Hostname()) {
		return nil, none, usagef("--server %s: a token is not sent without TLS; want https://", s.address)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig, err = trusting(s.ca); err != nil {
		return nil, none, usagef("--server-ca: %w", err)
	}
	transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
		return conceal.ProxyAnswer(answer.StatusCode)
	}
	return &http.Client{
		Transport:     bearing{token: token, next: transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token is for nobody else
	}, conceal.Words(token), nil
}

// discreet has the failures of calls say nothing of what the server was told.
func discreet(told conceal.Secrets) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			stream, err := next(ctx, spec)
			if err != nil {
				return nil, without(told, err)
			}
			return discreetStream{stream, told}, nil
		}
	}
}

type discreetStream struct {
	connect.ClientStream
	told conceal.Secrets
}

func (s discreetStream) Send(message any) error { return without(s.told, s.ClientStream.Send(message)) }
func (s discreetStream) Receive(message any) error {
	return without(s.told, s.ClientStream.Receive(message))
}

// without is an error of the service that says nothing of what it was told. Others
// are this process's own.
func without(told conceal.Secrets, err error) error {
	var failed *connect.Error
	if !errors.As(err, &failed) || told.In(failed.Message()) == failed.Message() {
		return err
	}
	return connect.NewError(failed.Code(), told.In(failed.Message()))
}

// trusting trusts the certificates of a file, or the system's.
func trusting(file string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if file == "" {
		return config, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s has no certificate (PEM)", file)
	}
	return config, nil
}

// bearing sends a token along.
type bearing struct {
	token string
	next  *http.Transport
}

func (b bearing) CloseIdleConnections() { b.next.CloseIdleConnections() }

func (b bearing) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", "groma")
	if b.token != "" {
		request.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(request)
}

// askSettings are those of a command that asks for something: of a server, or of
// what is kept and runs here.
type askSettings struct {
	server serverSettings
	engine engineSettings
	flags  *pflag.FlagSet // of the command
}

func (s *askSettings) register(flags *pflag.FlagSet, terminal Terminal) {
	s.flags = flags
	s.server.register(flags)
	s.engine.register(flags, terminal)
}

// there is the server that is to be asked. Settings of this process that are given
// for this call mean that something else is to be asked, and are refused. Variables
// and files are for many calls, and are passed over.
func (s *askSettings) there(terminal Terminal) (*api, error) {
	ours := pflag.NewFlagSet("", pflag.ContinueOnError)
	(&engineSettings{}).register(ours, terminal)
	var err error
	s.flags.Visit(func(flag *pflag.Flag) { // those of the command line: see settle
		if ours.Lookup(flag.Name) != nil {
			err = usagef("--%s is of this process, and the server at %s is to be asked: leave it out, or say with --server= that none is to be asked", flag.Name, s.server.address)
		}
	})
	if err != nil {
		return nil, err
	}
	return s.server.remote(terminal)
}

// reading asks for what is kept. In this process only storage is opened, so it
// works while a survey runs on the same data folder.
func (s *askSettings) reading(ctx context.Context, terminal Terminal) (*api, error) {
	if s.server.address != "" {
		return s.there(terminal)
	}
	store, err := s.engine.openStore(ctx, terminal)
	if err != nil {
		return nil, err
	}
	return &api{SurveyServiceClient: inProcess(service.New(service.Config{Store: store, Private: true, Log: slog.New(slog.DiscardHandler)})), close: func() {}}, nil
}

// steering asks for what changes a survey that runs. In this process that is
// Temporal: the one that is named, or that of whoever holds the data folder.
func (s *askSettings) steering(ctx context.Context, terminal Terminal) (*api, error) {
	if s.server.address != "" {
		return s.there(terminal)
	}
	e, joined, err := s.engine.openOrJoin(ctx, terminal)
	if err != nil {
		return nil, err
	}
	local := service.New(service.Config{Store: e.Store, Temporal: e.Temporal, Payloads: e.Payloads, Notices: e.Notices, Private: true, Log: slog.New(slog.DiscardHandler)})
	return &api{SurveyServiceClient: inProcess(local), silent: e.Notices == nil, idle: s.engine.temporal == "" && !joined, close: e.Close}, nil
}

// openOrJoin opens the engines; where another process holds the data folder, it
// asks that one's Temporal.
func (s *engineSettings) openOrJoin(ctx context.Context, terminal Terminal) (e *engine.Engine, joined bool, err error) {
	config := s.config(terminal, slog.New(slog.DiscardHandler))
	if err := config.Validate(); err != nil {
		return nil, false, usageError{err}
	}
	e, err = engine.Open(ctx, config)
	var held *engine.HeldError
	if !errors.As(err, &held) || held.Temporal == "" {
		return e, false, err
	}
	config.Temporal, config.NATS = held.Temporal, engine.Off
	e, err = engine.Open(ctx, config)
	return e, true, err
}

// said is an error as people read it: what a server says, without its code.
func said(err error) error {
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return err
	}
	switch failed.Code() {
	case connect.CodeInvalidArgument:
		return usageError{errors.New(failed.Message())}
	case connect.CodeUnavailable:
		if cause := failed.Unwrap(); cause != nil && !failed.IsRemote() {
			return fmt.Errorf("the server cannot be asked: %w: check --server, and that 'groma serve' runs there", cause)
		}
	}
	if failed.Message() == "" {
		return err
	}
	return errors.New(failed.Message())
}

// patienceWithServer is how long a server that is away is asked again by a
// command that follows a survey.
const patienceWithServer = 2 * time.Minute
