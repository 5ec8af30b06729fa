package tally

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/boyter/scc/v3/processor"
)

// benchFiles is some files of the kinds that repositories are made of.
func benchFiles() []treeFile {
	rust := "// A comment.\npub fn f(x: usize) -> Option<String> {\n    if x > 1 && x < 3 {\n        return Some(format!(\"{x} \\\" y\")); // why\n    }\n\n    /* more */ None\n}\n"
	goes := "// F is a comment.\nfunc F(x int) (string, error) {\n\tif x > 1 || x < -3 {\n\t\treturn \"a \\\"quote\\\"\", nil\n\t}\n\n\treturn `raw`, nil // why\n}\n"
	yaml := "name: x # why\nitems:\n  - a: 1\n    b: \"two\"\n\n"
	markdown := "# Title\n\nSome words, and [a link](https://example.org).\n\n"
	files := []treeFile{
		{Entry: Entry{Path: "components/store/src/fsm/apply.rs"}, content: []byte(strings.Repeat(rust, 80))},
		{Entry: Entry{Path: "src/lib.rs"}, content: []byte(strings.Repeat(rust, 10))},
		{Entry: Entry{Path: "pkg/server/server.go"}, content: []byte(strings.Repeat(goes, 40))},
		{Entry: Entry{Path: "pkg/server/server_test.go"}, content: []byte(strings.Repeat(goes, 60))},
		{Entry: Entry{Path: "deploy/templates/values.yaml"}, content: []byte(strings.Repeat(yaml, 30))},
		{Entry: Entry{Path: "docs/guide/README.md"}, content: []byte(strings.Repeat(markdown, 40))},
		{Entry: Entry{Path: "scripts/run"}, content: []byte("#!/bin/sh\nset -e\n# x\nexec \"$@\"\n")},
		{Entry: Entry{Path: "assets/logo.png"}, content: []byte(strings.Repeat("\x89PNG\x00", 500))},
	}
	for i := range files {
		files[i].Size = int64(len(files[i].content))
	}
	return files
}

func benchmarkTree(b *testing.B, files []treeFile) {
	countTree(files) // build the languages
	bytes := int64(0)
	for _, file := range files {
		bytes += file.Size
	}
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(bytes)
		b.ReportAllocs()
		counter := New(Options{})
		for b.Loop() {
			for _, file := range files {
				counter.Count(file.Entry, Overrides{}, file.content)
			}
		}
	})
	b.Run("name", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, file := range files {
				NameOf(file.Path, Overrides{})
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			for _, file := range files {
				Read(NameOf(file.Path, Overrides{}), file.content)
			}
		}
	})
	b.Run("classify", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, file := range files {
				Classify(file.Path, Overrides{}, Content{Language: "Rust"})
			}
		}
	})
	b.Run("generated", func(b *testing.B) {
		for b.Loop() {
			for _, file := range files {
				looksGenerated(generatedSuffix(file.Path), file.content)
			}
		}
	})
	b.Run("scc alone", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			for _, file := range files {
				name := NameOf(file.Path, Overrides{})
				if l := determine(name.candidates, file.content); l != nil {
					processor.CountStats(&processor.FileJob{Language: l.name, Content: file.content, Bytes: file.Size})
				}
			}
		}
	})
}

func BenchmarkCount(b *testing.B) { benchmarkTree(b, benchFiles()) }

// BenchmarkRemote counts a real repository.
func BenchmarkRemote(b *testing.B) {
	remotes := outside(b, "GROMA_TEST_REMOTES", "a folder of bare repositories, owner/name.git")
	o := readOracles(b)[0]
	benchmarkTree(b, readTree(b, filepath.Join(remotes, o.repository+".git"), o.commit))
}

// BenchmarkAttributes asks for the overrides of one path.
func BenchmarkAttributes(b *testing.B) {
	few := NewAttributes()
	few.Add(".gitattributes", []byte("* text=auto\n*.png binary\n*.pb.go linguist-generated\nvendor/** linguist-vendored\n"))
	many := NewAttributes()
	for range 1000 {
		many.Add(".gitattributes", []byte("some/folder/file.pb.go linguist-generated=true\n"))
	}
	for name, attributes := range map[string]*Attributes{"none": NewAttributes(), "few": few, "thousand": many} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				attributes.For("components/store/src/fsm/apply.rs")
			}
		})
	}
}
