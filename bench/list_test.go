package bench

import (
	"slices"
	"testing"
)

func TestParseList(t *testing.T) {
	got, err := ParseList([]byte("# a landscape\n\ntikv/tikv\nhttps://github.com/kube-rs/kube.git # why\r\n git://host:9418/a_b/c.d/ \ntikv/tikv"))
	want := []string{"tikv/tikv", "kube-rs/kube", "a_b/c.d"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestParseList_Error(t *testing.T) {
	for _, list := range []string{
		"", "# nothing\n", "tikv", "a/b/c", "https://github.com/a", "../a", "a/..", "-a/b", "a/-b", "a b/c", "a/b\x00c", "$(x)/y",
	} {
		if got, err := ParseList([]byte(list)); err == nil {
			t.Errorf("list %q is read as %q", list, got)
		}
	}
}
