package stranger

import (
	"flag"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

var only = flag.String("case", "", "run the cases alone whose name has this in it, heavy ones, too")

// TestCorpus runs every case that takes a moment, and with GROMA_STRANGERS=all
// those that take longer.
func TestCorpus(t *testing.T) {
	// With Go's 100 the heap may be twice what is held, and whether it becomes so
	// is the machine's luck: with 20 what an input takes is the input's doing.
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	all := os.Getenv("GROMA_STRANGERS") == "all"
	seen := map[string]bool{}
	for _, c := range Corpus() {
		if seen[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		seen[c.Name] = true
		if *only == "" && c.Heavy && !all || !strings.Contains(c.Name, *only) {
			continue
		}
		r := c.Run(t.Context(), t.TempDir())
		t.Logf("%-70s %-11s %6.1f MiB %6d ms  %s", c.Name, r.Outcome, float64(r.Memory)/(1<<20), r.Time.Milliseconds(), r.Says)
		for _, wrong := range r.Wrong {
			t.Errorf("%s: %s", c.Name, wrong)
		}
	}
}
