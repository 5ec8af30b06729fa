package words

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

// checkDocument checks what the package promises of any document.
func checkDocument(t *testing.T, d *gromav1.Document, content []byte) {
	t.Helper()
	if d == nil {
		return
	}
	if _, err := proto.Marshal(d); err != nil {
		t.Errorf("it cannot be kept: %v", err)
	}
	lines := int64(strings.Count(string(content), "\n") + 1)
	if len(d.Sayings) > mostSayings || int64(len(d.Sayings)) > d.SayingsCount || len(d.Adopters) > mostAdopters || int64(len(d.Adopters)) > d.AdoptersCount {
		t.Errorf("it has %d of %d sayings and %d of %d adopters", len(d.Sayings), d.SayingsCount, len(d.Adopters), d.AdoptersCount)
	}
	for _, s := range d.Sayings {
		checkText(t, s.Text, longestSaying)
		if s.Line < 1 || s.Line > lines || s.Weight < weightNamed || s.Weight > weightMade {
			t.Errorf("%q has line %d of %d and weight %d", s.Text, s.Line, lines, s.Weight)
		}
		if len(s.Languages) == 0 || !slices.IsSorted(s.Languages) || len(slices.Compact(slices.Clone(s.Languages))) != len(s.Languages) {
			t.Errorf("%q has the languages %q", s.Text, s.Languages)
		}
	}
	for _, a := range d.Adopters {
		checkText(t, a.Name, longestName)
		if a.Line < 1 || a.Line > lines {
			t.Errorf("%q has line %d of %d", a.Name, a.Line, lines)
		}
		if a.Link != "" && webAddress(a.Link) != a.Link {
			t.Errorf("%q has the link %q", a.Name, a.Link)
		}
	}
}

func checkText(t *testing.T, text string, most int) {
	t.Helper()
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > most || text != strings.TrimSpace(text) {
		t.Errorf("the text is %q", text)
	}
	if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsGraphic(c) || unicode.IsSpace(c) && c != ' ' }) {
		t.Errorf("%q has characters that nobody sees", text)
	}
}

// FuzzRead: whatever a document holds, what is read of it keeps the promises.
func FuzzRead(f *testing.F) {
	paths := []string{"README.md", "README.rst", "README.adoc", "ADOPTERS.md", "ADOPTERS.yaml", "docs/a.md"}
	files, err := filepath.Glob("testdata/adopters/*")
	if err != nil {
		f.Fatal(err)
	}
	readmes, err := filepath.Glob("testdata/README*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range slices.Concat(files, readmes) {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i := range paths {
			f.Add(uint8(i), content)
		}
	}
	f.Add(uint8(0), []byte("[[[[[](](((`` `<a href=\"<a <!-- {{ written in **Rust_ :x: &lt; \\"))
	f.Fuzz(func(t *testing.T, path uint8, content []byte) {
		name := paths[int(path)%len(paths)]
		d := Read(name, "b10b", content)
		checkDocument(t, d, content)
		if again := Read(name, "b10b", content); !proto.Equal(d, again) {
			t.Errorf("it was read as %v, then as %v", d, again)
		}
	})
}

// TestRead_Hostile: documents made to be slow are read all the same: what they
// cost grows with their size and no faster.
func TestRead_Hostile(t *testing.T) {
	for _, piece := range hostilePieces {
		content := hostile(piece, "\n\n", 40<<10)
		for _, path := range hostilePaths {
			checkDocument(t, Read(path, "", content), content)
		}
	}
}

// FuzzAdopters: whatever a list of adopters holds, each name is printable, short,
// of a line that there is, and stands in the document.
func FuzzAdopters(f *testing.F) {
	files, err := filepath.Glob("testdata/adopters/*")
	if err != nil {
		f.Fatal(err)
	}
	paths := []string{"ADOPTERS.md", "USERS.md", "ADOPTERS.yaml", "adopters.json"}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		which := slices.Index([]string{".md", "", ".yaml", ".json"}, filepath.Ext(file))
		f.Add(uint8(max(which, 0)), content)
	}
	f.Add(uint8(0), []byte("| Company | Use |\n|--|--|\n| [A&amp;B](https://a.example) | x |\n* **C** - y\n\n## D\n"))
	f.Add(uint8(2), []byte("adopters: &a\n- {name: A, url: 'javascript:x'}\n- *a\n"))
	f.Fuzz(func(t *testing.T, path uint8, content []byte) {
		d := Read(paths[int(path)%len(paths)], "b10b", content)
		checkDocument(t, d, content)
		if n := len(d.GetAdopters()); n > len(content) {
			t.Errorf("%d adopters of %d bytes", n, len(content))
		}
	})
}
