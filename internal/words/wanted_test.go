package words

import (
	"fmt"
	"slices"
	"testing"
)

func TestWanted(t *testing.T) {
	tests := []struct{ path, want string }{
		{"README.md", KindReadme},
		{"readme.rst", KindReadme},
		{"README", KindReadme},
		{".github/README.md", KindReadme},
		{"README_zh.md", ""},
		{"README.pdf", ""},
		{"crates/core/README.md", ""},
		{"ARCHITECTURE.md", KindDocs},
		{"CHANGELOG.md", ""},
		{"docs/guide.md", KindDocs},
		{"docs/README.md", KindDocs},
		{"doc/design/parts.adoc", KindDocs},
		{"docs/index.html", ""},
		{"docs/notes.txt", ""},
		{"docs/users.md", KindDocs},
		{"docs/zh/guide.md", ""},
		{"docs/pt-br/guide.md", ""},
		{"docs/guide.zh-CN.md", ""},
		{"docs/release-notes/v1.md", ""},
		{"docs/vendor/other/readme.md", ""},
		{"src/docs/guide.md", ""},
		{"ADOPTERS.md", KindAdopters},
		{"adopters.yaml", KindAdopters},
		{".github/ADOPTERS.md", KindAdopters},
		{"community/adopters.md", KindAdopters},
		{"docs/src/community/adopters_and_more.md", KindAdopters},
		{"website/data/adopters.yml", KindAdopters},
		{"USERS.md", KindAdopters},
		{"users.go", ""},
		{"docs/who-uses.md", KindAdopters},
		{"docs/data.json", ""},
		{"vendor/example/ADOPTERS.md", ""},
		{"docs/\x1b[31m.md", ""},
		{"docs/\xff.md", ""},
		{"", ""},
	}
	for _, test := range tests {
		got, ok := Wanted(test.path)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%q: got %q, %v, want %q", test.path, got, ok, test.want)
		}
	}
}

// TestCollection_AnyOrder: which documents are read does not depend on the
// order in which they come, also where there are too many.
func TestCollection_AnyOrder(t *testing.T) {
	var paths []string
	for i := range 3 * mostDocuments {
		paths = append(paths, fmt.Sprintf("docs/%d/page-%d.md", i%7, i))
	}
	paths = append(paths, "README.md", "ADOPTERS.md", "main.go")
	collect := func() string {
		var c Collection
		for _, path := range paths {
			c.Add(path, "", fmt.Appendf(nil, "The part of %s is written in Rust.\n\n- Acme Rockets\n", path))
		}
		words := c.Words("h/o/n", "abc")
		if words.Read != mostDocuments || words.LeftOut != int64(len(paths)-1-mostDocuments) {
			t.Errorf("read %d and left out %d, of %d", words.Read, words.LeftOut, len(paths)-1)
		}
		sayings := 0
		for _, d := range words.Documents {
			sayings += len(d.Sayings)
		}
		if sayings != mostOfLanguageInAll {
			t.Errorf("got %d sayings of one language, want %d", sayings, mostOfLanguageInAll)
		}
		return words.String()
	}
	want := collect()
	slices.Reverse(paths)
	if got := collect(); got != want {
		t.Error("the order of the documents changed the words")
	}
}

// TestChosen: what is chosen from a list of paths is what a collection would
// keep of them.
func TestChosen_Bounds(t *testing.T) {
	paths := []string{"main.go", "README.md"}
	for i := range mostDocuments + 5 {
		paths = append(paths, fmt.Sprintf("docs/%d.md", i))
	}
	chosen, leftOut := Chosen(named(paths))
	if len(chosen) != mostDocuments || leftOut != 6 || chosen[0] != "README.md" {
		t.Errorf("got %d and %d left out, first %q", len(chosen), leftOut, chosen[:1])
	}
}

func TestCollection_TooLarge(t *testing.T) {
	var c Collection
	c.Add("README.md", "", make([]byte, LargestDocument+1))
	c.Add("docs/a.md", "", []byte("It was all written in Zig."))
	c.Add("docs/b.md", "", []byte("It says nothing."))
	words := c.Words("h/o/n", "abc")
	if words.LeftOut != 1 || words.Read != 2 || len(words.Documents) != 1 || words.Rules != Rules {
		t.Errorf("got %v", words)
	}
}

// named are files of which only the paths are known.
func named(paths []string) []File {
	files := make([]File, len(paths))
	for i, path := range paths {
		files[i].Path = path
	}
	return files
}
