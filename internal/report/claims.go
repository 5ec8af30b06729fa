package report

import (
	"cmp"
	"fmt"
	"slices"

	gromav1 "groma/proto/groma/v1"
)

// What a claim can be of.
const (
	claimBytes   = "bytes"
	claimLines   = "lines"
	claimCode    = "code"
	claimNone    = "none"    // far from all of them
	claimUnknown = "unknown" // a repository has no count
)

// How near a claim has to be, in parts per thousand: to be what a report rounds,
// and to be what it may have meant at another commit.
const (
	rounded = 50
	near    = 200
)

// claims checks what another report says of the projects.
func (l *ledger) claims(a *gromav1.Analysis) {
	if l.language == "" || l.report.GetAnnotations().GetLanguage() != l.language {
		return
	}
	for _, p := range l.projects {
		for _, c := range l.words[p.project.Slug].GetClaims() {
			a.Claims = append(a.Claims, l.check(p, c))
		}
	}
}

func (l *ledger) check(p *projectEntry, c *gromav1.Claim) *gromav1.CheckedClaim {
	checked := &gromav1.CheckedClaim{
		Slug: p.project.Slug, Name: p.project.Name, Says: c.Says, Figure: c.Figure, About: c.About,
		Repositories: slices.Sorted(slices.Values(c.Repositories)), Figures: &gromav1.Figures{},
	}
	if len(checked.Repositories) == 0 {
		checked.Repositories = slices.Sorted(slices.Values(l.keysOf(p.project)))
	}
	lacking, seen := 0, map[*entry]bool{}
	for _, key := range checked.Repositories {
		home := l.rows[key]
		if home == nil || !hasCount(home) {
			lacking++
			continue
		}
		if e := l.entry(home); !seen[e] {
			seen[e] = true
			addFigures(checked.Figures, e.language)
		}
	}
	if lacking > 0 {
		checked.Is = claimUnknown
		checked.Verdict = fmt.Sprintf("cannot be checked: %s without a count", Plural(int64(lacking), "repository", "repositories"))
		return checked
	}
	judge(checked)
	return checked
}

// judge says what a claimed figure is: one of what was counted, or near one.
func judge(c *gromav1.CheckedClaim) {
	candidates := []struct {
		is, what string
		counted  int64
	}{
		{claimCode, "lines of code", c.Figures.Code},
		{claimLines, "lines, with comments and blanks", c.Figures.Lines},
		{claimBytes, "bytes as the host counts them", c.Figures.HostBytes},
	}
	nearest := slices.MinFunc(candidates, func(a, b struct {
		is, what string
		counted  int64
	}) int {
		return cmp.Compare(off(c.Figure, a.counted), off(c.Figure, b.counted))
	})
	by := off(c.Figure, nearest.counted)
	c.Is, c.Exact = nearest.is, by == 0 || c.About && by <= rounded
	switch {
	case c.Exact && by == 0:
		c.Verdict = "just the " + nearest.what
	case c.Exact:
		c.Verdict = "the " + nearest.what + ", rounded"
	case by <= near:
		c.Verdict = fmt.Sprintf("near the %s, off by %s", nearest.what, permille(by))
	default:
		c.Is, c.Verdict = claimNone, "near nothing that was counted"
	}
	if c.Is == claimBytes {
		c.Verdict += ": not lines"
	}
}

// off is how far a claim is from a figure, in parts per thousand of the larger;
// a difference is never nothing.
func off(claim, counted int64) int64 {
	if claim == counted {
		return 0
	}
	larger, smaller := max(claim, counted), min(claim, counted)
	return max(1, int64(1000*(float64(larger)-float64(smaller))/float64(larger)))
}

func permille(n int64) string { return fmt.Sprintf("%d.%d %%", n/10, n%10) }

// ClaimsSummary counts what the claims are, in one sentence; it is empty where
// there are none.
func ClaimsSummary(a *gromav1.Analysis) string {
	if len(a.Claims) == 0 {
		return ""
	}
	counts := map[string]int64{}
	for _, c := range a.Claims {
		counts[c.Is]++
	}
	known := int64(len(a.Claims)) - counts[claimUnknown]
	return fmt.Sprintf("Of %s that could be checked, %s bytes, %s lines (with comments and blanks or without), and %s near neither; %s could not be checked.",
		Plural(known, "figure", "figures"), Plural(counts[claimBytes], "is", "are"), Plural(counts[claimLines]+counts[claimCode], "is", "are"),
		Plural(counts[claimNone], "is", "are"), Plural(counts[claimUnknown], "figure", "figures"))
}
