package packstream

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseTree(t *testing.T) {
	hash := strings.Repeat("h", 20)
	entries, err := ParseTree([]byte("100664 b\x00" + hash + "40000 a\x00" + hash + "100644 a.b\x00" + hash + "100755 a0\x00" + hash))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%o %s", e.Mode, e.Name))
	}
	if want := "[100644 a.b 40000 a 100755 a0 100644 b]"; fmt.Sprint(got) != want {
		t.Errorf("entries = %v, want %s", got, want)
	}
	for _, bad := range []string{"100644", "100644 a", "100644 a\x00short", "100644 \x00" + hash, "x a\x00" + hash, "10644 a\x00" + hash, "100644 a/b\x00" + hash} {
		if _, err := ParseTree([]byte(bad)); err == nil {
			t.Errorf("parsed %q", bad)
		}
	}
}

// FuzzTree: what is read of a tree is what stands in it: every entry, once, in
// git's order, and nothing else.
func FuzzTree(f *testing.F) {
	f.Add([]byte(tree([2]string{"a.rs", "one"}, [2]string{"b", ""})))
	f.Add([]byte("40000 d\x00" + strings.Repeat("h", 20) + "100664 d.c\x00" + strings.Repeat("i", 20)))
	f.Add([]byte("160000 \xff\n\x00" + strings.Repeat("h", 20) + "0120000 ..\x00" + strings.Repeat("i", 20)))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ParseTree(data)
		if err != nil {
			return
		}
		if !slices.IsSortedFunc(entries, compareEntries) {
			t.Errorf("%v is out of order", entries)
		}
		size := 0
		for _, e := range entries {
			if mode, ok := canonicalMode(e.Mode); !ok || mode != e.Mode {
				t.Errorf("the mode %o", e.Mode)
			}
			if len(e.Name) == 0 || bytes.ContainsAny(e.Name, "/\x00") {
				t.Errorf("the name %q", e.Name)
			}
			if !bytes.Contains(data, append(append([]byte{' '}, e.Name...), append([]byte{0}, e.Hash[:]...)...)) {
				t.Errorf("%q does not stand in %q", e.Name, data)
			}
			size += len(e.Name) + len(e.Hash) + 2
		}
		if len(data) < size+len(entries) || len(data) == 0 != (len(entries) == 0) {
			t.Errorf("%d entries in %d bytes", len(entries), len(data))
		}
	})
}
