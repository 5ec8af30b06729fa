package survey

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	gromav1 "groma/proto/groma/v1"
)

// follows says whether a survey takes the place of an earlier one of its name:
// it asked the same, and has most of what that had. Files of one name may be of
// different landscapes, whose reports stand side by side.
func follows(after, before *gromav1.ReportedSurvey) bool {
	return comparable(before.GetSpec(), after.GetSpec()) && hasMost(after.GetSample(), before.GetSample())
}

// sampleSize is how many digests a sample has at most. What a landscape of more
// repositories has in common with another is then known to some hundredths.
const sampleSize = 256

// sample are the smallest digests of repositories' keys, sorted. Those of two
// landscapes can be compared, since they are drawn alike.
func sample(keys []string) []uint64 {
	digests := make([]uint64, 0, len(keys))
	for _, key := range keys {
		sum := sha256.Sum256([]byte(key))
		digests = append(digests, binary.BigEndian.Uint64(sum[:]))
	}
	slices.Sort(digests)
	digests = slices.Compact(digests)
	return slices.Clone(digests[:min(len(digests), sampleSize)])
}

// hasMost says whether one landscape has more than half of another, by their
// samples. A version that kept none had every later one take an earlier one's
// place.
func hasMost(after, before []uint64) bool {
	if len(after) == 0 || len(before) == 0 {
		return true
	}
	known, common := 0, 0
	for _, digest := range before {
		if len(after) == sampleSize && digest > after[sampleSize-1] {
			break // beyond what its sample tells
		}
		known++
		if _, ok := slices.BinarySearch(after, digest); ok {
			common++
		}
	}
	return 2*common > known
}
