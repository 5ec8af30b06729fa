package census

import lru "github.com/hashicorp/golang-lru/v2"

// Contents remembers what contents count as, so that one which several
// repositories have (forks, vendored copies) is read once. It is safe for
// concurrent use. A nil one remembers nothing.
type Contents struct{ seen *lru.Cache[key, reading] }

// contentBytes is about what one content takes to remember.
const contentBytes = 512

// NewContents makes one that takes about so many bytes of memory, and forgets
// first what nobody has asked for the longest.
func NewContents(memory int64) *Contents {
	seen, err := lru.New[key, reading](int(max(1, memory/contentBytes)))
	if err != nil {
		panic(err) // only of a size below 1
	}
	return &Contents{seen}
}

func (c *Contents) get(k key) (reading, bool) {
	if c == nil {
		return reading{}, false
	}
	return c.seen.Get(k)
}

// longestManifest is how long the name of a manifest may be to be remembered.
const longestManifest = 100

func (c *Contents) add(k key, r reading) {
	if c != nil && len(k.manifest) <= longestManifest {
		c.seen.Add(k, r)
	}
}
