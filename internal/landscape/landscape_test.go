package landscape

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"groma/internal/canonical"
	"groma/internal/goldentest"
	gromav1 "groma/proto/groma/v1"
)

// TestRead reads each source in testdata/read and compares all of what comes
// of it, warnings and their lines among it.
func TestRead(t *testing.T) {
	everything := &gromav1.Filter{AllItems: true, Archived: true}
	tests := []struct {
		name       string
		kind       Kind
		clomonitor string
		filter     *gromav1.Filter
		golden     string
	}{
		{"oddities.yml", KindLandscape, "", everything, "oddities.all"},
		{"oddities.yml", KindLandscape, "oddities.clomonitor.yaml", nil, "oddities.joined"},
		{"aliases.yml", KindLandscape, "", nil, "aliases"},
		{"simple.list", KindList, "", nil, "list"},
		{"simple.folder", KindFolder, "", nil, "folder"},
		{"one.repository", KindRepository, "", nil, "repository"},
	}
	for _, test := range tests {
		t.Run(test.golden, func(t *testing.T) {
			got, err := Read(test.kind, document(t, test.name), optional(t, test.clomonitor), test.filter)
			if err != nil {
				t.Fatal(err)
			}
			checkLandscape(t, got)
			compareGolden(t, filepath.Join("testdata/golden", test.golden+".json"), got)
		})
	}
}

func compareGolden(t *testing.T, golden string, l *gromav1.Landscape) {
	t.Helper()
	got, err := canonical.MarshalIndent(l)
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Check(t, golden, got)
}

func document(t *testing.T, name string) Document {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/read", name))
	if err != nil {
		t.Fatal(err)
	}
	return Document{Name: name, Data: data}
}

func optional(t *testing.T, name string) *Document {
	t.Helper()
	if name == "" {
		return nil
	}
	d := document(t, name)
	return &d
}

func TestRead_Filter(t *testing.T) {
	const source = `landscape:
  - {category: , name: C, subcategories: [{subcategory: , name: S, items: [
    {item: , name: Kube One, project: graduated, repo_url: "https://github.com/a/a"},
    {item: , name: Kube Two, project: sandbox, repo_url: "https://github.com/b/b"},
    {item: , name: Kube Old, project: archived, repo_url: "https://github.com/c/c"},
    {item: , name: Other, project: incubating, repo_url: "https://github.com/d/d"},
    {item: , name: Kube One, repo_url: "https://github.com/e/e"},
    {item: , name: Strange, project: legacy, repo_url: "https://github.com/f/f"}]}]}
`
	tests := []struct {
		name    string
		filter  *gromav1.Filter
		slugs   string
		leftOut map[string]int64
	}{
		{"none", nil, "kube-one kube-two other strange", map[string]int64{"not a CNCF project": 1, "archived": 1}},
		{"archived too", &gromav1.Filter{Archived: true}, "kube-old kube-one kube-two other strange", map[string]int64{"not a CNCF project": 1}},
		{"all items", &gromav1.Filter{AllItems: true}, "kube-one kube-one-2 kube-two other strange", map[string]int64{"archived": 1}},
		{"everything", &gromav1.Filter{AllItems: true, Archived: true}, "kube-old kube-one kube-one-2 kube-two other strange", map[string]int64{}},
		{"maturities", &gromav1.Filter{Maturity: []string{"Graduated", " incubating"}}, "kube-one other", map[string]int64{"not a CNCF project": 1, "archived": 1, "maturity": 2}},
		{"archived by name", &gromav1.Filter{Maturity: []string{"archived"}}, "kube-old", map[string]int64{"not a CNCF project": 1, "maturity": 4}},
		{"a maturity of the source", &gromav1.Filter{Maturity: []string{"legacy"}}, "strange", map[string]int64{"not a CNCF project": 1, "archived": 1, "maturity": 3}},
		{"by name", &gromav1.Filter{Projects: []string{"KUBE *"}}, "kube-one kube-two", map[string]int64{"not a CNCF project": 1, "archived": 1, "project": 2}},
		{"by slug", &gromav1.Filter{Projects: []string{"kube-t?o", "oth*"}}, "kube-two other", map[string]int64{"not a CNCF project": 1, "archived": 1, "project": 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l, err := Read(KindLandscape, Document{"source", []byte(source)}, nil, test.filter)
			if err != nil {
				t.Fatal(err)
			}
			checkLandscape(t, l)
			var slugs []string
			for _, p := range l.Projects {
				slugs = append(slugs, p.Slug)
			}
			if got := strings.Join(slugs, " "); got != test.slugs {
				t.Errorf("got %s, want %s", got, test.slugs)
			}
			if !reflect.DeepEqual(l.LeftOut, test.leftOut) {
				t.Errorf("got %v left out, want %v", l.LeftOut, test.leftOut)
			}
		})
	}
}

// TestRead_Error reads what cannot be read. What an error says is for people;
// here it has to name what was found.
func TestRead_Error(t *testing.T) {
	const minimal = "landscape: []"
	bomb := "a: &a [x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'q'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 8) + "]\n"
	}
	cyclic := "landscape:\n  - &c\n    name: c\n    subcategories: [*c, *c]\n    items: [*c]\n"
	tests := []struct {
		name, found string
		kind        Kind
		source      string
		clomonitor  string
		filter      *gromav1.Filter
	}{
		{name: "empty", kind: KindLandscape, source: "", found: "empty"},
		{name: "text", kind: KindLandscape, source: "hello", found: `"hello"`},
		{name: "other keys", kind: KindLandscape, source: "apiVersion: v1\nkind: List", found: `"apiVersion", "kind"`},
		{name: "misspelt", kind: KindLandscape, source: "landscapes: []", found: `did you mean "landscape"?`},
		{name: "list", kind: KindLandscape, source: "- name: a\n  repositories: []", found: "CLOMonitor"},
		{name: "web page", kind: KindLandscape, source: "<!DOCTYPE html>\n<html>a: b: c</html>", found: "web page"},
		{name: "malformed", kind: KindLandscape, source: "landscape:\n  - name: a\n   name: b\n", found: "it is no YAML: line"},
		{name: "bomb", kind: KindLandscape, source: bomb + "landscape: *p", found: ""},
		{name: "bomb of items", kind: KindLandscape, source: unfolding(), found: "aliases unfold"},
		{name: "binary", kind: KindList, source: "\x00\x01", found: "not text"},
		{name: "empty list", kind: KindList, source: "# nothing\n\n", found: "empty list"},
		{name: "folder without heading", kind: KindFolder, source: "/a\n", found: `"/a"`},
		{name: "empty folder", kind: KindFolder, source: "# folder /a\n", found: "no git repository"},
		{name: "no address", kind: KindRepository, source: " \n", found: "nothing"},
		{name: "kind", kind: "heap", source: "x", found: `"heap"`},
		{name: "clomonitor beside a list", kind: KindList, source: "github.com/a/b", clomonitor: "[]", found: "leave it out"},
		{name: "clomonitor is a landscape", kind: KindLandscape, source: minimal, clomonitor: minimal, found: "this is a landscape"},
		{name: "clomonitor is text", kind: KindLandscape, source: minimal, clomonitor: "x", found: `"x"`},
		{name: "glob", kind: KindLandscape, source: minimal, filter: &gromav1.Filter{Projects: []string{"[a"}}, found: `"[a"`},
		{name: "maturity", kind: KindLandscape, source: minimal, filter: &gromav1.Filter{Maturity: []string{"graduted"}}, found: `did you mean "graduated"?`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var clomonitor *Document
			if test.clomonitor != "" {
				clomonitor = &Document{"clomonitor.yaml", []byte(test.clomonitor)}
			}
			_, err := Read(test.kind, Document{"source", []byte(test.source)}, clomonitor, test.filter)
			if test.name == "bomb" {
				return // either is well, as long as it ends
			}
			if err == nil || !strings.Contains(err.Error(), test.found) {
				t.Errorf("got %v, want an error that says %s", err, test.found)
			}
		})
	}
	if _, err := Read(KindLandscape, Document{"source", []byte(cyclic)}, nil, nil); err != nil {
		t.Errorf("a landscape that holds itself: %v", err)
	}
}

// unfolding is a landscape of a few kilobytes with eight million items.
func unfolding() string {
	const wide = 200
	return "items: &items [" + strings.Repeat("{name: a},", wide) + "]\n" +
		"subs: &subs [" + strings.Repeat("{name: s, items: *items},", wide) + "]\n" +
		"landscape: [" + strings.Repeat("{name: c, subcategories: *subs},", wide) + "]\n"
}

// TestRead_SameWhateverIsSurveyed: the filter changes neither warnings nor
// slugs, and reading twice gives the same.
func TestRead_SameWhateverIsSurveyed(t *testing.T) {
	read := func(filter *gromav1.Filter) *gromav1.Landscape {
		l, err := Read(KindLandscape, document(t, "oddities.yml"), optional(t, "oddities.clomonitor.yaml"), filter)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	all := read(&gromav1.Filter{AllItems: true, Archived: true})
	if !proto.Equal(all, read(&gromav1.Filter{AllItems: true, Archived: true})) {
		t.Error("reading twice gives two landscapes")
	}
	few := read(&gromav1.Filter{Projects: []string{"via"}})
	if !reflect.DeepEqual(warningTexts(all), warningTexts(few)) {
		t.Error("the filter changes the warnings")
	}
	for _, p := range few.Projects {
		if p.Name != "Via" || p.Slug != "via" {
			t.Errorf("got project %q with slug %q", p.Name, p.Slug)
		}
	}
}

func warningTexts(l *gromav1.Landscape) []string {
	var texts []string
	for _, w := range l.Warnings {
		texts = append(texts, w.String())
	}
	return texts
}

// TestRead_ManyNodes: a small document that would take gigabytes is refused
// before it is read.
func TestRead_ManyNodes(t *testing.T) {
	for _, text := range []string{"landscape: [" + strings.Repeat("a,", mostNodes) + "]\n", "landscape:\n" + strings.Repeat("- - - - x\n", mostNodes/4)} {
		if _, err := Read(KindLandscape, Document{"landscape.yml", []byte(text)}, nil, nil); err == nil || !strings.Contains(err.Error(), "may have") {
			t.Errorf("%q… is read: %v", text[:20], err)
		}
	}
	if n := Nodes([]byte("a:\n  - b: https://c\n  - [d, e-f]\n")); n != 10 {
		t.Errorf("got %d nodes, want 10", n)
	}
}
