package gitwire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"groma/internal/fault"
)

// pack is a received pack: its bytes in a spool, and where in it each object
// is. go-git's own parser holds whole objects and chains of them in memory;
// this one holds what its budget allows. It is safe for concurrent use.
type pack struct {
	spool   *spool
	objects []object // as they stand in the pack
	byName  []int32  // indices of objects, sorted by their names
	bases   *cache   // contents that others are deltas of
	small   int64    // contents up to this size are handled in memory
	tempDir string
}

// object is where one object of a pack is, and what it is once it is put
// together. There is one for each object of a repository: it is kept small.
type object struct {
	start  int64         // of its header
	size   int64         // put together
	name   plumbing.Hash // zero until it is known
	base   int32         // the object it is a delta of, or noBase
	head   uint8         // the length of its header
	kind   plumbing.ObjectType
	isBase bool // of some delta
}

const noBase = -1

// longestChain is how long a chain of deltas may be: git's own limit.
const longestChain = 4095

// receive reads a pack as it arrives and makes out its objects.
func (c *Client) receive(ctx context.Context, from io.Reader, limits Limits) (*pack, error) {
	half := c.config.MemoryBytes / 2
	p := &pack{
		spool:   &spool{budget: half, dir: c.config.TempDir},
		bases:   newCache(half),
		small:   half / 4,
		tempDir: c.config.TempDir,
	}
	if err := p.read(ctx, from, limits); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *pack) read(ctx context.Context, from io.Reader, limits Limits) error {
	late, err := p.scan(ctx, from, limits)
	if err != nil {
		return err
	}
	if err := p.resolve(ctx, late); err != nil {
		return err
	}
	p.byName = make([]int32, len(p.objects))
	for i := range p.byName {
		p.byName[i] = int32(i)
	}
	slices.SortFunc(p.byName, func(a, b int32) int { return bytes.Compare(p.objects[a].name[:], p.objects[b].name[:]) })
	return nil
}

func (p *pack) close() error { return p.spool.close() }

// find returns the index of an object.
func (p *pack) find(name plumbing.Hash) (int32, bool) {
	at, ok := slices.BinarySearchFunc(p.byName, name, func(i int32, name plumbing.Hash) int {
		return bytes.Compare(p.objects[i].name[:], name[:])
	})
	if !ok {
		return 0, false
	}
	return p.byName[at], true
}

// resolve finds the names of deltas, which takes putting them together. A
// delta mostly stands behind its base; late are those whose base is known by
// its name only, and may come anywhere.
func (p *pack) resolve(ctx context.Context, late map[int32]plumbing.Hash) error {
	r := resolving{pack: p, hash: newHasher(), late: late, waiting: map[plumbing.Hash][]int32{}, behind: map[int32][]int32{}}
	for i := range p.objects {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.try(int32(i)); err != nil {
			return err
		}
	}
	if r.left > 0 {
		return errCut("%d deltas have no base in it", r.left)
	}
	return nil
}

// resolving is the state of one pass over the deltas of a pack.
type resolving struct {
	*pack
	hash    *hasher
	late    map[int32]plumbing.Hash
	known   map[plumbing.Hash]int32   // made only if anything is late
	waiting map[plumbing.Hash][]int32 // for a base of this name
	behind  map[int32][]int32         // for this base to be put together
	left    int                       // how many wait
}

// try resolves an object if its base is known, and then what waited for it.
func (r *resolving) try(first int32) error {
	for todo := []int32{first}; len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		ready, err := r.one(i)
		if err != nil {
			return err
		}
		if !ready || len(r.late) == 0 {
			continue
		}
		name := r.objects[i].name
		next := append(r.waiting[name], r.behind[i]...)
		delete(r.waiting, name)
		delete(r.behind, i)
		r.left -= len(next)
		todo = append(todo, next...)
	}
	return nil
}

// one resolves one object and reports whether it could.
func (r *resolving) one(i int32) (ready bool, err error) {
	o := &r.objects[i]
	if name, late := r.late[i]; late && o.base == noBase {
		base, ok := r.name(name)
		if !ok {
			r.waiting[name] = append(r.waiting[name], i)
			r.left++
			return false, nil
		}
		o.base = base
		r.objects[base].isBase = true
	}
	if o.base != noBase {
		if r.objects[o.base].name.IsZero() {
			r.behind[o.base] = append(r.behind[o.base], i)
			r.left++
			return false, nil
		}
		if err := r.identify(i); err != nil {
			return false, err
		}
	}
	if len(r.late) > 0 {
		if r.known == nil {
			r.known = map[plumbing.Hash]int32{}
		}
		r.known[o.name] = i
	}
	return true, nil
}

func (r *resolving) name(name plumbing.Hash) (int32, bool) {
	i, ok := r.known[name]
	return i, ok
}

// identify puts a delta together to learn its name.
func (r *resolving) identify(i int32) error {
	o := &r.objects[i]
	o.kind = r.objects[o.base].kind
	whole, err := r.whole(i)
	if err != nil {
		return err
	}
	defer whole.release()
	r.hash.begin(o.kind, o.size)
	if _, err := io.Copy(r.hash, whole.reader()); err != nil {
		return err
	}
	o.name = r.hash.name()
	return nil
}

// contents is one object put together, in memory or in a file.
type contents struct {
	data []byte
	temp *spool
}

func (c *contents) reader() io.Reader { return io.NewSectionReader(c, 0, c.size()) }

func (c *contents) size() int64 {
	if c.temp != nil {
		return c.temp.size
	}
	return int64(len(c.data))
}

func (c *contents) ReadAt(b []byte, at int64) (int, error) {
	if c.temp != nil {
		return c.temp.ReadAt(b, at)
	}
	return bytes.NewReader(c.data).ReadAt(b, at)
}

func (c *contents) release() {
	if c.temp != nil {
		c.temp.close()
	}
}

// whole puts an object together. What is in memory may be shared and must not
// be changed.
func (p *pack) whole(i int32) (*contents, error) {
	var chain []int32 // deltas yet to be applied, the last first
	at := i
	data, ok := p.bases.get(at)
	for ; !ok && p.objects[at].base != noBase; data, ok = p.bases.get(at) {
		if len(chain) > longestChain {
			return nil, fault.Errorf(fault.Invalid, "its pack has a chain of more than %d deltas", longestChain)
		}
		chain = append(chain, at)
		at = p.objects[at].base
	}
	c := &contents{data: data}
	if !ok {
		var err error
		if c, err = p.gather(at, p.inflated(at)); err != nil {
			return nil, err
		}
	}
	for _, next := range slices.Backward(chain) {
		patched, err := p.patch(c, next)
		c.release()
		if err != nil {
			return nil, err
		}
		c = patched
	}
	return c, nil
}

// gather reads an object to its end, into memory if it is small.
func (p *pack) gather(i int32, from io.Reader) (*contents, error) {
	o := p.objects[i]
	if o.size > p.small {
		temp := &spool{budget: 0, dir: p.tempDir}
		n, err := io.Copy(temp, io.LimitReader(from, o.size+1))
		if err != nil || n != o.size {
			temp.close()
			return nil, damaged(err)
		}
		return &contents{temp: temp}, nil
	}
	data, err := readExactly(from, o.size)
	if err != nil {
		return nil, err
	}
	if o.isBase {
		p.bases.put(i, data)
	}
	return &contents{data: data}, nil
}

// patch applies the delta i to its base.
func (p *pack) patch(base *contents, i int32) (*contents, error) {
	o := p.objects[i]
	delta := p.inflated(i)
	if base.temp != nil || o.size > p.small {
		return p.patchLarge(base, i, delta)
	}
	commands, err := io.ReadAll(delta)
	if err != nil {
		return nil, damaged(err)
	}
	data, err := packfile.PatchDelta(base.data, commands)
	if err != nil || int64(len(data)) != o.size {
		return nil, damaged(err)
	}
	if o.isBase {
		p.bases.put(i, data)
	}
	return &contents{data: data}, nil
}

// damaged is for what a checked pack cannot be made to yield.
func damaged(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errMalformed
	}
	return fault.Errorf(fault.Invalid, "its pack is damaged: %v", err)
}

// patchLarge is patch for what does not fit into memory. go-git has a streaming
// patcher, too (ReaderFromDelta); it loses its place in the base after a copy
// from further up, and so yields wrong contents.
func (p *pack) patchLarge(base *contents, i int32, delta io.Reader) (*contents, error) {
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() { // ends once the pipe is read to its end, or closed below
		defer close(done)
		in.CloseWithError(applyDelta(base, delta, in))
	}()
	c, err := p.gather(i, out)
	out.Close()
	<-done // before anybody lets go of the base
	return c, err
}

// open returns an object's bytes. A whole one is not gathered first.
func (p *pack) open(i int32) (io.ReadCloser, error) {
	if p.objects[i].base == noBase {
		return io.NopCloser(p.inflated(i)), nil
	}
	whole, err := p.whole(i)
	if err != nil {
		return nil, err
	}
	return &opened{whole.reader(), whole}, nil
}

type opened struct {
	io.Reader
	whole *contents
}

func (o *opened) Close() error {
	o.whole.release()
	return nil
}

// tree and commit objects are read into memory whole, up to this size.
const mostOfATree = 256 << 20

// bytes returns an object of a kind that is needed to find the files.
func (p *pack) bytes(name plumbing.Hash, kind plumbing.ObjectType) ([]byte, error) {
	i, ok := p.find(name)
	if !ok {
		return nil, fault.Errorf(fault.Invalid, "it did not send %s %s", kind, name)
	}
	o := p.objects[i]
	if o.kind != kind {
		return nil, fault.Errorf(fault.Invalid, "%s is a %s where a %s belongs", name, o.kind, kind)
	}
	if o.size > mostOfATree {
		return nil, fault.Errorf(fault.TooLarge, "%s %s has %d bytes", kind, name, o.size)
	}
	return p.readAll(i)
}

func (p *pack) readAll(i int32) ([]byte, error) {
	if p.objects[i].base != noBase {
		whole, err := p.whole(i)
		if err != nil {
			return nil, err
		}
		defer whole.release()
		if whole.temp == nil {
			return whole.data, nil
		}
		return readExactly(whole.reader(), p.objects[i].size)
	}
	return readExactly(p.inflated(i), p.objects[i].size)
}

// readExactly reads size bytes and then the end, which gives back what the
// reader has borrowed.
func readExactly(r io.Reader, size int64) ([]byte, error) {
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, damaged(err)
	}
	if n, err := r.Read(make([]byte, 1)); n > 0 || err != nil && err != io.EOF {
		return nil, damaged(err)
	}
	return data, nil
}
