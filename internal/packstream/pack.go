package packstream

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sort"

	"groma/internal/fault"
)

// A Pack is a pack that has arrived: its raw bytes, and where in them each
// object is. It may be read from many goroutines until it is closed.
type Pack struct {
	spool  *spool
	temp   func() (File, error)
	blocks [][]object // each but the last has blockSize; an object never moves
	count  int32
	byName []int32 // indices of objects, sorted by their names
	recent *cache  // contents that others may be deltas of
	trees  *cache  // contents of trees
	small  int64   // contents up to this size are handled in memory

	stopped func() error // while it arrives: why to give up
}

// object is where one object of a pack is, and what it is once it is put
// together. There is one for each object of a repository: it is kept small.
type object struct {
	start int64  // of its header
	size  int64  // put together
	name  Hash   // zero until it is known
	base  int32  // the object it is a delta of, or noBase
	chain uint16 // how many deltas it takes to put it together
	head  uint8  // the length of its header
	kind  Kind   // a delta's own until it is put together
}

const (
	noBase    = -1
	blockSize = 4 << 10
)

// longestChain is how long a chain of deltas may be: git's own limit.
const longestChain = 4095

func newPack(config Config) *Pack {
	return &Pack{
		spool:  &spool{budget: config.Memory / 2, temp: config.Temp},
		temp:   config.Temp,
		recent: newCache(config.Memory / 8),
		trees:  newCache(config.Memory / 16),
		small:  config.Memory / 8,

		stopped: func() error { return nil },
	}
}

func (p *Pack) read(ctx context.Context, from io.Reader, config Config) (err error) {
	defer fault.Catch(&err) // or its files and the hands would stay
	p.stopped = ctx.Err
	defer func() { p.stopped = func() error { return nil } }()
	s := newScanning(p, from, config)
	defer s.hands.close()
	err = s.run()
	if stopped := s.hands.close(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	if err := s.resolveLate(); err != nil {
		return err
	}
	p.sort()
	return nil
}

// sort makes objects findable by their names.
func (p *Pack) sort() {
	p.byName = make([]int32, p.count)
	for i := range p.byName {
		p.byName[i] = int32(i)
	}
	slices.SortFunc(p.byName, func(a, b int32) int { return bytes.Compare(p.at(a).name[:], p.at(b).name[:]) })
}

// add appends an object.
func (p *Pack) add(o object) (int32, *object) {
	last := len(p.blocks) - 1
	if last < 0 || len(p.blocks[last]) == blockSize {
		p.blocks = append(p.blocks, make([]object, 0, blockSize))
		last++
	}
	p.blocks[last] = append(p.blocks[last], o)
	p.count++
	return p.count - 1, &p.blocks[last][len(p.blocks[last])-1]
}

func (p *Pack) at(i int32) *object { return &p.blocks[i/blockSize][i%blockSize] }

// startingAt returns the object that starts there. Objects stand in order, so
// it is found by halving.
func (p *Pack) startingAt(start int64) (int32, bool) {
	i := int32(sort.Search(int(p.count), func(i int) bool { return p.at(int32(i)).start >= start }))
	return i, i < p.count && p.at(i).start == start
}

// Close lets go of all that is kept.
func (p *Pack) Close() error {
	p.recent.drop()
	p.trees.drop()
	return p.spool.close()
}

// An Object is one object of a pack.
type Object struct {
	Index int32 // where it stands in the pack: what is near is read fastest
	Kind  Kind
	Size  int64
}

// Find finds an object by its name.
func (p *Pack) Find(name Hash) (Object, bool) {
	at, ok := slices.BinarySearchFunc(p.byName, name, func(i int32, name Hash) int {
		return bytes.Compare(p.at(i).name[:], name[:])
	})
	if !ok {
		return Object{}, false
	}
	return p.object(p.byName[at]), true
}

func (p *Pack) object(i int32) Object {
	o := p.at(i)
	return Object{Index: i, Kind: o.kind, Size: o.size}
}

// Commits, tags and trees are read into memory whole, up to these sizes. A
// folder of a hundred thousand files takes 5 MB; the largest commits that people
// make, which merge signed tags, some 100 KB.
const (
	largestTree = 32 << 20
	largestText = 4 << 20
)

// largest is how large an object of a kind may be to be read whole.
func (k Kind) largest() int64 {
	if k == Commit || k == Tag {
		return largestText
	}
	return largestTree
}

// Text returns an object of a kind that is needed to find the files, or a blob
// that is asked for by itself. It must not be changed.
func (p *Pack) Text(name Hash, kind Kind) ([]byte, error) {
	o, ok := p.Find(name)
	switch {
	case !ok:
		return nil, fault.Errorf(fault.Invalid, "it did not send %s %s", kind, name)
	case o.Kind != kind:
		return nil, fault.Errorf(fault.Invalid, "%s is a %s where a %s belongs", name, o.Kind, kind)
	case o.Size > kind.largest():
		return nil, fault.Errorf(fault.TooLarge, "%s %s has %d bytes", kind, name, o.Size)
	}
	if data, ok := p.trees.get(o.Index); ok {
		return data, nil
	}
	return p.ReadAll(o.Index)
}

// ReadAll returns an object's bytes. They must not be changed.
func (p *Pack) ReadAll(i int32) ([]byte, error) {
	o := p.at(i)
	if data, ok := p.recent.get(i); ok {
		return data, nil
	}
	if o.base == noBase {
		return readExactly(p.inflated(i), o.size)
	}
	whole, err := p.whole(i)
	if err != nil {
		return nil, err
	}
	defer whole.release()
	if whole.temp == nil {
		return whole.data, nil
	}
	return readExactly(whole.reader(), o.size)
}

// Open returns an object's bytes. One that is no delta is not gathered first.
func (p *Pack) Open(i int32) (io.ReadCloser, error) {
	if p.at(i).base == noBase {
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
