package stranger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	gromav1 "groma/proto/groma/v1"
)

const oneFile = "1 files, 1 = 1+0+0 lines"

// histories are cases of who has committed what and when, and of the .mailmap.
func histories() []*Case {
	signed := func(text string) string { return "A Stranger <stranger@example.org> " + text }
	return []*Case{
		history("commits of absurd times", "; 1 commits of 1 authors", func(o *objects, top name) (at name) {
			for _, when := range []string{"0 +0000", "-1 +0000", "99999999999999999999 +0000", "9223372036854775807 +0000", "-9223372036854775808 -9999", "253402300800 +0000", "x y", "", "1e9 +0000", "1700000000 +999999"} {
				at = chained(o, top, at, signed(when))
			}
			return at
		}),
		history("a head that was committed in the year 60,000", "; 1 commits of 1 authors", func(o *objects, top name) name {
			return chained(o, top, o.commit(top), signed("1831560000000 +0000"))
		}),
		history("authors who are control characters, markup, nobody", "; 6 commits of 6 authors", func(o *objects, top name) (at name) {
			for _, who := range []string{"\x1b[2J\u202e <\x00@\x07>", "<script>alert(1)</script> <a@b>", " <>", "=cmd|' /C calc'!A0 <x@y>", strings.Repeat("n", 1<<16) + " <" + strings.Repeat("m", 1<<16) + ">", "\xff\xfe <\xff@\xfe>"} {
				at = chained(o, top, at, who+" 1700000000 +0000")
			}
			return at
		}),
		history("a commit with 20,000 parents", "; 1001 commits of 1 authors, bound parents", func(o *objects, top name) name {
			var parents []name
			for i := range 20_000 {
				parents = append(parents, o.commitBy(signature, signed(fmt.Sprintf("%d +0000", 1_690_000_000+i)), top))
			}
			return o.commit(top, parents...)
		}),
		history("a commit that is its own parent, as far as it can be", "; without vitals: it did not send commit 0100000000000000000000000000000000000000", func(o *objects, top name) name {
			return o.commit(top, name{1}, name{1}, name{1})
		}),
		history("a commit with three trees, two committers and a header of 900 KB", "; 1 commits of 1 authors", func(o *objects, top name) name {
			text := fmt.Sprintf("tree %s\ntree %s\ntree x\nauthor %s\ncommitter %s\ncommitter %s\ngpgsig %s\n\n", top, name{1}, signature, signature, signed("1 +0000"), strings.Repeat("x", 900_000))
			return o.add(commit, []byte(text), top)
		}),
		{
			Name: "50,000 tags of all versions that there are", Outcome: "counted", Says: oneFile + "; 1 commits of 1 authors, bound tags", vitals: true, Time: 20 * time.Second,
			repository: func() *repository {
				o := newObjects()
				head := o.commit(o.files("a.rs", line))
				r := o.of(head)
				for i := range 50_000 {
					r.refs = append(r.refs, ref{fmt.Sprintf("refs/tags/%d.%d", i, i), head})
				}
				return r
			},
		},
		mailmap("a .mailmap of 10 MB", "too-large 1; 1 commits of 1 authors, bound mailmap", strings.Repeat("A <a@b> <c@d>\n", 750_000)),
		mailmap("a .mailmap of 3 MB in one line", "unknown-language 1; 1 commits of 1 authors", strings.Repeat("A <", 1<<20)),
		mailmap("a .mailmap in circles", "unknown-language 1; 1 commits of 1 authors", "A <stranger@example.org> <b@x>\nB <b@x> <stranger@example.org>\n<c@x> B <b@x>\n"),
		mailmap("a .mailmap of control characters", "binary 1; 1 commits of 1 authors", "\x1b[2J\u202e <\x00> <stranger@example.org>\n"),
	}
}

// chained is a commit after another, if there is one.
func chained(o *objects, top, parent name, who string) name {
	if parent == (name{}) {
		return o.commitBy(who, who, top)
	}
	return o.commitBy(who, who, top, parent)
}

// history is a repository of one file whose vitals are asked for.
func history(what, says string, head func(o *objects, top name) name) *Case {
	return &Case{
		Name: what, Outcome: "counted", Says: oneFile + says, vitals: true,
		repository: func() *repository {
			o := newObjects()
			r := o.of(head(o, o.files("a.rs", line)))
			return r
		},
	}
}

func mailmap(what, says, text string) *Case {
	return &Case{
		Name: what, Outcome: "counted", Says: "2 files, 1 = 1+0+0 lines, " + says, vitals: true,
		repository: func() *repository {
			o := newObjects()
			return o.of(o.commit(o.files(".mailmap", text, "a.rs", line)))
		},
	}
}

// attributes are cases of .gitattributes.
func attributes() []*Case {
	slow := strings.Repeat("*a", 900) + "b linguist-vendored\n"
	long := strings.Repeat("a", 15_000) + ".rs"
	return []*Case{
		attributed("a .gitattributes of 5 MB", "2 files, 1 = 1+0+0 lines, unknown-language 1", strings.Repeat("*.rs linguist-vendored\n", 220_000), "a.rs"),
		attributed("a .gitattributes of 20,000 patterns", "2 files, 1 = 1+0+0 lines, unknown-language 1", strings.Repeat("[a-b]*.x linguist-vendored\n", 20_000), "a.rs"),
		attributed("patterns made to be slow", "2 files, 1 = 1+0+0 lines, unknown-language 1", slow, long),
		{
			Name: "2,000 patterns made to be slow, on 200 files, in a time of two seconds", Outcome: "timed-out", Says: "longer than the 2s", Time: 30 * time.Second,
			limits: gromav1.Limits{Seconds: 2},
			repository: func() *repository {
				o := newObjects()
				entries := []entry{{file, ".gitattributes", o.blob(strings.Repeat(slow, 2000))}}
				for i := range 200 {
					entries = append(entries, entry{file, fmt.Sprintf("%03d", i) + long, o.blob(line)})
				}
				return o.of(o.commit(o.tree(entries...)))
			},
		},
		attributed("macros in circles", "2 files, 1 = 1+0+0 lines, unknown-language 1", "[attr]a b\n[attr]b a c\n[attr]c linguist-vendored a\n*.rs a\n", "a.rs"),
		attributed("patterns with folders without end", "2 files, 1 = 1+0+0 lines, unknown-language 1", strings.Repeat("**/", 600)+"x linguist-vendored\n", "a.rs"),
		attributed("languages that there are not", "2 files, 1 = 1+0+0 lines, unknown-language 1", "*.rs linguist-language=\x1b[2J\n*.rs linguist-language="+strings.Repeat("x", 1900)+"\n", "a.rs"),
		{
			Name: "100,000 folders, each with the same .gitattributes of 100 KB", Outcome: "timed-out", Says: "longer than the 2s", Time: 30 * time.Second, Memory: 256 << 20,
			limits: gromav1.Limits{Seconds: 2},
			repository: func() *repository {
				o := newObjects()
				below := o.tree(entry{file, ".gitattributes", o.blob(strings.Repeat("#\n", 50_000) + "*.rs linguist-vendored\n")}, entry{file, "a.rs", o.blob(line)})
				var entries []entry
				for i := range 100_000 {
					entries = append(entries, entry{folder, fmt.Sprintf("%06d", i), below})
				}
				return o.of(o.commit(o.tree(entries...)))
			},
		},
	}
}

// attributed is a tree with a .gitattributes and a file.
func attributed(what, says, text, name string) *Case {
	return &Case{
		Name: what, Outcome: "counted", Says: says,
		repository: func() *repository {
			o := newObjects()
			entries := []entry{{file, ".gitattributes", o.blob(text)}, {file, name, o.blob(line)}}
			slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
			return o.of(o.commit(o.tree(entries...)))
		},
	}
}
