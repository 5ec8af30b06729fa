package census

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/fault"
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

// otherList says where the file list that is kept of a census differs from what
// was counted, or is empty. Others go on from it.
func (t *Taker) otherList(ctx context.Context, kept *gromav1.Census, counted []*gromav1.FileCount) (string, error) {
	counted = slices.SortedFunc(slices.Values(counted), func(a, b *gromav1.FileCount) int { return strings.Compare(a.Path, b.Path) })
	n := 0
	for file, err := range Files(ctx, t.Store, kept.Key, kept.Commit, kept.Method) {
		switch {
		case errors.Is(err, artefact.ErrMissing) || fault.KindOf(err) == fault.Invalid:
			return "its file list cannot be read", nil
		case err != nil:
			return "", err
		case n == len(counted) || !proto.Equal(file, counted[n]):
			return fmt.Sprintf("its file list differs, first in %s", file.Path), nil
		}
		n++
	}
	if n < len(counted) {
		return fmt.Sprintf("its file list lacks %s", counted[n].Path), nil
	}
	return "", nil
}
