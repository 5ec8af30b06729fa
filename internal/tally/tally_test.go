package tally

import (
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	gromav1 "groma/proto/groma/v1"
)

func TestMethod(t *testing.T) {
	for _, test := range []struct {
		fileBytes int64
		want      string
	}{
		{0, "g1-scc3.7.0-enry2.9.6-f10m"},
		{10 << 20, "g1-scc3.7.0-enry2.9.6-f10m"},
		{2 << 30, "g1-scc3.7.0-enry2.9.6-f2g"},
		{1536 << 10, "g1-scc3.7.0-enry2.9.6-f1536k"},
		{1000, "g1-scc3.7.0-enry2.9.6-f1000b"},
		{-1, "g1-scc3.7.0-enry2.9.6-f10m"},
	} {
		if got := Method(test.fileBytes); got != test.want {
			t.Errorf("Method(%d) = %q, want %q", test.fileBytes, got, test.want)
		}
		if got := New(Options{FileBytes: test.fileBytes}).Method(); got != test.want {
			t.Errorf("New(%d).Method() = %q, want %q", test.fileBytes, got, test.want)
		}
	}
	if !regexp.MustCompile(`^[a-z0-9.-]+$`).MatchString(Method(0)) {
		t.Errorf("%q is not safe in a key", Method(0))
	}
}

// TestMethodNamesVersions fails when a dependency was upgraded without the
// method: that would mix counts of two versions under one name.
func TestMethodNamesVersions(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for module, version := range map[string]string{
		"github.com/boyter/scc/v3":      sccVersion,
		"github.com/go-enry/go-enry/v2": enryVersion,
	} {
		if !strings.Contains(string(mod), "\t"+module+" v"+version+"\n") {
			t.Errorf("go.mod does not ask for %s v%s; change the constant, so that the method's name changes", module, version)
		}
	}
}

func TestSkip(t *testing.T) {
	counter := New(Options{FileBytes: 100})
	for _, test := range []struct {
		name  string
		entry Entry
		want  string
	}{
		{"regular", Entry{Path: "a.go", Size: 100}, ""},
		{"executable", Entry{Path: "a.go", Mode: Executable, Size: 1}, ""},
		{"empty", Entry{Path: "a.go"}, ""},
		{"large", Entry{Path: "a.go", Size: 101}, TooLarge},
		{"link", Entry{Path: "a.go", Mode: SymbolicLink, Size: 3}, Symlink},
		{"large link", Entry{Path: "a.go", Mode: SymbolicLink, Size: 300}, Symlink},
		{"submodule", Entry{Path: "a", Mode: Gitlink, Blob: "c0ffee"}, Submodule},
	} {
		t.Run(test.name, func(t *testing.T) {
			why, skip := counter.Skip(test.entry)
			if why != test.want || skip != (test.want != "") {
				t.Errorf("Skip = %q, %v, want %q", why, skip, test.want)
			}
			want := &gromav1.FileCount{
				Path: test.entry.Path, Blob: test.entry.Blob, Bytes: test.entry.Size, Skipped: test.want,
			}
			if test.want == "" {
				want.Language, want.Class = "Go", Source
			}
			if got := counter.Count(test.entry, Overrides{}, nil); !proto.Equal(got, want) {
				t.Errorf("Count = %v, want %v", got, want)
			}
		})
	}
}

// TestCountConcurrently has meaning with -race: languages are built at first
// use, by whoever comes first.
func TestCountConcurrently(t *testing.T) {
	files := readText(t, "testdata/tree.txtar")
	want := countTree(files)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i, got := range countTree(files) {
				if !proto.Equal(got, want[i]) {
					t.Errorf("got %v, want %v", got, want[i])
				}
			}
		})
	}
	group.Wait()
}

// TestRead counts contents that text archives cannot hold.
func TestRead(t *testing.T) {
	const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n"
	for _, test := range []struct {
		name, path, content string
		want                Content
	}{
		{"empty", "a.go", "", Content{Language: "Go"}},
		{"empty, no extension", "a", "", Content{Skipped: UnknownLanguage}},
		{"one newline", "a.go", "\n", Content{Language: "Go", Lines: 1, Blanks: 1}},
		{"tail", "a.go", "x", Content{Language: "Go", Lines: 1, Code: 1}},
		{"newline and tail", "a.go", "x\n// y", Content{Language: "Go", Lines: 2, Code: 1, Comments: 1}},
		{"blank tail", "a.go", "x\n  ", Content{Language: "Go", Lines: 2, Code: 1, Blanks: 1}},
		{"carriage returns", "a.go", "x\r\n\r\n// y\r\n", Content{Language: "Go", Lines: 3, Code: 1, Comments: 1, Blanks: 1}},
		{"only carriage returns", "a.go", "x\r// y\r", Content{Language: "Go", Lines: 1, Code: 1}},
		{"byte order mark", "a.go", "\xef\xbb\xbf// x\n", Content{Language: "Go", Lines: 1, Comments: 1}},
		{"only a byte order mark", "a.go", "\xef\xbb\xbf", Content{Language: "Go", Lines: 1, Blanks: 1}},
		{"not UTF-8", "a.go", "x := \"\xff\xfe\"\n", Content{Language: "Go", Lines: 1, Code: 1}},
		{"UTF-16", "a.go", "\xff\xfex\x00\n\x00", Content{Skipped: Binary}},
		{"zero byte in code", "a.go", "x\x00y\n", Content{Skipped: Binary}},
		{"zero byte, no language", "a.png", "x\x00y\n", Content{Skipped: Binary}},
		{"zero byte, no extension", "a", "\x7fELF\x00", Content{Skipped: Binary}},
		{"quote at the end", "a.py", "x = 1\n\"\"\"", Content{Language: "Python", Lines: 2, Code: 2}},
		{"backquote at the end", "a.go", "x\n\t`", Content{Language: "Go", Lines: 2, Code: 2}},
		{"comment opened by the only byte", "a.pas", "{", Content{Language: "Pascal", Lines: 1, Comments: 1}},
		{"comment opened by the last byte", "a.pas", "x\n{", Content{Language: "Pascal", Lines: 2, Code: 1, Comments: 1}},
		{"unclosed comment", "a.go", "/* x\n\ny\n", Content{Language: "Go", Lines: 3, Comments: 3}},
		{"unclosed string", "a.go", "x = `\n\ny", Content{Language: "Go", Lines: 3, Code: 3}},
		{"nested comment", "a.rs", "/* /* */ x\n*/ y\n", Content{Language: "Rust", Lines: 2, Code: 1, Comments: 1}},
		{"complexity", "a.go", "if a && b {\n}\n", Content{Language: "Go", Lines: 2, Code: 2, Complexity: 2}},
		{"shebang", "a", "#!/bin/sh\nx\n", Content{Language: "Shell", Lines: 2, Code: 1, Comments: 1}},
		{"shebang with env", "a", "#! /usr/bin/env ruby", Content{Language: "Ruby", Lines: 1, Comments: 1}},
		{"shebang nobody knows", "a", "#!/bin/x\n", Content{Skipped: UnknownLanguage}},
		{"pointer", "a.go", pointer, Content{Skipped: LFSPointer}},
		{"pointer, no language", "a.png", pointer, Content{Skipped: LFSPointer}},
		{"like a pointer", "a.go", pointer + strings.Repeat("\n", 1024), Content{Language: "Go", Lines: 1027, Code: 3, Blanks: 1024}},
		{"generated", "a.go", "// Code generated by x.\n\n", Content{Language: "Go", Lines: 2, Comments: 1, Blanks: 1, Generated: true}},
		{"minified", "a.js", strings.Repeat("x", 200) + "\n", Content{Language: "JavaScript", Lines: 1, Code: 1, Generated: true}},
		{"source map", "a.js.map", "{}", Content{Skipped: UnknownLanguage}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Read(NameOf(test.path, Overrides{}), []byte(test.content)); got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	generated := Content{Language: "Rust", Generated: true}
	rust := Content{Language: "Rust"}
	for _, test := range []struct {
		name, path string
		overrides  Overrides
		content    Content
		want       string
	}{
		{"plain", "src/a.rs", Overrides{}, rust, Source},
		{"vendored path", "vendor/a.rs", Overrides{}, rust, Vendored},
		{"vendored by attribute", "src/a.rs", Overrides{Vendored: Yes}, rust, Vendored},
		{"not vendored by attribute", "vendor/a.rs", Overrides{Vendored: No}, rust, Source},
		{"vendored before documentation", "docs/vendor/a.rs", Overrides{}, rust, Vendored},
		{"vendored before generated", "vendor/a.rs", Overrides{}, generated, Vendored},
		{"vendored before test", "vendor/tests/a.rs", Overrides{}, rust, Vendored},
		{"documentation path", "docs/a.rs", Overrides{}, rust, Documentation},
		{"documentation by attribute", "src/a.rs", Overrides{Documentation: Yes}, rust, Documentation},
		{"not documentation by attribute", "docs/a.rs", Overrides{Documentation: No}, rust, Source},
		{"documentation before generated", "docs/a.rs", Overrides{}, generated, Documentation},
		{"generated content", "src/a.rs", Overrides{}, generated, Generated},
		{"generated path", "a/Pods/a.rs", Overrides{}, rust, Generated},
		{"generated by attribute", "src/a.rs", Overrides{Generated: Yes}, rust, Generated},
		{"not generated by attribute", "src/a.rs", Overrides{Generated: No}, generated, Source},
		{"generated before test", "tests/a.rs", Overrides{}, generated, Generated},
		{"prose", "src/a.md", Overrides{}, Content{Language: "Markdown"}, Documentation},
		{"configuration", "src/a.toml", Overrides{}, Content{Language: "TOML"}, Configuration},
		{"data", "src/a.csv", Overrides{}, Content{Language: "CSV"}, Data},
		{"data before test", "tests/a.csv", Overrides{}, Content{Language: "CSV"}, Data},
		{"markup", "web/a.html", Overrides{}, Content{Language: "HTML"}, Source},
		{"test folder", "a/tests/b.rs", Overrides{}, rust, Test},
		{"test file", "src/tests.rs", Overrides{}, rust, Test},
		{"contest", "src/contests/latest.rs", Overrides{}, rust, Source},
		{"Java test", "a/FooTest.java", Overrides{}, Content{Language: "Java"}, Test},
		{"Java test folder", "a/src/test/java/Foo.java", Overrides{}, Content{Language: "Java"}, Test},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Classify(test.path, test.overrides, test.content); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestCachedByName is what a cache of contents may rely on.
func TestCachedByName(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"a.rs", "b/c.rs", true},
		{"a.rs", "A.RS", true},
		{"a.rs", "a.go", false},
		{"Makefile", "x/makefile", true},
		{"run", "tool", true},
		{"a.h", "ppport.h", false},
		{"a.x1", "a.x2", false},
	} {
		if got := NameOf(test.a, Overrides{}) == NameOf(test.b, Overrides{}); got != test.want {
			t.Errorf("names of %s and %s equal: %v, want %v", test.a, test.b, got, test.want)
		}
	}
	if NameOf("a.rs", Overrides{}) != NameOf("a.rs", Overrides{Vendored: Yes}) {
		t.Error("an override of class is not to change the name")
	}
	if NameOf("a.rs", Overrides{}) == NameOf("a.rs", Overrides{Language: "C"}) {
		t.Error("an override of language is to change the name")
	}
}

// TestRead_Nested: a comment in a comment in a comment takes a byte of memory
// for each, not two dozen.
func TestRead_Nested(t *testing.T) {
	content := []byte("/*" + strings.Repeat("/*", 1<<20))
	name := NameOf("a.rs", Overrides{})
	Read(name, content) // which makes the tables
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	Read(name, content)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("2 MiB of open comments took %d MiB", grown>>20)
	}
}
