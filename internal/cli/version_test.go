package cli

import (
	"os"
	"strings"
	"testing"
)

// TestLicences: what is said of modules is said of the versions that go.mod
// asks for. That it is said of all of them takes the modules themselves, which
// tools/licences looks at in CI.
func TestLicences(t *testing.T) {
	asked, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	listed, err := os.ReadFile("../../docs/licences.md")
	if err != nil {
		t.Fatal(err)
	}
	modules := 0
	for line := range strings.Lines(string(listed)) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 3 || !strings.HasPrefix(cells[1], "v") || !strings.Contains(cells[1], ".") {
			continue // the heading, and the standard library
		}
		modules++
		if !strings.Contains(string(asked), cells[0]+" "+cells[1]) {
			t.Errorf("go.mod has another version than %s %s: run 'go run .' in tools/licences", cells[0], cells[1])
		}
		if cells[2] != "its authors do not say" && !strings.Contains(licences, cells[0]+" "+cells[1]+": ") {
			t.Errorf("the text of %s %s is not in the program: run 'go run .' in tools/licences", cells[0], cells[1])
		}
	}
	if modules < 100 {
		t.Errorf("%d modules are listed", modules)
	}
}
