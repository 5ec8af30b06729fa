package reporttest

import (
	"os"
	"testing"

	"groma/internal/canonical"
	gromav1 "groma/proto/groma/v1"
)

// Read reads a report.json.
func Read(t testing.TB, path string) *gromav1.Report {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := &gromav1.Report{}
	if err := canonical.Unmarshal(data, r); err != nil {
		t.Fatal(err)
	}
	return r
}
