package bench

import (
	"strings"
	"testing"
)

func TestSameReport(t *testing.T) {
	const one = `{"survey":{"id":"a","startedAt":"1","endedAt":"2","method":"m"},"repositories":[{"key":"r","seconds":1.5,"attempts":1,"wire":{"requests":7},"vitals":{"wire":{"requests":1},"n":2},"files":3}]}`
	want, err := Timeless([]byte(one))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		other string
		same  bool
	}{
		{strings.NewReplacer(`"a"`, `"b"`, `"1"`, `"8"`, `"2"`, `"3"`, "1.5", "2.5").Replace(one), true},
		{strings.NewReplacer("7", "9", `"attempts":1`, `"attempts":4`, `"requests":1`, `"requests":3`).Replace(one), true},
		{strings.Replace(one, `"files":3`, `"files":4`, 1), false},
		{strings.Replace(one, `"n":2`, `"n":2,"more":1`, 1), false},
		{strings.Replace(one, `"m"`, `"n","more":[1]`, 1), false},
	} {
		got, err := Timeless([]byte(test.other))
		if err != nil {
			t.Fatal(err)
		}
		if err := SameReport(want, got); (err == nil) != test.same {
			t.Errorf("%s: %v", test.other, err)
		}
	}
	if got, err := Timeless([]byte("no report")); err == nil {
		t.Errorf("no report is read as %s", got)
	}
}
