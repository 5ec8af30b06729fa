package gitwire

import (
	"groma/internal/fault"
	"groma/internal/packstream"
)

// A weight is what a tree comes to, with all below it.
type weight struct {
	entries int64 // files and folders
	bytes   int64 // of their paths, from here
	depth   int   // of the folders below it
	longest int   // path, from here
}

// scale weighs a tree. Each folder is looked at once, however often it stands
// in the tree, so that a few objects which make a tree of any size are found
// out by what they are, not by what they make.
type scale struct {
	stopped  func() error
	snapshot *Snapshot
	known    map[packstream.Hash]weight
	entries  int64 // of the folders that were looked at
}

// below is a folder within the one that is being weighed.
type below struct {
	tree   packstream.Hash
	length int // of its name
}

func (s *scale) tree(name packstream.Hash, depth int) (weight, error) {
	if w, ok := s.known[name]; ok {
		return w, s.check(w, depth)
	}
	w, folders, err := s.look(name, depth)
	if err != nil {
		return w, err
	}
	for _, f := range folders {
		inner, err := s.tree(f.tree, depth+1)
		if err != nil {
			return w, err
		}
		w.entries += inner.entries
		w.bytes += inner.bytes + inner.entries*int64(f.length+1)
		w.depth = max(w.depth, inner.depth+1)
		w.longest = max(w.longest, inner.longest+f.length+1)
		if err := s.check(w, depth); err != nil {
			return w, err
		}
	}
	s.known[name] = w
	return w, nil
}

// look weighs what stands in one folder, and returns the folders in it: the
// rest need not be kept while those are weighed.
func (s *scale) look(name packstream.Hash, depth int) (w weight, folders []below, err error) {
	if err := s.stopped(); err != nil {
		return w, nil, err
	}
	if err := s.check(w, depth); err != nil {
		return w, nil, err
	}
	entries, err := s.snapshot.folder(name)
	if err != nil {
		return w, nil, err
	}
	for _, e := range entries {
		w.entries++
		w.bytes += int64(len(e.Name))
		w.longest = max(w.longest, len(e.Name))
		if e.Mode == packstream.Directory {
			folders = append(folders, below{e.Hash, len(e.Name)})
		}
	}
	s.entries += w.entries
	return w, folders, s.check(weight{entries: max(w.entries, s.entries), bytes: w.bytes, longest: w.longest}, depth)
}

// check says whether a tree that stands so deep may weigh so much.
func (s *scale) check(w weight, depth int) error {
	switch {
	case depth+w.depth > deepest:
		return fault.Errorf(fault.TooLarge, "its folders are more than %d deep", deepest)
	case w.entries > s.snapshot.entries:
		return fault.Errorf(fault.TooLarge, "it has more than %d files and folders", s.snapshot.entries)
	case w.longest > longestPath:
		return fault.Errorf(fault.TooLarge, "a path has more than %d bytes", longestPath)
	case w.bytes > mostPathBytes:
		return fault.Errorf(fault.TooLarge, "the paths of its files take more than %d MiB", mostPathBytes>>20)
	}
	return nil
}
