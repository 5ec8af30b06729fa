//go:build !groma_noembed

package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	schema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
	"google.golang.org/protobuf/types/known/durationpb"
)

const embedding = true

// retention is how long Temporal remembers a workflow that has ended. Results
// are in storage; this is for looking at what happened.
const retention = 7 * 24 * time.Hour

// services are those of the server that surveys need.
var services = []string{
	string(primitives.FrontendService),
	string(primitives.HistoryService),
	string(primitives.MatchingService),
}

// scheduling is the fourth service, the worker, which runs workflows of the
// server's own: for batches, for clusters, and for schedules.
const scheduling = string(primitives.WorkerService)

const (
	loopback = "127.0.0.1"
	nowhere  = loopback + ":1"
	active   = "active" // the name of the one cluster
)

// startTemporal starts Temporal's services over the SQLite database at
// path, on free ports of the loopback interface.
func startTemporal(ctx context.Context, path string, c Config, logger *slog.Logger) (address string, stop func(), err error) {
	if err := prepareDatabase(ctx, path, c.BeginsAnew, logger); err != nil {
		return "", nil, err
	}
	if err := makeNamespace(sqliteConfig(path), c.Namespace); err != nil {
		return "", nil, err
	}
	names := services
	if c.Schedules {
		names = append(slices.Clone(services), scheduling)
	}
	ports, letGo, err := freePorts(len(names))
	if err != nil {
		return "", nil, err
	}
	defer letGo() // when the services listen
	return startServices(path, names, ports, newServerLog(quietly(logger, "temporal-server")))
}

// startServices starts each of the services that are named on the port of its
// place.
func startServices(path string, names []string, ports []int, log serverLog) (address string, stop func(), err error) {
	lodgings, hosts := lodge(names, ports)
	address = lodgings[string(primitives.FrontendService)].address
	stop, err = runServer(log,
		temporal.WithConfig(serverConfig(sqliteConfig(path), lodgings, address)),
		temporal.ForServices(names),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(log),
		temporal.WithDynamicConfigClient(settings),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
	)
	return address, stop, err
}

// forgetEvery is how often tasks of the server that are done are deleted.
const forgetEvery = 250 * time.Millisecond

// pollsPerSecond is how often a queue of tasks may look for new ones. It looks
// only when it is told that there are some.
const pollsPerSecond = 200

// settings are where the embedded server differs from a cluster.
var settings = dynamicconfig.StaticClient{
	// Its notifier can drop an event; then whoever waits for a workflow hears
	// of its end when the poll ends, by default after 20 seconds.
	dynamicconfig.HistoryLongPollExpirationInterval.Key(): time.Second,
	// By default it asks its makers every day whether there is a newer one.
	dynamicconfig.EnableServerVersionCheck.Key(): false,
	// Partitions are for many machines; on one they cost polls.
	dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
	dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
	// These watch over clusters, for days, and outlive the server's stop. What
	// a parent's end asks of its children is done without a worker, too.
	dynamicconfig.HistoryScannerEnabled.Key():         false,
	dynamicconfig.TaskQueueScannerEnabled.Key():       false,
	dynamicconfig.EnableParentClosePolicyWorker.Key(): false,
	// What is done is forgotten at once, not every half a minute: a survey may
	// be done by then, and the next process would do it all again.
	dynamicconfig.TransferProcessorUpdateAckInterval.Key():   forgetEvery,
	dynamicconfig.TimerProcessorUpdateAckInterval.Key():      forgetEvery,
	dynamicconfig.VisibilityProcessorUpdateAckInterval.Key(): forgetEvery,
	// A queue looks for tasks twenty times a second, which is meant for hundreds
	// of queues on one database. Here it is one, and each step waits for it.
	dynamicconfig.TransferProcessorMaxPollRPS.Key(): pollsPerSecond,
	dynamicconfig.TimerProcessorMaxPollRPS.Key():    pollsPerSecond,
	// A worker that stops has its polls answered first. By default it lets go of
	// them, and what is handed to one of them meanwhile is missed for ten seconds:
	// so long the same command waited that was given again at once.
	dynamicconfig.EnableCancelWorkerPollsOnShutdown.Key(): true,
	// Traffic needs no time to drain: workers are stopped before.
	dynamicconfig.FrontendShutdownDrainDuration.Key(): time.Duration(0),
	dynamicconfig.HistoryShutdownDrainDuration.Key():  time.Duration(0),
	dynamicconfig.MatchingShutdownDrainDuration.Key(): time.Duration(0),
}

// sqliteConfig leaves the number of connections at one: the server treats a
// database that is busy with another connection as broken. The handle stays
// open, and shared by all who open the same path, until the process ends.
//
// A transaction that a power failure takes back is done again; with
// synchronous=normal nothing is corrupted, and each spares a sync.
func sqliteConfig(path string) *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: sqlitePath(path),
		ConnectAttributes: map[string]string{
			"mode":         "rw",
			"journal_mode": "wal",
			"synchronous":  "normal",
			"busy_timeout": "10000",
		},
	}
}

func makeNamespace(database *config.SQL, name string) error {
	namespace, err := schema.NewNamespaceConfig(active, name, false, searchAttributes)
	if err != nil {
		return err
	}
	namespace.Detail.Config.Retention = durationpb.New(retention)
	return schema.CreateNamespaces(database, namespace)
}

func serverConfig(database *config.SQL, lodgings map[string]lodging, frontend string) *config.Config {
	c := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     "sqlite",
			VisibilityStore:  "sqlite",
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{"sqlite": {SQL: database}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        active,
			CurrentClusterName:       active,
			ClusterInformation: map[string]cluster.ClusterInformation{
				active: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: frontend},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		Services: map[string]config.Service{},
	}
	for name, at := range lodgings {
		c.Services[name] = config.Service{RPC: config.RPC{GRPCPort: at.port, BindOnIP: loopback}}
	}
	return c
}

// A lodging is where one of the services listens.
type lodging struct {
	port    int
	address string
}

// lodge gives each of the services that are named a port.
func lodge(names []string, ports []int) (map[string]lodging, map[primitives.ServiceName]static.Hosts) {
	lodgings := map[string]lodging{}
	hosts := map[primitives.ServiceName]static.Hosts{}
	hosts[primitives.WorkerService] = static.SingleLocalHost(nowhere) // has to be somewhere
	for i, name := range names {
		address := net.JoinHostPort(loopback, strconv.Itoa(ports[i]))
		lodgings[name] = lodging{port: ports[i], address: address}
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(address)
	}
	return lodgings, hosts
}

// runServer makes and starts the server. What is wrong with where it should
// live makes it panic, through [serverLog.Fatal], before anything is started.
func runServer(log serverLog, options ...temporal.ServerOption) (stop func(), err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it gives up: %v", p)
		}
	}()
	server, err := temporal.NewServer(options...)
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	log.running.Store(true)
	return func() {
		log.running.Store(false)
		if err := server.Stop(); err != nil {
			log.logger.Error("embedded Temporal did not stop", "error", err)
		}
	}, nil
}
