package vitals

import (
	"fmt"
	"slices"

	gromav1 "groma/proto/groma/v1"
)

// The words of verdicts.
const (
	High     = "high"
	Moderate = "moderate" // of commits, and of health
	Low      = "low"
	Nobody   = "none" // no commits, no contributors, no releases
	Unknown  = "not known"

	MultiOrganisation  = "multi-organisation"
	SingleOrganisation = "single-organisation"
	Led                = "-led" // behind a domain: "example.org-led"

	Regular    = "regular"
	Infrequent = "infrequent"

	Excellent      = "excellent"
	Good           = "good"
	NeedsAttention = "needs attention"
)

// The thresholds of verdicts. Those of commits are by people, on average over
// the window's weeks; shares are in percent.
const (
	highPerWeek     = 4  // and a commit in at least half of the weeks
	moderatePerWeek = 1  // some fifty a year
	sharedBy        = 2  // authors that make an organisation of a domain
	manyDomains     = 5  // that many make many organisations, too
	allShare        = 90 // of all commits: one organisation
	leadShare       = 50 // of those at organisations' addresses: it leads,
	leastShare      = 25 // if it has so much of all
	regularDays     = 92 // from one day with a release to the next, a quarter
)

// Thresholds are what verdicts follow from, for people, in the order of
// [Verdicts].
func Thresholds() []string {
	return []string{
		fmt.Sprintf("Commits are %s from %d a week by people on average over the window, with one in at least half of its weeks; %s from %d a week; else %s, or %s.",
			High, highPerWeek, Moderate, moderatePerWeek, Low, Nobody),
		fmt.Sprintf("Contributors are %s if %d %% of the people's commits come from one organisation, or all from one person; NAME%s if more than %d %% of the commits from organisations' addresses do, and at least %d %% of all; "+
			"%s if nobody leads and there are at least two organisations or %d domains; else %s. An organisation is the registrable domain of e-mail addresses of at least %d authors. Addresses of public providers belong to none.",
			SingleOrganisation, allShare, Led, leadShare, leastShare, MultiOrganisation, manyDomains, Unknown, sharedBy),
		fmt.Sprintf("The cadence is %s if the median from one day with a release to the next is at most %d days, and there are at least two such days and one for each half-year of the window; %s with any release; else %s. Prereleases do not count.",
			Regular, regularDays, Infrequent, Nobody),
		fmt.Sprintf("Health adds up points: 2 for each of %s, %s and %s, 1 for each of %s, NAME%s, %s and %s. It is %s with 6, %s with 4 or 5, %s with 2 or 3, and %s with fewer; where the commits are not known, it is not either.",
			High, MultiOrganisation, Regular, Moderate, Led, Infrequent, Unknown, Excellent, Good, Moderate, NeedsAttention),
	}
}

// A Verdict is a word and the numbers that it follows from.
type Verdict struct{ Word, Why string }

// Verdicts are what the figures of one window come to.
type Verdicts struct {
	// Commits is high from 4 commits a week by people on average, in at least
	// half of the weeks; moderate from 1 a week; low, or none.
	Commits Verdict
	// Contributors is single-organisation if 90 % of the people's commits are
	// of one organisation, or all of one person; led if more than 50 % of those
	// at organisations' addresses are, and 25 % of all; multi-organisation if
	// nobody leads and there are at least two organisations of two authors or
	// more, or five domains; not known where the addresses do not say it. An
	// organisation that leads has two authors or more: one alone may own the
	// domain.
	Contributors Verdict
	// Cadence is regular if there were releases on at least as many days as
	// the window has half-years (two at least) and the median from one to the
	// next is 92 days or fewer; infrequent if there were any; or none.
	Cadence Verdict
	// Health adds up the others: high, multi-organisation and regular are 2
	// each; moderate, led, infrequent and not known are 1. It is excellent at
	// 6, good at 4 or 5, moderate at 2 or 3, and needs attention below. Where
	// the commits are not known, it is not known either.
	Health Verdict
}

// Judge makes words of the figures of one window of v. Where its bounds say that
// commits were left unread, commits and contributors are not known; where the
// remote lacks a part of the history, it may lack tags, too, so that a cadence
// of none is not known either.
func Judge(v *gromav1.Vitals, s *gromav1.Span) Verdicts {
	j := Verdicts{Commits: judgeCommits(s), Contributors: judgeContributors(s), Cadence: judgeCadence(s)}
	if why := unread(v.GetBounds()); why != "" {
		j.Commits = Verdict{Unknown, why}
		j.Contributors = j.Commits
	}
	if cutOff(v.GetBounds()) && j.Cadence.Word == Nobody {
		j.Cadence = Verdict{Unknown, lacking} // it may lack tags as well
	}
	j.Health = judgeHealth(j)
	return j
}

const lacking = "the remote lacks a part of the history, as a shallow clone does"

// unread says why not all commits are known; empty if they are.
func unread(bounds []*gromav1.Bound) string {
	if cutOff(bounds) {
		return lacking
	}
	for _, b := range bounds {
		switch b.What {
		case "commits", "bytes", "rounds", "missing", "parents":
			return "there are more commits than are read"
		}
	}
	return ""
}

// cutOff reports whether the remote lacks a part of the history.
func cutOff(bounds []*gromav1.Bound) bool {
	return slices.ContainsFunc(bounds, func(b *gromav1.Bound) bool { return b.What == "shallow" })
}

func judgeCommits(s *gromav1.Span) Verdict {
	n, weeks := s.GetPeopleCommits(), s.GetWeeks()
	word := Low
	switch {
	case n == 0:
		word = Nobody
	case n >= highPerWeek*weeks && 2*s.GetActiveWeeks() >= weeks:
		word = High
	case n >= moderatePerWeek*weeks:
		word = Moderate
	}
	why := fmt.Sprintf("%s by people and %d by bots in %d of %s", plural(n, "commit"), s.GetBotCommits(), s.GetActiveWeeks(), plural(weeks, "week"))
	return Verdict{word, why}
}

// standing is who stands behind the commits of one window.
type standing struct {
	all, known, shared, domains int64
	top                         *gromav1.Organisation // of those that are shared
}

func stand(s *gromav1.Span) (t standing) {
	t.all = s.GetPeopleCommits()
	for _, o := range s.GetOrganisations() {
		if o.Domain == Public || o.Domain == None {
			continue
		}
		t.known += o.Commits
		t.domains++
		if o.Authors >= sharedBy {
			t.shared++
			if t.top == nil {
				t.top = o // the largest stand first
			}
		}
	}
	t.known += s.GetLeftOut().GetCommits()
	t.domains += s.GetLeftOut().GetOrganisations()
	return t
}

func judgeContributors(s *gromav1.Span) Verdict {
	t := stand(s)
	word := Unknown
	switch {
	case t.all == 0:
		return Verdict{Nobody, "no commits by people"}
	case s.GetAuthors() == 1, t.top != nil && 100*t.top.Commits >= allShare*t.all:
		word = SingleOrganisation
	case t.top != nil && 100*t.top.Commits > leadShare*t.known && 100*t.top.Commits >= leastShare*t.all:
		word = t.top.Domain + Led
	case t.shared >= 2, t.domains >= manyDomains:
		word = MultiOrganisation
	}
	why := fmt.Sprintf("%s, %s; %s at organisations' addresses", plural(s.GetAuthors(), "author"), plural(t.domains, "domain"), of(t.known, t.all))
	if t.top != nil {
		why += fmt.Sprintf("; %s has %s", t.top.Domain, of(t.top.Commits, t.all))
	}
	return Verdict{word, why}
}

func judgeCadence(s *gromav1.Span) Verdict {
	why := fmt.Sprintf("%s and %s", plural(s.GetReleases(), "release"), plural(s.GetPrereleases(), "prerelease"))
	if s.GetReleaseDays() == 0 {
		return Verdict{Nobody, why}
	}
	if s.MedianDaysBetween == nil {
		return Verdict{Infrequent, why}
	}
	why += fmt.Sprintf(" on %s, a median of %g days between them", plural(s.GetReleaseDays(), "day"), s.GetMedianDaysBetween())
	const halfYear = 26
	if s.GetMedianDaysBetween() <= regularDays && s.GetReleaseDays() >= max(2, s.GetWeeks()/halfYear) {
		return Verdict{Regular, why}
	}
	return Verdict{Infrequent, why}
}

func judgeHealth(j Verdicts) Verdict {
	if j.Commits.Word == Unknown {
		return j.Commits
	}
	points := worth(j.Commits.Word) + worth(j.Contributors.Word) + worth(j.Cadence.Word)
	word := NeedsAttention
	switch {
	case points == 6:
		word = Excellent
	case points >= 4:
		word = Good
	case points >= 2:
		word = Moderate
	}
	why := fmt.Sprintf("commits %s, contributors %s, releases %s: %d of 6 points", j.Commits.Word, j.Contributors.Word, j.Cadence.Word, points)
	return Verdict{word, why}
}

// worth is what the word of a verdict adds to health.
func worth(word string) int {
	switch word {
	case High, MultiOrganisation, Regular:
		return 2
	case Low, Nobody, SingleOrganisation:
		return 0
	}
	return 1 // moderate, led, infrequent, not known
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// of is a part of a whole, with its share in whole percents.
func of(part, whole int64) string {
	return fmt.Sprintf("%d of %s (%d %%)", part, plural(whole, "commit"), (200*part+whole)/(2*whole))
}
