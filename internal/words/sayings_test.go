package words

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"groma/internal/goldentest"
	"groma/internal/tally"
)

// TestLanguages: the tally names languages as they are named here, so that a
// report's --language finds them.
func TestLanguages(t *testing.T) {
	for _, l := range languages {
		if got := tally.LanguageNamed(l.name); got != l.name {
			t.Errorf("%q is %q to the tally", l.name, got)
		}
		for _, spelling := range l.spellings {
			if got := tally.LanguageNamed(spelling); got != "" && got != l.name {
				t.Errorf("%q is spelt %q, which the tally takes for %q", l.name, spelling, got)
			}
		}
	}
}

func TestMentions(t *testing.T) {
	tests := []struct {
		text, want string // languages with their weights
	}{
		// Names that are clear.
		{"The engine is written in Rust.", "Rust 3"},
		{"It is implemented entirely in safe Rust, with no garbage collector.", "Rust 3"},
		{"There is a Rust client for it.", "Rust 2"},
		{"Rust was a good fit for us.", "Rust 1"},
		{"Rust's borrow checker found it.", "Rust 1"},
		{"A Rust-based agent runs on each node.", "Rust 3"},
		{"The old daemon was ported to Rust last year.", "Rust 3"},
		{"We chose Kotlin for the editor.", "Kotlin 2"},
		{"An example of Rust macros written in Rust macros.", "Rust 1"},
		{"It follows Python's rules, as implemented by Python's parser.", "Python 1"},
		{"Trust me: rustic and rusty are no languages.", ""},
		{"See rust.md and path/Rust/thing for more.", ""},
		{"The crate is called kube-rs-Rust_thing.", ""},
		{"It is all written in rust by friends.", "Rust 3"},
		{"Beware of rust on the hull.", ""},
		{"Bindings exist for C++, C# and F#.", "C# 2, C++ 2, F# 2"},
		{"Objective-C and Visual Basic clients are kept apart.", "Objective C 2, Visual Basic 2"},
		{"JavaScript is not what Java is.", "Java 1, JavaScript 1"},

		// Go.
		{"Go to the next page and go on.", ""},
		{"Ready, set, Go!", ""},
		{"The server is written in Go.", "Go 3"},
		{"A Go library for nets.", "Go 2"},
		{"It needs Go 1.26 or newer.", "Go 1"},
		{"The golang package is small.", "Go 2"},
		{"The Go SDK and the Java SDK differ.", "Go 2, Java 2"},
		{"There are SDKs for Go.", "Go 2"},
		{"Available in Go, Java and Rust.", "Go 1, Java 1, Rust 1"},
		{"We use Go because it is simple.", "Go 2"},
		{"The issue is golang/go number 5.", ""},
		{"Choose your build using Go build tags.", "Go 2"},

		// Letters.
		{"The shim is written in C and Rust.", "C 3, Rust 3"},
		{"Choose plan C for large sites.", ""},
		{"There is a C API around the core.", "C 2"},
		{"Vitamin C and vitamin D are good.", ""},
		{"Models in Python, R and Julia are served.", "Julia 1, Python 1, R 1"},
		{"See section R of annex D.", ""},
		{"It exposes a C/C++ interface.", "C 2, C++ 2"},
		{"Grade C work is sent back.", ""},
		{"The port is done as outlined in D: build our own.", ""},
		{"Use the SDK for go based on your needs.", ""},
		{"Install the build tools with the C++ workload first.", "C++ 1"},
		{"The core is built entirely with Zig.", "Zig 3"},

		// Words that are something else, too.
		{"A swift answer is welcome.", ""},
		{"Objects are kept in Swift containers.", ""},
		{"S3, GCS and Swift are supported.", ""},
		{"The app is written in Swift for phones.", "Swift 3"},
		{"A Dart SDK is planned.", "Dart 2"},
		{"Fast and Lean Code is our aim.", ""},
		{"The proof is written in Lean.", "Lean 3"},
		{"A Crystal clear Scheme of Forth and Pony.", ""},
		{"Run the shell script to install.", ""},
		{"The installer is written in shell.", "Shell 3"},
		{"Julia wrote the docs.", ""},
	}
	for _, test := range tests {
		text := []rune(test.text)
		var got []string
		for _, m := range mentionsIn(text, make([]bool, len(text))) {
			got = append(got, fmt.Sprint(m.language, " ", m.weight))
		}
		slices.Sort(got)
		if got := strings.Join(slices.Compact(got), ", "); got != test.want {
			t.Errorf("%s\n\tgot %q, want %q", test.text, got, test.want)
		}
	}
}

func TestSentences(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"One. Two! Three? Four", []string{"One.", "Two!", "Three?", "Four"}},
		{"It is fast (e.g. on Linux). It is small, i.e. fits.", []string{"It is fast (e.g. on Linux).", "It is small, i.e. fits."}},
		{"Written in C. Tested in D. Done.", []string{"Written in C.", "Tested in D.", "Done."}},
		{"By John F. Kennedy. Next.", []string{"By John F. Kennedy.", "Next."}},
		{"Version 1.2.3 of node.js runs. Then it stops.", []string{"Version 1.2.3 of node.js runs.", "Then it stops."}},
		{"\U0001F680 Written in Rust. ✨ Small.", []string{"Written in Rust.", "Small."}},
		{"He said \"go.\" She went.", []string{"He said \"go.\"", "She went."}},
	}
	for _, test := range tests {
		var got []string
		text := []rune(test.text)
		for _, s := range sentencesOf(text) {
			if s.end > s.start {
				got = append(got, string(text[s.start:s.end]))
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

// TestRead_Sayings reads one document of each dialect with every kind of
// markup, and says what is left of it.
func TestRead_Sayings(t *testing.T) {
	for _, name := range []string{"README.md", "README.rst", "README.adoc"} {
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile("testdata/" + name)
			if err != nil {
				t.Fatal(err)
			}
			document := Read(name, "b10b", content)
			var got strings.Builder
			for _, s := range document.GetSayings() {
				fmt.Fprintf(&got, "%d %d %s: %s\n", s.Line, s.Weight, strings.Join(s.Languages, ", "), s.Text)
			}
			goldentest.Check(t, "testdata/"+name+".golden", []byte(got.String()))
			checkDocument(t, document, content)
		})
	}
}

func TestRead_LongSentence(t *testing.T) {
	filler := strings.Repeat("and more of the same ", 20)
	document := Read("README.md", "", []byte("It begins here "+filler+"until it is written in Rust "+filler+"and ends with Python."))
	if len(document.GetSayings()) != 1 {
		t.Fatalf("got %v", document)
	}
	saying := document.Sayings[0]
	if !strings.HasPrefix(saying.Text, "…") || !strings.HasSuffix(saying.Text, "…") || !strings.Contains(saying.Text, "written in Rust") {
		t.Errorf("got %q", saying.Text)
	}
	if !slices.Equal(saying.Languages, []string{"Rust"}) {
		t.Errorf("got %q, of which only what is shown counts", saying.Languages)
	}
}

// TestRead_Bounds: what says more is kept, and all of it is counted.
func TestRead_Bounds(t *testing.T) {
	var text strings.Builder
	for i := range 50 {
		fmt.Fprintf(&text, "Here is Rust once more, number %d.\n\n", i)
	}
	text.WriteString("The last thing is written in Rust.\n")
	document := Read("README.md", "", []byte(text.String()))
	if document.SayingsCount != 51 || len(document.Sayings) != mostOfLanguage {
		t.Fatalf("got %d of %d", len(document.Sayings), document.SayingsCount)
	}
	if last := document.Sayings[mostOfLanguage-1]; last.Weight != weightMade || last.Line != 101 {
		t.Errorf("got %v", last)
	}
}
