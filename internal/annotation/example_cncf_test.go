package annotation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"groma/internal/landscape"
	gromav1 "groma/proto/groma/v1"
)

func cncfRust(t *testing.T) *gromav1.Annotations {
	t.Helper()
	data, err := os.ReadFile("../../examples/cncf-rust/annotations.yml")
	if err != nil {
		t.Fatal(err)
	}
	a, err := Parse("annotations.yml", data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestExample(t *testing.T) {
	a := cncfRust(t)
	extra := map[string]bool{}
	for _, p := range a.Projects {
		for _, e := range p.ExtraRepositories {
			if extra[e.Key] {
				t.Errorf("%q is of two projects", e.Key)
			}
			extra[e.Key] = true
		}
	}
	if len(a.Projects) != 27 || len(extra) != 22 || a.Language != "Rust" || a.Date != "2025-12-10" {
		t.Errorf("got %d projects and %d repositories in %s of %s", len(a.Projects), len(extra), a.Language, a.Date)
	}
}

// TestExample_Landscape applies the example to the landscape of its day: each
// project is there, and each role is that of a repository it has.
func TestExample_Landscape(t *testing.T) {
	folder := os.Getenv("GROMA_TEST_DATA")
	if folder == "" {
		t.Skip("GROMA_TEST_DATA is not set: it names a folder with CNCF's landscape")
	}
	name := "cncf-landscape-2025-12-10.yml"
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	l, err := landscape.Read(landscape.KindLandscape, landscape.Document{Name: name, Data: data}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := cncfRust(t)
	applied := Apply(l, a)
	checkLandscape(t, applied)
	for _, w := range applied.Warnings {
		if w.Source == Source {
			t.Errorf("line %d: %s", w.Line, w.Message)
		}
	}
	annotated := 0
	for _, r := range applied.Repositories {
		for _, why := range r.Why {
			if strings.HasSuffix(why, ": "+RoleAnnotated) {
				annotated++
			}
		}
	}
	if got := len(applied.Repositories) - len(l.Repositories); got != annotated {
		t.Errorf("%d repositories were added, of %d that are annotated: the others stand in the landscape", got, annotated)
	}
}
