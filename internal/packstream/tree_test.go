package packstream

import (
	"fmt"
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
