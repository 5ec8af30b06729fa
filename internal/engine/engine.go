// Package engine gives the roof its world: Temporal, NATS and storage, either
// embedded in this process or as connections to running ones.
//
// Embedded means the real servers over files of one data folder, which one
// process holds at a time. Nothing is kept in memory alone: a process killed
// at any moment is continued by the next that opens the folder.
//
// The data folder, of which all but the store may be thrown away with no more
// lost than the surveys that are unfinished:
//
//	lock                     who holds the folder: a process and its Temporal's address
//	engine.log, .log.1       what the servers warned of, where no logger is given
//	temporal.db, -wal, -shm  Temporal's SQLite database
//	temporal-1.32.1.db       a database set aside when another version took over
//	temporal.db-ahead        empty; until its time the database waits, since the clock was set back
//	temporal-ahead.db        one set aside because the clock had been set back
//	nats/                    JetStream's files
//	store/                   artefacts; the only thing to keep, and to back up
//
// This is the only package that imports Temporal's server. Built with the tag
// groma_noembed it does without, and without NATS's: such a binary has 45 MB,
// stripped, where the whole has 175, and can only connect to running ones.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"

	"groma/internal/artefact"
	"groma/internal/notice"
)

// An Engine is the world that surveys run in.
type Engine struct {
	Temporal client.Client
	// Payloads reads what Temporal keeps, for those who find it elsewhere than
	// where Temporal's client hands it out: in memos.
	Payloads converter.DataConverter
	// TemporalAddress is where Temporal listens, for other processes.
	TemporalAddress string
	// Notices is nil, which tells nobody, where the configuration says so.
	Notices *notice.Bus
	// NATS carries them, and is nil with them.
	NATS  *nats.Conn
	Store artefact.Store

	// SetBack tells, once, by how much the wall clock has been set back under an
	// embedded Temporal, which then does hardly anything for as long. What it knows
	// is whole: it goes on, or is set aside, when the folder is opened again. It
	// is nil where Temporal is not embedded.
	SetBack <-chan time.Duration

	namespace string   // of Temporal
	closers   []func() // run from last to first
	close     sync.Once
}

// Open starts what c embeds and connects to the rest. It returns when all of
// it answers, or with everything stopped again and an error that says what to
// do. A data folder that another process holds is a [HeldError].
func Open(ctx context.Context, c Config) (*Engine, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	nameBuild()
	e := &Engine{}
	if err := e.open(ctx, c.withDefaults()); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// nameBuild tells Temporal's library what to call this program in histories,
// before a worker asks: of itself it takes the checksum of the whole file, which
// is a fifth of a second of every start.
var nameBuild = sync.OnceFunc(func() {
	name := "groma"
	if info, ok := debug.ReadBuildInfo(); ok {
		name += " " + info.Main.Version
	}
	worker.SetBinaryChecksum(name)
})

func (e *Engine) open(ctx context.Context, c Config) error {
	held, logger, err := e.openFolder(c)
	if err != nil {
		return err
	}
	if err := e.openStore(ctx, c, logger); err != nil {
		return err
	}
	if err := e.openNotices(ctx, c, logger); err != nil {
		return err
	}
	if err := e.openTemporal(ctx, c, logger); err != nil {
		return err
	}
	if held == nil {
		return nil
	}
	return held.say(e.TemporalAddress)
}

// Close stops everything, in the order opposite to its start. Workers are the
// caller's to stop before. It may be called any number of times.
func (e *Engine) Close() {
	e.close.Do(func() {
		for i := len(e.closers) - 1; i >= 0; i-- {
			e.closers[i]()
		}
	})
}

func (e *Engine) onClose(f func()) { e.closers = append(e.closers, f) }

// openFolder makes the data folder and holds it, if anything embedded needs
// it, and opens its log if no other is given.
func (e *Engine) openFolder(c Config) (*hold, *slog.Logger, error) {
	if !c.embeds() {
		return nil, loggerOr(c.Logger, slog.New(slog.DiscardHandler)), nil
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the data folder: %w: take another with --data", err)
	}
	held, err := holdFolder(c.Data)
	if err != nil {
		return nil, nil, err
	}
	e.onClose(held.release)
	if c.Logger != nil {
		return held, c.Logger, nil
	}
	file, err := OpenLog(filepath.Join(c.Data, "engine.log"))
	if err != nil {
		return nil, nil, fmt.Errorf("open the engine's log: %w", err)
	}
	e.onClose(func() { file.Close() })
	return held, slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelWarn})), nil
}

func (e *Engine) openStore(ctx context.Context, c Config, logger *slog.Logger) error {
	secrets, err := c.StoreSecrets()
	if err != nil {
		return err
	}
	if artefact.Exposes(c.Store, secrets) {
		logger.Warn("storage is asked over plain HTTP: who is on the way can read and change what is kept", "url", artefact.Shown(c.Store))
	}
	e.Store, err = artefact.Open(ctx, c.Store, secrets)
	return err
}

func (e *Engine) openNotices(ctx context.Context, c Config, logger *slog.Logger) error {
	if c.NATS == Off {
		return nil
	}
	options, err := natsOptions(c, logger)
	if err != nil {
		return err
	}
	if c.NATS == "" {
		server, stop, err := startNATS(filepath.Join(c.Data, "nats"), logger)
		if err != nil {
			return fmt.Errorf("start the embedded NATS: %w", err)
		}
		e.onClose(stop)
		options = append(options, server)
	}
	conn, err := connectNATS(ctx, c, options)
	if err != nil {
		return err
	}
	e.onClose(conn.Close)
	e.NATS = conn
	e.Notices, err = notice.New(ctx, conn)
	return err
}

func (e *Engine) openTemporal(ctx context.Context, c Config, logger *slog.Logger) error {
	e.TemporalAddress, e.namespace = c.Temporal, c.Namespace
	if c.Temporal == "" {
		database := filepath.Join(c.Data, "temporal.db")
		address, stop, err := startTemporal(ctx, database, c, logger)
		if err != nil {
			return fmt.Errorf("start the embedded Temporal: %w", err)
		}
		e.onClose(stop)
		e.TemporalAddress = address
		e.SetBack, stop = watchClock(database)
		e.onClose(stop)
	}
	keys, err := newKeyring(c.PayloadKeys, logger)
	if err != nil {
		return fmt.Errorf("the keys of Temporal's payloads: %w", err)
	}
	payloads := newSealing(keys.now)
	temporal, err := dialTemporal(ctx, c, e.TemporalAddress, payloads, logger)
	if err != nil {
		return err
	}
	e.Temporal, e.Payloads = temporal, payloads
	e.onClose(temporal.Close)
	return nil
}

// errNotEmbedded is why a slim binary cannot do without running servers.
var errNotEmbedded = errors.New("this groma was built without servers of its own (tag groma_noembed): " +
	"name running ones with --temporal HOST:PORT and --nats URL, or --nats off to do without notices")
