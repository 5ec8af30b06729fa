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
)

// patience is how long a server may take to answer for the first time.
const patience = 15 * time.Second

// dialTemporal returns when the namespace answers.
func dialTemporal(ctx context.Context, address, namespace string, logger *slog.Logger) (client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	temporal, err := client.DialContext(ctx, client.Options{
		HostPort:  address,
		Namespace: namespace,
		Logger:    log.NewStructuredLogger(quietly(logger, "temporal-client")),
	})
	if err != nil {
		return nil, fmt.Errorf("no Temporal answers at %s: %w", address, err)
	}
	_, err = temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err == nil {
		return temporal, nil
	}
	temporal.Close()
	var missing *serviceerror.NamespaceNotFound
	if errors.As(err, &missing) {
		return nil, fmt.Errorf("the Temporal at %s has no namespace %q: make it with `temporal operator namespace create -n %s`, or name another", address, namespace, namespace)
	}
	return nil, fmt.Errorf("ask Temporal at %s for namespace %q: %w", address, namespace, err)
}

// natsOptions make a connection that is looked for again for ever once it has
// been there.
func natsOptions(logger *slog.Logger) []nats.Option {
	logger = quietly(logger, "nats-client")
	return []nats.Option{
		nats.Name("groma"),
		nats.MaxReconnects(-1),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			if s == nil {
				logger.Warn("NATS reports an error", "error", err)
				return
			}
			logger.Warn("NATS reports an error", "error", err, "subject", s.Subject)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				logger.Warn("connection to NATS lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { logger.Warn("connected to NATS again") }),
	}
}

func connectNATS(ctx context.Context, address string, options []nats.Option) (*nats.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok {
		options = append(options, nats.Timeout(min(patience, time.Until(deadline))))
	}
	conn, err := nats.Connect(address, options...)
	if err != nil {
		return nil, fmt.Errorf("no NATS answers at %s: %w", redacted(address), err)
	}
	return conn, nil
}
