package report

import (
	"cmp"
	"slices"
	"time"

	"groma/internal/vitals"
	gromav1 "groma/proto/groma/v1"
)

// health joins what the histories of a project's repositories say; nil where
// none was measured. Histories that were read by another method than that of
// the most cannot be joined with them and are left out, which the number of
// repositories says.
func (l *ledger) health(p *projectEntry) *gromav1.Health {
	parts := oneMethod(l.vitalsOf(p))
	if len(parts) == 0 {
		return nil
	}
	whole, err := vitals.Join(parts)
	if err != nil || len(whole.Spans) == 0 {
		return nil
	}
	h := &gromav1.Health{
		Repositories: int64(len(parts)), RepositoriesOfProject: int64(len(p.counted) + len(p.gaps)),
		LastCommit: whole.LastCommit, AtLeast: len(whole.Bounds) > 0,
	}
	if r := whole.LastRelease; r != nil {
		h.LastRelease, h.LastReleaseTag = r.At, r.Tag
	}
	verdicts := make([]vitals.Verdicts, len(whole.Spans))
	for i, s := range whole.Spans {
		verdicts[i] = vitals.Judge(whole, s)
		h.Spans = append(h.Spans, healthSpan(s, verdicts[i]))
	}
	v := verdicts[headline(whole.Spans)]
	h.Commits, h.Contributors, h.Cadence, h.Health = v.Commits.Word, v.Contributors.Word, v.Cadence.Word, v.Health.Word
	h.Reasons = []string{v.Commits.Why, v.Contributors.Why, v.Cadence.Why, v.Health.Why}
	return h
}

// vitalsOf are those of a project's repositories, each once, by key.
func (l *ledger) vitalsOf(p *projectEntry) (found []*gromav1.Vitals) {
	for _, e := range p.counted {
		found = append(found, e.row.GetVitals())
	}
	for _, key := range p.gaps {
		found = append(found, l.named[key].GetVitals())
	}
	found = slices.DeleteFunc(found, func(v *gromav1.Vitals) bool { return v == nil })
	slices.SortFunc(found, func(a, b *gromav1.Vitals) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(found, func(a, b *gromav1.Vitals) bool { return a.Key == b.Key })
}

// withoutVitals says why a project's repositories have none, where that is
// known.
func (l *ledger) withoutVitals(p *projectEntry) (gaps []*gromav1.Gap) {
	for _, e := range p.counted {
		if e.row.WithoutVitals != "" {
			gap := gapOf(e.row)
			gap.Reason = e.row.WithoutVitals
			gaps = append(gaps, gap)
		}
	}
	slices.SortFunc(gaps, func(a, b *gromav1.Gap) int { return cmp.Compare(a.Key, b.Key) })
	return gaps
}

// oneMethod keeps the vitals that were read by the method of the most.
func oneMethod(parts []*gromav1.Vitals) []*gromav1.Vitals {
	count := map[string]int{}
	for _, v := range parts {
		count[v.Method]++
	}
	best := ""
	for method, n := range count {
		if n > count[best] || n == count[best] && method > best {
			best = method
		}
	}
	return slices.DeleteFunc(parts, func(v *gromav1.Vitals) bool { return v.Method != best })
}

// headline is which of some windows verdicts are about: the last of at least
// half a year, since a few weeks say little; else the last.
func headline(spans []*gromav1.Span) int {
	const halfYear = 182 * 24 * time.Hour
	for i, s := range slices.Backward(spans) {
		if s.GetWindow().GetUntil().AsTime().Sub(s.GetWindow().GetFrom().AsTime()) >= halfYear {
			return i
		}
	}
	return len(spans) - 1
}

func healthSpan(s *gromav1.Span, v vitals.Verdicts) *gromav1.HealthSpan {
	span := &gromav1.HealthSpan{
		Window: s.GetWindow().GetName(), Commits: s.Commits, PeopleCommits: s.PeopleCommits, BotCommits: s.BotCommits,
		Weeks: s.Weeks, ActiveWeeks: s.ActiveWeeks, Weekly: s.Weekly,
		Authors: s.Authors, Releases: s.Releases, Prereleases: s.Prereleases, MedianDaysBetween: s.MedianDaysBetween, ReleasedOn: s.ReleasedOn,
		CommitsVerdict: v.Commits.Word, ContributorsVerdict: v.Contributors.Word, CadenceVerdict: v.Cadence.Word, HealthVerdict: v.Health.Word,
	}
	for _, o := range s.Organisations { // the most commits first
		if o.Domain == vitals.Public || o.Domain == vitals.None {
			continue
		}
		if span.Organisations++; span.Organisations == 1 {
			span.TopOrganisation, span.TopShare = o.Domain, shareOf(o.Commits, s.PeopleCommits)
		}
	}
	span.Organisations += s.GetLeftOut().GetOrganisations()
	return span
}

// windows are the stretches of time that the projects' histories were read
// for, in the order of their begins, and the one that verdicts are about.
func (l *ledger) windows(a *gromav1.Analysis) (names []string, about string) {
	told := map[string]bool{}
	for _, p := range a.Projects {
		told[p.Project.Slug] = p.Health != nil
	}
	byName := map[string]*gromav1.Span{}
	for _, p := range l.projects {
		if !told[p.project.Slug] {
			continue
		}
		for _, v := range oneMethod(l.vitalsOf(p)) {
			for _, s := range v.Spans {
				byName[s.GetWindow().GetName()] = s
			}
		}
	}
	if len(byName) == 0 {
		return nil, ""
	}
	spans := make([]*gromav1.Span, 0, len(byName))
	for _, s := range byName {
		spans = append(spans, s)
	}
	slices.SortFunc(spans, func(a, b *gromav1.Span) int {
		x, y := a.GetWindow(), b.GetWindow()
		return cmp.Or(x.GetFrom().AsTime().Compare(y.GetFrom().AsTime()), x.GetUntil().AsTime().Compare(y.GetUntil().AsTime()), cmp.Compare(x.GetName(), y.GetName()))
	})
	for _, s := range spans {
		names = append(names, s.GetWindow().GetName())
	}
	return names, names[headline(spans)]
}
