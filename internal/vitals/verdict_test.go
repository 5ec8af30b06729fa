package vitals

import (
	"strings"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

// figures makes a span with so many commits by people over 52 weeks.
func figures(commits, activeWeeks, authors int64, organisations ...*gromav1.Organisation) *gromav1.Span {
	return &gromav1.Span{Commits: commits, PeopleCommits: commits, ActiveWeeks: activeWeeks, Weeks: 52, Authors: authors, Organisations: organisations}
}

func from(domain string, commits, authors int64) *gromav1.Organisation {
	return &gromav1.Organisation{Domain: domain, Commits: commits, Authors: authors}
}

func TestJudge_Commits(t *testing.T) {
	for _, test := range []struct {
		commits, activeWeeks int64
		want                 string
	}{
		{0, 0, Nobody}, {1, 1, Low}, {51, 51, Low}, {52, 1, Moderate}, {207, 52, Moderate}, {208, 25, Moderate}, {208, 26, High}, {9000, 52, High},
	} {
		got := Judge(nil, figures(test.commits, test.activeWeeks, 1)).Commits
		if got.Word != test.want {
			t.Errorf("%d commits in %d weeks are %s (%s), want %s", test.commits, test.activeWeeks, got.Word, got.Why, test.want)
		}
	}
}

func TestJudge_Contributors(t *testing.T) {
	for name, test := range map[string]struct {
		span *gromav1.Span
		want string
	}{
		"nobody":              {figures(0, 0, 0), Nobody},
		"one person":          {figures(9, 5, 1, from(Public, 9, 1)), SingleOrganisation},
		"all of one":          {figures(100, 5, 9, from("suse.com", 90, 5), from(Public, 10, 4)), SingleOrganisation},
		"led":                 {figures(100, 5, 9, from("suse.com", 60, 5), from("ibm.com", 30, 2), from(Public, 10, 2)), "suse.com-led"},
		"led, many public":    {figures(100, 5, 9, from(Public, 70, 4), from("suse.com", 26, 5), from("ibm.com", 4, 2)), "suse.com-led"},
		"too few to lead":     {figures(100, 5, 9, from(Public, 76, 4), from("suse.com", 24, 5)), Unknown},
		"two":                 {figures(100, 5, 9, from(Public, 40, 4), from("suse.com", 30, 5), from("ibm.com", 30, 2)), MultiOrganisation},
		"own domains":         {figures(100, 5, 4, from("a.dev", 60, 1), from("b.dev", 30, 1), from(Public, 10, 2)), Unknown},
		"many own domains":    {figures(100, 5, 5, from("a.dev", 60, 1), from("b.dev", 10, 1), from("c.dev", 10, 1), from("d.dev", 10, 1), from("e.dev", 10, 1)), MultiOrganisation},
		"public":              {figures(100, 5, 9, from(Public, 90, 8), from(None, 10, 1)), Unknown},
		"led behind a person": {figures(100, 5, 4, from("a.dev", 35, 1), from("suse.com", 45, 3), from(Public, 20, 2)), "suse.com-led"},
	} {
		if got := Judge(nil, test.span).Contributors; got.Word != test.want {
			t.Errorf("%s: %s (%s), want %s", name, got.Word, got.Why, test.want)
		}
	}
}

func TestJudge_Cadence(t *testing.T) {
	for _, test := range []struct {
		days   int64
		median float64
		want   string
	}{
		{0, 0, Nobody}, {1, 0, Infrequent}, {2, 92, Regular}, {2, 93, Infrequent}, {50, 7, Regular},
	} {
		s := figures(1, 1, 1)
		s.ReleaseDays, s.Releases = test.days, test.days
		if test.days > 1 {
			s.MedianDaysBetween = &test.median
		}
		if got := Judge(nil, s).Cadence; got.Word != test.want {
			t.Errorf("%d days, %g between: %s (%s), want %s", test.days, test.median, got.Word, got.Why, test.want)
		}
	}
}

func TestJudge_Health(t *testing.T) {
	for _, test := range []struct{ commits, contributors, cadence, want string }{
		{High, MultiOrganisation, Regular, Excellent},
		{Moderate, MultiOrganisation, Regular, Good},
		{Moderate, "suse.com" + Led, Regular, Good},
		{High, Unknown, Regular, Good},
		{Low, "microsoft.com" + Led, Infrequent, Moderate},
		{Low, SingleOrganisation, Infrequent, NeedsAttention},
		{High, SingleOrganisation, Nobody, Moderate},
		{Nobody, Nobody, Nobody, NeedsAttention},
		{Nobody, Nobody, Regular, Moderate},
	} {
		j := Verdicts{Commits: Verdict{Word: test.commits}, Contributors: Verdict{Word: test.contributors}, Cadence: Verdict{Word: test.cadence}}
		if got := judgeHealth(j); got.Word != test.want {
			t.Errorf("%v: %s (%s)", test, got.Word, got.Why)
		}
	}
}

// Every verdict has its numbers beside it, in words that can be printed.
func TestJudge_Why(t *testing.T) {
	days := 12.5
	s := figures(1166, 52, 97, from("ibm.com", 40, 4), from(Public, 560, 60), from("docker.com", 566, 33))
	s.BotCommits, s.Releases, s.Prereleases, s.ReleaseDays, s.MedianDaysBetween = 201, 26, 1, 16, &days
	j := Judge(&gromav1.Vitals{}, s)
	for _, test := range []struct{ got, want string }{
		{j.Commits.Why, "1166 commits by people and 201 by bots in 52 of 52 weeks"},
		{j.Contributors.Why, "97 authors, 2 domains; 606 of 1166 commits (52 %) at organisations' addresses; ibm.com has 40 of 1166 commits (3 %)"},
		{j.Cadence.Why, "26 releases and 1 prerelease on 16 days, a median of 12.5 days between them"},
		{j.Health.Why, "commits high, contributors multi-organisation, releases regular: 6 of 6 points"},
	} {
		if test.got != test.want {
			t.Errorf(" got %s\nwant %s", test.got, test.want)
		}
	}
}

// Where not all commits were read, nothing is said of them.
func TestJudge_Bounds(t *testing.T) {
	for what, cadence := range map[string]string{"commits": Nobody, "bytes": Nobody, "rounds": Nobody, "missing": Nobody, "parents": Nobody, "shallow": Unknown} {
		v := &gromav1.Vitals{Bounds: []*gromav1.Bound{{What: "mailmap"}, {What: what, Limit: 1}}}
		j := Judge(v, figures(0, 0, 0))
		if j.Commits.Word != Unknown || j.Contributors.Word != Unknown || j.Cadence.Word != cadence || j.Health.Word != Unknown {
			t.Errorf("%s: %v", what, j)
		}
		if shallow := strings.Contains(j.Commits.Why, "shallow"); shallow != (what == "shallow") {
			t.Errorf("%s: %v", what, j.Commits)
		}
	}
	if j := Judge(&gromav1.Vitals{Bounds: []*gromav1.Bound{{What: "mailmap"}}}, figures(0, 0, 0)); j.Commits.Word != Nobody {
		t.Errorf("without a .mailmap: %v", j)
	}
}

// What is said of the thresholds has all of them.
func TestThresholds(t *testing.T) {
	got := strings.Join(Thresholds(), "\n")
	for _, want := range []string{"high from 4 a week", "moderate from 1 a week", "90 %", "more than 50 %", "at least 25 %", "5 domains", "at least 2 authors", "at most 92 days", "excellent with 6"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
