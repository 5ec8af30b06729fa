package page

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func render(t testing.TB, analyses ...*gromav1.Analysis) []byte {
	t.Helper()
	page, err := Render(analyses...)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestRender_Golden(t *testing.T) {
	golden(t, "testdata/fixture.html", render(t, report.Analyses(reporttest.Fixture(), report.Settings{})...))
	golden(t, "testdata/bytes.html", render(t, report.Analyses(reporttest.Bare(), report.Settings{Measure: "bytes", Pure: 0.5, ComponentLines: 100})...))
	all := reporttest.Fixture()
	all.Survey.Spec.Languages = nil
	golden(t, "testdata/languages.html", render(t, report.Analyses(all, report.Settings{})...))
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; -update rewrites it, git diff shows how", path)
	}
}
