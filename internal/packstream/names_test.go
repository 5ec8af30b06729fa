package packstream

import (
	"fmt"
	"strings"
	"testing"
)

// TestNames_Bounded: trees full of long names take no more memory than they may.
func TestNames_Bounded(t *testing.T) {
	n := &names{byBlob: map[Hash][]string{}}
	long := strings.Repeat("n", longestName-10)
	for i := range 100 {
		var files [][2]string
		for j := range 1000 {
			files = append(files, [2]string{fmt.Sprintf("%s%03d%04d", long, i, j), fmt.Sprint(i, j)})
		}
		n.add([]byte(tree(files...)))
	}
	bytes := 0
	for _, names := range n.byBlob {
		for _, name := range names {
			bytes += len(name)
		}
	}
	if bytes != n.bytes || bytes > mostNameBytes || bytes < mostNameBytes-2*longestName {
		t.Errorf("%d bytes of names are kept, and %d noted, of %d that may be", bytes, n.bytes, mostNameBytes)
	}
}
