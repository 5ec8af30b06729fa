package vitals

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// longestWindow is how many days a window may have: what is kept of each week
// must stay small.
const longestWindow = 10 * 366

// ParseWindow reads a window: a year, "2025", or two days, both of which belong
// to it, "2025-07-01..2026-06-30".
func ParseWindow(text string) (Window, error) {
	if year, err := time.Parse("2006", text); err == nil {
		w := named(year, year.AddDate(1, 0, 0))
		return w, CheckWindows([]Window{w})
	}
	first, last, ok := strings.Cut(text, "..")
	from, err := time.Parse(time.DateOnly, first)
	until, err2 := time.Parse(time.DateOnly, last)
	if !ok || err != nil || err2 != nil {
		return Window{}, fmt.Errorf("the window %q: want a year such as 2025, or two days such as 2025-07-01..2026-06-30", text)
	}
	w := named(from, until.AddDate(0, 0, 1))
	return w, CheckWindows([]Window{w})
}

// CheckWindows reports what is wrong with windows, if anything.
func CheckWindows(windows []Window) error {
	const most = 8
	if len(windows) == 0 || len(windows) > most {
		return fmt.Errorf("%d windows: want 1 to %d", len(windows), most)
	}
	for _, w := range windows {
		switch days := w.days(); {
		case !w.From.Equal(w.From.UTC().Truncate(day)) || !w.Until.Equal(w.Until.UTC().Truncate(day)):
			return fmt.Errorf("the window %q is not of whole days", w.Name)
		case days < 1:
			return fmt.Errorf("the window %q ends before it begins", w.Name)
		case w.From.Unix() < 0:
			return fmt.Errorf("the window %q begins before 1970", w.Name)
		case days > longestWindow:
			return fmt.Errorf("the window %q has more than %d days", w.Name, longestWindow)
		}
	}
	return nil
}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

func (w Window) days() int { return int(w.Until.Sub(w.From) / day) }

// weeks is how many weeks the window has, a shorter last one included.
func (w Window) weeks() int { return (w.days() + 6) / 7 }

func (w Window) has(t time.Time) bool { return !t.Before(w.From) && t.Before(w.Until) }

// since is when the first window begins.
func since(windows []Window) time.Time {
	return slices.MinFunc(windows, func(a, b Window) int { return a.From.Compare(b.From) }).From
}

// until is when the last window ends.
func until(windows []Window) time.Time {
	return slices.MaxFunc(windows, func(a, b Window) int { return a.Until.Compare(b.Until) }).Until
}
