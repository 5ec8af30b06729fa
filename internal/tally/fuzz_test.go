package tally

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/boyter/scc/v3/processor"
	"google.golang.org/protobuf/proto"
)

// FuzzCount checks what the package comment promises of any file.
func FuzzCount(f *testing.F) {
	for _, file := range readText(f, "testdata/tree.txtar") {
		f.Add(file.Path, "", file.content)
	}
	f.Add("a.py", "", []byte("x\n\"\"\""))
	f.Add("a", "C#", []byte("@\"\\\"\xef\xbb\xbf"))
	f.Fuzz(func(t *testing.T, path, language string, content []byte) {
		counter := New(Options{FileBytes: 1 << 20})
		entry := Entry{Path: path, Size: int64(len(content))}
		overrides := Overrides{Language: languages().named(language)}
		before := bytes.Clone(content)
		got := counter.Count(entry, overrides, content)
		switch {
		case !bytes.Equal(content, before):
			t.Error("content was changed")
		case !proto.Equal(got, counter.Count(entry, overrides, content)):
			t.Error("counted differently the second time")
		case got.Code+got.Comments+got.Blanks != got.Lines:
			t.Errorf("%v does not add up", got)
		case got.Code < 0 || got.Comments < 0 || got.Blanks < 0 || got.Complexity < 0:
			t.Errorf("%v is negative", got)
		case got.Bytes != int64(len(content)):
			t.Errorf("%d bytes, want %d", got.Bytes, len(content))
		case got.Skipped == "" && (got.Language == "" || got.Class == ""):
			t.Errorf("%v is neither skipped nor counted", got)
		case got.Skipped == "" && got.Lines != int64(len(bytes.SplitAfter(bytes.TrimSuffix(content, []byte("\n")), []byte("\n"))))-oneIf(len(content) == 0):
			t.Errorf("%d lines in %q", got.Lines, content)
		case got.Skipped != "" && (got.Language != "" || got.Class != "" || got.Lines != 0):
			t.Errorf("%v is both skipped and counted", got)
		}
	})
}

// FuzzSum: whatever files there are, sums of them add up, to the lines that are
// in the files, in whichever order and parts they are added.
func FuzzSum(f *testing.F) {
	f.Add([]byte("// a\n\nb\x00\x00# c\n\x00\xff\xfe\x00x\r\ny"), uint8(3))
	f.Add([]byte("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n\x00\"\"\"\n"), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, cut uint8) {
		var one, other, parts Sum
		var lines, size int64
		counter := New(Options{FileBytes: 1 << 10})
		contents := bytes.Split(data, []byte{0})
		for i, content := range contents {
			path := []string{"a.rs", "b_test.go", "vendor/c.py", "d.md", "e.unknown"}[i%5]
			file := counter.Count(Entry{Path: path, Size: int64(len(content))}, Overrides{}, content)
			if file.Skipped == "" {
				lines += int64(len(bytes.SplitAfter(bytes.TrimSuffix(content, []byte("\n")), []byte("\n")))) - oneIf(len(content) == 0)
			}
			size += file.Bytes
			one.Add(file)
			if i < int(cut) {
				other.Add(file)
			} else {
				parts.Add(file)
			}
		}
		parts.Merge(&other)
		if !slices.EqualFunc(one.Tally(), parts.Tally(), equalMessages) || !slices.EqualFunc(one.Skipped(), parts.Skipped(), equalMessages) || one.Files() != parts.Files() {
			t.Errorf("%v and %v at once, %v and %v in parts", one.Tally(), one.Skipped(), parts.Tally(), parts.Skipped())
		}
		checkSum(t, &one, int64(len(contents)), lines, size)
	})
}

func equalMessages[M proto.Message](a, b M) bool { return proto.Equal(a, b) }

// checkSum checks that a sum adds up, to so many files, lines and bytes.
func checkSum(t *testing.T, s *Sum, files, lines, size int64) {
	t.Helper()
	for _, tally := range s.Tally() {
		if tally.Code+tally.Comments+tally.Blanks != tally.Lines {
			t.Errorf("%v does not add up", tally)
		}
		files, lines, size = files-tally.Files, lines-tally.Lines, size-tally.Bytes
	}
	for _, skipped := range s.Skipped() {
		files, size = files-skipped.Files, size-skipped.Bytes
	}
	if files != 0 || lines != 0 || size != 0 {
		t.Errorf("%d files, %d lines and %d bytes are missing", files, lines, size)
	}
}

func oneIf(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// FuzzLikeSCC holds a file's lines to scc, called as its command line calls it,
// in every language there is.
func FuzzLikeSCC(f *testing.F) {
	names := allLanguages()
	for i, file := range readText(f, "testdata/tree.txtar") {
		f.Add(uint16(i*7), file.content)
	}
	for i := range names {
		f.Add(uint16(i), []byte("/* a */ b \"c\\\" // d\" # e\n'''\n<!-- --> (* *) {- -} -- \n@\"\\\" r\"x\" `\n"))
	}
	f.Fuzz(func(t *testing.T, which uint16, content []byte) {
		l := languages().languages[names[int(which)%len(names)]]
		got, ok := countLines(l, content)
		job, panicked := callSCC(l, content)
		if panicked || job.Lines > got.Lines {
			if end := len(content) - 1; end > 0 && content[end-1] != '\n' {
				t.Errorf("%s: scc counts %d lines, panicked: %v", l.name, job.Lines, panicked)
			}
			return // it goes back from a comment that the last byte opens
		}
		want := Content{
			Language: l.name, Lines: job.Lines, Code: job.Code, Comments: job.Comment, Blanks: job.Blank, Complexity: job.Complexity,
		}
		if ok == job.Binary {
			t.Fatalf("%s: binary %v, want %v", l.name, !ok, job.Binary)
		}
		if !ok {
			return
		}
		if got.Lines == want.Lines+1 { // the line that scc forgets
			want.Lines++
			want.Code += got.Code - want.Code
			want.Blanks += got.Blanks - want.Blanks
		}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", l.name, got, want)
		}
	})
}

// callSCC counts as scc's command line does.
func callSCC(l *language, content []byte) (job processor.FileJob, panicked bool) {
	defer func() { panicked = recover() != nil }()
	job = processor.FileJob{Language: l.name, Content: content, Bytes: int64(len(content))}
	processor.CountStats(&job)
	return job, false
}

func allLanguages() []string {
	return slices.Sorted(maps.Keys(languages().languages))
}

// FuzzGuess holds the choice among languages of one extension to scc's.
func FuzzGuess(f *testing.F) {
	for _, name := range []string{"a.v", "a.m", "a.yaml", "a.json"} {
		for _, file := range readText(f, "testdata/tree.txtar") {
			f.Add(name, file.content)
		}
	}
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		name := NameOf(path, Overrides{})
		if name.candidates == nil || name.candidates.sheBang {
			return
		}
		var possible []string
		primaries := 0
		for _, l := range name.candidates.languages {
			l.ready()
			possible = append(possible, l.name)
			primaries += int(oneIf(len(l.keywords) == 0))
		}
		if primaries > 1 && len(possible) > 1 {
			return // scc's choice is chance
		}
		want := processor.DetermineLanguage(path, "", possible, content)
		if got := determine(name.candidates, content); got.name != want {
			t.Errorf("%s: got %s, want %s", path, got.name, want)
		}
	})
}

// FuzzPath holds our quick reading of paths to go-enry's and scc's.
func FuzzPath(f *testing.F) {
	for _, path := range append(generatedPaths, otherPaths...) {
		f.Add(path, []byte("1\n2\n"))
	}
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		checkPathname(t, path)
		checkGenerated(t, path, content)
		if name := base(path); name != "" && utf8.ValidString(name) {
			checkDetect(t, name)
		}
	})
}

// FuzzAttributes: strangers' attributes neither panic nor depend on the order
// in which files are added.
func FuzzAttributes(f *testing.F) {
	f.Add("*.x linguist-vendored\n[attr]a -b", "[!a-b]* a\n", "a/b.x")
	f.Add(`"a\tb" linguist-language=c`, "** [attr]\n/**/a/ x=y", "a/a/b")
	f.Add("[[:alpha:][ linguist-vendored", "\\", "")
	f.Fuzz(func(t *testing.T, root, nested, path string) {
		forth, back := NewAttributes(), NewAttributes()
		forth.Add(".gitattributes", []byte(root))
		forth.Add("a/.gitattributes", []byte(nested))
		back.Add("a/.gitattributes", []byte(nested))
		back.Add(".gitattributes", []byte(root))
		if got, want := forth.For(path), back.For(path); got != want {
			t.Errorf("%+v in one order, %+v in the other", got, want)
		}
		lines := strings.Count(root, "\n") + strings.Count(nested, "\n") + 2
		if forth.rules > lines {
			t.Errorf("%d rules of %d lines", forth.rules, lines)
		}
	})
}

// FuzzPackage: strangers' manifests do not panic.
func FuzzPackage(f *testing.F) {
	for _, m := range manifests {
		f.Add(m.name, []byte("<project><packaging>pom</packaging></project>"))
		f.Add(strings.Replace(m.name, "*", "a", 1), []byte("[package]\nname: x"))
	}
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		ecosystem, ok := Package(path, Overrides{}, content)
		if ok != (ecosystem != "") || ok && ecosystem != Ecosystem(path) {
			t.Errorf("%q: %q, %v", path, ecosystem, ok)
		}
	})
}
