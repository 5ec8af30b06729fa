package stranger

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"slices"
)

// name is what git calls an object by.
type name [sha1.Size]byte

func (n name) String() string { return fmt.Sprintf("%x", n[:]) }

// Kinds of objects, in the numbers of packs.
const (
	commit      byte = 1
	tree        byte = 2
	blob        byte = 3
	tag         byte = 4
	offsetDelta byte = 6
	nameDelta   byte = 7
)

var kinds = map[byte]string{commit: "commit", tree: "tree", blob: "blob", tag: "tag"}

// object is one object, right or wrong.
type object struct {
	kind     byte
	data     []byte
	children []name // what it names
}

func nameOf(kind byte, data []byte) name {
	return sha1.Sum(append(fmt.Appendf(nil, "%s %d\x00", kinds[kind], len(data)), data...))
}

// objects are those of one repository, in the order in which they were added.
type objects struct {
	byName map[name]object
	order  []name
}

func newObjects() *objects { return &objects{byName: map[name]object{}} }

func (o *objects) add(kind byte, data []byte, children ...name) name {
	n := nameOf(kind, data)
	if _, ok := o.byName[n]; !ok {
		o.byName[n] = object{kind, data, children}
		o.order = append(o.order, n)
	}
	return n
}

func (o *objects) blob(text string) name { return o.add(blob, []byte(text)) }

// entry is one line of a tree; nothing of it need be what git would write.
type entry struct {
	mode string
	name string
	of   name
}

// Modes of entries.
const (
	file      = "100644"
	program   = "100755"
	link      = "120000"
	folder    = "40000"
	submodule = "160000"
)

func (o *objects) tree(entries ...entry) name {
	var data []byte
	var children []name
	for _, e := range entries {
		data = append(append(data, e.mode+" "+e.name+"\x00"...), e.of[:]...)
		if e.mode != submodule {
			children = append(children, e.of)
		}
	}
	return o.add(tree, data, children...)
}

// files is a tree of one level: name, text, name, text …
func (o *objects) files(text ...string) name {
	var entries []entry
	for i := 0; i+1 < len(text); i += 2 {
		entries = append(entries, entry{file, text[i], o.blob(text[i+1])})
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return o.tree(entries...)
}

// signature is who signed the commits here, and when.
const signature = "A Stranger <stranger@example.org> 1700000000 +0000"

func (o *objects) commit(of name, parents ...name) name {
	return o.commitBy(signature, signature, of, parents...)
}

func (o *objects) commitBy(author, committer string, of name, parents ...name) name {
	var text bytes.Buffer
	fmt.Fprintf(&text, "tree %s\n", of)
	for _, parent := range parents {
		fmt.Fprintf(&text, "parent %s\n", parent)
	}
	fmt.Fprintf(&text, "author %s\ncommitter %s\n\nx\n", author, committer)
	return o.add(commit, text.Bytes(), append([]name{of}, parents...)...)
}

func (o *objects) tag(of name, kind byte) name {
	text := fmt.Sprintf("object %s\ntype %s\ntag x\ntagger %s\n\nx\n", of, kinds[kind], signature)
	return o.add(tag, []byte(text), of)
}

// reach is what answers a question: what it wants and all that this names,
// less what it leaves out. Objects that are not there are left out, too.
func (o *objects) reach(q question) []name {
	seen := map[name]bool{}
	var found []name
	todo := slices.Clone(q.wants)
	for asked := len(todo); len(todo) > 0; asked-- {
		at := todo[0]
		todo = todo[1:]
		one, ok := o.byName[at]
		if !ok || seen[at] || asked <= 0 && q.leavesOut(one.kind) {
			continue
		}
		seen[at] = true
		found = append(found, at)
		for _, child := range one.children {
			if o.byName[child].kind != commit || !q.shallow || one.kind == tag {
				todo = append(todo, child)
			}
		}
	}
	return found
}

// pack writes the pack that answers a question.
func (o *objects) pack(q question, w io.Writer) error {
	found := o.reach(q)
	p := newPacker(w, len(found))
	for _, n := range found {
		one := o.byName[n]
		p.object(one.kind, len(one.data), nil, one.data)
	}
	return p.close()
}

// packer writes packs, right ones and wrong ones.
type packer struct {
	out io.Writer
	sum hash.Hash
	at  int64
	err error
	zip *zlib.Writer
}

func newPacker(w io.Writer, count int) *packer {
	p := &packer{out: w, sum: sha1.New()}
	p.Write(binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(count)))
	return p
}

func (p *packer) Write(b []byte) (int, error) {
	p.sum.Write(b)
	p.at += int64(len(b))
	if p.err == nil {
		_, p.err = p.out.Write(b)
	}
	return len(b), p.err
}

// head writes the header of an object that says it has size bytes, and what it
// refers to. It returns where the object begins.
func (p *packer) head(kind byte, size int, reference []byte) (start int64) {
	start = p.at
	b := kind<<4 | byte(size&15)
	var head []byte
	for size >>= 4; size > 0; size >>= 7 {
		head = append(head, b|0x80)
		b = byte(size & 0x7f)
	}
	p.Write(append(append(head, b), reference...))
	return start
}

// object writes one object that says it has size bytes.
func (p *packer) object(kind byte, size int, reference, data []byte) (start int64) {
	start = p.head(kind, size, reference)
	z := p.zipped()
	z.Write(data)
	z.Close()
	return start
}

// zipped compresses what is written to it.
func (p *packer) zipped() *zlib.Writer {
	if p.zip == nil {
		p.zip = zipped(p)
	}
	p.zip.Reset(p)
	return p.zip
}

// repeated writes an object of size bytes, all of them the text again and again.
// It gives up when nobody reads any more.
func (p *packer) repeated(kind byte, size int64, text string) error {
	p.head(kind, int(size), nil)
	z := p.zipped()
	if err := repeat(z, size, text); err != nil {
		return err
	}
	return z.Close()
}

// repeat writes size bytes, all of them the text again and again.
func repeat(w io.Writer, size int64, text string) error {
	chunk := bytes.Repeat([]byte(text), 1+(1<<16)/len(text))
	for size > 0 {
		n := min(size, int64(len(chunk)))
		if _, err := w.Write(chunk[:n]); err != nil {
			return err
		}
		size -= n
	}
	return nil
}

// repeatedName is the name of what repeated writes.
func repeatedName(kind byte, size int64, text string) (n name) {
	sum := sha1.New()
	fmt.Fprintf(sum, "%s %d\x00", kinds[kind], size)
	repeat(sum, size, text)
	return name(sum.Sum(nil))
}

// back is how an offset delta refers to what begins so many bytes before it.
func back(distance int64) []byte {
	reference := []byte{byte(distance & 0x7f)}
	for distance >>= 7; distance > 0; distance >>= 7 {
		distance--
		reference = append([]byte{byte(distance&0x7f) | 0x80}, reference...)
	}
	return reference
}

func (p *packer) close() error {
	p.Write(p.sum.Sum(nil))
	return p.err
}

// delta is one that copies the first bytes of a base of size bytes, and puts
// text behind them.
func delta(size, copied int, text string) []byte {
	d := binary.AppendUvarint(nil, uint64(size))
	d = binary.AppendUvarint(d, uint64(copied+len(text)))
	for at := 0; at < copied; at += 0xffffff {
		n := min(copied-at, 0xffffff)
		d = append(d, 0xff, byte(at), byte(at>>8), byte(at>>16), byte(at>>24), byte(n), byte(n>>8), byte(n>>16))
	}
	for len(text) > 0 {
		n := min(len(text), 127)
		d = append(append(d, byte(n)), text[:n]...)
		text = text[n:]
	}
	return d
}

func zipped(w io.Writer) *zlib.Writer {
	z, err := zlib.NewWriterLevel(w, zlib.BestSpeed)
	if err != nil {
		panic(err) // only of a level that there is not
	}
	return z
}
