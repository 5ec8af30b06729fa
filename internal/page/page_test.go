package page

import (
	"testing"

	"groma/internal/goldentest"
	"groma/internal/report"
	"groma/internal/report/reporttest"
	gromav1 "groma/proto/groma/v1"
)

func render(t testing.TB, analyses ...*gromav1.Analysis) []byte {
	t.Helper()
	page, err := Render(analyses...)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestRender_Golden(t *testing.T) {
	goldentest.Check(t, "testdata/fixture.html", render(t, report.Analyses(reporttest.Fixture(), report.Settings{})...))
	goldentest.Check(t, "testdata/bytes.html", render(t, report.Analyses(reporttest.Bare(), report.Settings{Measure: "bytes", Pure: 0.5, ComponentLines: 100})...))
	all := reporttest.Fixture()
	all.Survey.Spec.Languages = nil
	goldentest.Check(t, "testdata/languages.html", render(t, report.Analyses(all, report.Settings{})...))
}
