// Package words finds what a repository says itself: the sentences of its
// README and docs that name a programming language, and the adopters that it
// lists.
//
// It would rather miss than mistake. A name that is also an English word or a
// letter (Go, C, Swift) counts only beside words that show what is meant; an
// adopter is one only where a row, a list or a heading plainly says so.
//
// For any contents, however hostile:
//
//   - every text is a piece of its document in its own words, without markup,
//     in one line of valid UTF-8 without control characters, and bounded;
//   - every line lies in its document, and every link is http or https;
//   - the same documents, added in any order, give the same words.
//
// The package computes and does nothing else.
package words

import (
	"bytes"
	"slices"

	gromav1 "groma/proto/groma/v1"
)

// Rules is the version of everything that decides what is kept. Words that
// were read by other rules are to be read again.
const Rules = "words/1"

// Bounds of what is read and kept.
const (
	// LargestDocument is the size in bytes beyond which a document is not read.
	LargestDocument = 512 << 10
	// mostDocuments is how many documents of a repository are read.
	mostDocuments = 400
	// mostSayings and mostOfLanguage bound the sentences of one document: all,
	// and those kept for the sake of one language.
	mostSayings    = 60
	mostOfLanguage = 10
	// mostSayingsInAll and mostOfLanguageInAll bound those of a repository.
	mostSayingsInAll    = 400
	mostOfLanguageInAll = 40
	// mostAdopters bounds the adopters of one document.
	mostAdopters = 1000
)

// Chosen returns which files of a tree are read, by their paths alone, and how
// many there are beyond the bound.
func Chosen(paths []string) (chosen []string, leftOut int64) {
	for _, path := range paths {
		if _, ok := Wanted(path); ok {
			chosen = append(chosen, path)
		}
	}
	slices.SortFunc(chosen, comparePaths)
	few := chosen[:min(len(chosen), mostDocuments)]
	return few, int64(len(chosen) - len(few))
}

// Read reads one document. It returns nil for a document that says nothing, is
// no text or is too large, and for a path that is not [Wanted].
func Read(path, blob string, content []byte) *gromav1.Document {
	kind, ok := Wanted(path)
	if !ok || len(content) > LargestDocument || bytes.IndexByte(content, 0) >= 0 {
		return nil
	}
	document := &gromav1.Document{Path: path, Blob: blob, Kind: kind}
	if kind == KindAdopters {
		all := adoptersIn(path, content)
		document.AdoptersCount = int64(len(all))
		document.Adopters = all[:min(len(all), mostAdopters)]
	} else {
		all := sayingsIn(path, content)
		document.SayingsCount = int64(len(all))
		document.Sayings = fewSayings(all)
	}
	if document.AdoptersCount == 0 && document.SayingsCount == 0 {
		return nil
	}
	return document
}

// A Collection gathers the documents of one commit into its words. The zero
// value is empty and ready.
type Collection struct {
	read   map[string]*gromav1.Document // by path; nil where it says nothing
	wanted int64
	// last is the path beyond which documents are no longer read, or empty.
	last string
}

// Add reads a document. Each path of a tree is added once; those that are not
// [Wanted] are passed over.
func (c *Collection) Add(path, blob string, content []byte) {
	if _, ok := Wanted(path); !ok {
		return
	}
	if len(content) > LargestDocument || c.last != "" && comparePaths(path, c.last) > 0 {
		c.wanted++
		return
	}
	c.Put(path, Read(path, blob, content))
}

// Put adds a document that was read before by the same [Rules]; nil is one
// that says nothing.
func (c *Collection) Put(path string, document *gromav1.Document) {
	if c.read == nil {
		c.read = map[string]*gromav1.Document{}
	}
	c.wanted++
	c.read[path] = document
	if len(c.read) > 2*mostDocuments {
		c.prune()
	}
}

// prune keeps the documents that come first. Which those are does not depend
// on the order in which they came.
func (c *Collection) prune() []string {
	paths := make([]string, 0, len(c.read))
	for path := range c.read {
		paths = append(paths, path)
	}
	slices.SortFunc(paths, comparePaths)
	if len(paths) > mostDocuments {
		for _, path := range paths[mostDocuments:] {
			delete(c.read, path)
		}
		paths = paths[:mostDocuments]
		c.last = paths[mostDocuments-1]
	}
	return paths
}

// Words returns what was gathered of a repository at a commit.
func (c *Collection) Words(key, commit string) *gromav1.Words {
	paths := c.prune()
	words := &gromav1.Words{
		Key: key, Commit: commit, Rules: Rules,
		Read: int64(len(paths)), LeftOut: c.wanted - int64(len(paths)),
	}
	kept := sayingsKept(paths, c.read)
	slices.Sort(paths)
	for _, path := range paths {
		document := c.read[path]
		if document == nil || len(document.Adopters) == 0 && len(kept[path]) == 0 {
			continue
		}
		words.Documents = append(words.Documents, &gromav1.Document{
			Path: document.Path, Blob: document.Blob, Kind: document.Kind,
			Sayings: kept[path], SayingsCount: document.SayingsCount,
			Adopters: document.Adopters, AdoptersCount: document.AdoptersCount,
		})
	}
	return words
}

// sayingsKept is the sentences of each document that are within the bounds of
// a repository, in the order of the document. The paths are sorted by rank.
func sayingsKept(paths []string, read map[string]*gromav1.Document) map[string][]*gromav1.Saying {
	var all []*gromav1.Saying
	from := map[*gromav1.Saying]string{}
	for _, path := range paths {
		for _, saying := range read[path].GetSayings() {
			all = append(all, saying)
			from[saying] = path
		}
	}
	kept := map[string][]*gromav1.Saying{}
	for _, saying := range weightiest(all, mostSayingsInAll, mostOfLanguageInAll) {
		kept[from[saying]] = append(kept[from[saying]], saying)
	}
	return kept
}

func fewSayings(all []*gromav1.Saying) []*gromav1.Saying {
	return weightiest(all, mostSayings, mostOfLanguage)
}

// weightiest keeps as many sayings as the bounds allow, in their order: those
// of more weight first, then those that come first.
func weightiest(all []*gromav1.Saying, most, mostOf int) []*gromav1.Saying {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(all[b].Weight - all[a].Weight) })
	of := map[string]int{}
	var kept []int
	for _, i := range order {
		if len(kept) == most {
			break
		}
		if !slices.ContainsFunc(all[i].Languages, func(language string) bool { return of[language] < mostOf }) {
			continue
		}
		for _, language := range all[i].Languages {
			of[language]++
		}
		kept = append(kept, i)
	}
	slices.Sort(kept)
	few := make([]*gromav1.Saying, 0, len(kept))
	for _, i := range kept {
		few = append(few, all[i])
	}
	return few
}
