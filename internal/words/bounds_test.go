package words

import (
	"strings"
	"testing"
)

func TestRead_MostLines(t *testing.T) {
	content := strings.Repeat("\n", mostLines-1) + "It is written in Rust.\nIt is written in Zig.\n"
	for _, path := range []string{"README.md", "README.rst", "README.adoc"} {
		document := Read(path, "", []byte(content))
		if document.GetSayingsCount() != 1 || document.Sayings[0].Line != mostLines {
			t.Errorf("%s: got %v, want the saying of the last line that is read", path, document)
		}
	}
}

// TestRead_MostMarks: a list for programs that has too many parts is no list.
func TestRead_MostMarks(t *testing.T) {
	few := strings.Repeat("- Rust\n", mostMarks)
	if document := Read("ADOPTERS.yaml", "", []byte(few)); document.GetAdoptersCount() != 1 {
		t.Errorf("got %v", document)
	}
	if document := Read("ADOPTERS.yaml", "", []byte(few+"- Zig\n")); document != nil {
		t.Errorf("got %v", document)
	}
}

// TestReader_Ahead: what never closes is searched for once, not from each place
// where it opens.
func TestReader_Ahead(t *testing.T) {
	source := []rune(strings.Repeat("<{{", 1000) + ">")
	var a ahead
	for at := range 3000 {
		if got := a.next(source, at+1, ">"); got != 3000 || a.at != 3000 {
			t.Fatalf("from %d got %d, want 3000", at, got)
		}
	}
	a = ahead{}
	for at := range 2 {
		if got := a.next(source, at, "}}"); got != len(source) {
			t.Errorf("got %d, want the end", got)
		}
	}
}

// TestWithoutFrontMatter: what stands above a document keeps its lines.
func TestWithoutFrontMatter(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"---", "---"},
		{"---\na: b\n---\ntext", "\n\n\ntext"},
		{"---\r\na: b\r\n...\r\ntext\n", "\n\n\ntext\n"},
		{"---\na: b\n---", "\n\n"},
		{"---\n---\ntext\n", "---\n---\ntext\n"},
		{"---\na: b\ntext\n", "---\na: b\ntext\n"},
		{"----\na\n---\n", "----\na\n---\n"},
		{"text\n---\na\n---\n", "text\n---\na\n---\n"},
	}
	for _, test := range tests {
		if got := withoutFrontMatter(test.text); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

// TestRead_Allocations: four times the document takes about four times the
// memory, also where what it opens never closes.
func TestRead_Allocations(t *testing.T) {
	for _, piece := range []string{"`", "# a\n", "- name: Rust\n", "[a](", "{{", "<a ", "![", "|-", "C, "} {
		for _, path := range []string{"README.md", "README.rst", "ADOPTERS.md"} {
			count := func(size int) float64 {
				content := []byte(strings.Repeat(piece, size/len(piece)))
				return testing.AllocsPerRun(1, func() { Read(path, "", content) })
			}
			if few, many := count(8<<10), count(32<<10); many > 6*few+200 {
				t.Errorf("%s of %q: %.0f allocations, then %.0f", path, piece, few, many)
			}
		}
	}
}
