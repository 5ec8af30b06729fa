package packstream

import (
	"strconv"

	"github.com/pjbgf/sha1cd"

	"groma/internal/fault"
)

// hasher makes names of objects, with the hash that detects collisions.
type hasher struct {
	sha1cd.CollisionResistantHash
	head []byte
}

func newHasher() *hasher {
	return &hasher{CollisionResistantHash: sha1cd.New().(sha1cd.CollisionResistantHash)}
}

// begin begins the name of an object, whose bytes are to be written next.
func (h *hasher) begin(kind Kind, size int64) {
	h.Reset()
	h.head = append(append(h.head[:0], kind.String()...), ' ')
	h.head = append(strconv.AppendInt(h.head, size, 10), 0)
	h.Write(h.head)
}

// end returns the name.
func (h *hasher) end() (name Hash, err error) {
	_, collides := h.CollisionResistantSum(name[:0])
	if collides {
		return Hash{}, fault.Errorf(fault.Invalid, "an object of its pack is made to collide with another of the same name (SHA-1)")
	}
	return name, nil
}

// of names data that is whole.
func (h *hasher) of(kind Kind, data []byte) (Hash, error) {
	h.begin(kind, int64(len(data)))
	h.Write(data)
	return h.end()
}
