package vitals

import (
	"cmp"
	"slices"
	"time"

	gromav1 "groma/proto/groma/v1"
)

// group makes releases of tags: one for each commit, the latest first. It
// reports whether there are version tags whose times are not known.
func group(tags []Tag) (releases []*gromav1.Release, unknown bool) {
	byCommit := map[string][]Tag{}
	for _, tag := range tags {
		ok, _ := ParseTag(tag.Name)
		switch {
		case !ok:
		case tag.At.IsZero():
			unknown = true
		default:
			byCommit[tag.Commit] = append(byCommit[tag.Commit], tag)
		}
	}
	for commit, tags := range byCommit {
		releases = append(releases, release(commit, tags))
	}
	latestFirst(releases)
	return releases, unknown
}

func latestFirst(releases []*gromav1.Release) {
	slices.SortFunc(releases, func(a, b *gromav1.Release) int {
		return cmp.Or(b.At.AsTime().Compare(a.At.AsTime()), cmp.Compare(a.Repository, b.Repository),
			cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Commit, b.Commit))
	})
}

// release is what the version tags of one commit come to. Where some are
// releases, prereleases of the same commit have led to them.
func release(commit string, tags []Tag) *gromav1.Release {
	final := slices.DeleteFunc(slices.Clone(tags), func(tag Tag) bool {
		_, prerelease := ParseTag(tag.Name)
		return prerelease
	})
	r := &gromav1.Release{Commit: commit, Tags: int64(len(tags)), Prerelease: len(final) == 0}
	if r.Prerelease {
		final = tags
	}
	slices.SortFunc(final, func(a, b Tag) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	r.Tag = final[0].Name
	r.At = stamp(slices.MinFunc(final, func(a, b Tag) int { return a.At.Compare(b.At) }).At)
	return r
}

// rhythm counts the releases of a window and the days between them.
func rhythm(v *gromav1.Vitals, s *gromav1.Span, w Window, releases []*gromav1.Release) {
	for _, r := range releases {
		at := r.At.AsTime()
		switch {
		case !w.has(at):
			continue
		case r.Prerelease:
			s.Prereleases++
		default:
			s.Releases++
			s.ReleasedOn = append(s.ReleasedOn, int32(at.Sub(w.From)/day))
		}
		if len(s.Tagged) < mostReleases {
			s.Tagged = append(s.Tagged, r)
		} else {
			bound(v, "releases", mostReleases)
		}
	}
	pace(s)
}

// pace makes of the days with a release what is between them.
func pace(s *gromav1.Span) {
	slices.Sort(s.ReleasedOn)
	s.ReleasedOn = slices.Compact(s.ReleasedOn)
	s.ReleaseDays = int64(len(s.ReleasedOn))
	s.MedianDaysBetween = nil
	var between []int32
	for i := 1; i < len(s.ReleasedOn); i++ {
		between = append(between, s.ReleasedOn[i]-s.ReleasedOn[i-1])
	}
	if len(between) == 0 {
		return
	}
	slices.Sort(between)
	middle := len(between) / 2
	median := float64(between[middle])
	if len(between)%2 == 0 {
		median = (median + float64(between[middle-1])) / 2
	}
	s.MedianDaysBetween = &median
}

// last is the latest release before an instant; a prerelease only if there is
// nothing else.
func last(releases []*gromav1.Release, before time.Time) (found *gromav1.Release) {
	for _, r := range releases { // the latest first
		switch {
		case !r.At.AsTime().Before(before):
		case !r.Prerelease:
			return r
		case found == nil:
			found = r
		}
	}
	return found
}
