package stranger

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const line = "fn a() {}\n"

// trees are cases of what stands in trees.
func trees() []*Case {
	return []*Case{
		nested("folders 500 deep", 500, "counted", "1 files, 1 = 1+0+0 lines"),
		nested("folders 10,000 deep", 10_000, "too-large", "more than 512 deep"),
		wide("100,000 files of three trees", 100, 10, "100000 files, 100000 = 100000+0+0 lines", false),
		wide("a million files of three trees", 100, 100, "1000000 files, 1000000 = 1000000+0+0 lines", true),
		{
			Name: "ten billion files of ten trees", Outcome: "too-large", Says: "files and folders",
			repository: func() *repository {
				o := newObjects()
				at, mode := o.blob(line), file
				for range 10 {
					at, mode = o.tree(ten(mode, at)...), folder
				}
				return o.of(o.commit(at))
			},
		},
		{
			Name: "folders alone, 10^200 of them", Outcome: "too-large", Says: "files and folders",
			repository: func() *repository {
				o := newObjects()
				at := o.tree()
				for range 200 {
					at = o.tree(ten(folder, at)...)
				}
				return o.of(o.commit(at))
			},
		},
		{
			Name: "a million files, each with a path of 15,000 bytes", Outcome: "too-large", Says: "paths",
			repository: func() *repository {
				o := newObjects()
				var many []entry
				for i := range 1000 {
					many = append(many, entry{file, fmt.Sprintf("%04d.rs", i), o.blob(line)})
				}
				leaves := o.tree(many...)
				var folders []entry
				for i := range 1000 {
					folders = append(folders, entry{folder, fmt.Sprintf("%04d", i), leaves})
				}
				at := o.tree(folders...)
				for range 59 {
					at = o.tree(entry{folder, strings.Repeat("d", 250), at})
				}
				return o.of(o.commit(at))
			},
		},
		{
			Name: "10,000,000 folders of nothing", Outcome: "too-large", Says: "files and folders",
			repository: func() *repository {
				o := newObjects()
				at := o.tree()
				for range 3 {
					var entries []entry
					for i := range 220 {
						entries = append(entries, entry{folder, string(rune(1+i%60+48)) + string(rune(48+i/60)), at})
					}
					at = o.tree(entries...)
				}
				return o.of(o.commit(at))
			},
		},
		{
			Name: "300 folders, each within the next, with 2,000 files each", Heavy: true, Outcome: "counted", Says: "614401 files, 614401 = 614401+0+0 lines", Memory: 1 << 30, Time: time.Minute,
			repository: func() *repository { return stacked(300, 64) },
		},
		{
			Name: "150 folders, each within the next, of 1 MB each", Heavy: true, Outcome: "too-large", Says: "files and folders", Memory: 1 << 30, Time: time.Minute,
			repository: func() *repository { return stacked(150, 2<<10) },
		},
		{
			Name: "a tree of 300 MB", Heavy: true, Outcome: "too-large", Says: "bytes", Time: time.Minute,
			repository: func() *repository {
				one := "100644 " + strings.Repeat("n", 255) + "\x00" + strings.Repeat("h", 20)
				size := int64(300_000_000 / len(one) * len(one))
				top := repeatedName(tree, size, one)
				o := newObjects()
				return o.sending(o.commit(top), 1, func(p *packer) { p.repeated(tree, size, one) })
			},
		},
		malformed("a name with NUL in it", entry{file, "a\x00b.rs", name{5}}),
		malformed("a name that is empty", entry{file, "", name{5}}),
		malformed("a name with a slash in it", entry{file, "../../etc/passwd", name{5}}),
		malformed("a mode that there is not", entry{"777777777777", "a.rs", name{5}}),
		malformed("a mode of nothing", entry{"0", "a.rs", name{5}}),
		named("a name with a line feed in it", "a\nb.rs", "1 files, 1 = 1+0+0 lines"),
		named("a name that is ..", "..", "1 files, 0 = 0+0+0 lines, unknown-language 1"),
		named("a name that is .", ".", "1 files, 0 = 0+0+0 lines, unknown-language 1"),
		named("a name that is .git", ".git", "1 files, 0 = 0+0+0 lines, unknown-language 1"),
		named("a name that is no UTF-8", "\xff\xfe\x80.rs", "1 files, 1 = 1+0+0 lines"),
		named("a name of 10,000 characters", strings.Repeat("n", 10_000)+".rs", "1 files, 1 = 1+0+0 lines"),
		named("a name of 20,000 characters", strings.Repeat("n", 20_000)+".rs", ""),
		named("a name that drives a terminal", "\x1b]0;x\x07\x1b[2J\u202egnp.rs", "1 files, 1 = 1+0+0 lines"),
		named("a name that Windows has for a device", "CON.rs", "1 files, 1 = 1+0+0 lines"),
		named("a name with backslashes", `..\..\a.rs`, "1 files, 1 = 1+0+0 lines"),
		{
			Name: "a folder called .git, another called ..", Outcome: "counted", Says: "2 files, 2 = 2+0+0 lines",
			repository: func() *repository {
				o := newObjects()
				below := o.files("hooks.rs", line)
				return o.of(o.commit(o.tree(entry{folder, "..", below}, entry{folder, ".git", below})))
			},
		},
		{
			Name: "names that stand twice, a file that is a folder, too, and no order", Outcome: "counted", Says: "5 files, 5 = 5+0+0 lines",
			repository: func() *repository {
				o := newObjects()
				a := o.blob(line)
				return o.of(o.commit(o.tree(entry{file, "z.rs", a}, entry{file, "a.rs", a}, entry{file, "a.rs", a}, entry{folder, "a.rs", o.files("b.rs", line)}, entry{program, "m.rs", a})))
			},
		},
		{
			Name: "old modes, and odd ones", Outcome: "counted", Says: "4 files, 4 = 4+0+0 lines",
			repository: func() *repository {
				o := newObjects()
				a := o.blob(line)
				return o.of(o.commit(o.tree(entry{"100664", "a.rs", a}, entry{"0100644", "b.rs", a}, entry{"100777", "c.rs", a}, entry{"040755", "d", o.files("d.rs", line)})))
			},
		},
		{
			Name: "links out of the tree, into it, round in circles", Outcome: "counted", Says: "7 files, 1 = 1+0+0 lines, symlink 6",
			repository: func() *repository {
				o := newObjects()
				to := func(name, target string) entry { return entry{link, name, o.blob(target)} }
				return o.of(o.commit(o.tree(to("a", "b"), to("b", "a"), to("me", "me"), to("passwd", "/etc/passwd"), entry{file, "real.rs", o.blob(line)}, to("up", "../../../.."), to("void", ""))))
			},
		},
		{
			Name: "a README and a .gitattributes that are links to /etc/passwd, a .mailmap that is a folder", Outcome: "counted", Says: "3 files, 0 = 0+0+0 lines, symlink 2, unknown-language 1; 1 commits of 1 authors",
			vitals: true,
			repository: func() *repository {
				o := newObjects()
				out := o.blob("/etc/passwd")
				return o.of(o.commit(o.tree(entry{link, ".gitattributes", out}, entry{folder, ".mailmap", o.files("x", "")}, entry{link, "README.md", out})))
			},
		},
		{
			Name: "submodules to anywhere", Outcome: "counted", Says: "4 files, 0 = 0+0+0 lines, submodule 3, unknown-language 1",
			repository: func() *repository {
				o := newObjects()
				modules := "[submodule \"a\"]\n\tpath = a\n\turl = file:///etc\n[submodule \"b\"]\n\tpath = ../b\n\turl = ext::sh -c id\n\tupdate = !id\n[submodule \"c\"]\n\tpath = c\n\turl = http://169.254.169.254/\n"
				return o.of(o.commit(o.tree(entry{file, ".gitmodules", o.blob(modules)}, entry{submodule, "a", name{1}}, entry{submodule, "b", name{}}, entry{submodule, "c", name{3}})))
			},
		},
		{
			Name: "no files", Outcome: "counted", Says: "0 files, 0 = 0+0+0 lines",
			repository: func() *repository {
				o := newObjects()
				return o.of(o.commit(o.tree()))
			},
		},
		{
			// A tree is named by what stands in it, so none can name itself; this is
			// as near as a server comes: what it sends for the folder is the top.
			Name: "a tree that names itself, as far as it can", Outcome: "failed", Says: "did not send tree",
			repository: func() *repository {
				o := newObjects()
				top := o.tree(entry{folder, "a", name{7}})
				r := o.of(o.commit(top))
				r.pack = func(_ question, w io.Writer) error {
					p := newPacker(w, 3)
					for _, n := range append(slices.Clone(o.order), top) {
						p.object(o.byName[n].kind, len(o.byName[n].data), nil, o.byName[n].data)
					}
					return p.close()
				}
				return r
			},
		},
	}
}

func ten(mode string, of name) (entries []entry) {
	for i := range 10 {
		entries = append(entries, entry{mode, fmt.Sprintf("n%d.rs", i), of})
	}
	return entries
}

// nested is a file in folders within folders.
func nested(what string, depth int, outcome, says string) *Case {
	return &Case{
		Name: what, Outcome: outcome, Says: says,
		repository: func() *repository {
			o := newObjects()
			at := o.files("a.rs", line)
			for range depth {
				at = o.tree(entry{folder, "d", at})
			}
			return o.of(o.commit(at))
		},
	}
}

// wide is files times folders times folders of a hundred files each.
func wide(what string, first, second int, says string, heavy bool) *Case {
	c := &Case{
		Name: what, Heavy: heavy, Outcome: "counted", Says: says, Memory: 192 << 20, Time: 20 * time.Second,
		repository: func() *repository {
			o := newObjects()
			many := func(n int, mode, format string, of name) name {
				var entries []entry
				for i := range n {
					entries = append(entries, entry{mode, fmt.Sprintf(format, i), of})
				}
				return o.tree(entries...)
			}
			files := many(100, file, "%04d.rs", o.blob(line))
			return o.of(o.commit(many(second, folder, "%04d", many(first, folder, "%04d", files))))
		},
	}
	if heavy {
		c.Memory, c.Time = 2<<30, 2*time.Minute
	}
	return c
}

// stacked are folders within folders, each with so many KiB of other files, so
// that who goes down has all of them open.
func stacked(depth, kib int) *repository {
	o := newObjects()
	b := o.blob(line)
	at := o.files("a.rs", line)
	for i := range depth {
		entries := []entry{{folder, "\x01", at}}
		for n := range kib << 10 / 32 {
			entries = append(entries, entry{file, fmt.Sprintf("%03d-%06d.rs", i, n), b})
		}
		at = o.tree(entries...)
	}
	return o.of(o.commit(at))
}

// malformed is a tree with one entry that cannot be.
func malformed(what string, e entry) *Case {
	return &Case{
		Name: what, Outcome: "failed", Says: "tree ",
		repository: func() *repository {
			o := newObjects()
			return o.of(o.commit(o.tree(e)))
		},
	}
}

// named is a tree with one file, which has a strange name; too long where
// nothing is said of it.
func named(what, file, says string) *Case {
	c := &Case{
		Name: what, Outcome: "counted", Says: says,
		repository: func() *repository {
			o := newObjects()
			return o.of(o.commit(o.files(file, line)))
		},
	}
	if says == "" {
		c.Outcome, c.Says = "too-large", "a path has more than"
	}
	return c
}
