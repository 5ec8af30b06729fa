package page

import (
	"fmt"
	"slices"
	"strings"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// A spark is a window's commits by week, and the days of its releases, as
// small as a word.
type spark struct {
	Title string
	Width int
	Bars  string // a path with a line for each week that has commits
	Dots  string // a path with a point for each release
}

// Sizes of sparks, in pixels.
const (
	sparkPitch = 2 // of weeks
	sparkBase  = 22
	sparkDots  = 26
	sparkMost  = 300 // weeks; a longer window is not drawn
)

// sparkOf draws a window of a project; nil where there is nothing to draw.
func sparkOf(name string, s *gromav1.HealthSpan) *spark {
	if len(s.GetWeekly()) == 0 || len(s.Weekly) > sparkMost {
		return nil
	}
	return &spark{
		Title: fmt.Sprintf("%s, %s: %s and %s, by week", name, s.Window,
			report.Plural(s.Commits, "commit", "commits"), report.Plural(s.Releases, "release", "releases")),
		Width: sparkPitch * len(s.Weekly), Bars: sparkBars(s.Weekly), Dots: sparkDays(s.ReleasedOn, len(s.Weekly)),
	}
}

func sparkBars(weekly []int64) string {
	var path strings.Builder
	highest := max(1, slices.Max(weekly))
	for i, n := range weekly {
		if n > 0 {
			fmt.Fprintf(&path, "M%d %dv-%d", sparkPitch*i+sparkPitch/2, sparkBase, max(1, int64(float64(n)/float64(highest)*(sparkBase-2))))
		}
	}
	return path.String()
}

func sparkDays(days []int32, weeks int) string {
	var path strings.Builder
	last := -1
	for _, day := range days {
		x := sparkPitch*int(day)/7 + sparkPitch/2
		if day < 0 || int(day) >= 7*weeks || x <= last {
			continue
		}
		fmt.Fprintf(&path, "M%d %dh0", x, sparkDots)
		last = x
	}
	return path.String()
}
