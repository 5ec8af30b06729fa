package census

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// difference says where two censuses of one commit by one method differ in what
// they count, or is empty.
func difference(kept, counted *gromav1.Census) string {
	if kept.Files != counted.Files {
		return fmt.Sprintf("%d files, and %d are kept", counted.Files, kept.Files)
	}
	type kind struct{ language, class string }
	before := map[kind]*gromav1.Tally{}
	for _, t := range kept.Tally {
		before[kind{t.Language, t.Class}] = t
	}
	for _, t := range counted.Tally {
		if was := before[kind{t.Language, t.Class}]; !proto.Equal(was, t) {
			return fmt.Sprintf("%d lines of %s (%s), and %d are kept", t.Lines, t.Language, t.Class, was.GetLines())
		}
	}
	if !proto.Equal(facts(kept), facts(counted)) {
		return "what was skipped, or the packages, are others than those that are kept"
	}
	return ""
}

// facts are what the commit and the method decide of a census.
func facts(c *gromav1.Census) *gromav1.Census {
	return &gromav1.Census{
		Commit: c.Commit, CommittedAt: c.CommittedAt,
		Files: c.Files, Tally: c.Tally, Skipped: c.Skipped, Packages: c.Packages,
	}
}
