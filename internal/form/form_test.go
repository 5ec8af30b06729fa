package form_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/canonical"
	"groma/internal/form"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

func TestCheck(t *testing.T) {
	rule := form.DefaultRule()
	with := func(change func(*report.Settings)) report.Settings {
		changed := rule
		change(&changed)
		return changed
	}
	tests := []struct {
		name     string
		settings form.Settings
		wrong    string // how what is wrong begins; empty if nothing is
	}{
		{"one", form.Settings{Formats: []string{"markdown"}, Rule: rule}, ""},
		{"all, twice", form.Settings{Formats: append(form.Names(), form.Names()...), Languages: []string{"rust"}, Rule: rule}, ""},
		{"none", form.Settings{Rule: rule}, "format names no form"},
		{"another", form.Settings{Formats: []string{"word"}, Rule: rule}, "format word: want some of terminal"},
		{"another language", form.Settings{Formats: []string{"csv"}, Languages: []string{"Klingon"}, Rule: rule}, "language Klingon"},
		{"no rule", form.Settings{Formats: []string{"csv"}}, "measure "},
		{"nothing is pure", form.Settings{Formats: []string{"csv"}, Rule: with(func(s *report.Settings) { s.Pure = 0 })}, "pure 0"},
		{"more than all", form.Settings{Formats: []string{"csv"}, Rule: with(func(s *report.Settings) { s.Pure = 1.1 })}, "pure 1.1"},
		{"no lines", form.Settings{Formats: []string{"csv"}, Rule: with(func(s *report.Settings) { s.ComponentLines = 0 })}, "component-lines 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.settings.Check()
			if test.wrong == "" && err != nil || test.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), test.wrong)) {
				t.Errorf("got %v, want %q", err, test.wrong)
			}
		})
	}
}

func aReport() *gromav1.Report {
	return &gromav1.Report{
		Survey: &gromav1.SurveyFacts{Id: "list-20261122-070000-abcd", Spec: &gromav1.SurveySpec{}}, Totals: &gromav1.Totals{},
	}
}

// TestFiles prints a report from elsewhere in every form: each has its files,
// none is empty, and the list of files cannot be had.
func TestFiles(t *testing.T) {
	settings := form.Settings{Formats: append(form.Names(), "csv"), Languages: []string{"rust"}, Rule: form.DefaultRule()}
	if err := settings.Check(); err != nil {
		t.Fatal(err)
	}
	printed, err := form.Print(t.Context(), form.Printed{Report: aReport()}, settings)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range printed.Files() {
		names = append(names, file.Name)
		var out bytes.Buffer
		err := file.Write(t.Context(), &out)
		if file.Name == "files.parquet" {
			if !errors.Is(err, form.ErrNoFiles) {
				t.Errorf("files: %v", err)
			}
			continue
		}
		if err != nil || out.Len() == 0 || file.ContentType == "" {
			t.Errorf("%s has %d bytes of %q: %v", file.Name, out.Len(), file.ContentType, err)
		}
	}
	want := []string{"report.txt", "report.md", "report.html", "analysis.json", "report.json", "repositories.csv", "languages.csv", "projects.csv", "report.parquet", "files.parquet"}
	if !slices.Equal(names, want) || !slices.Equal(settings.FileNames(), want) {
		t.Errorf("files are %v", names)
	}
}

// TestFacts_Copied: a report that is kept is copied, without being read; one of
// other languages is not.
func TestFacts_Copied(t *testing.T) {
	store := artefacttest.NewFolder(t)
	data, err := canonical.MarshalIndent(aReport())
	if err != nil {
		t.Fatal(err)
	}
	key := artefact.EditionKey("s", artefact.FirstEdition, "report.json")
	if err := store.Create(t.Context(), key, data); err != nil {
		t.Fatal(err)
	}
	settings := form.Settings{Formats: []string{form.Facts}, Rule: form.DefaultRule()}
	if settings.NeedsReport() {
		t.Error("a copy needs the report")
	}
	if got := facts(t, form.Printed{Store: store, Kept: key}, settings); got != string(data) {
		t.Errorf("copied %s", got)
	}
	settings.Languages = []string{"Rust"}
	if !settings.NeedsReport() {
		t.Error("other languages do not need the report")
	}
	if got := facts(t, form.Printed{Report: aReport(), Store: store, Kept: key}, settings); !strings.Contains(got, `"Rust"`) {
		t.Errorf("copied, though of another language: %s", got)
	}
}

func facts(t *testing.T, p form.Printed, settings form.Settings) string {
	t.Helper()
	printed, err := form.Print(t.Context(), p, settings)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := printed.Files()[0].Write(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
