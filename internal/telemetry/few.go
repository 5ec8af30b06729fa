package telemetry

import "sync"

// few are the values that a label has had, no more than it may have.
type few struct {
	most int

	mu   sync.Mutex
	seen map[string]bool
}

// bound returns a value, or other once there have been so many that this one is
// too much.
func (f *few) bound(value string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.seen[value]:
		return value
	case len(f.seen) == f.most:
		return other
	case f.seen == nil:
		f.seen = map[string]bool{}
	}
	f.seen[value] = true
	return value
}
