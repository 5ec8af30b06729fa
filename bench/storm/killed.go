package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"groma/bench"
)

// killed kills a survey at a random moment, and gives the same command again,
// until it ends by itself, or is killed when its report is kept: the same command
// would begin another survey then.
func (s *storm) killed(ctx context.Context, dir string) ([]outcome, error) {
	begun, again := time.Now(), newLedger(filepath.Join(dir, "data", "store"))
	for kills := 0; ; kills++ {
		l, err := s.begin(ctx, dir, s.alone(dir)...)
		if err != nil {
			return nil, err
		}
		over, err := s.liveOrDie(ctx, l, kills)
		if err != nil {
			return nil, fmt.Errorf("life %d: %w", kills+1, err)
		}
		if err := again.settle(s.host.packs()); err != nil {
			return nil, fmt.Errorf("life %d: %w", kills+1, err)
		}
		times := fmt.Sprintf("%d kills", kills)
		if !over {
			bench.Say("kill %d: %d of %d repositories are kept", kills+1, len(again.kept), len(s.names))
			times = fmt.Sprintf("%d kills, the last when its report was kept", kills+1)
			if over, err = s.fetchReport(ctx, dir); err != nil {
				return nil, err
			}
		}
		if over {
			o := outcome{fault: "kill -9 at random moments, and the same command again", times: times, again: again.String(), wall: time.Since(begun), calm: s.wall}
			return []outcome{o}, s.same(dir)
		}
	}
}

// fetchReport has the report written of a survey that was killed when that was
// kept, if it was.
func (s *storm) fetchReport(ctx context.Context, dir string) (kept bool, err error) {
	data := filepath.Join(dir, "data")
	if found, err := filepath.Glob(filepath.Join(data, "store", "reported", "*.json")); len(found) == 0 || err != nil {
		return false, err
	}
	_, err = bench.Output(bench.Command(ctx, s.groma, "report", "--data", data, "--format", "facts", "--out", filepath.Join(dir, "report")))
	return true, err
}

// shortest is how long a life lasts at least, after its first sign.
const shortest = 300 * time.Millisecond

// liveOrDie gives a survey a random time after its first sign of life, and
// kills it, unless it has been killed often enough. It reports whether the
// survey ended by itself.
func (s *storm) liveOrDie(ctx context.Context, l *life, kills int) (over bool, err error) {
	if kills >= s.kills {
		return true, l.wait(30 * time.Minute)
	}
	select {
	case <-l.born:
	case <-l.ended:
	}
	select {
	case <-l.ended:
		return true, l.wait(0)
	case <-time.After(s.between(shortest, s.longest)):
		l.kill()
		if said := l.saying(); kills > 0 && !strings.Contains(said, "Going on with survey") && said != "" {
			return false, fmt.Errorf("it did not go on: %s", said)
		}
		return false, ctx.Err()
	}
}

// A ledger knows what a store keeps, and who was asked for what.
type ledger struct {
	store string
	kept  map[string]bool // when the life began
	begun map[string]int  // in how many lives a repository was begun
	twice int             // repositories begun that had been before
}

func newLedger(store string) *ledger {
	return &ledger{store: store, kept: map[string]bool{}, begun: map[string]int{}}
}

// settle ends a life in which these packs were asked for. It fails if any was
// of a repository that had been kept when the life began.
func (g *ledger) settle(packs map[string]int) (err error) {
	for _, name := range slices.Sorted(maps.Keys(packs)) {
		if g.kept[name] {
			return fmt.Errorf("%s was kept, yet it was asked for %d packs more", name, packs[name])
		}
		if g.begun[name]++; g.begun[name] > 1 {
			g.twice++
		}
	}
	g.kept, err = kept(g.store)
	return err
}

func (g *ledger) String() string {
	if g.twice == 0 {
		return "0"
	}
	return fmt.Sprintf("0 that were kept; %d begun again, killed while they were being counted", g.twice)
}
