package artefacttest

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"groma/internal/artefact"
)

// Listing keeps as many keys as it is told to, in folders of many sizes, and
// wants them listed sorted and complete.
func Listing(t *testing.T, store artefact.Store, keys int) {
	want := make([]string, keys)
	for i := range want {
		digest := fnv.New32a()
		fmt.Fprint(digest, i)
		want[i] = fmt.Sprintf("listing/%02x/%07d-%08x", digest.Sum32()%251, i, digest.Sum32())
		if i%3 == 0 { // sorts between a folder's name and its files
			want[i] = strings.Replace(want[i], "/", "/a-", 1)
		}
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(keys); i = next.Add(1) - 1 {
				if err := store.Create(t.Context(), want[i], nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	slices.Sort(want)
	listed(t, store, "listing/", want)
	const few = "listing/a-1"
	listed(t, store, few, slices.DeleteFunc(want, func(key string) bool { return !strings.HasPrefix(key, few) }))
}

func listed(t *testing.T, store artefact.Store, prefix string, want []string) {
	n := 0
	for key, err := range store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		if n >= len(want) || key != want[n] {
			t.Fatalf("%s: key %d of %d is %s", prefix, n, len(want), key)
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%s: %d keys are listed, want %d", prefix, n, len(want))
	}
}
