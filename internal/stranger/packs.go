package stranger

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	gromav1 "groma/proto/groma/v1"
)

const zero = "\x00"

// sending is a repository of one commit whose one file, a.rs, is said to be
// content, and whose pack has the commit, its tree, and what more writes: so
// many objects.
func sending(content name, objects int, more func(p *packer)) *repository {
	o := newObjects()
	top := o.tree(entry{file, "a.rs", content})
	return o.sending(o.commit(top), objects, more)
}

// sending is a repository whose pack has all objects and what more writes.
func (o *objects) sending(head name, objects int, more func(p *packer)) *repository {
	r := o.of(head)
	r.pack = func(_ question, w io.Writer) error {
		p := newPacker(w, len(o.order)+objects)
		for _, n := range o.order {
			p.object(o.byName[n].kind, len(o.byName[n].data), nil, o.byName[n].data)
		}
		more(p)
		return p.close()
	}
	return r
}

// packs are cases of what stands in a pack.
func packs() []*Case {
	return append([]*Case{
		bomb("a blob of 64 MiB of zeros in 64 KiB", 64<<20, false),
		bomb("a blob of 1 GiB of zeros in 1 MiB", 1<<30, true),
		{
			Name: "a blob that says it has 5 GiB", Outcome: "too-large", Says: "5368709120 bytes",
			repository: func() *repository {
				return sending(name{1}, 1, func(p *packer) { p.head(blob, 5<<30, nil) })
			},
		},
		lying("a blob that is longer than it says", blob, -1),
		lying("a blob that is shorter than it says", blob, 1),
		lying("a tree that is longer than it says", tree, -1),
		lying("a tree that is shorter than it says", tree, 1),
		chain("a chain of 4,095 deltas", 4095, "counted", "1 files, 4096 = 4096+0+0 lines"),
		chain("a chain of 4,096 deltas", 4096, "failed", "a chain of more than 4095 deltas"),
		explosion("deltas of 40 bytes that make 3 MiB each, without end", 100_000),
		circle("a delta upon itself", 1), circle("two deltas upon one another", 2), circle("a thousand deltas in a circle", 1000),
		{
			Name: "a delta upon an object that is not there", Outcome: "unavailable", Says: "1 deltas have no base",
			repository: func() *repository {
				return sending(name{1}, 1, func(p *packer) { p.object(nameDelta, 4, bytes.Repeat([]byte{7}, 20), []byte{1, 1, 1, 'x'}) })
			},
		},
		{
			Name: "a delta upon what is before the pack", Outcome: "unavailable", Says: "malformed",
			repository: func() *repository {
				return sending(name{1}, 1, func(p *packer) { p.object(offsetDelta, 4, back(1<<40), []byte{1, 1, 1, 'x'}) })
			},
		},
		{
			Name: "a checksum that is wrong", Outcome: "unavailable", Says: "checksum is wrong",
			repository: func() *repository {
				o := newObjects()
				r := o.of(o.commit(o.files("a.rs", "fn a() {}\n")))
				r.pack = func(q question, w io.Writer) error {
					var right bytes.Buffer
					o.pack(q, &right)
					right.Bytes()[right.Len()-1] ^= 1
					_, err := w.Write(right.Bytes())
					return err
				}
				return r
			},
		},
		{
			Name: "four billion objects, it says", Outcome: "too-large", Says: "4294967295 objects",
			repository: func() *repository {
				r := good()
				r.pack = func(_ question, w io.Writer) error { return newPacker(w, 1<<32-1).close() }
				return r
			},
		},
		{
			Name: "fewer objects than it says", Outcome: "unavailable", Says: "did not arrive whole",
			repository: func() *repository { return sending(name{1}, 10, func(*packer) {}) },
		},
		{
			Name: "300,000 objects that nobody names", Heavy: true, Outcome: "counted", Says: "1 files, 1 = 1+0+0 lines", Memory: 160 << 20, Time: time.Minute,
			repository: func() *repository {
				o := newObjects()
				return o.sending(o.commit(o.files("a.rs", "fn a() {}\n")), 300_000, func(p *packer) {
					for i := range 300_000 {
						p.object(blob, 8, nil, binary.BigEndian.AppendUint64(nil, uint64(i)))
					}
				})
			},
		},
		{
			Name: "a pack without end, of objects that are small", Outcome: "too-large", Says: "its pack is larger than the 4000000 bytes allowed",
			limits: gromav1.Limits{RepositoryBytes: 4_000_000},
			repository: func() *repository {
				return sending(name{1}, 2<<20-10, func(p *packer) {
					noise := sha1.Sum(nil)
					for p.err == nil {
						noise = sha1.Sum(noise[:])
						p.object(blob, 20, nil, noise[:])
					}
				})
			},
		},
		sentWrong("a commit that is not the one that was told", "did not send the commit", func(o *objects) name {
			o.commit(o.files("a.rs", ""))
			return name{1, 2, 3}
		}),
		sentWrong("a tree whose blob is not sent", "did not send the contents of a.rs", func(o *objects) name {
			return o.commit(o.tree(entry{file, "a.rs", name{9}}))
		}),
		sentWrong("a commit whose tree is not sent", "did not send tree", func(o *objects) name { return o.commit(name{9}) }),
		sentWrong("a folder that is a blob", "is a blob where a tree belongs", func(o *objects) name {
			return o.commit(o.tree(entry{folder, "a", o.blob("x")}))
		}),
		sentWrong("a file that is a tree", "did not send the contents of a.rs", func(o *objects) name {
			return o.commit(o.tree(entry{file, "a.rs", o.files("b", "")}))
		}),
		sentWrong("a tree that is a commit", "is a commit where a tree belongs", func(o *objects) name {
			return o.commit(o.commit(o.files("a.rs", "")))
		}),
		sentWrong("a branch that is a blob", "is a blob, not a commit", func(o *objects) name { return o.blob("x") }),
		sentWrong("a tag of a tag of a tag, without end", "without end", func(o *objects) name {
			at := o.tag(o.commit(o.files("a.rs", "")), commit)
			for range 20 {
				at = o.tag(at, tag)
			}
			return at
		}),
		sentWrong("a commit without a tree", "did not send tree 0000", func(o *objects) name { return o.add(commit, []byte("\n")) }),
		{
			Name: "a commit of 200 MB", Heavy: true, Outcome: "too-large", Says: "bytes", Time: time.Minute,
			repository: func() *repository {
				const size = 200_000_000
				o := newObjects()
				o.files("a.rs", "")
				return o.sending(repeatedName(commit, size, "tree "), 1, func(p *packer) { p.repeated(commit, size, "tree ") })
			},
		},
	}, truncated()...)
}

// bomb is a file that is small on its way and large when it is there.
func bomb(what string, size int64, heavy bool) *Case {
	return &Case{
		Name: what, Heavy: heavy, Outcome: "counted", Says: "1 files, 0 = 0+0+0 lines, too-large 1", Time: 2 * time.Minute,
		repository: func() *repository {
			return sending(repeatedName(blob, size, zero), 1, func(p *packer) { p.repeated(blob, size, zero) })
		},
	}
}

// lying is an object that says it has more bytes than it has, or fewer.
func lying(what string, kind byte, more int) *Case {
	return &Case{
		Name: what, Outcome: "unavailable", Says: "did not arrive whole",
		repository: func() *repository {
			o := newObjects()
			text := []byte(strings.Repeat("fn a() {}\n", 100))
			if kind == tree {
				text = o.byName[o.files("a.rs", "fn a() {}\n")].data
			}
			return sending(nameOf(kind, text), 1, func(p *packer) { p.object(kind, len(text)+more, nil, text) })
		},
	}
}

// chain is a file of as many lines as the chain has objects: each delta adds one.
func chain(what string, deltas int, outcome, says string) *Case {
	const text = "fn a() {}\n"
	return &Case{
		Name: what, Outcome: outcome, Says: says,
		repository: func() *repository {
			all := []byte(strings.Repeat(text, deltas+1))
			return sending(nameOf(blob, all), deltas+1, func(p *packer) {
				last := p.object(blob, len(text), nil, []byte(text))
				for i := range deltas {
					d := delta(len(text)*(i+1), len(text)*(i+1), text)
					last = p.object(offsetDelta, len(d), back(p.at-last), d)
				}
			})
		},
	}
}

// explosion is deltas that are nothing and make much.
func explosion(what string, count int) *Case {
	const size = 3 << 20
	return &Case{
		Name: what, Outcome: "timed-out", Says: "longer than the 2s", limits: gromav1.Limits{Seconds: 2},
		repository: func() *repository {
			return sending(name{1}, count+1, func(p *packer) {
				start := p.head(blob, size, nil)
				z := p.zipped()
				repeat(z, size, "x")
				z.Close()
				for i := 0; i < count && p.err == nil; i++ {
					d := delta(size, size, fmt.Sprint(i))
					p.object(offsetDelta, len(d), back(p.at-start), d)
				}
			})
		},
	}
}

// circle is deltas each of which says that the next is its base.
func circle(what string, count int) *Case {
	return &Case{
		Name: what, Outcome: "unavailable", Says: "deltas have no base in it",
		repository: func() *repository {
			return sending(name{1}, count, func(p *packer) {
				for i := range count {
					base := nameOf(blob, fmt.Appendf(nil, "%d", (i+1)%count))
					d := delta(1, 1, fmt.Sprint(i))
					p.object(nameDelta, len(d), base[:], d)
				}
			})
		},
	}
}

// sentWrong is a repository whose objects do not fit together: it fails for good.
func sentWrong(what, says string, head func(o *objects) name) *Case {
	return &Case{
		Name: what, Outcome: "failed", Says: says,
		repository: func() *repository {
			o := newObjects()
			r := o.of(head(o))
			r.pack = func(_ question, w io.Writer) error { // all there is, whatever is asked for
				return o.pack(question{wants: o.order}, w)
			}
			return r
		},
	}
}

// truncated are packs that end early, at any byte, in the middle of an answer.
func truncated() (cases []*Case) {
	o := newObjects()
	head := o.commit(o.files("a.rs", "fn a() {}\n", "b.rs", strings.Repeat("fn b() {}\n", 10)))
	var whole bytes.Buffer
	o.pack(question{wants: []name{head}}, &whole)
	for n := range whole.Len() {
		cases = append(cases, &Case{
			Name: fmt.Sprintf("a pack of %d bytes that ends after %d", whole.Len(), n), Outcome: "unavailable", Says: "",
			repository: func() *repository {
				r := o.of(head)
				r.first = n%2 == 1
				r.pack = func(_ question, w io.Writer) error {
					_, err := w.Write(whole.Bytes()[:n])
					return err
				}
				return r
			},
		})
	}
	return cases
}
