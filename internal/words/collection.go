package words

import (
	"slices"
	"strings"

	gromav1 "groma/proto/groma/v1"
)

// A Collection gathers the documents of one commit into its words. The zero
// value is empty and ready.
type Collection struct {
	files []ranked
	// says is what was read, under the path that it was read from first; nil is
	// what says nothing.
	says   map[reading]*gromav1.Document
	bytes  int64 // that were read
	wanted int64
	// beyond is the first file beyond the bounds: it and those that come after
	// it are not read. It has no path where all are within.
	beyond ranked
}

// Add reads a document. Each path of a tree is added once; those that are not
// [Wanted] are passed over. Contents that were read before in the same way are
// not read again, unless their blob is empty. Only what [ChosenOf] chose need
// be added: that bounds what is read, whatever the order.
func (c *Collection) Add(path, blob string, content []byte) {
	file, ok := rank(File{path, blob, int64(len(content))})
	if !ok {
		return
	}
	c.wanted++
	if file.Size > LargestDocument || c.beyond.Path != "" && compareRanked(file, c.beyond) >= 0 {
		return
	}
	c.files = append(c.files, file)
	one := file.reading()
	if _, known := c.says[one]; !known {
		if c.says == nil {
			c.says = map[reading]*gromav1.Document{}
		}
		c.says[one] = Read(path, blob, content)
		c.bytes += file.Size
	}
	if len(c.files) > 2*mostDocuments || c.bytes > 2*mostBytes {
		c.prune()
	}
}

// prune keeps the documents that come first. Which those are does not depend
// on the order in which they came.
func (c *Collection) prune() {
	slices.SortFunc(c.files, compareRanked)
	if few := within(c.files); few < len(c.files) {
		c.beyond = c.files[few]
		c.files = c.files[:few]
	}
	says := map[reading]*gromav1.Document{}
	c.bytes = 0
	for _, file := range c.files {
		one := file.reading()
		if _, known := says[one]; !known {
			says[one] = c.says[one]
			c.bytes += file.Size
		}
	}
	c.says = says
}

// Words returns what was gathered of a repository at a commit.
func (c *Collection) Words(key, commit string) *gromav1.Words {
	c.prune()
	words := &gromav1.Words{
		Key: key, Commit: commit, Rules: Rules,
		Read: int64(len(c.files)), LeftOut: c.wanted - int64(len(c.files)),
	}
	kept := c.sayingsKept()
	for i, file := range c.files {
		document := c.says[file.reading()]
		if document == nil || len(document.Adopters) == 0 && len(kept[i]) == 0 {
			continue
		}
		words.Documents = append(words.Documents, &gromav1.Document{
			Path: file.Path, Blob: file.Blob, Kind: file.kind,
			Sayings: kept[i], SayingsCount: document.SayingsCount,
			Adopters: document.Adopters, AdoptersCount: document.AdoptersCount,
		})
	}
	bound(words.Documents)
	slices.SortFunc(words.Documents, func(a, b *gromav1.Document) int { return strings.Compare(a.Path, b.Path) })
	return words
}

// sayingsKept is the sentences of each file that are within the bounds of a
// repository, in the order of the file.
func (c *Collection) sayingsKept() [][]*gromav1.Saying {
	var all []*gromav1.Saying
	var from []int
	for i, file := range c.files {
		for _, saying := range c.says[file.reading()].GetSayings() {
			all = append(all, saying)
			from = append(from, i)
		}
	}
	kept := make([][]*gromav1.Saying, len(c.files))
	for _, i := range weightiest(all, mostSayingsInAll, mostOfLanguageInAll) {
		kept[from[i]] = append(kept[from[i]], all[i])
	}
	return kept
}

// bound leaves documents, sorted by rank, as much as a repository's words may
// hold. One beyond keeps its counts. All are named, which takes less than the
// bound: the paths and their number are bounded, too.
func bound(documents []*gromav1.Document) {
	bytes := mostText
	for _, d := range documents {
		bytes -= len(d.Path) + len(d.Blob) + len(d.Kind)
	}
	adopters := mostAdoptersInAll
	for _, d := range documents {
		d.Sayings, bytes = fitting(d.Sayings, bytes, sayingSize)
		d.Adopters, bytes = fitting(d.Adopters[:min(len(d.Adopters), adopters)], bytes, adopterSize)
		adopters -= len(d.Adopters)
	}
}

// fitting is what comes first and is no larger together than some bytes, and
// how many bytes are left: none once something did not fit.
func fitting[T any](all []T, bytes int, size func(T) int) (few []T, left int) {
	for i, one := range all {
		if bytes -= size(one); bytes < 0 {
			return all[:i], bytes
		}
	}
	return all, bytes
}

func sayingSize(s *gromav1.Saying) int {
	size := len(s.Text)
	for _, language := range s.Languages {
		size += len(language)
	}
	return size
}

func adopterSize(a *gromav1.Adopter) int { return len(a.Name) + len(a.Link) }

// weightiest returns as many sayings as the bounds allow, by their places in
// their order: those of more weight first, then those that come first.
func weightiest(all []*gromav1.Saying, most, mostOf int) []int {
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
	return kept
}
