package packstream

import (
	"maps"
	"slices"
)

// resolveLate puts together the deltas whose base came after them, or not at
// all: those that know it by its name only, and those upon them. Servers that
// are asked for offsets send none.
func (s *scanning) resolveLate() error {
	if len(s.late) == 0 {
		return nil
	}
	s.alone = true
	r := resolving{scanning: s, known: map[Hash]int32{}, waiting: map[Hash][]int32{}, behind: map[int32][]int32{}}
	for i := range s.count {
		if !s.at(i).kind.isDelta() {
			r.known[s.at(i).name] = i
		}
	}
	for _, i := range slices.Sorted(maps.Keys(s.late)) {
		if err := s.stopped(); err != nil {
			return err
		}
		if err := r.try(i); err != nil {
			return s.broken(err)
		}
	}
	if r.left > 0 {
		return errCut("%d deltas have no base in it", r.left)
	}
	return nil
}

// resolving is the state of one pass over late deltas.
type resolving struct {
	*scanning
	known   map[Hash]int32
	waiting map[Hash][]int32  // for a base of this name
	behind  map[int32][]int32 // for this base to be put together
	left    int               // how many wait
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
		if !ready {
			continue
		}
		name := r.at(i).name
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
	o := r.at(i)
	if o.base == noBase {
		name := r.late[i]
		base, ok := r.known[name]
		if !ok {
			r.waiting[name] = append(r.waiting[name], i)
			r.left++
			return false, nil
		}
		o.base = base
	}
	if r.at(o.base).kind.isDelta() {
		r.behind[o.base] = append(r.behind[o.base], i)
		r.left++
		return false, nil
	}
	if err := r.patchOnto(i, o, nil); err != nil {
		return false, err
	}
	r.known[o.name] = i
	return true, nil
}
