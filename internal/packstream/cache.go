package packstream

import (
	"container/list"
	"sync"
)

// cache keeps contents of objects, those used last, up to a budget.
type cache struct {
	budget int64

	mu    sync.Mutex
	size  int64
	byKey map[int32]*list.Element
	order *list.List // of *cached, the latest used first
}

type cached struct {
	key  int32
	data []byte
}

func newCache(budget int64) *cache {
	return &cache{budget: budget, byKey: map[int32]*list.Element{}, order: list.New()}
}

func (c *cache) get(key int32) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).data, true
}

func (c *cache) put(key int32, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok || int64(cap(data)) > c.budget {
		return
	}
	c.byKey[key] = c.order.PushFront(&cached{key, data})
	c.size += int64(cap(data))
	for c.size > c.budget {
		last := c.order.Back()
		old := c.order.Remove(last).(*cached)
		delete(c.byKey, old.key)
		c.size -= int64(cap(old.data))
	}
}

// drop lets go of everything.
func (c *cache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size, c.byKey, c.order = 0, map[int32]*list.Element{}, list.New()
}
