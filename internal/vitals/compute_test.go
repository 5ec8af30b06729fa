package vitals

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// year and half are the windows of these tests.
var windows = []Window{
	named(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)),
	named(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 7, 3, 0, 0, 0, 0, time.UTC)),
}

func TestCompute(t *testing.T) {
	commit := func(at, name, mail string) Commit {
		return Commit{Author: Person{name, mail}, Committed: date(t, at), Parents: 1}
	}
	h := &History{Head: "c0ffee", HeadAt: date(t, "2025-03-01"), Commits: []Commit{
		commit("2023-12-31T23:59:59", "Early", "early@suse.com"),
		commit("2024-01-01T00:00:00", "Ada", "ada@suse.com"),
		commit("2024-01-07T23:59:59", "Ada", "ADA@suse.com"),
		commit("2024-01-08T00:00:00", "Ada", "ada@home.example"),
		commit("2024-06-01T00:00:00", "Bob", "bob@gmail.com"),
		commit("2024-06-01T00:00:00", "dependabot[bot]", "1+dependabot[bot]@users.noreply.github.com"),
		commit("2024-12-31T23:59:59", "Cleo", "cleo@labs.suse.com"),
		commit("2025-01-01T00:00:00", "Cleo", "cleo@labs.suse.com"),
	}, Tags: []Tag{
		{"v1.0.0", "a", date(t, "2024-02-01T12:00:00")}, {"api/v1.0.0", "a", date(t, "2024-02-01T11:00:00")}, {"v1.0.0-rc.2", "a", date(t, "2024-01-20")},
		{"v1.0.0-rc.1", "b", date(t, "2024-01-15")}, {"v1.1.0", "c", date(t, "2024-03-02T01:00:00")}, {"v1.1.1", "d", date(t, "2024-03-02T02:00:00")},
		{"v1.2.0", "e", date(t, "2024-05-01")}, {"v2.0.0", "f", date(t, "2025-07-03")}, {"latest", "f", date(t, "2024-07-03")}, {"v0.9.0", "g", date(t, "2020-01-01")},
	}}
	h.Commits[6].Parents = 2
	v := Compute(h, []byte("Ada <ada@suse.com> <ada@home.example>\n"), windows)
	s := v.Spans[0]
	got := fmt.Sprintf("commits %d = %d + %d, merges %d, weeks %v %d/%d, authors %d, bots %v", s.Commits, s.PeopleCommits, s.BotCommits, s.Merges,
		s.Weekly[:3], s.ActiveWeeks, s.Weeks, s.Authors, s.BotAccounts[0].Name)
	want := "commits 6 = 5 + 1, merges 1, weeks [2 1 0] 4/53, authors 3, bots dependabot[bot]"
	if got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	got = ""
	for _, o := range s.Organisations {
		got += fmt.Sprintf("%s %d by %d; ", o.Domain, o.Commits, o.Authors)
	}
	if want := "suse.com 4 by 2; public 1 by 1; "; got != want {
		t.Errorf("organisations %s, want %s", got, want)
	}
	got = fmt.Sprintf("%d + %d releases on days %v, median %g, last %s", s.Releases, s.Prereleases, s.ReleasedOn, s.GetMedianDaysBetween(), v.LastRelease.Tag)
	if want := "4 + 1 releases on days [31 61 121], median 45, last v1.2.0"; got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	if r := s.Tagged[3]; r.Tag != "v1.0.0" || r.Tags != 3 || r.At.AsTime() != date(t, "2024-02-01T11:00:00") {
		t.Errorf("the first release is %v", r)
	}
	if text := prototext.Format(v); strings.Contains(strings.ToLower(text), "ada@") || strings.Contains(text, "@") {
		t.Errorf("there is an address in %s", text)
	}
	checkSums(t, v)
}

// checkSums checks all that gromav1.Span promises.
func checkSums(t *testing.T, v *gromav1.Vitals) {
	t.Helper()
	for _, s := range v.Spans {
		var weekly, commits, authors, bots int64
		for _, n := range s.Weekly {
			weekly += n
		}
		for _, o := range s.Organisations {
			commits += o.Commits
			authors += o.Authors
			var theirs int64
			for _, c := range o.Contributors {
				theirs += c.Commits
			}
			if theirs > o.Commits || int64(len(o.Contributors)) > o.Authors || theirs < o.Commits && int64(len(o.Contributors)) == o.Authors {
				t.Errorf("%s has %d commits by %d, its contributors %d by %d", o.Domain, o.Commits, o.Authors, theirs, len(o.Contributors))
			}
		}
		for _, b := range s.BotAccounts {
			bots += b.Commits
		}
		for what, pair := range map[string][2]int64{
			"weekly": {weekly, s.Commits}, "people and bots": {s.PeopleCommits + s.BotCommits, s.Commits},
			"organisations": {commits + s.LeftOut.Commits, s.PeopleCommits}, "authors": {authors + s.LeftOut.Authors, s.Authors},
			"weeks": {int64(len(s.Weekly)), s.Weeks}, "release days": {int64(len(s.ReleasedOn)), s.ReleaseDays},
			"bots": {bots, s.BotCommits}, "releases": {int64(len(s.Tagged)), s.Releases + s.Prereleases},
		} {
			bounded := what == "bots" && len(s.BotAccounts) == mostBots || what == "releases" && len(s.Tagged) == mostReleases
			if pair[0] != pair[1] && !bounded {
				t.Errorf("%s: %s add up to %d, want %d", s.Window.Name, what, pair[0], pair[1])
			}
		}
		if s.ReleaseDays > s.Releases || s.ActiveWeeks > s.Weeks || s.Merges > s.Commits {
			t.Errorf("%s: impossible: %v", s.Window.Name, s)
		}
	}
}

// some is a random history.
func some(r *rand.Rand) *History {
	h := &History{Head: "c0ffee", HeadAt: windows[1].Until}
	names := []string{"Ada", "Bob", "dependabot[bot]", "release-bot", "Cleo", ""}
	hosts := []string{"@suse.com", "@eu.suse.com", "@gmail.com", "@redhat.com", "", "@localhost"}
	at := func() time.Time {
		return windows[0].From.Add(time.Duration(r.Int64N(int64(700*day))) - 60*day)
	}
	for range r.IntN(300) {
		name := names[r.IntN(len(names))]
		who := Person{name, fmt.Sprint(name, r.IntN(20), hosts[r.IntN(len(hosts))])}
		h.Commits = append(h.Commits, Commit{Author: who, Committed: at(), Parents: r.IntN(3)})
	}
	for i := range r.IntN(60) {
		form := []string{"v1.%d.0", "v1.%d.0-rc.1", "pkg/v1.%d.0", "other%d"}[r.IntN(4)]
		h.Tags = append(h.Tags, Tag{Name: fmt.Sprintf(form, i), Commit: fmt.Sprint(r.IntN(30)), At: at()})
	}
	return h
}

const renames = "Bob <bob@suse.com> <Bob1@gmail.com>\nBob <bob@suse.com> <Bob2>\n"

// TestCompute_Random: figures add up, and do not depend on any order.
func TestCompute_Random(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		h := some(r)
		want := Compute(h, []byte(renames), windows)
		checkSums(t, want)
		r.Shuffle(len(h.Commits), func(i, j int) { h.Commits[i], h.Commits[j] = h.Commits[j], h.Commits[i] })
		r.Shuffle(len(h.Tags), func(i, j int) { h.Tags[i], h.Tags[j] = h.Tags[j], h.Tags[i] })
		if got := Compute(h, []byte(renames), windows); !proto.Equal(got, want) {
			t.Fatalf("seed %d: another order gives\n%v\nwant\n%v", seed, got, want)
		}
	}
}

// TestJoin_Random: a history in parts, joined, has the figures of the whole.
func TestJoin_Random(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		h := some(r)
		whole := Compute(h, []byte(renames), windows)
		parts := make([]*History, 2+r.IntN(4))
		for i := range parts {
			parts[i] = &History{Head: h.Head, HeadAt: h.HeadAt}
		}
		for _, c := range h.Commits {
			p := parts[r.IntN(len(parts))]
			p.Commits = append(p.Commits, c)
		}
		for _, tag := range h.Tags { // the tags of one commit stay together
			p := parts[len(tag.Commit)*7%len(parts)]
			p.Tags = append(p.Tags, tag)
		}
		var all []*gromav1.Vitals
		for i, p := range parts {
			v := Compute(p, []byte(renames), windows)
			v.Key = fmt.Sprint(i)
			all = append(all, v)
		}
		joined, err := Join(all)
		if err != nil {
			t.Fatal(err)
		}
		checkSums(t, joined)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if again, err := Join(all); err != nil || !proto.Equal(again, joined) {
			t.Fatalf("seed %d: another order gives another whole (%v)", seed, err)
		}
		for i, s := range joined.Spans {
			for _, release := range s.Tagged {
				release.Repository = ""
			}
			latestFirst(s.Tagged)
			if !proto.Equal(s, whole.Spans[i]) {
				t.Fatalf("seed %d: joined\n%v\nwant\n%v", seed, s, whole.Spans[i])
			}
		}
		if r := joined.LastRelease; r.GetTag() != whole.LastRelease.GetTag() || joined.Repositories != int64(len(parts)) {
			t.Errorf("seed %d: the last release is %v, want %v", seed, r, whole.LastRelease)
		}
	}
}

// TestBounds: what does not fit is counted, and said.
func TestBounds(t *testing.T) {
	h := &History{HeadAt: windows[0].From}
	for i := range mostContributors + 500 {
		mail := fmt.Sprintf("a%d@suse.com", i)
		if i%4 == 0 {
			mail = fmt.Sprintf("a@company%d.com", i)
		}
		h.Commits = append(h.Commits, Commit{Author: Person{"A", mail}, Committed: windows[0].From})
	}
	for i := range mostBots + 1 {
		h.Commits = append(h.Commits, Commit{Author: Person{fmt.Sprint(i, "-bot"), ""}, Committed: windows[0].From})
	}
	for i := range mostReleases + 1 {
		h.Tags = append(h.Tags, Tag{Name: fmt.Sprintf("v1.%d", i), Commit: fmt.Sprint(i), At: windows[0].From})
	}
	h.Tags = append(h.Tags, Tag{Name: "v2.0", Commit: "unknown"})
	v := Compute(h, nil, windows)
	checkSums(t, v)
	s := v.Spans[0]
	if s.Authors != mostContributors+500 || len(s.Organisations) != mostOrganisations || s.LeftOut.Organisations != 626 || s.Releases != mostReleases+1 || s.Bots != mostBots+1 {
		t.Errorf("%d authors, %d organisations, %v left out, %d releases, %d bots", s.Authors, len(s.Organisations), s.LeftOut, s.Releases, s.Bots)
	}
	var what []string
	for _, b := range v.Bounds {
		what = append(what, b.What)
	}
	if want := []string{"tags", "bots", "authors", "releases"}; !slices.Equal(what, want) {
		t.Errorf("bounds %v, want %v", what, want)
	}
	other := proto.CloneOf(v)
	v.Key, other.Key = "a", "b"
	joined, err := Join([]*gromav1.Vitals{v, other})
	if err != nil {
		t.Fatal(err)
	}
	if j := joined.Spans[0]; j.Authors != s.Authors || j.Commits != 2*s.Commits || j.Bots != s.Bots {
		t.Errorf("joined with itself: %d authors, %d commits, %d bots", j.Authors, j.Commits, j.Bots)
	}
}

func TestJoin_Error(t *testing.T) {
	a := Compute(&History{}, nil, windows)
	b := Compute(&History{}, nil, windows[:1])
	if v, err := Join([]*gromav1.Vitals{a, b}); err == nil {
		t.Errorf("other windows join: %v", v)
	}
	if v, err := Join(nil); err == nil {
		t.Errorf("nothing joins: %v", v)
	}
	if v, err := Join([]*gromav1.Vitals{b}); err != nil || v != b {
		t.Errorf("one alone: %v, %v", v, err)
	}
}
