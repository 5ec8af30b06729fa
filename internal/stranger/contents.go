package stranger

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	gromav1 "groma/proto/groma/v1"
)

// contents are cases of what stands in files.
func contents() []*Case {
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0", 64) + "\nsize 12345\n"
	return []*Case{
		holding("pointers of Git LFS", "2 files, 0 = 0+0+0 lines, lfs-pointer 2", "a.rs", pointer, "b.psd", pointer),
		holding("what begins as a pointer of Git LFS and goes on", "1 files, 103 = 103+0+0 lines", "a.rs", pointer+strings.Repeat(line, 100)),
		holding("UTF-16 in both orders, with marks and without", "4 files, 0 = 0+0+0 lines, binary 4",
			"a.cs", "\xff\xfe"+wideText("class A {}\n", false), "b.cs", "\xfe\xff"+wideText("class A {}\n", true),
			"c.cs", wideText("class A {}\n", false), "d.cs", wideText("class A {}\n", true)),
		holding("marks of byte order", "2 files, 2 = 1+1+0 lines", "a.rs", "\ufeff"+line, "b.rs", "\ufeff// a\n"),
		holding("lines that end in CRLF, in CR, in nothing", "3 files, 5 = 4+1+0 lines", "a.rs", "fn a() {}\r\n// b\r\nfn c() {}\r\n", "b.rs", "fn a() {}\rfn b() {}", "c.rs", "fn a() {}"),
		holding("what is binary and called a source", "3 files, 0 = 0+0+0 lines, binary 3", "a.rs", "fn a\x00() {}\n", "b.c", "\x7fELF\x02\x01\x01\x00\x00", "c.py", strings.Repeat("\x00", 10_000)),
		holding("what is no UTF-8 and has no NUL", "1 files, 2 = 2+0+0 lines", "a.rs", "fn a() { \xff\xfe\xfa }\nfn b() {}\n"),
		holding("files of nothing", "2 files, 0 = 0+0+0 lines", "a.rs", "", "b.py", ""),
		holding("files of blank lines", "1 files, 100000 = 0+0+100000 lines", "a.rs", strings.Repeat("\n", 100_000)),
		holding("a comment of 4 MiB that never ends", "1 files, 1 = 0+1+0 lines", "a.rs", "/*"+strings.Repeat("/*", 2<<20)),
		holding("a text of 4 MiB that never ends", "1 files, 1 = 1+0+0 lines", "a.py", `x = """`+strings.Repeat(`" `, 2<<20)),
		holding("a first line of 8 MiB for a shell", "1 files, 0 = 0+0+0 lines, unknown-language 1", "run", "#!"+strings.Repeat("/", 8<<20)),
		{
			Name: "one line of 9 MB", Outcome: "counted", Says: "1 files, 1 = 1+0+0 lines",
			repository: func() *repository { return longLine(9_000_000) },
		},
		{
			Name: "one line of 500 MB", Heavy: true, Outcome: "counted", Says: "1 files, 0 = 0+0+0 lines, too-large 1", Time: time.Minute,
			repository: func() *repository { return longLine(500_000_000) },
		},
		{
			Name: "one line of 500 MB, where files may be so large", Heavy: true, Outcome: "counted", Says: "1 files, 1 = 1+0+0 lines", Memory: 2 << 30, Time: time.Minute,
			limits:     gromav1.Limits{FileBytes: 600_000_000},
			repository: func() *repository { return longLine(500_000_000) },
		},
		{
			Name: "packages without end: one content of 1 MB by 2,000 names", Outcome: "counted", Says: "2000 files, 0 = 0+0+0 lines, unknown-language 2000", Time: 20 * time.Second,
			repository: func() *repository { return manyNames(2000, "gemspec", strings.Repeat("Gem::Specificatio\n", 58_000)) },
		},
		{
			Name: "one content of 10 MB by 100,000 names, in a time of two seconds", Outcome: "timed-out", Says: "longer than the 2s", Memory: 160 << 20,
			limits: gromav1.Limits{Seconds: 2}, Time: 30 * time.Second,
			repository: func() *repository { return manyNames(100_000, "csproj", strings.Repeat("<Projec ", 131_000)) },
		},
		holding("manifests that are deep", "4 files, 4 = 4+0+0 lines", "package.json", strings.Repeat("[", 900_000), "composer.json", strings.Repeat(`{"a":`, 150_000),
			"pom.xml", "<project>"+strings.Repeat("<a>", 300_000), "Cargo.toml", strings.Repeat("[", 900_000)),
		holding("entities of XML that unfold", "1 files, 2 = 2+0+0 lines, maven packages 1", "pom.xml", `<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>`+"\n<project><artifactId>&b;</artifactId></project>\n"),
		holding("documents made to be slow", "4 files, 4 = 4+0+0 lines", "README.md", strings.Repeat("[](", 300_000), "ADOPTERS.md", strings.Repeat("|", 900_000),
			"ADOPTERS.yaml", strings.Repeat("- [", 300_000), "GOVERNANCE.md", strings.Repeat("<!--", 200_000)),
		{
			Name: "50,000 documents", Outcome: "counted", Says: "50000 files, 50000 = 50000+0+0 lines", Memory: 192 << 20, Time: 20 * time.Second,
			repository: func() *repository {
				o := newObjects()
				var entries []entry
				readme := o.files("README.md", "It is written in Rust.\n")
				for i := range 50_000 {
					entries = append(entries, entry{folder, fmt.Sprintf("%06d", i), readme})
				}
				return o.of(o.commit(o.tree(entries...)))
			},
		},
	}
}

// holding is a tree of files: name, text, name, text …
func holding(what, says string, files ...string) *Case {
	return &Case{
		Name: what, Outcome: "counted", Says: says,
		repository: func() *repository {
			o := newObjects()
			return o.of(o.commit(o.files(files...)))
		},
	}
}

func wideText(text string, bigEndian bool) string {
	var wide []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if bigEndian {
			u = u>>8 | u<<8
		}
		wide = append(wide, byte(u), byte(u>>8))
	}
	return string(wide)
}

func longLine(size int64) *repository {
	return sending(repeatedName(blob, size, "x"), 1, func(p *packer) { p.repeated(blob, size, "x") })
}

// manyNames is one content by many names, each of which may be a package's.
func manyNames(count int, ending, content string) *repository {
	o := newObjects()
	b := o.blob(content)
	var entries []entry
	for i := range count {
		entries = append(entries, entry{file, fmt.Sprintf("%06d.%s", i, ending), b})
	}
	return o.of(o.commit(o.tree(entries...)))
}
