// Package vitals turns commits and tags into health.
//
// [Compute] makes figures of a history, and [Judge] makes words of figures.
// Both are functions: the same history gives the same figures, whatever order
// it came in, and every verdict stands beside the numbers that it follows
// from. All that is counted adds up, as gromav1.Span says. No e-mail address
// leaves this package: an author is a pseudonym, an organisation a domain.
//
// # What is counted
//
// A commit belongs to the window that its committer's time is in; every commit
// that can be reached from the head counts, merges too. Who made it is its
// author, after the head's .mailmap. People are told apart by their addresses,
// without regard to case; GitHub's two forms of a private address,
// 123+name@users.noreply.github.com and name@users.noreply.github.com, are one.
// An address without an @ is told apart by the name beside it.
//
// # Pseudonyms
//
// An author's id is the first 64 bits of a SHA-256 of the address, so that one
// who works in several repositories counts once where they are joined. Nobody
// can read an address off it. It is no secret, though: whoever knows an address
// can tell whether it is meant, as anybody can who clones the repository.
//
// # Bots
//
// See [IsBot]. Their commits are counted apart, and belong to no organisation.
//
// # Organisations
//
// An organisation is the registrable domain of addresses, by the public suffix
// list. Public providers say nothing about who employs whom: they are grouped
// as [Public]. A domain can be a person's own, so that a verdict rests on
// domains that two or more authors share.
//
// # Releases
//
// See [ParseTag] for which tags look like versions. A repository of many parts
// often tags one commit once for each, so that one commit is one release,
// however many tags it has; it is a release unless all of them are
// prereleases. The rhythm is that of days: parts that are released one after
// another on one day make one day with a release.
package vitals

import (
	"strings"
	"time"
)

// Rules is the version of everything that decides a figure.
const Rules = "v1"

// Bounds of what is kept for one window. Counts are over all, kept or not.
const (
	mostContributors  = 10_000
	mostOrganisations = 2_000
	mostReleases      = 1_000
	mostBots          = 100
	mostTags          = 2_000
	mostMailmap       = 4 << 20
)

// A Window is a stretch of whole days, UTC. From belongs to it, Until does not.
type Window struct {
	Name        string // for people
	From, Until time.Time
}

// Windows are those that are asked for if nothing else is: the last full
// calendar year before an instant, and the year to date, without the day that
// the instant is in.
func Windows(at time.Time) []Window {
	at = at.UTC()
	year := func(n int) time.Time { return time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC) }
	today := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	windows := []Window{named(year(at.Year()-1), year(at.Year()))}
	if this := year(at.Year()); today.After(this) {
		windows = append(windows, named(this, today))
	}
	return windows
}

// named names a window: "2025", or "2026 to 2026-11-21" with its last day, or
// "2025-07-01 to 2026-06-30".
func named(from, until time.Time) Window {
	first, last := from.Format(time.DateOnly), until.AddDate(0, 0, -1).Format(time.DateOnly)
	year, fresh := strings.CutSuffix(first, "-01-01")
	name := first + " to " + last
	if fresh {
		name = year + " to " + last
	}
	if fresh && last == year+"-12-31" {
		name = year
	}
	return Window{Name: name, From: from, Until: until}
}

// Method names rules and windows: vitals of one commit by one method have the
// same figures, tags aside that were pushed since.
func Method(windows []Window) string {
	name := Rules
	for _, w := range windows {
		name += "-" + w.From.UTC().Format("20060102") + "_" + w.Until.UTC().Format("20060102")
	}
	return name
}
