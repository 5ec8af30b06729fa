package vitals

import (
	"cmp"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	gromav1 "groma/proto/groma/v1"
)

var errMethods = errors.New("vitals by different methods cannot be joined")

// Join makes the figures of several repositories together, in any order, as of
// one project. Commits add up; a person in two repositories is one author, and
// a day with releases in two is one day. All of that is exact unless a bound of
// the parts, which the whole has as well, says that authors were left out: then
// authors are at least what is said. Vitals must be by one method, and each of
// another repository.
func Join(parts []*gromav1.Vitals) (*gromav1.Vitals, error) {
	switch len(parts) {
	case 0:
		return nil, errors.New("no vitals to join")
	case 1:
		return parts[0], nil
	}
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b *gromav1.Vitals) int { return cmp.Compare(a.Key, b.Key) })
	whole := &gromav1.Vitals{Method: parts[0].Method, Rules: parts[0].Rules, FirstCommit: parts[0].FirstCommit, Wire: &gromav1.Wire{}}
	for _, v := range parts {
		if v.Method != whole.Method || len(v.Spans) != len(parts[0].Spans) {
			return nil, errMethods
		}
		joinFacts(whole, v)
	}
	for i := range parts[0].Spans {
		spans := make([]*gromav1.Span, len(parts))
		for n, v := range parts {
			spans[n] = withKey(v.Spans[i], v.Key)
		}
		s, err := joinSpans(spans)
		if err != nil {
			return nil, err
		}
		whole.Spans = append(whole.Spans, s)
	}
	return whole, nil
}

// joinFacts joins what belongs to no window.
func joinFacts(whole, v *gromav1.Vitals) {
	whole.Repositories += v.Repositories
	whole.Seconds += v.Seconds
	whole.Wire.Requests += v.GetWire().GetRequests()
	whole.Wire.BytesReceived += v.GetWire().GetBytesReceived()
	whole.LastCommit = later(whole.LastCommit, v.LastCommit)
	if whole.FirstCommit != nil && (v.FirstCommit == nil || v.FirstCommit.AsTime().Before(whole.FirstCommit.AsTime())) {
		whole.FirstCommit = v.FirstCommit
	}
	if r := v.LastRelease; r != nil {
		found := []*gromav1.Release{ofRepository(r, v.Key)}
		if whole.LastRelease != nil {
			found = append(found, whole.LastRelease)
		}
		latestFirst(found)
		whole.LastRelease = last(found, found[0].At.AsTime().Add(1))
	}
	for _, b := range v.Bounds {
		bound(whole, b.What, b.Limit)
	}
}

func later(a, b *timestamppb.Timestamp) *timestamppb.Timestamp {
	if a == nil || b != nil && b.AsTime().After(a.AsTime()) {
		return b
	}
	return a
}

func ofRepository(r *gromav1.Release, key string) *gromav1.Release {
	r = proto.CloneOf(r)
	r.Repository = cmp.Or(r.Repository, key)
	return r
}

// withKey is a span whose releases say whose they are.
func withKey(s *gromav1.Span, key string) *gromav1.Span {
	s = proto.CloneOf(s)
	for i, r := range s.Tagged {
		s.Tagged[i] = ofRepository(r, key)
	}
	return s
}

// joinSpans joins the figures of one window. It may change what it is given.
func joinSpans(spans []*gromav1.Span) (*gromav1.Span, error) {
	first := spans[0]
	whole := &gromav1.Span{Window: first.Window, Weeks: first.Weeks, Weekly: make([]int64, len(first.Weekly)), LeftOut: &gromav1.LeftOut{}}
	for _, s := range spans {
		if !proto.Equal(s.Window, first.Window) || len(s.Weekly) != len(first.Weekly) {
			return nil, errMethods
		}
		for i, n := range s.Weekly {
			whole.Weekly[i] += n
		}
		whole.Commits += s.Commits
		whole.PeopleCommits += s.PeopleCommits
		whole.BotCommits += s.BotCommits
		whole.Merges += s.Merges
		whole.Releases += s.Releases
		whole.Prereleases += s.Prereleases
		whole.ReleasedOn = append(whole.ReleasedOn, s.ReleasedOn...)
		whole.Tagged = append(whole.Tagged, s.Tagged...)
		whole.LeftOut.Commits += s.GetLeftOut().GetCommits()
		whole.LeftOut.Authors = max(whole.LeftOut.Authors, s.GetLeftOut().GetAuthors())
		whole.LeftOut.Organisations = max(whole.LeftOut.Organisations, s.GetLeftOut().GetOrganisations())
	}
	whole.ActiveWeeks = active(whole.Weekly)
	latestFirst(whole.Tagged)
	pace(whole)
	joinPeople(whole, spans)
	joinBots(whole, spans)
	return whole, nil
}

// joinPeople counts each person once.
func joinPeople(whole *gromav1.Span, spans []*gromav1.Span) {
	byDomain := map[string]*gromav1.Organisation{}
	people := map[[2]string]*gromav1.Contributor{}
	for _, s := range spans {
		for _, part := range s.Organisations {
			o := byDomain[part.Domain]
			if o == nil {
				o = &gromav1.Organisation{Domain: part.Domain}
				byDomain[part.Domain] = o
			}
			o.Commits += part.Commits
			o.Authors = max(o.Authors, part.Authors)
			for _, c := range part.Contributors {
				name := [2]string{part.Domain, c.Id}
				if people[name] == nil {
					people[name] = &gromav1.Contributor{Id: c.Id}
					o.Contributors = append(o.Contributors, people[name])
				}
				people[name].Commits += c.Commits
			}
		}
	}
	whole.Organisations = sorted(byDomain)
	whole.Authors = whole.LeftOut.Authors
	for _, o := range whole.Organisations {
		o.Authors = max(o.Authors, int64(len(o.Contributors)))
		whole.Authors += o.Authors
	}
}

// joinBots counts each bot once.
func joinBots(whole *gromav1.Span, spans []*gromav1.Span) {
	bots := map[string]int64{}
	for _, s := range spans {
		whole.Bots = max(whole.Bots, s.Bots)
		for _, b := range s.BotAccounts {
			bots[b.Name] += b.Commits
		}
	}
	whole.Bots = max(whole.Bots, int64(len(bots)))
	whole.BotAccounts = mostActive(bots)
}
