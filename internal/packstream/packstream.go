// Package packstream turns a pack, as it arrives, into named blobs.
//
// A pack is read once: each object is inflated while it comes, checked, put
// together if it is a delta, and named by its hash. Trees mostly come before
// the blobs they name, so that a blob can be handed out the moment it is whole,
// with the names it goes by. What comes in an unlucky order is not handed out;
// it can be read later, from the raw pack, which is kept.
//
// A pack that is accepted is whole: its checksum is right, every object has
// the size it declares, no delta lacks its base, and no hash shows the signs of
// a forged collision. How much memory all that takes is in the configuration,
// not in the pack; see [Config].
package packstream

import (
	"context"
	"encoding/hex"
	"io"
	"runtime"
)

// A Hash is the name of an object.
type Hash [20]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads the name of an object. What is no name is the zero Hash,
// which no object has.
func ParseHash(text string) (h Hash) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(h) {
		return Hash{}
	}
	return Hash(raw)
}

// A Kind is what an object is, in the numbers that packs have for it.
type Kind uint8

const (
	Commit Kind = 1
	Tree   Kind = 2
	Blob   Kind = 3
	Tag    Kind = 4

	offsetDelta Kind = 6
	nameDelta   Kind = 7
)

func (k Kind) String() string {
	switch k {
	case Commit:
		return "commit"
	case Tree:
		return "tree"
	case Blob:
		return "blob"
	case Tag:
		return "tag"
	}
	return "delta"
}

func (k Kind) isDelta() bool { return k == offsetDelta || k == nameDelta }

// A Config says how a pack is read. Memory, Temp and the limits must be given.
type Config struct {
	// Memory is how many bytes of a pack and of its objects are held at a
	// time: half of it for the raw pack, an eighth for objects that others may
	// be deltas of, an eighth for blobs on their way to Take, a sixteenth for
	// trees, and the rest for the garbage collector to be late by. Beside it
	// stand some 80 bytes for each object, some 120 for each name of a blob,
	// at most 512 Ki of those, and the buffers of those who work.
	Memory int64
	// Temp makes a file for what is beyond Memory. Close does away with it.
	Temp func() (File, error)
	// Limits bound what a pack may be.
	Limits Limits

	// Workers is how many goroutines name and take blobs beside the one that
	// reads. Zero means one for each processor.
	Workers int
	// Take is handed blobs that are whole while others still arrive, from
	// several goroutines at a time: each object at most once, in no order, not
	// larger than Most, and with at least one name. It must not keep or change
	// what it is given. Nil means that nobody wants them.
	Take func(name Hash, names []string, content []byte)
	// Most is how large a blob may be that is handed out. One that is larger
	// is not even gathered.
	Most int64
}

// Limits bound what a pack may be.
type Limits struct {
	Pack    int64 // its bytes
	Object  int64 // the bytes of one object
	Objects int64 // how many there are
}

// A File is where bytes go that memory has no room for.
type File interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// Read reads a pack to its end. The caller must close what it returns.
func Read(ctx context.Context, from io.Reader, config Config) (*Pack, error) {
	if config.Workers <= 0 {
		config.Workers = runtime.GOMAXPROCS(0)
	}
	p := newPack(config)
	if err := p.read(ctx, from, config); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}
