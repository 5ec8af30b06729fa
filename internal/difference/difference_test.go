package difference

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"groma/internal/canonical"
	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

// eachPair calls f with pairs of reports: one and what became of it, and two
// that have little in common.
func eachPair(t *testing.T, f func(t *testing.T, random *rand.Rand, a, b *gromav1.Report)) {
	random := rand.New(rand.NewPCG(11, 12))
	for n := range 120 {
		a, b := reporttest.Random(random), reporttest.Random(random)
		if n%4 > 0 && len(a.Repositories) > 0 {
			b = later(random, a)
		}
		if f(t, random, a, b); t.Failed() {
			before, _ := canonical.Marshal(a)
			after, _ := canonical.Marshal(b)
			t.Fatalf("from:\n%s\nto:\n%s", before, after)
		}
	}
}

func TestBetween_TheSame(t *testing.T) {
	eachPair(t, func(t *testing.T, random *rand.Rand, a, _ *gromav1.Report) {
		for _, d := range []*gromav1.Difference{Between(a, a), Between(a, shuffle(random, a))} {
			if !Empty(d) {
				t.Errorf("a report differs from itself: %v", d)
			}
		}
	})
}

func TestBetween_Order(t *testing.T) {
	eachPair(t, func(t *testing.T, random *rand.Rand, a, b *gromav1.Report) {
		want, got := Between(a, b), Between(shuffle(random, a), shuffle(random, b))
		if !proto.Equal(got, want) {
			t.Errorf("in another order: %v\nwant %v", got, want)
		}
	})
}

func TestBetween_Mirror(t *testing.T) {
	eachPair(t, func(t *testing.T, _ *rand.Rand, a, b *gromav1.Report) {
		got, want := settle(mirror(Between(a, b))), settle(Between(b, a))
		if !proto.Equal(got, want) {
			t.Errorf("the mirror is\n%v\nwant\n%v", got, want)
		}
	})
}

// TestBetween_AddsUp: causes add up to changes, projects to totals with what
// they share, and before and after are the reports' own figures.
func TestBetween_AddsUp(t *testing.T) {
	eachPair(t, func(t *testing.T, _ *rand.Rand, a, b *gromav1.Report) {
		d := Between(a, b)
		sums := map[string]*gromav1.Counts{}
		for _, p := range d.Projects {
			for _, c := range append(p.Languages, p.All) {
				checkCauses(t, c)
				if sums[c.Language] == nil {
					sums[c.Language] = &gromav1.Counts{}
				}
				add(sums[c.Language], minus(c.After, c.Before), 1)
			}
		}
		for _, c := range append(d.Languages, d.All) {
			checkCauses(t, c)
			want := minus(c.After, c.Before)
			add(want, c.Repeated, 1)
			if got := cmp.Or(sums[c.Language], &gromav1.Counts{}); !proto.Equal(got, want) {
				t.Errorf("%q: the projects add up to %v, want %v", c.Language, got, want)
			}
			checkFigures(t, c.Language, c.Before, a)
			checkFigures(t, c.Language, c.After, b)
			delete(sums, c.Language)
		}
		for language, sum := range sums {
			if !isZero(sum) {
				t.Errorf("%q changed by %v in projects and not in all", language, sum)
			}
		}
	})
}

func checkCauses(t *testing.T, c *gromav1.LanguageChange) {
	t.Helper()
	sum := &gromav1.Counts{}
	for _, part := range parts(c) {
		add(sum, part, 1)
	}
	if want := minus(c.After, c.Before); !proto.Equal(sum, want) {
		t.Errorf("%q: causes add up to %v, want %v", c.Language, sum, want)
	}
	if c.Growth.Part != c.After.Code-c.Before.Code || c.Growth.Whole != c.Before.Code {
		t.Errorf("%q: growth is %v of %v and %v", c.Language, c.Growth, c.Before, c.After)
	}
}

// checkFigures compares figures with what the report itself says of a
// language.
func checkFigures(t *testing.T, language string, got *gromav1.Counts, r *gromav1.Report) {
	t.Helper()
	a := report.Analyse(r, report.Settings{Language: language})
	if f := a.Totals; got.Code != f.Code || got.Lines != f.Lines || got.Files != f.Files || got.HostBytes != f.HostBytes {
		t.Errorf("%q has %v, the report says %v", language, got, f)
	}
}

// mirror is a difference the other way round.
func mirror(d *gromav1.Difference) *gromav1.Difference {
	d = proto.CloneOf(d)
	d.Before, d.After = d.After, d.Before
	d.ProjectsIn, d.ProjectsOut = d.ProjectsOut, d.ProjectsIn
	d.RepositoriesIn, d.RepositoriesOut = d.RepositoriesOut, d.RepositoriesIn
	for _, q := range d.Questions {
		q.Before, q.After = q.After, q.Before
	}
	for _, r := range d.ProjectsRenamed {
		r.SlugBefore, r.SlugAfter, r.NameBefore, r.NameAfter = r.SlugAfter, r.SlugBefore, r.NameAfter, r.NameBefore
	}
	for _, m := range d.Maturities {
		m.Before, m.After, m.BeforeSince, m.AfterSince = m.After, m.Before, m.AfterSince, m.BeforeSince
	}
	for _, m := range d.RepositoriesMoved {
		m.KeyBefore, m.KeyAfter, m.NowBefore, m.NowAfter = m.KeyAfter, m.KeyBefore, m.NowAfter, m.NowBefore
	}
	for _, o := range d.Outcomes {
		o.Before, o.After, o.ReasonBefore, o.ReasonAfter = o.After, o.Before, o.ReasonAfter, o.ReasonBefore
	}
	for _, m := range d.Methods {
		m.Before, m.After, m.By = m.After, m.Before, minus(nil, m.By)
	}
	for _, r := range d.Repositories {
		mirrorRepository(r)
	}
	for _, p := range d.Projects {
		p.Presence = map[string]string{"in": "out", "out": "in", "both": "both"}[p.Presence]
		for _, c := range append(p.Languages, p.All) {
			mirrorChange(c)
		}
	}
	for _, c := range append(d.Languages, d.All) {
		mirrorChange(c)
	}
	return d
}

func mirrorRepository(r *gromav1.RepositoryChange) {
	r.KeyBefore, r.KeyAfter = r.KeyAfter, r.KeyBefore
	r.CommitBefore, r.CommitAfter = r.CommitAfter, r.CommitBefore
	r.CommittedBefore, r.CommittedAfter = r.CommittedAfter, r.CommittedBefore
	r.BranchBefore, r.BranchAfter = r.BranchAfter, r.BranchBefore
	r.MethodBefore, r.MethodAfter = r.MethodAfter, r.MethodBefore
	r.Before, r.After = r.After, r.Before
}

func mirrorChange(c *gromav1.LanguageChange) {
	c.Before, c.After = c.After, c.Before
	c.Growth = (&change{before: counts{code: c.Before.Code}, after: counts{code: c.After.Code}}).growth()
	for _, part := range append(parts(c), c.Repeated) {
		if part == nil {
			continue
		}
		turned := minus(nil, part)
		proto.Reset(part)
		proto.Merge(part, turned)
	}
}

// settle puts lists in an order, and names in a form, that do not depend on
// the direction: the names of the second report stand first there.
func settle(d *gromav1.Difference) *gromav1.Difference {
	d = proto.CloneOf(d)
	slices.SortFunc(d.ProjectsRenamed, func(x, y *gromav1.ProjectRenaming) int {
		return cmp.Compare(min(x.SlugBefore, x.SlugAfter), min(y.SlugBefore, y.SlugAfter))
	})
	names := map[string]string{}
	for _, r := range d.ProjectsRenamed {
		names[r.SlugBefore], names[r.SlugAfter] = min(r.SlugBefore, r.SlugAfter), min(r.SlugBefore, r.SlugAfter)
	}
	for _, m := range d.Maturities {
		m.Slug, m.Name = cmp.Or(names[m.Slug], m.Slug), ""
	}
	slices.SortFunc(d.Maturities, func(x, y *gromav1.MaturityChange) int { return cmp.Compare(x.Slug, y.Slug) })
	for _, p := range d.Projects {
		p.Slug, p.SlugBefore, p.Name, p.Maturity = cmp.Or(names[p.Slug], p.Slug), "", "", ""
	}
	sortProjects(d.Projects)
	for _, o := range d.Outcomes {
		o.Key = ""
	}
	slices.SortFunc(d.Outcomes, func(x, y *gromav1.OutcomeChange) int {
		return cmp.Or(cmp.Compare(x.Before+x.After, y.Before+y.After), slices.Compare(x.Projects, y.Projects), cmp.Compare(x.ReasonBefore+x.ReasonAfter, y.ReasonBefore+y.ReasonAfter))
	})
	key := func(r *gromav1.RepositoryChange) string { return min(r.KeyBefore, r.KeyAfter) }
	slices.SortFunc(d.Repositories, func(x, y *gromav1.RepositoryChange) int { return cmp.Compare(key(x), key(y)) })
	slices.SortFunc(d.RepositoriesMoved, func(x, y *gromav1.RepositoryMove) int {
		return cmp.Compare(min(x.KeyBefore, x.KeyAfter), min(y.KeyBefore, y.KeyAfter))
	})
	slices.SortFunc(d.Methods, func(x, y *gromav1.MethodChange) int {
		return cmp.Or(cmp.Compare(x.Before, y.Before), cmp.Compare(x.After, y.After))
	})
	return d
}
