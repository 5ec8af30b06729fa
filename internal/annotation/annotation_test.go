package annotation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"groma/internal/canonical"
	"groma/internal/goldentest"
	"groma/internal/landscape"
	gromav1 "groma/proto/groma/v1"
)

const everything = `author: Jane  Roe
date: 2026-01-02
source: >-
  a folded
  text
language: golang
projects:
  - project: Water Works
    role: pumps in Go
    why: They pump.
    notes: [one, two]
    adopters:
      - Acme Rockets
      - {name: Blue Barn, link: "https://barn.example/a?b=c"}
    adopters_link: https://works.example/users
    extra_repositories:
      - https://GitHub.com/Water/Pump.git
      - address: https://user:hunter2@github.com/water/boiler/tree/next
        branch: main
        role: boiler
      - https://github.com/water/alarm/tree/dev
    exclude_repositories:
      - address: https://github.com/water/website
        reason: no code
    roles:
      - address: github.com/water/works
        role: control
  - project: old-mill
    exclude: It stands still.
`

func TestParse(t *testing.T) {
	got, err := Parse("notes.yml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	const want = `
name: "notes.yml"
author: "Jane Roe"
date: "2026-01-02"
source: "a folded text"
language: "Go"
projects: {
  project: "old-mill" slug: "old-mill" line: 28
  excluded: { reason: "It stands still." }
}
projects: {
  project: "Water Works" slug: "water-works" line: 8
  role: "pumps in Go" why: "They pump."
  notes: "one" notes: "two"
  adopters: { name: "Acme Rockets" }
  adopters: { name: "Blue Barn" link: "https://barn.example/a?b=c" }
  adopters_link: "https://works.example/users"
  extra_repositories: {
    key: "github.com/water/alarm" host: "github.com" owner: "water" name: "alarm"
    address: "https://github.com/water/alarm" branch: "dev" spelling: "https://github.com/water/alarm/tree/dev" line: 21
  }
  extra_repositories: {
    key: "github.com/water/boiler" host: "github.com" owner: "water" name: "boiler"
    address: "https://github.com/water/boiler" branch: "main" spelling: "https://github.com/water/boiler/tree/next" line: 18
  }
  extra_repositories: {
    key: "github.com/water/pump" host: "github.com" owner: "Water" name: "Pump"
    address: "https://github.com/Water/Pump" spelling: "https://GitHub.com/Water/Pump.git" line: 17
  }
  exclude_repositories: { key: "github.com/water/website" reason: "no code" line: 23 }
  roles: { key: "github.com/water/boiler" role: "boiler" }
  roles: { key: "github.com/water/works" role: "control" }
}`
	wanted := &gromav1.Annotations{Sha256: got.Sha256}
	if err := (prototext.UnmarshalOptions{}).Unmarshal([]byte(want), wanted); err != nil {
		t.Fatal(err)
	}
	wanted.Sha256 = got.Sha256
	if len(got.Sha256) != 64 || !proto.Equal(got, wanted) {
		t.Errorf("got\n%s\nwant\n%s", prototext.Format(got), prototext.Format(wanted))
	}
}

func TestParse_Error(t *testing.T) {
	const p = "projects:\n  - project: a\n    "
	tests := []struct{ name, data, want string }{
		{"nothing", "", `empty: expected a key "projects"`},
		{"only a comment", "# a", `empty: expected a key "projects"`},
		{"no YAML", "projects: [", "no YAML"},
		{"a list", "- a", "1: the file should be a mapping"},
		{"no projects", "author: a", `1: there is no key "projects"`},
		{"two documents", "projects: []\n---\nprojects: []", "2: a second YAML document"},
		{"misspelt", "projects:\n  - project: a\n    rôle: b\n    adoptors: [c]", `4: unknown key "adoptors" in a project (did you mean "adopters"?)`},
		{"unknown", p + "zzz: b", `3: unknown key "zzz" in a project: it may have project, role`},
		{"twice", p + "role: b\n    role: c", "4: key role stands at line 3 already"},
		{"project twice", p + "role: b\n  - project: A", `4: project "A" stands at line 2 already`},
		{"no project", "projects:\n  - role: a", `2: this says of no project`},
		{"empty text", p + "role:", "3: role should be text, and is empty"},
		{"text of signs nobody sees", p + "role: \"\u200b\"", "3: role should be text"},
		{"a list for a text", p + "why: [a]", "3: why should be text, and is a list"},
		{"long", p + "why: " + strings.Repeat("a", longestText+1), "3: why is longer than"},
		{"date", "date: 2026-13-01\nprojects: []", "1: the date \"2026-13-01\""},
		{"language", "language: Klingon\nprojects: []", "1: \"Klingon\" is no language"},
		{"organisation", p + "extra_repositories:\n      - https://github.com/water", "4: \"https://github.com/water\" is no repository: it names an organisation"},
		{"no address", p + "extra_repositories:\n      - role: a", "4: an extra repository has no address"},
		{"password", p + "extra_repositories:\n      - https://u:hunter2@github.com/water", `"https://github.com/water" is no repository`},
		{"same repository twice", p + "extra_repositories:\n      - https://github.com/a/b\n      - https://github.com/A/B.git", "stands twice among the repositories"},
		{"added and left out", p + "extra_repositories: [https://github.com/a/b]\n    exclude_repositories: [{address: https://github.com/a/b, reason: c}]", "stands twice"},
		{"no reason", p + "exclude_repositories:\n      - address: https://github.com/a/b", "4: an excluded repository has no reason"},
		{"no reason for a project", p + "exclude:", "3: exclude should be text"},
		{"role without address", p + "roles:\n      - role: a", "4: the role of a repository has an address and a role"},
		{"adopter without name", p + "adopters:\n      - link: https://a.example", "4: an adopter has no name"},
		{"link", p + "adopters_link: javascript:alert(1)", "3: adopters_link should be an http or https address"},
		{"alias", "projects:\n  - &a\n    project: a\n  - *a", "4: a project should be a mapping with project, role, why, notes, adopters, adopters_link, extra_repositories, exclude_repositories, roles, exclude, claims, and is an alias"},
		{"alias of a text", "author: &a b\nsource: *a\nprojects: []", "2: YAML's anchors and merges"},
		{"merge", p + "<<: {role: b}", "3: YAML's anchors and merges"},
		{"too large", strings.Repeat("#", largestFile+1), "larger than the 4 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("notes.yml", []byte(test.data))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			if !strings.HasPrefix(err.Error(), "notes.yml:") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestParse_AllErrors: all that is wrong is told of at once, by line, within
// reason.
func TestParse_AllErrors(t *testing.T) {
	_, err := Parse("notes.yml", []byte("projects:\n  - project: a\n    x: 1\n    y: 2\nz: 3\n"))
	const want = "notes.yml:3: |notes.yml:4: |notes.yml:5: "
	for i, begin := range strings.Split(want, "|") {
		if line := strings.Split(fmt.Sprint(err), "\n")[i]; !strings.HasPrefix(line, begin) {
			t.Errorf("got %q, want %q", line, begin)
		}
	}
	_, err = Parse("notes.yml", []byte("projects:\n"+strings.Repeat("  - a\n", 100)))
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) || len(joined.Unwrap()) != mostErrors+1 || !strings.HasSuffix(err.Error(), "and 80 more") {
		t.Errorf("got %v", err)
	}
}

// small is a landscape with two projects that share a repository.
func small(t *testing.T) *gromav1.Landscape {
	t.Helper()
	const text = `landscape:
  - category:
    name: Water
    subcategories:
      - subcategory:
        name: Works
        items:
          - item:
            name: Water Works
            project: sandbox
            repo_url: https://github.com/water/works
            additional_repos:
              - repo_url: https://github.com/water/website
              - repo_url: https://github.com/water/shared
          - item:
            name: Old Mill
            project: sandbox
            repo_url: https://github.com/old/mill
            additional_repos:
              - repo_url: https://github.com/water/shared
`
	l, err := landscape.Read(landscape.KindLandscape, landscape.Document{Name: "small", Data: []byte(text)}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func parse(t *testing.T, text string) *gromav1.Annotations {
	t.Helper()
	a, err := Parse("notes.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestApply(t *testing.T) {
	l := small(t)
	before := proto.Clone(l)
	a := parse(t, everything+`  - project: Watre Works
    role: misspelt
`)
	got := Apply(l, a)
	checkLandscape(t, got)
	if !proto.Equal(l, before) {
		t.Error("the landscape that was given has changed")
	}
	data, err := canonical.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, append(data, '\n'), "", "  "); err != nil {
		t.Fatal(err)
	}
	goldentest.Check(t, filepath.Join("testdata", "applied.json"), indented.Bytes())
}

// TestApply_Known: a repository that the landscape has already is joined, not
// surveyed twice; what it is asked for at stays.
func TestApply_Known(t *testing.T) {
	got := Apply(small(t), parse(t, `projects:
  - project: water works
    extra_repositories:
      - HTTPS://github.com/Old/Mill.git
      - address: https://github.com/water/works
        branch: next
  - project: old-mill
    extra_repositories:
      - address: https://github.com/water/works
        branch: other
`))
	checkLandscape(t, got)
	byKey := map[string]*gromav1.PlannedRepository{}
	for _, r := range got.Repositories {
		byKey[r.Key] = r
	}
	if len(byKey) != 4 || len(got.Projects[0].Repositories) != 3 || len(got.Projects[1].Repositories) != 4 {
		t.Errorf("got %v", got)
	}
	if why := fmt.Sprint(byKey["github.com/old/mill"].Why); why != "[old-mill: primary water-works: annotated]" {
		t.Errorf("got %s", why)
	}
	if branch := byKey["github.com/water/works"].Branch; branch != "other" {
		t.Errorf("got branch %q: the project that comes first decides", branch)
	}
	if len(got.Warnings) != 2 || !strings.Contains(got.Warnings[0].Message, "not at \"next\"") {
		t.Errorf("got %v", got.Warnings)
	}
}

// checkLandscape checks what package landscape promises, and that all that
// was read is still accounted for.
func checkLandscape(t *testing.T, l *gromav1.Landscape) {
	t.Helper()
	if _, err := proto.Marshal(l); err != nil {
		t.Errorf("it cannot be kept: %v", err)
	}
	items := int64(len(l.Projects))
	for _, n := range l.LeftOut {
		items += n
	}
	if items != l.Items {
		t.Errorf("%d items are surveyed or left out, of %d", items, l.Items)
	}
	of := map[string]int{}
	for i, p := range l.Projects {
		if i > 0 && l.Projects[i-1].Slug >= p.Slug {
			t.Errorf("project %q is out of order", p.Slug)
		}
		mine := map[string]bool{}
		for _, key := range p.Repositories {
			of[key]++
			if mine[key] {
				t.Errorf("project %q has %q twice", p.Slug, key)
			}
			mine[key] = true
		}
	}
	for i, r := range l.Repositories {
		if i > 0 && l.Repositories[i-1].Key >= r.Key {
			t.Errorf("repository %q is out of order", r.Key)
		}
		if of[r.Key] == 0 || len(r.Why) < of[r.Key] {
			t.Errorf("%q is of %d projects and has the reasons %q", r.Key, of[r.Key], r.Why)
		}
		delete(of, r.Key)
		if a, err := landscape.ParseAddress(r.Address); r.Outcome == "" && (err != nil || a.Key != r.Key) {
			t.Errorf("%q has the address %q", r.Key, r.Address)
		}
	}
	if len(of) > 0 {
		t.Errorf("%v are in a project and not in the repositories", of)
	}
}

// FuzzParse: whatever a file holds, there is an error with the file's name, or
// annotations that can be kept, hold no password, and leave a landscape whole.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	example, err := os.ReadFile("../../examples/cncf-rust/annotations.yml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte("projects: [{project: Water Works, exclude: a}, {project: old mill, exclude_repositories: [{address: github.com/water/shared, reason: b}]}]"))
	f.Add([]byte("projects: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Parse("notes.yml", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "notes.yml:") || strings.ContainsAny(err.Error(), "\x00\x1b\u202e") {
				t.Errorf("got %q", err)
			}
			return
		}
		if _, err := proto.Marshal(a); err != nil {
			t.Errorf("they cannot be kept: %v", err)
		}
		checkLandscape(t, Apply(small(t), a))
	})
}

func TestParse_Claims(t *testing.T) {
	a, err := Parse("a.yml", []byte(`
language: Rust
projects:
  - project: One
    claims:
      - says: Rust LOC
        figure: 24,814,809
      - says: a part
        figure: 20000
        about: true
        repositories: [https://github.com/o/b, https://github.com/O/a.git]
`))
	if err != nil {
		t.Fatal(err)
	}
	claims := a.Projects[0].Claims
	if c := claims[0]; c.Says != "Rust LOC" || c.Figure != 24814809 || c.About || len(c.Repositories) != 0 || c.Line != 6 {
		t.Errorf("the first claim is %v", c)
	}
	if c := claims[1]; !c.About || strings.Join(c.Repositories, " ") != "github.com/o/a github.com/o/b" {
		t.Errorf("the second claim is %v", c)
	}
	for _, text := range []string{"figure: many", "figure: 0", "figure: -1", "figure: 1.5", "about: perhaps", "repositories: [nowhere]"} {
		data := "projects:\n  - project: One\n    claims:\n      - says: x\n        " + text + "\n"
		if _, err := Parse("a.yml", []byte(data)); err == nil {
			t.Errorf("%s is fine", text)
		}
	}
}
