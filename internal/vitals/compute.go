package vitals

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

// Compute makes figures of a history, with the .mailmap that belongs to it.
// What it does not know (key, branch, wire, seconds) it leaves empty.
func Compute(h *History, mailmap []byte, windows []Window) *gromav1.Vitals {
	v := &gromav1.Vitals{
		Commit: h.Head, Method: Method(windows), Rules: Rules,
		LastCommit: stamp(h.HeadAt), FirstCommit: stamp(h.First), Repositories: 1,
	}
	for _, b := range h.Bounds {
		bound(v, b.What, b.Limit)
	}
	names := ParseMailmap(mailmap)
	releases, unknown := group(h.Tags)
	if unknown {
		bound(v, "tags", mostTags)
	}
	for _, w := range windows {
		s := &gromav1.Span{Window: &gromav1.Window{Name: w.Name, From: stamp(w.From), Until: stamp(w.Until)}}
		count(s, w, h.Commits)
		people(v, s, w, h.Commits, names)
		rhythm(v, s, w, releases)
		v.Spans = append(v.Spans, s)
	}
	v.LastRelease = last(releases, until(windows))
	return v
}

// bound notes a limit that was reached, once.
func bound(v *gromav1.Vitals, what string, limit int64) {
	known := slices.ContainsFunc(v.Bounds, func(b *gromav1.Bound) bool { return b.What == what && b.Limit == limit })
	if !known {
		v.Bounds = append(v.Bounds, &gromav1.Bound{What: what, Limit: limit})
	}
}

// stamp is a time as it is kept; a zero one is none.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// count counts commits by the week.
func count(s *gromav1.Span, w Window, commits []Commit) {
	s.Weekly = make([]int64, w.weeks())
	s.Weeks = int64(len(s.Weekly))
	for _, c := range commits {
		if !w.has(c.Committed) {
			continue
		}
		s.Commits++
		s.Weekly[c.Committed.Sub(w.From)/week]++
		if c.Parents > 1 {
			s.Merges++
		}
	}
	s.ActiveWeeks = active(s.Weekly)
}

func active(weekly []int64) (n int64) {
	for _, commits := range weekly {
		if commits > 0 {
			n++
		}
	}
	return n
}

// author is one person in one window.
type author struct {
	id, domain string
	commits    int64
}

// people counts who made the commits of a window.
func people(v *gromav1.Vitals, s *gromav1.Span, w Window, commits []Commit, names Mailmap) {
	authors, bots := map[string]*author{}, map[string]int64{}
	for _, c := range commits {
		if !w.has(c.Committed) {
			continue
		}
		who := names.Resolve(c.Author)
		if IsBot(c.Author) || IsBot(who) {
			bots[botName(who)]++
			s.BotCommits++
			continue
		}
		id := identity(who)
		if authors[id] == nil {
			authors[id] = &author{id: pseudonym(id), domain: Organisation(who.Mail)}
		}
		authors[id].commits++
		s.PeopleCommits++
	}
	s.Authors, s.Bots = int64(len(authors)), int64(len(bots))
	s.BotAccounts = mostActive(bots)
	if s.Bots > mostBots {
		bound(v, "bots", mostBots)
	}
	s.Organisations = organisations(slices.Collect(maps.Values(authors)))
	if limit(s) {
		bound(v, "authors", mostContributors)
	}
}

// botName is what a bot is called: its name, or else its address.
func botName(p Person) string {
	const longest = 100
	name := []rune(cmp.Or(p.Name, "unnamed"))
	return string(name[:min(len(name), longest)])
}

func mostActive(bots map[string]int64) []*gromav1.Bot {
	var all []*gromav1.Bot
	for name, commits := range bots {
		all = append(all, &gromav1.Bot{Name: name, Commits: commits})
	}
	slices.SortFunc(all, func(a, b *gromav1.Bot) int {
		return cmp.Or(cmp.Compare(b.Commits, a.Commits), cmp.Compare(a.Name, b.Name))
	})
	return all[:min(len(all), mostBots)]
}

// organisations puts authors together by their domains.
func organisations(authors []*author) []*gromav1.Organisation {
	byDomain := map[string]*gromav1.Organisation{}
	for _, a := range authors {
		o := byDomain[a.domain]
		if o == nil {
			o = &gromav1.Organisation{Domain: a.domain}
			byDomain[a.domain] = o
		}
		o.Commits += a.commits
		o.Authors++
		o.Contributors = append(o.Contributors, &gromav1.Contributor{Id: a.id, Commits: a.commits})
	}
	return sorted(byDomain)
}

func sorted(byDomain map[string]*gromav1.Organisation) []*gromav1.Organisation {
	all := slices.SortedFunc(maps.Values(byDomain), func(a, b *gromav1.Organisation) int {
		return cmp.Or(cmp.Compare(b.Commits, a.Commits), cmp.Compare(a.Domain, b.Domain))
	})
	for _, o := range all {
		slices.SortFunc(o.Contributors, func(a, b *gromav1.Contributor) int {
			return cmp.Or(cmp.Compare(b.Commits, a.Commits), cmp.Compare(a.Id, b.Id))
		})
	}
	return all
}

// limit keeps the largest organisations and as many contributors as there may
// be, and reports whether there were more.
func limit(s *gromav1.Span) (more bool) {
	s.LeftOut = &gromav1.LeftOut{}
	if most := min(len(s.Organisations), mostOrganisations); most < len(s.Organisations) {
		more = true
		for _, o := range s.Organisations[most:] {
			s.LeftOut.Organisations++
			s.LeftOut.Authors += o.Authors
			s.LeftOut.Commits += o.Commits
		}
		s.Organisations = s.Organisations[:most]
	}
	room := mostContributors
	for _, o := range s.Organisations {
		if len(o.Contributors) > room {
			more = true
			o.Contributors = o.Contributors[:room]
		}
		room -= len(o.Contributors)
	}
	return more
}
