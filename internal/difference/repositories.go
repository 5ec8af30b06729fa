package difference

import (
	"cmp"
	"slices"

	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// addRepositories says which repositories came, went or moved, and which ended
// otherwise.
func (c *comparison) addRepositories(d *gromav1.Difference) {
	for _, row := range c.rows.first {
		d.RepositoriesOut = append(d.RepositoriesOut, c.before.presence(row))
	}
	for _, row := range c.rows.last {
		d.RepositoriesIn = append(d.RepositoriesIn, c.after.presence(row))
	}
	for _, p := range c.rows.both {
		before, after := p.before, p.after
		if before.Key != after.Key || now(before) != now(after) && known(before) && known(after) {
			d.RepositoriesMoved = append(d.RepositoriesMoved, &gromav1.RepositoryMove{
				KeyBefore: before.Key, KeyAfter: after.Key, NowBefore: now(before), NowAfter: now(after), Projects: c.usersOf(before, after),
			})
		}
		if outcome(before) != outcome(after) {
			d.Outcomes = append(d.Outcomes, &gromav1.OutcomeChange{
				Key: after.Key, Before: outcome(before), After: outcome(after),
				ReasonBefore: before.Reason, ReasonAfter: after.Reason, Projects: c.usersOf(before, after),
			})
		}
	}
	slices.SortStableFunc(d.RepositoriesMoved, func(x, y *gromav1.RepositoryMove) int { return cmp.Compare(x.KeyAfter, y.KeyAfter) })
	slices.SortStableFunc(d.Outcomes, func(x, y *gromav1.OutcomeChange) int { return cmp.Compare(x.Key, y.Key) })
}

// known reports whether a remote has said where a repository is.
func known(r *gromav1.Repository) bool { return report.HasCount(r) || r.MovedTo != "" }

// outcome is how a repository ended. That a count was made before is no other
// end.
func outcome(r *gromav1.Repository) string {
	if report.HasCount(r) {
		return "counted"
	}
	return r.Outcome
}

func (h *half) presence(row *gromav1.Repository) *gromav1.RepositoryPresence {
	return &gromav1.RepositoryPresence{Key: row.Key, Outcome: outcome(row), Projects: h.users[row.Key], Code: programs(tallies(row)).code}
}

// usersOf are the projects that name a repository in either report, by the
// slugs they have there.
func (c *comparison) usersOf(before, after *gromav1.Repository) []string {
	users := slices.Concat(c.before.users[before.Key], c.after.users[after.Key])
	slices.Sort(users)
	return slices.Compact(users)
}

// causeOf is why the figures of a repository that is counted in both reports
// may differ.
func causeOf(before, after *gromav1.Repository) cause {
	otherCommit, otherMethod := before.Commit != after.Commit, before.Method != after.Method
	switch {
	case otherCommit && otherMethod:
		return both
	case otherCommit:
		return code
	case otherMethod:
		return method
	}
	return unexplained
}
