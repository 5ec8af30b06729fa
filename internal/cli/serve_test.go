package cli

import "testing"

// TestServe_Expect has a server without a worker hand out enough for a fleet.
func TestServe_Expect(t *testing.T) {
	for _, test := range []struct {
		noWorker, given bool
		want            int
	}{{false, false, 4}, {false, true, 4}, {true, false, fleet}, {true, true, 4}} {
		c := &serveCommand{noWorker: test.noWorker, work: workSettings{concurrency: 4}}
		if c.expect(test.given); c.work.concurrency != test.want {
			t.Errorf("without a worker %v, given %v: %d at once, want %d", test.noWorker, test.given, c.work.concurrency, test.want)
		}
	}
}
