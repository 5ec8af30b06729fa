package server

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gromav1 "groma/proto/groma/v1"
)

// TestLately: however many ask, it is found out once a second, and who goes
// takes nothing from the others.
func TestLately(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away, asked := errors.New("away"), 0
		ready := lately(func(ctx context.Context) error {
			asked++
			time.Sleep(100 * time.Millisecond)
			return errors.Join(away, ctx.Err())
		})
		gone, leave := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() { _ = ready(gone) })
		}
		synctest.Wait()
		leave()
		wait.Wait()
		if err := ready(t.Context()); !errors.Is(err, away) || errors.Is(err, context.Canceled) || asked != 1 {
			t.Errorf("asked %d times: %v", asked, err)
		}
		away = nil
		time.Sleep(readyEvery)
		if err := ready(t.Context()); err != nil || asked != 2 {
			t.Errorf("a second later: asked %d times: %v", asked, err)
		}
	})
}

// counting counts how often surveys are listed.
type counting struct {
	*fake
	lists atomic.Int64
}

func (c *counting) ListSurveys(ctx context.Context, request *gromav1.ListSurveysRequest) (*gromav1.ListSurveysResponse, error) {
	c.lists.Add(1)
	return c.fake.ListSurveys(ctx, request)
}

// TestPage_Crowd: many who look at the page within a while have the surveys listed
// as often as one who looks alone.
func TestPage_Crowd(t *testing.T) {
	alone, crowded := &counting{fake: newFake()}, &counting{fake: newFake()}
	newHouse(t, Config{}, Parts{API: alone}).ask(t, "GET", "/", "")
	h := buildHouse(t, Config{}, Parts{API: crowded})
	h.server.page.least = time.Hour // however long it takes them here
	h.serve(t)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if got := h.ask(t, "GET", "/", ""); got.status != 200 {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
	wait.Wait()
	h.ask(t, "GET", "/", "")
	if one, all := alone.lists.Load(), crowded.lists.Load(); one == 0 || all != one {
		t.Errorf("surveys are listed %d times for one, and %d times for a crowd", one, all)
	}
}
