package service

import (
	"slices"
	"testing"
)

// FuzzAfter: whatever ids there are, and whatever a client sends as a token,
// pages that go on where the last one ended have each id once, in order.
func FuzzAfter(f *testing.F) {
	f.Add("cncf-20250101-000000-1f0c", "cncf-20250101-000001-1f0c", "a", "", uint8(1))
	f.Add("a", "b", "c-20260101-000000-0000", "zzz", uint8(2))
	f.Fuzz(func(t *testing.T, a, b, c, token string, size uint8) {
		ids := slices.DeleteFunc([]string{a, b, c}, func(id string) bool { return id == "" })
		slices.SortFunc(ids, compareIDs)
		ids = slices.Compact(ids)
		for _, id := range after(ids, token) {
			if token != "" && compareIDs(id, token) <= 0 {
				t.Errorf("%q comes after %q", id, token)
			}
		}
		var got []string
		for page, last := after(ids, ""), ""; len(page) > 0; page = after(ids, last) {
			page = page[:min(len(page), int(size%3)+1)]
			got, last = append(got, page...), page[len(page)-1]
			if len(got) > len(ids) {
				break
			}
		}
		if !slices.Equal(got, ids) {
			t.Errorf("pages of %q have %q", ids, got)
		}
	})
}
