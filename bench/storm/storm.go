package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"groma/bench"
	"groma/internal/world"
)

// A storm is one run of this command.
type storm struct {
	*settings
	folder string // in temp, removed at the end
	world  *world.Server
	names  []string // OWNER/NAME, as listed
	host   *host
	random *rand.Rand

	want []byte // the undisturbed report, timeless
	wall time.Duration
	calm map[string]int // packs asked for of each repository
}

// A scenario is a fault, and what became of a survey that met it.
type scenario struct {
	name string
	run  func(s *storm, ctx context.Context, dir string) ([]outcome, error)
}

// errSkipped is why a scenario cannot be on this machine.
var errSkipped = errors.New("skipped")

var scenarios = []scenario{
	{"killed", (*storm).killed},
	{"workers", (*storm).killWorkers},
	{"server", (*storm).killServer},
	{"host", (*storm).badHost},
	{"stuck", (*storm).stuckHost},
	{"nats", (*storm).restartNATS},
	{"storage", (*storm).restartStorage},
	{"temporal", (*storm).restartTemporal},
	{"all", (*storm).restartAll},
	{"quiet", (*storm).quiet},
	{"disk", (*storm).fullDisk},
	{"readonly", (*storm).readOnly},
	{"two", (*storm).twoAtOnce},
	{"clock", (*storm).wrongClock},
}

// prepare also serves the host, so that a storm is to be closed.
func prepare(ctx context.Context, settings *settings) (*storm, error) {
	folder, err := os.MkdirTemp(settings.temp, "groma-storm-")
	if err != nil {
		return nil, err
	}
	s := &storm{settings: settings, folder: folder, random: rand.New(rand.NewPCG(settings.seed, 1))}
	if err := s.findHost(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.groma == "" {
		if s.groma, err = bench.Build(ctx, folder, "groma/cmd/groma"); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// findHost reads the list and stands before the host that has its repositories.
func (s *storm) findHost(ctx context.Context) error {
	if s.made > 0 {
		if err := s.makeHost(ctx); err != nil {
			return err
		}
	}
	data, err := os.ReadFile(s.list)
	if err != nil {
		return err
	}
	if s.names, err = bench.ParseList(data); err != nil {
		return err
	}
	s.host, err = newHost(s.to, s.names, s.latency, s.seed)
	return err
}

func (s *storm) close() (err error) {
	if s.host != nil {
		s.host.close()
	}
	if s.world != nil {
		err = s.world.Close()
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}

// measure lets each fault happen and writes what came of it. It goes on after
// a scenario that fails, which gets no row, and fails at the end.
func (s *storm) measure(ctx context.Context) (failed error) {
	if err := s.undisturbed(ctx); err != nil {
		return fmt.Errorf("undisturbed: %w", err)
	}
	for _, scenario := range scenarios {
		if ctx.Err() != nil {
			return errors.Join(failed, ctx.Err())
		}
		if len(s.only) > 0 && !slices.Contains(s.only, scenario.name) {
			continue
		}
		if err := s.measureOne(ctx, scenario); err != nil {
			bench.Say("%s FAILED: %v", scenario.name, err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", scenario.name, err))
		}
	}
	return failed
}

// measureOne has a scenario run in a folder of its own and writes its rows.
func (s *storm) measureOne(ctx context.Context, scenario scenario) error {
	bench.Say("%s", scenario.name)
	s.host.set(weather{})
	s.host.packs()
	dir := filepath.Join(s.folder, scenario.name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	outcomes, err := scenario.run(s, ctx, dir)
	if errors.Is(err, errSkipped) {
		bench.Say("%s: %v", scenario.name, err)
		return nil
	}
	if err != nil {
		return err
	}
	for i := range outcomes {
		outcomes[i].scenario = scenario.name
		bench.Say("%s", outcomes[i].row())
	}
	if s.write != "" {
		if err := s.writeRows(scenario.name, outcomes); err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}

// undisturbed surveys on a calm day, once so that the host behind has made its
// answers, and then by the clock.
func (s *storm) undisturbed(ctx context.Context) error {
	for _, name := range []string{"before", "undisturbed"} {
		bench.Say("surveying %d repositories, %s", len(s.names), name)
		dir := filepath.Join(s.folder, name)
		l, err := s.begin(ctx, dir, s.alone(dir)...)
		if err != nil {
			return err
		}
		if err := l.wait(time.Hour); err != nil {
			return err
		}
		s.wall, s.calm = time.Since(l.begun), s.host.packs()
		before := s.want
		if s.want, err = reported(dir); err != nil {
			return err
		}
		if before != nil {
			s.want = before
			if err := s.same(dir); err != nil {
				return err
			}
		}
	}
	bench.Say("undisturbed it takes %s", bench.Seconds(s.wall.Seconds()))
	return nil
}

// between is a random time.
func (s *storm) between(least, most time.Duration) time.Duration {
	return least + time.Duration(s.random.Int64N(int64(most-least)))
}

// sleep waits, unless ctx ends before.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
