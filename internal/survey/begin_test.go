package survey

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"groma/internal/artefact"
	"groma/internal/artefact/artefacttest"
	"groma/internal/fault"
	"groma/internal/landscape"
	"groma/internal/world"
	gromav1 "groma/proto/groma/v1"
)

// TestComplete_Fingerprint: what the first versions asked for goes on having the
// fingerprint it had, or a survey that is unfinished would not go on.
func TestComplete_Fingerprint(t *testing.T) {
	data, err := os.ReadFile("../../examples/tour/world.txtar")
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	tour, _ := w.File("landscape.yml")
	limits := &gromav1.Limits{FileBytes: 10 << 20, RepositoryBytes: 4 << 30, Seconds: 1800}
	tests := []struct {
		name, want string
		request    *gromav1.StartSurveyRequest
	}{
		{"a list with a login", "70c4e01472409517", &gromav1.StartSurveyRequest{
			Spec:     &gromav1.SurveySpec{Source: "list.txt", Name: "list.txt", Kind: "list", Filter: &gromav1.Filter{}, Limits: limits},
			Document: []byte("https://x:y@github.com/o/r\n"),
		}},
		{"the tour", "e06fa4834a5ce0fb", &gromav1.StartSurveyRequest{
			Spec: &gromav1.SurveySpec{
				Source: "elsewhere/world.txtar", Name: "tour.txtar", Kind: "landscape", Limits: limits,
				Languages: []string{"Rust", "Go"}, Windows: []string{"2025"},
				Filter: &gromav1.Filter{Maturity: []string{"sandbox"}, Projects: []string{"for*"}, Archived: true},
			},
			Document: tour,
		}},
		{"the list, without what can be found out", "70c4e01472409517", &gromav1.StartSurveyRequest{
			Spec: &gromav1.SurveySpec{Source: "there/list.txt"}, Document: []byte("https://github.com/o/r\n"),
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			spec, sources, err := Complete(test.request)
			if err != nil {
				t.Fatal(err)
			}
			if got := Fingerprint(spec); got != test.want {
				t.Errorf("fingerprint %s, want %s: %v", got, test.want, spec)
			}
			if strings.Contains(string(sources.Landscape.Data), "x:y@") {
				t.Error("a login is kept")
			}
		})
	}
}

func TestComplete(t *testing.T) {
	spec, sources, err := Complete(&gromav1.StartSurveyRequest{
		Spec: &gromav1.SurveySpec{
			Source: "https://u:p@example.org/a/landscape.yml?token=s", Languages: []string{"rust", "Rust", "c++"},
			Clomonitor: "https://example.org/c.yaml?token=s#x", Sha256: "forged", AnnotationsSha256: "forged",
		},
		Document: []byte("landscape: []\n"), Clomonitor: []byte("- name: a\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &gromav1.SurveySpec{
		Source: "https://example.org/a/landscape.yml", Name: "landscape.yml", Kind: "landscape", Languages: []string{"Rust", "C++"},
		Clomonitor: "https://example.org/c.yaml", Sha256: digest([]byte("landscape: []\n")), ClomonitorSha256: digest([]byte("- name: a\n")),
		Filter: &gromav1.Filter{}, Limits: &gromav1.Limits{FileBytes: 10 << 20, RepositoryBytes: 4 << 30, Seconds: 1800},
	}
	if !proto.Equal(spec, want) {
		t.Errorf("got  %v\nwant %v", spec, want)
	}
	if sources.Clomonitor == nil || sources.Clomonitor.Name != "c.yaml" || sources.Annotations != nil {
		t.Errorf("sources are %+v", sources)
	}
}

func TestComplete_Error(t *testing.T) {
	list := []byte("https://github.com/o/r\n")
	for name, request := range map[string]*gromav1.StartSurveyRequest{
		"nothing":          {},
		"no landscape":     {Document: []byte("hello\n")},
		"no annotations":   {Document: list, Annotations: []byte("[")},
		"another language": {Document: list, Spec: &gromav1.SurveySpec{Languages: []string{"Klingon"}}},
	} {
		if _, _, err := Complete(request); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

// TestReadDocuments_Error: whatever is named, no file of this machine is read,
// and nothing unencrypted.
func TestReadDocuments_Error(t *testing.T) {
	for _, name := range []string{"/etc/passwd", "begin_test.go", "file:///etc/passwd", "http://127.0.0.1:1/landscape.yml", "-", "", "ssh://h/o/r", "HTTP://127.0.0.1/x.yml"} {
		_, err := ReadDocuments(t.Context(), nil, &gromav1.StartSurveyRequest{Spec: &gromav1.SurveySpec{Source: name}})
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("source %s: %v, want invalid", name, err)
		}
		if name == "" {
			continue
		}
		for _, spec := range []*gromav1.SurveySpec{{Source: "x", Clomonitor: name}, {Source: "x", Annotations: name}} {
			_, err := ReadDocuments(t.Context(), nil, &gromav1.StartSurveyRequest{Spec: spec, Document: []byte("https://github.com/o/r\n")})
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%v: %v, want invalid", spec, err)
			}
		}
	}
}

// TestReadDocuments_Repository: the https address of a repository is a source,
// and nothing has to be read.
func TestReadDocuments_Repository(t *testing.T) {
	read, err := ReadDocuments(t.Context(), nil, &gromav1.StartSurveyRequest{Spec: &gromav1.SurveySpec{Source: "https://github.com/o/r.git"}})
	if err != nil {
		t.Fatal(err)
	}
	if read.Spec.Kind != string(landscape.KindRepository) || string(read.Document) != "https://github.com/o/r.git" || read.Spec.Name != "github.com/o/r" {
		t.Errorf("got %v", read)
	}
}

// TestBegin: what is begun twice in one second has two ids, and what was asked
// for can be read again before there is a manifest.
func TestBegin(t *testing.T) {
	store := artefacttest.NewFolder(t)
	request := &gromav1.StartSurveyRequest{Document: []byte("https://github.com/o/r\n"), Window: 3, ShardSize: 7}
	at := time.Date(2026, 11, 22, 7, 33, 45, 999, time.FixedZone("", 3600))
	first, err := Begin(t.Context(), store, request, at)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Begin(t.Context(), store, request, at)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first.Survey, "landscape-20261122-063345-") || !strings.HasPrefix(second.Survey, "landscape-20261122-063346-") {
		t.Errorf("begun as %s and %s", first.Survey, second.Survey)
	}
	kept, err := Request(t.Context(), store, first.Survey)
	if err != nil || !proto.Equal(kept, first) || kept.Window != 3 || kept.ShardSize != 7 {
		t.Errorf("kept %v, %v, want %v", kept, err, first)
	}
	if _, err := store.Get(t.Context(), artefact.SourceKey(second.Survey)); err != nil {
		t.Error(err)
	}
	if _, err := Request(t.Context(), store, "another"); !errors.Is(err, artefact.ErrMissing) {
		t.Errorf("of a survey that never was: %v", err)
	}
}
