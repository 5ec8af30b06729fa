package words

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// stored is a file with its contents.
type stored struct {
	path, blob string
	content    []byte
}

func collected(files []stored) *Collection {
	var c Collection
	for _, f := range files {
		c.Add(f.path, f.blob, f.content)
	}
	return &c
}

// checkAnyOrder returns the words of some files, which are the same however
// they come.
func checkAnyOrder(t *testing.T, files []stored) *gromav1.Words {
	t.Helper()
	want := collected(files).Words("h/o/n", "abc")
	mixed := slices.Clone(files)
	random := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if got := collected(mixed).Words("h/o/n", "abc"); !proto.Equal(got, want) {
			t.Error("the order of the documents changed the words")
		}
	}
	return want
}

// adopterLists are lists of adopters at as many paths, each with its own names
// and links of so many bytes.
func adopterLists(lists, adopters, link int) []stored {
	var files []stored
	for i := range lists {
		var text strings.Builder
		for j := range adopters {
			fmt.Fprintf(&text, "- [Firm %d of %d](https://firm.example/%s)\n", j, i, strings.Repeat("a", link))
		}
		files = append(files, stored{fmt.Sprintf("docs/%02d/adopters.md", i), fmt.Sprint("b", i), []byte(text.String())})
	}
	return files
}

func textIn(d *gromav1.Document) int {
	size := len(d.Path) + len(d.Blob) + len(d.Kind)
	for _, s := range d.Sayings {
		size += sayingSize(s)
	}
	for _, a := range d.Adopters {
		size += adopterSize(a)
	}
	return size
}

// TestCollection_MostAdopters: all are counted, those of the documents that
// come first are kept, and every document says how many it has.
func TestCollection_MostAdopters(t *testing.T) {
	words := checkAnyOrder(t, adopterLists(6, 600, 5))
	var kept []int
	for _, d := range words.Documents {
		if d.AdoptersCount != 600 {
			t.Errorf("%s counts %d adopters, want 600", d.Path, d.AdoptersCount)
		}
		kept = append(kept, len(d.Adopters))
	}
	if want := []int{600, 600, 600, mostAdoptersInAll - 1800, 0, 0}; !slices.Equal(kept, want) {
		t.Errorf("kept %d adopters, want %d", kept, want)
	}
}

// TestCollection_MostText: the text of a repository is bounded, and what is
// beyond is counted.
func TestCollection_MostText(t *testing.T) {
	files := adopterLists(4, 500, 400)
	files = append(files, stored{"docs/guide.md", "d", []byte("It was all written in Zig.")})
	words := checkAnyOrder(t, files)
	size := 0
	for _, d := range words.Documents {
		size += textIn(d)
	}
	if size > mostText || size < mostText-1000 {
		t.Errorf("the text has %d bytes, want nearly %d", size, mostText)
	}
	last := words.Documents[len(words.Documents)-1]
	if last.Path != "docs/guide.md" || last.SayingsCount != 1 || len(last.Sayings) != 0 {
		t.Errorf("got %v, want only its count", last)
	}
}

// TestCollection_SameContents: one list at many paths costs what one costs:
// it is read once, and its adopters are kept within the bounds.
func TestCollection_SameContents(t *testing.T) {
	one := adopterLists(1, 1500, 100)[0]
	var files []stored
	for i := range mostDocuments {
		files = append(files, stored{fmt.Sprintf("docs/%d/adopters.md", i), one.blob, one.content})
	}
	words := checkAnyOrder(t, files)
	if words.Read != mostDocuments || words.LeftOut != 0 || len(words.Documents) != mostDocuments {
		t.Errorf("read %d, left out %d, got %d documents", words.Read, words.LeftOut, len(words.Documents))
	}
	if size := proto.Size(words); size > mostText+(64<<10) {
		t.Errorf("the words have %d bytes", size)
	}
	if c := collected(files); len(c.says) != 1 || c.bytes != int64(len(one.content)) {
		t.Errorf("%d documents with %d bytes were read, want one with %d", len(c.says), c.bytes, len(one.content))
	}
}

// TestCollection_SameBlob: the same contents are read again only where they
// are read another way.
func TestCollection_SameBlob(t *testing.T) {
	content := []byte("- Acme Rockets\n\nIt is written in Rust.\n")
	var c Collection
	for _, path := range []string{"ADOPTERS.md", "docs/adopters.markdown", "ADOPTERS.rst", "ADOPTERS.yaml", "README.md", "docs/a.md", "docs/b.md"} {
		c.Add(path, "b10b", content)
	}
	if len(c.says) != 5 {
		t.Errorf("read %d times, want 5", len(c.says))
	}
	for _, d := range c.Words("h/o/n", "abc").Documents {
		if want := Read(d.Path, d.Blob, content); !proto.Equal(d, want) {
			t.Errorf("got %v, want %v", d, want)
		}
	}
}

// manyBytes are documents of which the bound on bytes lets in some. Two at a
// time have the same contents.
func manyBytes() []stored {
	var files []stored
	for i := range 3*mostBytes/LargestDocument + 8 {
		text := "It is written in Rust.\n"
		text += strings.Repeat("\n", LargestDocument-i/2%7*1000-len(text))
		files = append(files, stored{fmt.Sprintf("docs/%03d.md", i), fmt.Sprint("b", i/2), []byte(text)})
	}
	return append(files,
		stored{"README.md", "", []byte("It is written in Zig.\n")},
		stored{"docs/large.md", "", make([]byte, LargestDocument+1)},
		stored{"docs/zz.md", "", []byte("It is written in Zig.\n")})
}

// TestCollection_MostBytes: the bytes that are read of a repository are
// bounded, and the same documents are read in any order.
func TestCollection_MostBytes(t *testing.T) {
	files := manyBytes()
	words := checkAnyOrder(t, files)
	if words.Read+words.LeftOut != int64(len(files)) || words.LeftOut < 2 {
		t.Errorf("read %d and left out %d, of %d", words.Read, words.LeftOut, len(files))
	}
	c := collected(files)
	c.prune()
	if c.bytes > mostBytes || c.bytes < mostBytes-LargestDocument || words.Read != int64(len(c.files)) {
		t.Errorf("%d bytes of %d documents were read, of at most %d", c.bytes, words.Read, mostBytes)
	}
}

// TestChosenOf: what is chosen is what a collection of everything reads, with
// all that is left out.
func TestChosen(t *testing.T) {
	stored := manyBytes()
	var files []File
	for _, f := range stored {
		files = append(files, File{f.path, f.blob, int64(len(f.content))})
	}
	chosen, leftOut := Chosen(files)
	c := collected(stored)
	words := c.Words("h/o/n", "abc")
	var read []string
	for _, file := range c.files {
		read = append(read, file.Path)
	}
	if !slices.Equal(chosen, read) || leftOut != words.LeftOut || chosen[0] != "README.md" {
		t.Errorf("got %q and %d left out, want %q and %d", chosen, leftOut, read, words.LeftOut)
	}
	slices.Reverse(files)
	if again, _ := Chosen(files); !slices.Equal(again, chosen) {
		t.Errorf("in another order got %q, want %q", again, chosen)
	}
}

// TestRank: the kinds in their order, then what is near the root.
func TestRank(t *testing.T) {
	want := []string{"README.md", "ADOPTERS.md", "FAQ.md", "docs/a.md", "docs/b.md", "docs/a/a.md"}
	reversed := slices.Clone(want)
	slices.Reverse(reversed)
	if got, leftOut := Chosen(named(append(reversed, "main.go"))); !slices.Equal(got, want) || leftOut != 0 {
		t.Errorf("got %q and %d left out, want %q", got, leftOut, want)
	}
}
