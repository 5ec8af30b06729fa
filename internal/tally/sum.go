package tally

import (
	"cmp"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// A Sum adds up files. Its zero value holds none. The order of adding does not
// show in it.
type Sum struct {
	files   int64
	tally   map[kindOfFile]*gromav1.Tally
	skipped map[string]*gromav1.Skipped
}

// kindOfFile is what a tally is kept under.
type kindOfFile struct{ language, class string }

// Add adds one file.
func (s *Sum) Add(file *gromav1.FileCount) {
	if file.Skipped != "" {
		s.addSkipped(&gromav1.Skipped{Why: file.Skipped, Files: 1, Bytes: file.Bytes})
		return
	}
	s.addTally(&gromav1.Tally{
		Language:   file.Language,
		Class:      file.Class,
		Files:      1,
		Lines:      file.Lines,
		Code:       file.Code,
		Comments:   file.Comments,
		Blanks:     file.Blanks,
		Complexity: file.Complexity,
		Bytes:      file.Bytes,
	})
}

// Merge adds every file of other.
func (s *Sum) Merge(other *Sum) {
	for _, t := range other.Tally() {
		s.addTally(t)
	}
	for _, skipped := range other.Skipped() {
		s.addSkipped(skipped)
	}
}

func (s *Sum) addTally(t *gromav1.Tally) {
	s.files += t.Files
	key := kindOfFile{t.Language, t.Class}
	total := s.tally[key]
	if total == nil {
		if s.tally == nil {
			s.tally = map[kindOfFile]*gromav1.Tally{}
		}
		total = &gromav1.Tally{Language: t.Language, Class: t.Class}
		s.tally[key] = total
	}
	Add(total, t)
}

// Add adds the counts of a tally to another, of whatever language and class.
func Add(total, more *gromav1.Tally) {
	total.Files += more.Files
	total.Lines += more.Lines
	total.Code += more.Code
	total.Comments += more.Comments
	total.Blanks += more.Blanks
	total.Complexity += more.Complexity
	total.Bytes += more.Bytes
}

func (s *Sum) addSkipped(skipped *gromav1.Skipped) {
	s.files += skipped.Files
	total := s.skipped[skipped.Why]
	if total == nil {
		if s.skipped == nil {
			s.skipped = map[string]*gromav1.Skipped{}
		}
		total = &gromav1.Skipped{Why: skipped.Why}
		s.skipped[skipped.Why] = total
	}
	total.Files += skipped.Files
	total.Bytes += skipped.Bytes
}

// Files is the number of files added, counted or skipped.
func (s *Sum) Files() int64 { return s.files }

// Tally is the counted files by language, then class.
func (s *Sum) Tally() []*gromav1.Tally {
	return slices.SortedFunc(clones(s.tally), func(a, b *gromav1.Tally) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Class, b.Class))
	})
}

// Skipped is the files that were not counted, by why.
func (s *Sum) Skipped() []*gromav1.Skipped {
	return slices.SortedFunc(clones(s.skipped), func(a, b *gromav1.Skipped) int {
		return cmp.Compare(a.Why, b.Why)
	})
}

// clones yields copies of a map's messages, so that a result stays as it is
// when more is added.
func clones[K comparable, M proto.Message](messages map[K]M) func(yield func(M) bool) {
	return func(yield func(M) bool) {
		for message := range maps.Values(messages) {
			if !yield(proto.CloneOf(message)) {
				return
			}
		}
	}
}
