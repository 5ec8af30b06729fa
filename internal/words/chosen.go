package words

import (
	"cmp"
	"slices"
	"strings"
)

// A File is one of a tree: its path, the object id of its contents, which may
// be empty where it is not known, and their size in bytes.
type File struct {
	Path, Blob string
	Size       int64
}

// Chosen returns the paths of the files that are read, in the order of their
// rank, and how many there are that are too large or beyond the bounds.
func Chosen(files []File) (chosen []string, leftOut int64) {
	var all []ranked
	for _, f := range files {
		r, ok := rank(f)
		switch {
		case !ok:
		case f.Size > LargestDocument:
			leftOut++
		default:
			all = append(all, r)
		}
	}
	slices.SortFunc(all, compareRanked)
	few := all[:within(all)]
	for _, r := range few {
		chosen = append(chosen, r.Path)
	}
	return chosen, leftOut + int64(len(all)-len(few))
}

// ranked is a file that is wanted.
type ranked struct {
	File
	kind  string
	place int // of its kind
	depth int
}

func rank(f File) (r ranked, ok bool) {
	kind, ok := Wanted(f.Path)
	return ranked{File: f, kind: kind, place: slices.Index(kinds, kind), depth: strings.Count(f.Path, "/")}, ok
}

// compareRanked ranks documents: the kinds in their order, then what stands
// nearer to the root, then by path.
func compareRanked(a, b ranked) int {
	return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.depth, b.depth), strings.Compare(a.Path, b.Path))
}

// reading is what decides what a document says: two that are the same in all
// of it say the same.
type reading struct {
	blob, kind string
	dialect    dialect
}

// reading of a file whose contents are not known is like no other.
func (r ranked) reading() reading {
	blob := r.Blob
	if blob == "" {
		blob = "at " + r.Path
	}
	return reading{blob, r.kind, dialectOf(r.Path)}
}

// within is how many files are within the bounds, of those that are sorted by
// rank. Adding a file never brings in another one that was beyond.
func within(sorted []ranked) int {
	seen := map[reading]bool{}
	bytes := int64(0)
	for i, r := range sorted {
		if one := r.reading(); !seen[one] {
			seen[one] = true
			bytes += r.Size
		}
		if i == mostDocuments || bytes > mostBytes {
			return i
		}
	}
	return len(sorted)
}
