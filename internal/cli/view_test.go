package cli

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gromav1 "groma/proto/groma/v1"
)

func someProgress() *gromav1.Progress {
	return &gromav1.Progress{State: "counting", Total: 10, Waiting: 5, Running: 2, Outcomes: map[string]int64{"failed": 1, "counted": 2}}
}

func TestCounts_SaysWhereEveryRepositoryIs(t *testing.T) {
	want := "3 of 10 repositories done, 2 counted, 1 failed, 2 in flight, 5 waiting"
	if got := counts(someProgress()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPace_LeavesOutWhatWasDoneBefore(t *testing.T) {
	synctest.Test(t, testPaceRate)
}

func testPaceRate(t *testing.T) {
	var v pace
	if got := v.say(someProgress()); got != "0s" {
		t.Errorf("at first it says %q, want no rate", got)
	}
	time.Sleep(10 * time.Second)
	p := someProgress()
	p.Outcomes["counted"] += 5 // five in ten seconds, two are left
	if got, want := v.say(p), "10s, 0.5/s, about 4s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPace_SaysWhenNothingMoves(t *testing.T) {
	synctest.Test(t, testPaceStill)
}

func testPaceStill(t *testing.T) {
	v := pace{logs: "groma.log"}
	p := someProgress()
	p.Running = 0
	v.say(p)
	time.Sleep(patience + time.Second)
	if got := v.say(p); !strings.Contains(got, "nothing has moved for 21s") || !strings.Contains(got, "groma.log") {
		t.Errorf("got %q, want it to say where to look", got)
	}
	p.Running = 1
	if got := v.say(p); strings.Contains(got, "nothing") {
		t.Errorf("got %q while one is running", got)
	}
}

func TestBar(t *testing.T) {
	for n, want := range map[int64]string{0: "░░░░░", 1: "░░░░░", 2: "█░░░░", 10: "█████"} {
		if got := bar(&gromav1.Progress{Total: 10, Outcomes: map[string]int64{"counted": n}}, 5); got != want {
			t.Errorf("bar of %d is %s, want %s", n, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]size{"10MiB": 10 << 20, "500MB": 5e8, "7": 7, "1 GiB": 1 << 30} {
		var got size
		if err := got.Set(text); err != nil || got != want {
			t.Errorf("%s is %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "0", "99999999999GiB", "1.5MiB"} {
		var got size
		if got.Set(text) == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}

// TestLetGo: what a cancelled survey waits for is said once, and only if it waits.
func TestLetGo(t *testing.T) {
	var out strings.Builder
	v := &letGo{view: &events{}, out: &out}
	v.show(&gromav1.Progress{Total: 9, Running: 3})
	if out.Len() > 0 {
		t.Errorf("at once it says %q", &out)
	}
	v.since = v.since.Add(-aWhile)
	v.show(&gromav1.Progress{Total: 9})
	if out.Len() > 0 {
		t.Errorf("of nothing it says %q", &out)
	}
	for range 2 {
		v.show(&gromav1.Progress{Total: 9, Running: 3})
	}
	if said := out.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "Waiting for 3 repositories in flight") {
		t.Errorf("it says %q", said)
	}
}
