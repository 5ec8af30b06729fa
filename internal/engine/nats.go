//go:build !groma_noembed

package engine

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Bounds of the embedded JetStream. Without them it takes its share of all
// that the machine has.
const (
	jetStreamDisk   = 1 << 30
	jetStreamMemory = 64 << 20
)

// startNATS starts a server that opens no port and returns the option that
// makes a connection go to it.
func startNATS(dir string, logger *slog.Logger) (option nats.Option, stop func(), err error) {
	s, err := server.NewServer(&server.Options{
		ServerName:         "groma",
		DontListen:         true,
		NoSigs:             true,
		JetStream:          true,
		StoreDir:           dir,
		JetStreamMaxStore:  jetStreamDisk,
		JetStreamMaxMemory: jetStreamMemory,
	})
	if err != nil {
		return nil, nil, err
	}
	s.SetLogger(natsLogger{quietly(logger, "nats-server")}, false, false)
	stop = func() {
		s.Shutdown()
		s.WaitForShutdown()
	}
	s.Start()
	if !s.ReadyForConnections(patience) || !s.JetStreamEnabled() {
		stop()
		return nil, nil, errors.New("it is not ready")
	}
	return nats.InProcessServer(s), stop, nil
}

// natsLogger hands the words of NATS's server to slog.
type natsLogger struct{ logger *slog.Logger }

func (l natsLogger) Noticef(format string, v ...any) { l.logger.Info(fmt.Sprintf(format, v...)) }
func (l natsLogger) Warnf(format string, v ...any)   { l.logger.Warn(fmt.Sprintf(format, v...)) }
func (l natsLogger) Errorf(format string, v ...any)  { l.logger.Error(fmt.Sprintf(format, v...)) }
func (l natsLogger) Debugf(format string, v ...any)  { l.logger.Debug(fmt.Sprintf(format, v...)) }
func (l natsLogger) Tracef(format string, v ...any)  { l.logger.Debug(fmt.Sprintf(format, v...)) }

// Fatalf need not end the process: JetStream is then not enabled, which
// startNATS sees.
func (l natsLogger) Fatalf(format string, v ...any) { l.logger.Error(fmt.Sprintf(format, v...)) }
