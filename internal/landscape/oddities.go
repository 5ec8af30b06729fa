package landscape

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ofRole begins a message about an address.
var ofRole = map[string]string{
	rolePrimary:    "repo_url of ",
	roleAdditional: "additional repository of ",
	roleClomonitor: "CLOMonitor's repository of ",
	roleListed:     "repository ",
	roleFound:      "repository ",
	roleGiven:      "repository ",
}

// tellAddress tells of an address that is not as it should be written.
func (s *reading) tellAddress(e *entry, ref reference, raw string) {
	a, whose := ref.address, ofRole[ref.role]+quoted(e.name)
	switch {
	case ref.unsupported != nil:
		s.notes.add(ref.source, ref.line, "%s: %s: %v; it stays in, uncounted", whose, quoted(a.Spelling), ref.unsupported)
	case a.Host == hostLocal:
	case a.secret:
		s.notes.add(ref.source, ref.line, "%s: the address holds credentials, which are removed: %s is asked for", whose, quoted(a.Fetch))
	case a.Branch != "":
		s.notes.add(ref.source, ref.line, "%s: %s is read as %s, branch %s", whose, quoted(a.Spelling), quoted(a.Fetch), quoted(a.Branch))
	case a.Fetch != strings.TrimSpace(raw):
		s.notes.add(ref.source, ref.line, "%s: %s is read as %s", whose, quoted(a.Spelling), quoted(a.Fetch))
	}
}

// tellOddities tells of what only shows once all items are read. It looks at
// every item, whatever is surveyed: a project may be left out because of it.
func (s *reading) tellOddities() {
	for _, e := range s.entries {
		s.tellWithoutRepository(e)
		s.tellDates(e)
		s.tellWithoutCode(e)
	}
	s.tellRepeatedNames()
	s.tellShared()
	s.tellTwoHomes()
	s.tellBranches()
}

func (s *reading) tellWithoutRepository(e *entry) {
	switch {
	case slices.ContainsFunc(e.references, func(ref reference) bool { return ref.role == rolePrimary }):
	case addressInText(e.homepage) != "":
		s.notes.add(sourceLandscape, e.line, "item %s has no repo_url, but its homepage is the repository %s, which is not surveyed", quoted(e.name), quoted(addressInText(e.homepage)))
	case e.project:
		s.notes.add(sourceLandscape, e.line, "project %s has no repository", quoted(e.name))
	}
}

func addressInText(text string) string {
	a, err := ParseAddress(text)
	if err != nil || !forges[a.Host].known {
		return ""
	}
	return a.Fetch
}

func (s *reading) tellDates(e *entry) {
	switch {
	case !e.project && e.dates != dates{}:
		s.notes.add(sourceLandscape, e.line, "item %s has dates of a CNCF project and no key project: it is taken for none", quoted(e.name))
	case e.maturity == "archived" && (e.dates.accepted+e.dates.incubating+e.dates.graduated != ""):
		s.notes.gather(sourceLandscape, e.line, "an archived project still carries the dates of its time before; they are kept, and it is archived")
	case e.project && e.maturity != "archived" && e.dates.archived != "":
		s.notes.add(sourceLandscape, e.line, "project %s was archived on %s and is %s: it is taken for %s", quoted(e.name), e.dates.archived, e.maturity, e.maturity)
	}
}

// withoutCode are names of repositories that hold words more than programs.
var withoutCode = regexp.MustCompile(`(?i)^(.*[-_])?(spec|specs|specification|specifications|community|website|site|docs|documentation|governance|artwork)$|\.io$|^\.github$|^awesome-`)

func (s *reading) tellWithoutCode(e *entry) {
	for _, ref := range e.references {
		if !e.project || ref.role != rolePrimary || ref.unsupported != nil {
			continue
		}
		if withoutCode.MatchString(ref.address.Name) {
			s.notes.add(sourceLandscape, ref.line, "the primary repository of %s, %s, seems to hold a specification, a community or a website: the project's code may be elsewhere", quoted(e.name), quoted(ref.address.Fetch))
		}
	}
}

func (s *reading) tellRepeatedNames() {
	byName := map[string][]*entry{}
	for _, e := range s.entries {
		name := strings.ToLower(e.name)
		byName[name] = append(byName[name], e)
	}
	for name, entries := range byName {
		if len(entries) > 1 && name != "" {
			s.notes.add(sourceLandscape, entries[1].line, "%d items have the name %s: %s", len(entries), quoted(entries[0].name), where(entries))
		}
	}
}

// where lists items and their lines.
func where(entries []*entry) string {
	var items []string
	for _, e := range entries[:min(len(entries), fewLines)] {
		items = append(items, fmt.Sprintf("%s at line %d", quoted(e.name), e.line))
	}
	if more := len(entries) - len(items); more > 0 {
		items = append(items, fmt.Sprintf("%d more", more))
	}
	return strings.Join(items, ", ")
}

// claim is a reference with the entry it is of.
type claim struct {
	entry *entry
	reference
}

// claims returns the references of all entries by what of makes of them.
func (s *reading) claims(of func(*entry, reference) string) map[string][]claim {
	claims := map[string][]claim{}
	for _, e := range s.entries {
		for _, ref := range e.references {
			if key := of(e, ref); key != "" {
				claims[key] = append(claims[key], claim{e, ref})
			}
		}
	}
	return claims
}

// tellShared tells of repositories that are named more than once.
func (s *reading) tellShared() {
	byKey := s.claims(func(_ *entry, ref reference) string { return ref.address.Key })
	for _, claims := range byKey {
		if len(claims) < 2 {
			continue
		}
		var entries []*entry
		spelt := ""
		for _, c := range claims {
			if len(entries) == 0 || entries[len(entries)-1] != c.entry {
				entries = append(entries, c.entry)
			}
			if c.address.Fetch != claims[0].address.Fetch {
				spelt = fmt.Sprintf(", and is also spelt %s", quoted(c.address.Fetch))
			}
		}
		if len(entries) == 1 {
			s.notes.add(sourceLandscape, claims[1].line, "%s stands %d times in %s%s; it is counted once", quoted(claims[0].address.Fetch), len(claims), quoted(entries[0].name), spelt)
			continue
		}
		s.notes.add(sourceLandscape, claims[1].line, "%s stands in %d items%s; it is counted once: %s", quoted(claims[0].address.Fetch), len(entries), spelt, where(entries))
	}
}

// tellTwoHomes tells of what seems to be one project under its old and its new
// organisation: items whose names begin alike, repositories of one name, and
// two owners. Only the host could say which is which, so both stay.
func (s *reading) tellTwoHomes() {
	byName := s.claims(func(e *entry, ref reference) string {
		word, _, _ := strings.Cut(strings.ToLower(e.name), " ")
		if ref.unsupported != nil || word == "" {
			return ""
		}
		return word + " " + strings.ToLower(ref.address.Name)
	})
	for _, claims := range byName {
		for _, c := range claims {
			if c.address.Key != claims[0].address.Key {
				s.notes.add(sourceLandscape, c.line, "%s of %s and %s of %s seem to be one project under its old and its new organisation; both are surveyed",
					quoted(c.address.Fetch), quoted(c.entry.name), quoted(claims[0].address.Fetch), quoted(claims[0].entry.name))
				break
			}
		}
	}
}

// tellBranches tells of a repository for which two branches are asked.
func (s *reading) tellBranches() {
	byKey := s.claims(func(_ *entry, ref reference) string {
		if ref.branch == "" {
			return ""
		}
		return ref.address.Key
	})
	for _, claims := range byKey {
		for _, c := range claims {
			if c.branch != claims[0].branch {
				s.notes.add(sourceLandscape, c.line, "item %s asks for branch %s of %s and %s for %s; the first of those surveyed is counted",
					quoted(c.entry.name), quoted(c.branch), quoted(c.address.Fetch), quoted(claims[0].entry.name), quoted(claims[0].branch))
				break
			}
		}
	}
}
