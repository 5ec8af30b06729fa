package tally

import (
	"slices"
	"testing"

	"github.com/boyter/scc/v3/processor"
)

// TestDetect compares our reading of names with scc's own.
func TestDetect(t *testing.T) {
	names := []string{
		"a", ".a", "a.", "a.b.", ".a.b", "..", "a..b", "types.d.ts", "a.b.d.ts", "a.spec.js", "x.tar.rs", "A.RS", "Ä.Rs",
		"Makefile", "MAKEFILE", "makefile.am", "Dockerfile", "Dockerfile.dev", "dev.Dockerfile", "go.mod", "go.sum",
		"meson.build", "xmake.lua", "CMakeLists.txt", ".bashrc", ".gitignore", ".ignore", "rs", "c", "LICENSE", "licence.md",
		"bitbucket-pipelines.yml", "a.vcxproj.filters", "vcxproj.filters", "foo.blade.php", "\xff.go",
	}
	for _, language := range processor.LanguageDatabase() {
		for _, extension := range language.Extensions {
			names = append(names, extension, "a."+extension, "a.b."+extension, "."+extension)
		}
		names = append(names, language.FileNames...)
	}
	for _, name := range names {
		checkDetect(t, name)
	}
}

// checkDetect compares one name. scc lists candidates in any order.
func checkDetect(t *testing.T, name string) {
	t.Helper()
	var want, got []string
	want, _ = processor.DetectLanguage(name)
	if found := languages().detect(name); found != nil && found.sheBang {
		got = []string{processor.SheBang}
	} else if found != nil {
		for _, l := range found.languages {
			got = append(got, l.name)
		}
	}
	missing := map[string]int{}
	for _, name := range want {
		missing[name]++
	}
	for _, name := range got {
		missing[name]--
	}
	for language, n := range missing {
		if n != 0 {
			t.Errorf("%q: got %q, want %q (%s)", name, got, want, language)
		}
	}
}

// TestDatabase checks what this package takes for granted of scc's languages.
func TestDatabase(t *testing.T) {
	fileNames, sheBangs := map[string]string{}, map[string]string{}
	for name, language := range processor.LanguageDatabase() {
		for _, each := range language.FileNames {
			if other, ok := fileNames[each]; ok {
				t.Errorf("file name %q is of %s and %s: which one wins is chance", each, name, other)
			}
			fileNames[each] = name
		}
		for _, each := range language.SheBangs {
			if other, ok := sheBangs[each]; ok {
				t.Errorf("first line %q is of %s and %s: which one wins is chance", each, name, other)
			}
			sheBangs[each] = name
		}
		for _, pair := range language.MultiLine {
			if len(pair) != 2 || pair[0] == "" || pair[1] == "" {
				t.Errorf("%s: comment %q would make scc panic", name, pair)
			}
		}
		for _, quote := range language.Quotes {
			if quote.Start == "" || quote.End == "" {
				t.Errorf("%s: quote %v would make scc panic", name, quote)
			}
		}
	}
}

// TestKinds fails for a language of the table that scc no longer has.
func TestKinds(t *testing.T) {
	for name := range kinds {
		if languages().languages[name] == nil {
			t.Errorf("scc has no language %q", name)
		}
	}
}

func TestNamed(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{"Rust", "Rust"},
		{"rust", "Rust"},
		{"C++", "C++"},
		{"cpp", "C++"},
		{"golang", "Go"},
		{"Shell", "Shell"},
		{"bash", "BASH"},
		{"Text", "Plain Text"},
		{"reStructuredText", "ReStructuredText"},
		{"Protocol-Buffer", "Protocol Buffers"},
		{"Objective-C", "Objective C"},
		{"Jupyter-Notebook", "Jupyter"},
		{"HCL", "HCL"},
		{"Vue", "Vue"},
		{"csharp", "C#"},
		{"nobody's", ""},
		{"", ""},
	} {
		if got := languages().named(test.value); got != test.want {
			t.Errorf("named(%q) = %q, want %q", test.value, got, test.want)
		}
	}
}

func TestLanguagesNamed(t *testing.T) {
	got, err := LanguagesNamed([]string{" rust", "C++", "Rust"})
	if err != nil || !slices.Equal(got, []string{"Rust", "C++"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := LanguagesNamed([]string{"Rust", "no such"}); err == nil {
		t.Errorf("got %v for a language that there is not", got)
	}
}
