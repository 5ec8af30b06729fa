package bench

import (
	"slices"
	"testing"
)

func TestParseTree(t *testing.T) {
	got, err := parseTree("100644 blob aa      12\ta b.go\x00160000 commit bb       -\tsub\x00120000 blob cc       0\tl\x00")
	want := []File{{"100644", "aa", "a b.go", 12}, {"160000", "bb", "sub", 0}, {"120000", "cc", "l", 0}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got, err := parseTree("100644 blob aa\n"); err == nil {
		t.Errorf("half an entry is read as %v", got)
	}
}
