package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"groma/internal/conceal"
)

// patience is how long a server may take to answer for the first time.
const patience = 15 * time.Second

// dialTemporal returns when the namespace answers.
func dialTemporal(ctx context.Context, c Config, address string, payloads sealing, logger *slog.Logger) (client.Client, error) {
	secure, err := c.temporalTLS()
	if err != nil {
		return nil, fmt.Errorf("TLS for Temporal: %w", err)
	}
	options := client.Options{
		HostPort:          address,
		Namespace:         c.Namespace,
		Logger:            log.NewStructuredLogger(quietly(logger, "temporal-client")),
		ConnectionOptions: client.ConnectionOptions{TLS: secure, DialOptions: discreet(c.toldTemporal(address))},
		Interceptors:      c.Interceptors,
		DataConverter:     payloads,
		FailureConverter:  newFailures(payloads, c.PayloadKeys != ""),
	}
	if c.TemporalAPIKey.IsSet() {
		options.Credentials = client.NewAPIKeyDynamicCredentials(func(context.Context) (string, error) { return c.TemporalAPIKey.Read() })
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	temporal, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, refusedByTemporal(ctx, c, address, secure, err)
	}
	_, err = temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.Namespace})
	if err == nil {
		return temporal, nil
	}
	temporal.Close()
	var missing *serviceerror.NamespaceNotFound
	if errors.As(err, &missing) {
		return nil, noNamespace(address, c.Namespace)
	}
	return nil, refusedByTemporal(ctx, c, address, secure, err)
}

// natsOptions make a connection that is looked for again for ever once it has
// been there.
func natsOptions(c Config, logger *slog.Logger) ([]nats.Option, error) {
	options := natsHandlers(quietly(logger, "nats-client"), c.toldNATS)
	secure, err := c.NATSTLS.config()
	if err != nil {
		return nil, fmt.Errorf("TLS for NATS: %w", err)
	}
	if secure != nil {
		options = append(options, nats.Secure(secure))
	}
	login, err := c.NATSLogin.option()
	if err != nil {
		return nil, err
	}
	if login != nil {
		options = append(options, login)
	}
	return options, nil
}

// natsHandlers log what told takes the secrets out of: the server has a say in it.
func natsHandlers(logger *slog.Logger, told func() conceal.Secrets) []nats.Option {
	return []nats.Option{
		nats.Name("groma"),
		nats.MaxReconnects(-1),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			err = told().Err(err)
			if s == nil {
				logger.Warn("NATS reports an error", "error", err)
				return
			}
			logger.Warn("NATS reports an error", "error", err, "subject", s.Subject)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				logger.Warn("connection to NATS lost", "error", told().Err(err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { logger.Warn("connected to NATS again") }),
	}
}

func connectNATS(ctx context.Context, c Config, options []nats.Option) (*nats.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok {
		options = append(options, nats.Timeout(min(patience, time.Until(deadline))))
	}
	conn, err := nats.Connect(c.NATS, options...)
	if err != nil {
		return nil, refusedByNATS(c, err)
	}
	return conn, nil
}
