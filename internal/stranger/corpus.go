package stranger

import "slices"

// Corpus is all cases.
func Corpus() []*Case {
	return slices.Concat(packs(), trees(), contents(), remotes(), histories(), attributes(), documents())
}
