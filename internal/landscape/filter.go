package landscape

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// Reasons to leave an item out, as [gromav1.Landscape] has them in left_out.
const (
	leftOutNoProject = "not a CNCF project"
	leftOutArchived  = "archived"
	leftOutMaturity  = "maturity"
	leftOutProject   = "project"
)

// Maturities are those CNCF knows; a landscape may have others. They are not to be
// changed.
var Maturities = []string{"graduated", "incubating", "sandbox", "archived"}

// sieve is a filter that was found to be sound.
type sieve struct {
	onlyProjects bool
	archived     bool
	maturity     []string
	globs        []string
}

func newSieve(kind Kind, filter *gromav1.Filter, entries []*entry) (*sieve, error) {
	s := &sieve{
		onlyProjects: kind == KindLandscape && !filter.GetAllItems(),
		archived:     filter.GetArchived(),
	}
	for _, glob := range filter.GetProjects() {
		glob = strings.ToLower(glob)
		if _, err := path.Match(glob, ""); err != nil {
			return nil, fmt.Errorf("project glob %q: %w: write for example 'kube*' or 'open-[a-m]*'", glob, err)
		}
		s.globs = append(s.globs, glob)
	}
	known := knownMaturities(entries)
	for _, wanted := range filter.GetMaturity() {
		wanted = strings.ToLower(strings.TrimSpace(wanted))
		if !slices.Contains(known, wanted) {
			return nil, fmt.Errorf("no project can be %q%s: maturities are %s", wanted, didYouMean(wanted, known), strings.Join(known, ", "))
		}
		// Whoever asks for archived projects by name wants to see them.
		s.archived = s.archived || wanted == "archived"
		s.maturity = append(s.maturity, wanted)
	}
	return s, nil
}

// knownMaturities are CNCF's, then those the entries have besides.
func knownMaturities(entries []*entry) []string {
	others := map[string]bool{}
	for _, e := range entries {
		if e.maturity != "" && !slices.Contains(Maturities, e.maturity) {
			others[e.maturity] = true
		}
	}
	return slices.Concat(Maturities, slices.Sorted(maps.Keys(others)))
}

// sift returns the entries that are kept, and how many were left out by each
// reason. Each entry is left out by one reason, the first that holds.
func (s *sieve) sift(entries []*entry) (kept []*entry, leftOut map[string]int64) {
	leftOut = map[string]int64{}
	for _, e := range entries {
		if why := s.leavesOut(e); why != "" {
			leftOut[why]++
		} else {
			kept = append(kept, e)
		}
	}
	return kept, leftOut
}

func (s *sieve) leavesOut(e *entry) string {
	switch {
	case s.onlyProjects && !e.project:
		return leftOutNoProject
	case !s.archived && e.maturity == "archived":
		return leftOutArchived
	case len(s.maturity) > 0 && !slices.Contains(s.maturity, e.maturity):
		return leftOutMaturity
	case len(s.globs) > 0 && !s.named(e):
		return leftOutProject
	}
	return ""
}

func (s *sieve) named(e *entry) bool {
	name := strings.ToLower(e.name)
	return slices.ContainsFunc(s.globs, func(glob string) bool {
		byName, _ := path.Match(glob, name)
		bySlug, _ := path.Match(glob, e.slug)
		return byName || bySlug
	})
}
