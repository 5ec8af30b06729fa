package landscape

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	gromav1 "groma/proto/groma/v1"
)

// realFile reads a file that is too large to ship: the landscapes of CNCF and
// CLOMonitor's file.
func realFile(t *testing.T, name string) Document {
	t.Helper()
	folder := os.Getenv("GROMA_TEST_DATA")
	if folder == "" {
		t.Skip("GROMA_TEST_DATA is not set: it names a folder with " + name)
	}
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return Document{Name: name, Data: data}
}

func readFixture(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join("testdata/read", name))
}

// githubRepositories counts as the published counts do: the different
// repositories on github.com that stand in repo_url or in additional_repos,
// upper and lower case being the same. An address that names only an
// organisation names no repository and is not counted.
func githubRepositories(l *gromav1.Landscape) int {
	n := 0
	for _, r := range l.Repositories {
		if r.Host == "github.com" && r.Outcome == "" {
			n++
		}
	}
	return n
}

func TestRead_RealCounts(t *testing.T) {
	tests := []struct {
		name                       string
		items                      int64
		maturity                   map[string]int
		archived, current, allItem int
	}{
		{"cncf-landscape-2026-08-07.yml", 2413, map[string]int{"graduated": 38, "incubating": 38, "sandbox": 151, "archived": 28}, 289, 262, 1014},
		{"cncf-landscape-2025-12-10.yml", 2398, map[string]int{"graduated": 34, "incubating": 36, "sandbox": 141, "archived": 26}, 271, 246, 915},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := realFile(t, test.name)
			read := func(filter *gromav1.Filter) *gromav1.Landscape {
				l, err := Read(KindLandscape, source, nil, filter)
				if err != nil {
					t.Fatal(err)
				}
				checkLandscape(t, l)
				return l
			}
			projects := read(&gromav1.Filter{Archived: true})
			got := map[string]int{}
			for _, p := range projects.Projects {
				got[p.Maturity]++
			}
			if !maps.Equal(got, test.maturity) {
				t.Errorf("got %v, want %v", got, test.maturity)
			}
			if projects.Items != test.items {
				t.Errorf("got %d items, want %d", projects.Items, test.items)
			}
			if got := githubRepositories(projects); got != test.archived {
				t.Errorf("got %d repositories of projects, want %d", got, test.archived)
			}
			if got := githubRepositories(read(nil)); got != test.current {
				t.Errorf("got %d repositories without archived projects, want %d", got, test.current)
			}
			if got := githubRepositories(read(&gromav1.Filter{AllItems: true, Archived: true})); got != test.allItem {
				t.Errorf("got %d repositories of all items, want %d", got, test.allItem)
			}
		})
	}
}

// TestRead_RealWarnings looks for each kind of oddity that the real files
// have, at the line where it stands.
func TestRead_RealWarnings(t *testing.T) {
	lines := map[string][]int64{
		"cncf-landscape-2026-08-07.yml": {
			129,        // second_path
			171,        // archived projects with dates
			749, 11804, // branches
			1172, 3552, // dangling names in CLOMonitor's file: cedar, podman
			1308,       // a project without a repository
			2331, 5964, // dates and no project
			4019, 4143, // organisations
			6816, 11964, // a specification, a community
			6865,         // http
			7928,         // old and new organisation
			9016,         // a name that repeats
			9905,         // no items
			11616, 12390, // no marker
			11797,        // extra.project
			11875,        // documentation_ul
			18984,        // one repository in three items
			19861,        // null description
			19882,        // trailing slash
			20277, 20280, // null items
		},
		"cncf-landscape-2025-12-10.yml": {
			7740,  // one repository in three items
			9068,  // repu_url
			20163, // old and new organisation
			20328, // upper and lower case
		},
	}
	for name, want := range lines {
		t.Run(name, func(t *testing.T) {
			clomonitor := realFile(t, "clomonitor-cncf-2026-07-24.yaml")
			l, err := Read(KindLandscape, realFile(t, name), &clomonitor, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkLandscape(t, l)
			got := map[int64]bool{}
			for _, w := range l.Warnings {
				if w.Source == sourceLandscape {
					got[w.Line] = true
				}
			}
			for _, line := range want {
				if !got[line] {
					t.Errorf("line %d: nothing is told of it", line)
				}
			}
		})
	}
}

func TestReadMonitored_RealCounts(t *testing.T) {
	source := realFile(t, "clomonitor-cncf-2026-07-24.yaml")
	s := &reading{notes: &notes{}}
	projects, err := s.readMonitored(source.Data)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, p := range projects {
		for _, r := range p.repositories {
			a, err := ParseAddress(r.address)
			if err != nil {
				t.Errorf("line %d: %v", r.line, err)
			}
			keys[a.Key] = true
		}
	}
	if len(projects) != 245 || len(keys) != 685 {
		t.Errorf("got %d projects and %d repositories, want 245 and 685", len(projects), len(keys))
	}
}
