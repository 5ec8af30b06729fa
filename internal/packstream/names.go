package packstream

import (
	"slices"
	"sync"
)

// names are what trees call the blobs that may be handed out: the last element
// of paths, which is all that is known while the pack arrives.
type names struct {
	mu     sync.RWMutex
	byBlob map[Hash][]string
	count  int
	bytes  int // of all names
}

// What is beyond these is not handed out on arrival, so that no tree takes
// memory without end.
const (
	mostNames       = 512 << 10
	mostNameBytes   = 16 << 20
	mostNamesOfBlob = 16
	longestName     = 1 << 10
)

// add takes over the names that a tree gives. A malformed one gives none; who
// walks the tree says so.
func (n *names) add(tree []byte) {
	entries, err := ParseTree(tree)
	if err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range entries {
		if e.Mode != Regular && e.Mode != Executable || len(e.Name) > longestName || n.count >= mostNames || n.bytes+len(e.Name) > mostNameBytes {
			continue
		}
		known := n.byBlob[e.Hash]
		if len(known) < mostNamesOfBlob && !slices.Contains(known, string(e.Name)) {
			n.byBlob[e.Hash] = append(slices.Clip(known), string(e.Name)) // a copy: others are reading
			n.count++
			n.bytes += len(e.Name)
		}
	}
}

// of returns the names known so far. They must not be changed.
func (n *names) of(blob Hash) []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.byBlob[blob]
}
