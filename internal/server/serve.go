package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Bounds of connections. Requests have bounds of their own.
const (
	headerTime  = 10 * time.Second // for a request's header to come
	idleTime    = 2 * time.Minute  // between two requests on one connection
	headerBytes = 64 << 10
	callsAtOnce = 250              // on one connection of HTTP/2
	pingAfter   = 30 * time.Second // of silence on such a connection
	stopTime    = 25 * time.Second // for requests under way when the server stops
)

// Listen opens the port, and returns the address that it is: of use where the
// configuration takes any port. [Server.Serve] does it otherwise.
func (s *Server) Listen() (address string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		if s.listener, err = net.Listen("tcp", s.config.Listen); err != nil {
			return "", fmt.Errorf("listen: %w", err)
		}
	}
	return s.listener.Addr().String(), nil
}

// Serve answers until ctx ends; then it ends streams, waits a while for
// requests that are under way, and returns nil. It may be called once.
func (s *Server) Serve(ctx context.Context) error {
	defer s.stop()
	if _, err := s.Listen(); err != nil {
		return err
	}
	server, err := s.httpServer()
	if err != nil {
		s.listener.Close()
		return err
	}
	served := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			served <- server.ServeTLS(s.listener, "", "")
		} else {
			served <- server.Serve(s.listener)
		}
	}()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.stop()
	end(server)
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// end waits for requests under way, and gives them up after a while.
func end(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
}

func (s *Server) httpServer() (*http.Server, error) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true) // what gRPC speaks where there is no TLS
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: s.headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		Protocols:         protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: callsAtOnce, SendPingTimeout: pingAfter},
		ErrorLog:          slog.NewLogLogger(s.parts.Log.Handler(), slog.LevelDebug),
	}
	if s.config.TLSCert == "" {
		return server, nil
	}
	pair, err := newCertificate(s.config.TLSCert, s.config.TLSKey)
	if err != nil {
		return nil, err
	}
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
	return server, nil
}
